"""Mutations of the demo: what it compares, the amplifier model and the figures on the board, the codes it expects."""

BOARD = "python/bittrue/board/demo/"
LOOP, AMPLIFIER, MEASURING = BOARD + "closed_loop.py", BOARD + "amplifier.py", BOARD + "measuring.py"
DATA = "python/bittrue/apps/dpd/demonstrating/demo_data.py"

DEMO = "tests/board/test_demo.py::"
SETTINGS, FRAMES = "tests/board/test_demo_settings.py::", "tests/board/test_demo_frames.py::"
TOUR = DEMO + "test_a_tour_compares_every_code_and_the_leakage_goes_down"
NAMED = DEMO + "test_a_code_that_differs_is_named_and_ends_in_1"
MANUAL = DEMO + "test_manual_settings_and_the_default_file"
PC = "tests/apps/test_dpd_demonstrating.py::"
SAME_AMPLIFIER = PC + "test_the_boards_amplifier_is_the_pcs"
SAME_FIGURES = PC + "test_the_boards_figures_are_the_pcs"
EXPECTED = PC + "test_expected_codes_follow_one_another_and_a_start_follows_a_reset"

# fmt: off
ROWS = [
    ("misses codes that are too large", LOOP, "wrong = out != due", "wrong = out < due", NAMED),
    ("expects the last bank's codes", LOOP, "bundle.names.index(settings.bank)", "len(bundle.names) - 1", TOUR),
    ("expects a history after a reset", LOOP, "self._fresh = True", "self._fresh = False", MANUAL),
    ("stays with the first pass", LOOP, "(index + 1) % len(bundle.codes)", "index % len(bundle.codes)", NAMED),
    ("does not reset where swaps are not clean", LOOP, "old is not None and not self.bundle.hot_swap",
     "old is None and not self.bundle.hot_swap", DEMO + "test_a_bank_is_reset_where_swaps_are_not_clean"),
    ("measures the warm-up too", LOOP, "bundle.amplifier(drive, settings.kelvin)[bundle.span]",
     "bundle.amplifier(drive, settings.kelvin)[: bundle.measured]", TOUR),
    ("drives the amplifier beyond its peak", AMPLIFIER, "(self.peak / np.maximum(abs(u), self.peak))", "1.0",
     SAME_AMPLIFIER),
    ("bends the curve at the drive's peak", AMPLIFIER, "/ self.top**2", "/ self.peak**2", SAME_AMPLIFIER),
    ("forgets the drift's memory", AMPLIFIER, "+ memory * _shifted(z, 1)", "+ memory * z", SAME_AMPLIFIER),
    ("begins the right channel a bin late", MEASURING, "spectrum[last : last + width]",
     "spectrum[last + 1 : last + 1 + width]", SAME_FIGURES),
    ("leaves the mean in the spectrum", MEASURING, "(parts - parts.mean(-1, keepdims=True))", "parts", SAME_FIGURES),
    ("measures EVM by powers", MEASURING, "np.abs(_spectra(s, channel))", "np.abs(_spectra(s, channel)) ** 2",
     SAME_FIGURES),
    ("expects every pass to follow itself", DATA, "codes[-1, samples - memory :]", "codes[0, samples - memory :]",
     EXPECTED),
    ("calls every swap clean", DATA, "if behind and node.layer.memory:", "if behind and node.layer.memory < 0:",
     PC + "test_a_memory_behind_weights_forbids_a_hot_swap"),
    ("drops an option that is 0", BOARD + "options.py", "value is not None and value is not False", "value",
     SETTINGS + "test_options_become_words_and_options_again"),
    ("keeps the first frame as the last", BOARD + "picture_file.py", "            self.frames.pop()\n",
     "            return\n", FRAMES + "test_a_gif_keeps_its_first_frames_and_the_last"),
]
# fmt: on

"""Mutations of the demo: what it compares, the amplifier model and the figures on the board, the codes it expects."""

BOARD = "python/bittrue/board/demo/"
LOOP, MEASURING = BOARD + "closed_loop.py", BOARD + "measuring.py"
DATA = "python/bittrue/apps/dpd/demonstrating/demo_data.py"

DEMO = "tests/board/test_demo.py::"
NAMED = DEMO + "test_a_code_that_differs_is_named_and_ends_in_1"
MANUAL = DEMO + "test_manual_settings_and_the_default_file"
PC = "tests/apps/test_dpd_demonstrating.py::"
SAME_FIGURES = PC + "test_the_boards_figures_are_the_pcs"
RADIO = "tests/apps/test_radio_demo_data.py::test_"
EXPECTED = PC + "test_expected_codes_follow_one_another_and_a_start_follows_a_reset"

# fmt: off
ROWS = [
    ("misses codes that are too large", LOOP, "ClosedLoop._compare", "out != due", "out < due", NAMED),
    ("expects a history after a reset", LOOP, "ClosedLoop.restart", "self._fresh = True", "self._fresh = False",
     MANUAL),
    ("begins the right channel a bin late", MEASURING, "aclr",
     "spectrum[last : last + width]", "spectrum[last + 1 : last + 1 + width]", SAME_FIGURES),
    ("unfolds a map by columns", BOARD + "radio/bundle.py", "unfolded", "picture[..., k // 2 :: 2, k % 2 :: 2]",
     "picture[..., k % 2 :: 2, k // 2 :: 2]", RADIO + "unfolding_is_that_of_the_nets_inputs"),
    ("judges what is built", BOARD + "radio/streaming.py", "errors", "(p - t)[~built]", "(p - t)",
     RADIO + "errors_are_those_of_every_report"),
]
HEAVY = [
    ("does not reset where swaps are not clean", LOOP, "ClosedLoop._apply", "old is not None", "old is None",
     DEMO + "test_a_bank_is_reset_where_swaps_are_not_clean"),
    ("expects every pass to follow itself", DATA, "expected", "-1", "0", EXPECTED),
]
# fmt: on

"""Mutations of noise sources: the generator, distributions, frames, signals, files, C and hardware."""

NUM, SPEC, RTL = "python/bittrue/num", "python/bittrue/spec", "rtl/bittrue_rtl"
THREEFRY, DRAWS = f"{NUM}/threefry.py", f"{NUM}/draws.py"
SOURCE, STORE, FRAMES = f"{SPEC}/source.py", f"{SPEC}/source_store.py", "python/bittrue/ref/source.py"
SIGNALS, PRINTED = "python/bittrue/check/generating.py", "python/bittrue/emit/c/source_files.py"
LATENT, ENGINE, TOP, GAIN = (f"{RTL}/{name}.py" for name in ("latent_feed", "threefry", "source", "gain"))
NET = "python/bittrue/apps/noise/hardware_net.py"

PUBLISHED = "tests/unit/test_draws.py::test_published_answers"
JUDGED = "tests/unit/test_draws.py::test_draws_are_those_of_python_integers"
BEYOND = "tests/unit/test_draws.py::test_the_last_channel_and_stream_and_a_position_beyond_the_end"
EVERY = "tests/unit/test_draws.py::test_every_draw_has_its_code"
UNIT = "tests/unit/test_source.py::test_{}"
PARTS = "tests/unit/test_source_components.py::test_{}"
LATENTS = PARTS.format("a_latent_asks_for_its_blocks_and_gives_its_codes")
LEGS = "tests/equal/test_source_legs.py::test_legs_without_hardware"
HARDWARE = "tests/equal/test_source_legs.py::test_hardware_stalled_and_reset[rough-two_rates]"
ANEW = "tests/equal/test_source_legs.py::test_starts_anew_anywhere[two_rates-rough]"
NETS = "tests/apps/test_noise_hardware.py::test_{}"

# fmt: off
ROWS = [
    ("counts no turns of the key", THREEFRY, "added", "words[(turn + 1) % 3] + turn", "words[(turn + 1) % 3]", PUBLISHED),
    ("gives groups the same draws", DRAWS, "counter", "stream << GROUP_BITS | group", "stream << GROUP_BITS", JUDGED),
    ("is skew", DRAWS, "codes", "[half, -half]", "[half, -half - 1]", EVERY),
    ("takes every column of a window's start", FRAMES, "_latent",
     "np.lib.stride_tricks.sliding_window_view(drawn, length, axis=1)[:, :: given.step]",
     "np.lib.stride_tricks.sliding_window_view(drawn, length, axis=1)[:, : numbers.size]", UNIT.format("inputs_are_those_of_the_page")),
    ("forgets the offset of a value", SOURCE, "Parameter.code",
     "int(Format(VALUE_BITS, self.frac).encode(np.asarray(value, np.float64))) - self.offset",
     "int(Format(VALUE_BITS, self.frac).encode(np.asarray(value, np.float64)))", UNIT.format("values_of_parameters")),
    ("lets a padded net pass as seamless", SOURCE, "_step", "axis.before or axis.after >= axis.upsampling",
     "axis.before > 9", UNIT.format("what_makes_a_seam")),
    ("believes a source of another net", STORE, "parsed", 'values[key] != wanted', 'key != "net" and values[key] != wanted',
     UNIT.format("another_file_is_refused")),
    ("lets signals share draws", SIGNALS, "Wanted.first", "self.frames - 1 + self.source.apart", "self.frames",
     UNIT.format("signals_share_no_draw_and_any_of_them_is_found_again")),
    ("draws from the wrong end in C", PRINTED, "_SOURCE", "draw[1] = (uint16_t)(x0 >> 16);",
     "draw[1] = (uint16_t)(x1 >> 16);", LEGS),
    ("mixes with the word before", ENGINE, "Threefry.elaborate", "turned ^ total", "turned ^ first",
     PARTS.format("the_generator_gives_a_block_a_clock")),
    ("asks for a block without room", LATENT, "LatentFeed._ask", "(group != 0) | room", "1", LATENTS),
    ("asks before the lanes are free", LATENT, "LatentFeed._ask", "started & ((group != 0) | room) & ~(last_group & waits)",
     "started & ((group != 0) | room)", LATENTS),
    ("starts at half the frame", LATENT, "LatentFeed._columns", "Mux(self.bit, following, doubled)",
     "Mux(self.bit, following, self.start)", LATENTS),
    ("loses the sign", LATENT, "LatentFeed._write", "Mux(negative, -value, value)", "value", LATENTS),
    ("gives a level another's length", NET, "ArchitectureSpec.lengths", "results = before", "results = before + 1",
     NETS.format("frames_of_any_length_are_one_signal")),
]
HEAVY = [
    ("ends at another position", DRAWS, "counter", "(1 << COLUMN_BITS) - 1", "(1 << COLUMN_BITS + 1) - 1", BEYOND),
    ("takes the ends of equally likely parts", DRAWS, "normal_table", "(i + 0.5) / steps", "i / steps", EVERY),
    ("saturates nothing in C", PRINTED, "_SOURCE", "$gain_frac, $lo, $hi);", "$gain_frac, 2 * $lo, 2 * $hi);", LEGS),
    ("gives a block to all that wait", TOP, "SourceStream._serve", "generator.o_tag >> 1 == number", "1", HARDWARE),
    ("shifts the first frame's number too soon", TOP, "SourceStream._load", "with m.Elif(second): ...",
     "with m.Else(): ...", ANEW),
    ("offers old samples after a restart", TOP, "SourceTop.elaborate", "self.inner.o.valid & ~again",
     "self.inner.o.valid", ANEW),
    ("rounds the gain elsewhere", GAIN, "Gain.elaborate", "Requantise(len(product), GAIN.frac, self.format, flagged=self.flagged)",
     "Requantise(len(product), GAIN.frac - 1, self.format, flagged=self.flagged)", PARTS.format("the_gain")),
]
# fmt: on

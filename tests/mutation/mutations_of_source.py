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
ANEW = "tests/equal/test_source_legs.py::test_starts_anew_anywhere[two_rates-steady]"
NETS = "tests/apps/test_noise_hardware.py::test_{}"

# fmt: off
ROWS = [
    ("counts no turns of the key", THREEFRY, "(words[(turn + 1) % 3] + turn) & MASK", "words[(turn + 1) % 3]", PUBLISHED),
    ("has a round too many", THREEFRY, "ROUNDS = 13", "ROUNDS = 14", PUBLISHED),
    ("gives groups the same draws", DRAWS, "(stream << GROUP_BITS | group)", "(stream << GROUP_BITS)", JUDGED),
    ("ends at another position", DRAWS, "& ((1 << COLUMN_BITS) - 1)", "& ((1 << COLUMN_BITS + 1) - 1)", BEYOND),
    ("is skew", DRAWS, "np.concatenate([half, -half])", "np.concatenate([half, -half - 1])", EVERY),
    ("takes the ends of equally likely parts", DRAWS, "(i + 0.5) / steps", "i / steps", EVERY),
    ("lets a step be half", FRAMES, "numbers[0] * given.step +", "numbers[0] * given.step // 2 +",
     UNIT.format("frames_of_any_length_are_one_signal")),
    ("takes every column of a window's start", FRAMES, "axis=1)[:, :: given.step]",
     "axis=1)[:, : numbers.size]", UNIT.format("inputs_are_those_of_the_page")),
    ("forgets the offset of a value", SOURCE, ") - self.offset", ")", UNIT.format("values_of_parameters")),
    ("lets a padded net pass as seamless", SOURCE, "if axis.before or axis.after >= axis.upsampling:", "if axis.before > 9:",
     UNIT.format("what_makes_a_seam")),
    ("takes two latents of a stream", SOURCE, "len(set(streams)) < len(streams)", "False",
     UNIT.format("inputs_that_do_not_fit")),
    ("believes a source of another net", STORE, '("net", content_hash(net)),', "",
     UNIT.format("another_file_is_refused")),
    ("lets signals share draws", SIGNALS, "(self.frames - 1 + self.source.apart)", "self.frames",
     UNIT.format("signals_share_no_draw_and_any_of_them_is_found_again")),
    ("draws from the wrong end in C", PRINTED, "draw[1] = (uint16_t)(x0 >> 16);", "draw[1] = (uint16_t)(x1 >> 16);", LEGS),
    ("saturates nothing in C", PRINTED, "$gain_frac, $lo, $hi);", "$gain_frac, 2 * $lo, 2 * $hi);", LEGS),
    ("mixes with the word before", ENGINE, "first, mixed = total, turned ^ total", "first, mixed = total, turned ^ first",
     PARTS.format("the_generator_gives_a_block_a_clock")),
    ("asks for a block without room", LATENT, "((group != 0) | room)", "1", LATENTS),
    ("asks before the lanes are free", LATENT, "& ~(last_group & waits)", "", LATENTS),
    ("forgets where a frame begins", LATENT, "Mux(last_position, following, column + 1)", "column + 1", LATENTS),
    ("starts at half the frame", LATENT, "self.start.eq(Mux(self.bit, following, doubled))",
     "self.start.eq(Mux(self.bit, following, self.start))", LATENTS),
    ("loses the sign", LATENT, "word.eq(Mux(negative, -value, value))", "word.eq(value)", LATENTS),
    ("gives a block to all that wait", TOP, "(generator.o_tag >> 1 == number)", "1", HARDWARE),
    ("shifts the first frame's number too soon", TOP, "with m.Elif(second):", "with m.Else():", ANEW),
    ("offers old samples after a restart", TOP, "self.inner.o.valid & ~again", "self.inner.o.valid", ANEW),
    ("rounds the gain elsewhere", GAIN, "Requantise(len(product), GAIN.frac,", "Requantise(len(product), GAIN.frac - 1,",
     PARTS.format("the_gain")),
    ("gives a level another's length", NET, "results = before\n", "results = before + 1\n",
     NETS.format("frames_of_any_length_are_one_signal")),
]
# fmt: on

"""Mutations of hardware with banks: whose weights a sample meets, where loaded words go, what is flagged."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
MATRIX, FLOW, LOAD = (f"{RTL}/{name}.py" for name in ("matrix", "flow", "load"))

UNIT = "tests/unit/test_rtl_banks.py::"
NEIGHBOURS = UNIT + "test_neighbours_run_through_different_banks[{}]"
SEGMENTS = NEIGHBOURS.format("(9, 3, 4)-free")
TURNS = NEIGHBOURS.format("(2, 9, 8)-free")
ARRIVAL = UNIT + "test_a_sample_is_computed_with_words_that_came_load_clocks_before[{}]"
RESET = UNIT + "test_words_under_way_outlive_a_reset"
ENDS = UNIT + "test_loaded_codes_reach_the_ends_of_the_accumulator"
FLAGS = UNIT + "test_every_sample_raises_its_own_flags_before_it_is_out[4-{}]"

# fmt: off
ROWS = [
    ("leaves the bank behind at the next segment", MATRIX, "MatrixVector._route", "self.fold.skew", "0", SEGMENTS),
    ("writes what is not valid", LOAD, "_write_ports", "bus.valid & inside", "inside", ARRIVAL.format("3-1-4")),
    ("loses words in a reset", LOAD, "hop",
     "Signal(bus.shape(), name=name, reset_less=True)", "Signal(bus.shape(), name=name)", RESET),
    ("flags sums that are no results", MATRIX, "MatrixEngine._round",
     "strobe & Cat(*clamped).any()", "1 & Cat(*clamped).any()", FLAGS.format("Dense")),
]
HEAVY = [
    ("follows the port's bank after a vector was taken", MATRIX, "MatrixVector._route",
     'serialised(m, flow.load, [number], "bank")', 'delayed(m, number, 1, "bank")', TURNS),
    ("has too few places for the banks under way", FLOW, "Flow._bank", "max(2, self.depth)", "2", SEGMENTS),
    ("has no bit for the bias", f"{LOWER}/matrix.py", "loadable", "bits + 1 if bias else bits", "bits", ENDS),
]
# fmt: on

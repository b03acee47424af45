"""Mutations of hardware with banks: whose weights a sample meets, where loaded words go, what is flagged."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
MATRIX, FEATURES, FLOW, LOAD, RAM = (f"{RTL}/{name}.py" for name in ("matrix", "features", "flow", "load", "ram"))

UNIT = "tests/unit/test_rtl_banks.py::"
NEIGHBOURS = UNIT + "test_neighbours_run_through_different_banks[{}]"
SEGMENTS, BRANCHES = NEIGHBOURS.format("(9, 3, 4)-free"), NEIGHBOURS.format("None-stalled")
TURNS = NEIGHBOURS.format("(2, 9, 8)-free")
ARRIVAL = UNIT + "test_a_sample_is_computed_with_words_that_came_load_clocks_before[{}]"
BEYOND = UNIT + "test_words_beyond_a_memory_go_nowhere"
RESET = UNIT + "test_words_under_way_outlive_a_reset"
ENDS = UNIT + "test_loaded_codes_reach_the_ends_of_the_accumulator"
FLAGS = UNIT + "test_every_sample_raises_its_own_flags_before_it_is_out[4-{}]"
CLAMPED = UNIT + "test_requantiser_tells_what_it_clamps"
PLAN = "tests/unit/test_load.py::"
WORDS = PLAN + "test_the_words_are_the_weights_and_biases"
GATED = "saturated.eq({} & Cat(*clamped).any())"

# fmt: off
ROWS = [
    ("leaves the bank behind at the next segment", MATRIX, "delayed(m, bank, self.fold.skew,", "delayed(m, bank, 0,",
     SEGMENTS),
    ("takes every bias from bank 0", MATRIX, "segment.turn, segment.bank)", "segment.turn, C(0, len(segment.bank)))",
     SEGMENTS),
    ("follows the port's bank after a vector was taken", MATRIX, 'serialised(m, flow.load, [self.i.payload.bank], "bank")',
     'delayed(m, self.i.payload.bank, 1, "bank")', TURNS),
    ("gives a result the bank of the vector that is taken", FLOW, "(self.done, read)", "(self.start, read)", TURNS),
    ("has too few places for the banks under way", FLOW, "depth = max(2, self.depth)", "depth = 2", SEGMENTS),
    ("moves the bank of a delay line too early", FEATURES, "self.o.payload.bank.eq(bank)",
     "self.o.payload.bank.eq(newest.bank)", BRANCHES),
    ("takes a loaded bias a clock late", MATRIX, "loaded[row], Lane.carry_lead,", "loaded[row], 1 + Lane.carry_lead,",
     SEGMENTS),
    ("writes what is not valid", LOAD, "bus.valid & inside", "inside", ARRIVAL.format("3-1-4")),
    ("writes into the memory beside", LOAD, "lower % GROUP == rest", "lower % GROUP == rest ^ 1",
     ARRIVAL.format("2-9-8")),
    ("writes words beyond a memory", LOAD, "bus.valid & inside &", "bus.valid &", BEYOND),
    ("loses words in a reset", LOAD, "Signal(bus.shape(), name=name, reset_less=True)", "Signal(bus.shape(), name=name)",
     RESET),
    ("loses a write in a reset", LOAD, '_write", reset_less=True)', '_write")', RESET),
    ("packs banks without gaps", RAM, "stride = bank_depth(len(banks[0]))", "stride = len(banks[0])",
     UNIT + "test_ram_holds_its_banks_and_takes_words[3-4-9]"),
    ("has no bit for the bias", f"{LOWER}/matrix.py", "acc = bits + 1 if bias else bits", "acc = bits", ENDS),
    ("numbers lanes row by row", f"{LOWER}/load.py", "for segment in range(fold.segments) for row in range(fold.rows)]",
     "for row in range(fold.rows) for segment in range(fold.segments)]", WORDS),
    ("leaves no room for the deepest memory", f"{LOWER}/load.py", "return max((lane.word_bits",
     "return min((lane.word_bits", PLAN + "test_every_word_has_its_own_address_below_the_next_bank"),
    ("flags at the end of the format", f"{RTL}/requantise.py", "clamped.eq(outside)",
     "clamped.eq(outside | (rounded == self.output.lo))", CLAMPED),
    ("flags sums that are no results", MATRIX, GATED.format("strobe"), GATED.format("1"), FLAGS.format("Dense")),
    ("flags features of noise", FEATURES, GATED.format("flow.done"), GATED.format("1"), FLAGS.format("MemoryTaps")),
    ("flags sums of noise", f"{RTL}/eltwise.py", GATED.format("strobe"), GATED.format("1"), FLAGS.format("Add")),
    ("flags the features of another sample", FEATURES, "delayed(m, self.clamped[name], wait,",
     "delayed(m, self.clamped[name], wait + 1,", FLAGS.format("MemoryTaps")),
]
# fmt: on

"""Mutations of banks of frames: whose weights a frame meets, and which bank may be written meanwhile."""

RTL = "rtl/bittrue_rtl"
NETWORK, WINDOWS, FILTERS, SHELL, BANKS = (
    f"{RTL}/{name}.py" for name in ("network", "windows", "filters", "frame_shell", "frame_banks")
)

OWN = "tests/unit/test_frame_banks.py::test_every_frame_runs_through_its_own_bank[{}]"
DEEP, CONV = OWN.format("deep-1-0.6"), OWN.format("Conv1d-1-0.0")
USERS = "tests/unit/test_frame_banks.py::test_numbers_wait_in_order_for_every_user[2-5]"
ENGINES = "tests/unit/test_frame_banks.py::test_several_engines_have_weights_of_their_own"
SWAPS = "tests/equal/test_frame_swaps.py::test_interleavings_with_swaps[frames, a word a channel]"
COST = "tests/unit/test_frame_banks.py::test_memories_by_formula"

# fmt: off
ROWS = [
    ("goes on to the next bank with the first window", WINDOWS, "Windows._route", "flow.sample_taken", "flow.start",
     CONV),
    ("takes the number of any beat", NETWORK, "Network._number", "accept & first", "accept", CONV),
    ("lets the bank of a frame inside be written", SHELL, "FrameShell._leave", "network.o_bank", "0", SWAPS),
]
HEAVY = [
    ("has the last window meet the next bank", WINDOWS, "Windows._route", 'delayed(m, self.bank.payload, 3, "bank")',
     'delayed(m, self.bank.payload, 2, "bank")', CONV),
    ("has the next segment begin with another bank", FILTERS, "FilterEngine.elaborate",
     "segments[-1].follows if segments and fold.chained else self.bank", "self.bank", DEEP),
    ("takes biases of the bank that comes", FILTERS, "FilterEngine._carry", "first.weighs", "self.bank", DEEP),
    ("starts a window before its bank is known", BANKS, "FrameBanks.elaborate", "any_left(total, taken)", "1", USERS),
    ("has no room for the frames under way", BANKS, "FrameBanks.elaborate", "stored < self.depth - 1",
     "stored < self.depth", USERS),
    ("reads the weights of the first engine everywhere", FILTERS, "FilterEngine._segment",
     "self.index * self.plan.fold.segments + index", "index", ENGINES),
    ("counts the memories of one segment", "python/bittrue/lower/load.py", "bank_memories", "g.segments * g.rows", "g.rows", COST),
]
# fmt: on

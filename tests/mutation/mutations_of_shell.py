"""Mutations of the AXI shell: its bus, its registers, loads and swaps of banks, what waits beside a sample; its judge."""

RTL = "rtl/bittrue_rtl"
SLAVE, REGISTERS, USE, LOADER, STREAMS = (
    f"{RTL}/{name}.py" for name in ("axi_lite", "registers", "bank_use", "loader", "stream_shell")
)
SWAPS = "sim/bittrue_sim/swaps.py"

PROOF = "tests/formal/test_axi_lite.py::test_slave_by_induction"
BUS = "tests/unit/test_axi_lite.py::test_{}"
KINDS = BUS.format("accesses_of_every_kind")
PARTS = "tests/unit/test_registers.py::test_{}"
BENCHES = "tests/equal/test_shell.py::test_every_scenario[verilator]"
INTERLEAVED = "tests/equal/test_interleaving.py::test_interleavings[8-2]"
FOLLOW = "tests/unit/test_swaps.py::test_{}"

# fmt: off
ROWS = [
    ("answers a write whose answer before was not taken", SLAVE, "AxiLiteSlave._write",
     "held[0] & held[1] & ~answering", "held[0] & held[1]", PROOF),
    ("writes bytes that are not meant", REGISTERS, "RegisterFile._word", "mask[bits] & exist", "exist", KINDS),
    ("forgets samples inside", USE, "BankUse.elaborate",
     "(self.select == bank) | entered | (inside != 0)", "(self.select == bank) | entered",
     PARTS.format("a_bank_is_busy_while_it_is_selected_or_samples_with_it_are_inside")),
    ("loads into a busy bank", LOADER, "Loader.elaborate", "~fits | self.busy.bit_select(bank, 1)", "~fits",
     INTERLEAVED),
    ("gives TLAST to the sample that follows", STREAMS, "StreamShell._leave", "sidecar.o.payload.last",
     "self.s_axis_tlast", BENCHES),
]
HEAVY = [
    ("keeps flags through a soft reset", REGISTERS, "RegisterFile._word", "self.soft if register.soft else 0", "0",
     KINDS),
    ("sums up refused words", LOADER, "Loader._sum", "Cat(pass_on, steps)", "Cat(self.written, steps)",
     PARTS.format("the_sum_of_loaded_words_is_that_of_zlib_and_leaves_out_refused_ones")),
    ("takes words while a reset loses them", STREAMS, "StreamShell.elaborate", "source.i.ready & awake",
     "source.i.ready", BENCHES),
    ("allows every setup everywhere", SWAPS, "follow", "now > last[n]", "now >= len(setups)",
     FOLLOW.format("a_swap_before_its_time_is_found")),
]
# fmt: on

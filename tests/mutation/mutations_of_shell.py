"""Mutations of the AXI shell: its bus, its registers, loads and swaps of banks, what waits beside a sample; its judge."""

RTL = "rtl/bittrue_rtl"
SLAVE, REGISTERS, HASHES, USE, LOADER, STREAMS, SHELL = (
    f"{RTL}/{name}.py"
    for name in ("axi_lite", "registers", "bank_hashes", "bank_use", "loader", "stream_shell", "shell")
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
    ("answers a write whose answer before was not taken", SLAVE, "& ~answering", "", PROOF),
    ("answers a write before it is done", SLAVE, "with m.If(answer[-1]):", "with m.If(answer[0]):",
     BUS.format("an_answer_comes_so_many_clocks_after_its_write")),
    ("writes bytes that are not meant", REGISTERS, "data[bits] & exist, mask[bits] & exist", "data[bits] & exist, exist",
     KINDS),
    ("keeps flags through a soft reset", REGISTERS, "with m.If(self.soft if register.soft else 0):", "with m.If(0):",
     KINDS),
    ("clears flags that are not named", REGISTERS, "~Mux(here, given & meant, 0)", "~Mux(here, meant, 0)", KINDS),
    ("takes a write without a byte", REGISTERS, "(self.write_index == at) & (self.write_bytes != 0)",
     "(self.write_index == at)", BUS.format("pulses_and_strobes_come_once_a_write_and_before_its_answer")),
    ("keeps a hash through a load", HASHES, "known.word_select(self.bank, HASH_WORDS).eq(0)", "known[0].eq(known[0])",
     PARTS.format("hashes_are_zero_from_a_load_until_they_are_written_byte_by_byte")),
    ("forgets samples inside", USE, " | (inside != 0)", "",
     PARTS.format("a_bank_is_busy_while_it_is_selected_or_samples_with_it_are_inside")),
    ("is free for a clock after a swap", USE, " | entered | ", " | ",
     PARTS.format("a_bank_is_busy_while_it_is_selected_or_samples_with_it_are_inside")),
    ("loads into a busy bank", LOADER, "~fits | self.busy.bit_select(bank, 1)", "~fits", INTERLEAVED),
    ("sums up refused words", LOADER, "steps.eq(Cat(pass_on, steps))", "steps.eq(Cat(self.written, steps))",
     PARTS.format("the_sum_of_loaded_words_is_that_of_zlib_and_leaves_out_refused_ones")),
    ("counts no samples inside", STREAMS, "use.enter.eq(accept)", "use.enter.eq(0)", INTERLEAVED),
    ("takes words while a reset loses them", STREAMS, "self.s_axis_tready.eq(source.i.ready & awake)",
     "self.s_axis_tready.eq(source.i.ready)", BENCHES),
    ("bypasses what leaves, not what came", STREAMS, "Mux(sidecar.o.payload.bypass,", "Mux(self.bypass,", BENCHES),
    ("gives TLAST to the sample that follows", STREAMS, "sink.i.payload.last.eq(sidecar.o.payload.last)",
     "sink.i.payload.last.eq(self.s_axis_tlast)", BENCHES),
    ("resets registers as well", SHELL, 'domain.rst.eq(rst)', 'domain.rst.eq(reset)', BENCHES),
    ("allows every setup everywhere", SWAPS, "if now > last[n]:", "if now >= len(setups):",
     FOLLOW.format("a_swap_before_its_time_is_found")),
    ("lets an old net come back", SWAPS, "now = max(now, int(first[n]))", "now = int(first[n])",
     FOLLOW.format("a_net_that_comes_back_is_found")),
]
# fmt: on

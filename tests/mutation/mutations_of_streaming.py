"""Mutations of weights from memory: their plan and image, what asks for them, what waits for them."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
PLAN, SHELL = f"{LOWER}/streaming.py", f"{LOWER}/stream_shell.py"
GEARBOX, READER, WINDOWS, STREAMED = (
    f"{RTL}/{name}.py" for name in ("gearbox", "weight_reader", "streamed_windows", "streamed_shell")
)

UNIT = "tests/unit/test_streaming.py::test_"
BOX = UNIT + "the_gearbox_gives_the_words_of_block_after_block"
COSIM = "tests/equal/test_streamed.py::test_"
STEADY = COSIM + "results_are_the_references_whatever_the_memory_does[steady-swift]"
UNEVEN = COSIM + "results_are_the_references_whatever_the_memory_does[stalls-uneven]"
FAULTY = COSIM + "the_shell_gives_no_wrong_word_and_begins_anew"

# fmt: off
ROWS = [
    ("keeps what a block's last beat left over", GEARBOX, "Gearbox.elaborate", "Mux(fresh, 0, after)", "after", BOX),
    ("counts a block once a frame", PLAN, "StreamedLayer.bytes_a_frame", "BEAT * self.beats * self.reads",
     "BEAT * self.beats", UNIT + "bytes_and_shares_are_those_of_the_formula"),
    ("takes the first way that fits", PLAN, "chosen", "total not in best or way < best[total]", "total not in best",
     UNIT + "among_the_ways_that_fit_the_choice_has_the_fewest_bytes[3]"),
    ("takes frames while it stands still", WINDOWS, "StreamedWindows.elaborate", "inner.i.ready & go", "inner.i.ready",
     UNEVEN),
    ("forgets nothing at a reset", READER, "WeightReader.elaborate", "waits.eq(clear & ~self.idle)", "waits.eq(0)",
     COSIM + "a_reset_in_the_middle_leaves_nothing_behind[400]"),
]
HEAVY = [
    ("begins a block where the one before ended", GEARBOX, "Gearbox.elaborate", "Mux(ends, 0, rest)", "rest", BOX),
    ("starts blocks anywhere", PLAN, "_placed", "-(-BEAT * layer.beats // ALIGNED) * ALIGNED", "BEAT * layer.beats",
     UNIT + "bytes_and_shares_are_those_of_the_formula"),
    ("makes all queues alike", PLAN, "StreamedLayer.queues", "QUEUED + j * fold.skew", "QUEUED", STEADY),
    ("gives results while it stands still", WINDOWS, "StreamedWindows.elaborate", "inner.o.valid & go", "inner.o.valid",
     UNEVEN),
    ("asks for more than there is room for", READER, "WeightReader._ask", "(room >= BURST) & ~mine",
     "(room != 0) & ~mine", STEADY),
    ("goes on after an error", READER, "WeightReader._take", "failed.eq(self.error != 0)", "failed.eq(0)",
     COSIM + "nothing_comes_after_a_memory_error[slave]"),
    ("takes bursts of any length", READER, "WeightReader._take", "self.m_rlast != (place == length)",
     "self.m_rlast & 0", COSIM + "nothing_comes_after_a_memory_error[short]"),
    ("lets old words meet new ones", STREAMED, "StreamedShell._resets",
     "super()._resets(registers) | ~registers.weights_address_run", "super()._resets(registers)", FAULTY),
    ("loses the longest interval", SHELL, "built_words", "min(interval, LONG_INTERVAL)", "interval",
     UNIT + "the_longest_interval_has_a_register"),
]
# fmt: on

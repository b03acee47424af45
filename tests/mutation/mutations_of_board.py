"""Mutations of the board's driver, and of the bench that drives the shell."""

SAMPLES = "python/bittrue/board/samples.py"
DRIVER = "python/bittrue/board/predistorter.py"
REGISTERS = "python/bittrue/board/net_shell.py"
FILES = "python/bittrue/board/manifest.py"
LOADING, FPGA = "python/bittrue/board/loading.py", "python/bittrue/board/fpga.py"
HARNESS = "python/bittrue/cosim/shell_harness.cpp"

QUANTISE = "tests/board/test_samples.py::test_values_become_the_codes_of_the_format"
STAND_IN = "tests/board/test_stand_in.py::test_a_program_for_the_board_runs_without_any_simulation"
OTHER = "tests/board/test_stand_in.py::test_the_hardware_of_another_net_is_refused"
LOAD = "tests/board/test_loading.py::"
KINDS = "tests/board/test_samples.py::test_samples_of_another_kind_are_refused"
SHELL = "tests/unit/test_shell_model.py::"
RULE = SHELL + "test_a_broken_rule_is_found[{}]"

# fmt: off
ROWS = [
    ("rounds ties down", SAMPLES, "(scaled - floor >= 0.5)", "(scaled - floor > 0.5)", QUANTISE),
    ("counts no clamped sample at the top", SAMPLES, "| (codes > fmt.hi)).any(axis=1).sum())", ").any(axis=1).sum())",
     QUANTISE),
    ("takes a code that is one too high", SAMPLES, "int(array.max()) > fmt.hi", "int(array.max()) > fmt.hi + 1",
     "tests/board/test_samples.py::test_codes_beyond_the_format_are_refused"),
    ("selects the next bank", DRIVER, "self._shell.write(reg.BANK, number)", "self._shell.write(reg.BANK, number ^ 1)",
     STAND_IN),
    ("begins anew with every chunk", DRIVER, "        source, sink = self._buffers",
     "        self._begin()\n        source, sink = self._buffers", STAND_IN),
    ("reads the output of the chunk before", DRIVER, "made[start : start + self._chunk] = self._run(part)",
     "made[start : start + self._chunk] = self._run(given[: len(part)])", STAND_IN),
    ("takes integers for floats", SAMPLES, 'if array.dtype.kind in "biu":', 'if array.dtype.kind in "b":', KINDS),
    ("takes codes in floating point", SAMPLES, "(values == np.floor(values)).all()", "False", KINDS),
    ("looks under a mask", SAMPLES, "if any(np.ma.is_masked(part) for part in parts):", "if False:", KINDS),
    ("lets threads disturb each other", FPGA, "with self._lock:\n            if self._working:",
     "with contextlib.nullcontext():\n            if False:",
     "tests/board/test_stand_in.py::test_two_threads_wait_for_each_other"),
    ("loads a part of a bank", LOADING, "if missing.size:", "if False:", LOAD + "test_a_part_of_a_load_is_refused"),
    ("loads a word twice", LOADING, "if twice.any():", "if False:",
     LOAD + "test_a_word_twice_in_the_place_of_another_is_refused"),
    ("takes another net's hash", LOADING, "!= (bank.hash == digest)", "and False",
     LOAD + "test_the_hash_of_other_words_is_refused"),
    ("leaves its buffers", DRIVER, "self._buffers.pop().freebuffer()", "self._buffers.pop()", STAND_IN),
    ("loads into another bank", LOADING, "| number << bits", "| number << bits + 1", STAND_IN),
    ("does not bypass", REGISTERS, "self._control(bypass=int(on))", "self._control(bypass=0)", STAND_IN),
    ("forgets that a reset keeps the bypass", REGISTERS, "word = int(self.read(reg.CONTROL))", "word = 0", STAND_IN),
    ("takes the hardware of any net", REGISTERS, "if self.hash != manifest.hash:", "if not manifest.hash:", OTHER),
    ("lets a shell take back its word", HARNESS, "if (tells && holds && !top.m_axis_tvalid)",
     "if (false && holds && !top.m_axis_tvalid)", RULE.format("withdrawn")),
    ("lets a shell change its word", HARNESS, "if (tells && holds && (std::memcmp", "if (false && (std::memcmp",
     RULE.format("changed")),
    ("lets a shell move its TLAST", HARNESS, " || held_last != bool(top.m_axis_tlast)", "",
     RULE.format("tlast changed")),
    ("takes half a word for a whole one", HARNESS, "return failed(PARTIAL)", "break", RULE.format("tkeep")),
    ("lets a shell speak in reset", HARNESS, "fault = VALID_IN_RESET;", "fault = NONE;", RULE.format("valid in reset")),
    ("takes an answer before the question", HARNESS, "if (bvalid && (!writes || aw || w))", "if (bvalid && !writes)",
     RULE.format("bvalid early")),
    ("lets a shell change its answer", HARNESS, "if (r_held && (r_data != top.s_axi_ctrl_rdata", "if (false && (r_data",
     RULE.format("rdata changed")),
    ("takes words behind a TLAST", HARNESS, "credit = one.last ? 0 : credit - 1", "credit = credit - 1",
     SHELL + "test_a_sink_takes_what_it_is_told_and_nothing_behind_a_tlast"),
    ("begins an access before its time", HARNESS, "if (sent < next.after) return;", "",
     SHELL + "test_a_script_keeps_its_times_and_says_when_things_happened"),
]

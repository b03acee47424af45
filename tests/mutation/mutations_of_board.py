"""Mutations of the board's driver, and of the bench that drives the shell."""

SAMPLES = "python/bittrue/board/samples.py"
DRIVER = "python/bittrue/board/driver.py"
REGISTERS = "python/bittrue/board/net_shell.py"
LOADING, FPGA = "python/bittrue/board/loading.py", "python/bittrue/board/fpga.py"
HARNESS = "python/bittrue/cosim/shell_harness.cpp"

QUANTISE = "tests/board/test_samples.py::test_values_become_the_codes_of_the_format"
STAND_IN = "tests/board/test_stand_in.py::test_a_program_for_the_board_runs_without_any_simulation"
OTHER = "tests/board/test_stand_in.py::test_the_hardware_of_another_net_is_refused"
LOAD = "tests/board/test_loading.py::"
SHELL = "tests/unit/test_shell_model.py::"
RULE = SHELL + "test_a_broken_rule_is_found[{}]"

# fmt: off
ROWS = [
    ("rounds ties down", SAMPLES, "quantise", "scaled - floor >= 0.5", "scaled - floor > 0.5", QUANTISE),
    ("begins anew with every chunk", DRIVER, "Driver._run",
     "source, sink = self._buffers",
     """\
self._begin()
source, sink = self._buffers""",
     STAND_IN),
    ("loads a part of a bank", LOADING, "_check_complete", "missing.size", "False",
     LOAD + "test_a_part_of_a_load_is_refused"),
    ("takes the hardware of any net", REGISTERS, "NetShell._check_identity", "self.hash != manifest.hash", "not manifest.hash",
     OTHER),
    ("lets a shell take back its word", HARNESS, "observe_streams",
     "if (tells && holds && !top.m_axis_tvalid)", "if (false && holds && !top.m_axis_tvalid)",
     RULE.format("withdrawn")),
]
HEAVY = [
    ("selects the next bank", DRIVER, "Driver.bank",
     "self._shell.write(reg.BANK, number)", "self._shell.write(reg.BANK, number ^ 1)", STAND_IN),
    ("lets threads disturb each other", FPGA, "Fpga.working",
     "with self._lock: ...", "with contextlib.nullcontext(): ...",
     "tests/board/test_stand_in.py::test_two_threads_wait_for_each_other"),
    ("takes another net's hash", LOADING, "_check_hash",
     "np.array_equal(stored, codes) != (bank.hash == digest)", "np.array_equal(stored, codes) and False",
     LOAD + "test_the_hash_of_other_words_is_refused"),
    ("takes half a word for a whole one", HARNESS, "observe_streams", "return failed(PARTIAL)", "break",
     RULE.format("tkeep")),
]
# fmt: on

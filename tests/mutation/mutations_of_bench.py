"""Mutations of the judges: the comparison, the benches that drive hardware, and their verdicts."""

COMPARE = "python/bittrue/check/compare.py"
VECTORS = "python/bittrue/check/vectors.py"
DIRECTED = "python/bittrue/check/directed.py"
COMMAND = "python/bittrue/cli/check.py"
HARNESS = "python/bittrue/cosim/harness.cpp"
SIMULATION = "python/bittrue/cosim/simulation.py"
STREAM = "python/bittrue/cosim/streams.py"
PORTS = "python/bittrue/cosim/module_ports.py"
STALLS = "python/bittrue/cosim/stalls.py"
BENCH = "sim/bittrue_sim/benches/net_bench.py"
RUNNER = "sim/bittrue_sim/runner.py"

CHECK = "tests/unit/test_check.py::"
DELAYS = "tests/unit/test_check_delays.py::test_every_delay_is_reached_or_named"
PATTERNS = "tests/unit/test_simulation.py::test_stall_patterns_stall_as_often_and_as_long_as_asked"
LIBRARY = "tests/unit/test_simulation.py::test_the_library_finds_every_fault[{}]"
FOR_EVER = "tests/equal/test_rtl_graphs.py::test_constants_come_for_ever"
ICARUS = "tests/unit/test_simulation.py::test_the_cocotb_bench_finds_every_fault[{}]"

# fmt: off
ROWS = [
    ("finds all words equal", COMPARE, "wrong = found[name] != words", "wrong = words != words",
     CHECK + "test_the_first_divergence_is_named_with_node_sample_channel_and_words"),
    ("compares nothing", COMPARE, "in expected.items():\n        verdict.words", "in ():\n        verdict.words",
     CHECK + "test_equal_legs_are_equal"),
    ("takes no comparison for equality", COMPARE, "return self.words > 0 and not", "return not",
     CHECK + "test_a_leg_of_which_nothing_was_compared_is_not_equal"),
    ("forgives a hardware fault", COMPARE, 'verdict.fault = f"{block[0]} vectors: {error}"', 'verdict.fault = ""',
     CHECK + "test_a_hardware_fault_is_a_verdict"),
    ("names the last divergence", COMPARE, "if verdict.divergence is None:", "if True:",
     CHECK + "test_the_divergence_is_that_of_the_first_block_that_has_one"),
    ("draws vectors that never reach the lowest code", VECTORS, "rng.integers(fmt.lo, ", "rng.integers(fmt.lo + 1, ",
     CHECK + "test_uniform_vectors_reach_both_ends"),
    ("misses the worst case", DIRECTED, "found += [np.where(weight >= 0, fmt.hi, fmt.lo), ", "found += [",
     CHECK + "test_worst_cases_reach_the_proved_range_of_a_dense_layer"),
    ("searches the worst case on half the grid", DIRECTED, "GRID = 32", "GRID = 16",
     CHECK + "test_worst_cases_are_searched_on_a_grid_of_32_steps"),
    ("never reaches a long delay", VECTORS, "return min(left, depth + BEYOND)", "return 0",
     DELAYS),
    ("is silent about a delay that was not reached", COMPARE, "node.layer.memory >= longest", "node.layer.memory < 0",
     DELAYS),
    ("ends well whatever it finds", COMMAND, "return 0 if verdict.equal else 1", "return 0",
     "tests/unit/test_cli.py::test_check_finds_a_broken_leg"),
    ("ignores what the harness reports", SIMULATION, "if not fault:", "if fault < 99:",
     LIBRARY.format("tdata changed")),
    ("does not watch a stalled tdata", HARNESS, "if (s.holds && std::memcmp(", "if (false && std::memcmp(",
     LIBRARY.format("tdata changed")),
    ("does not watch a stalled tvalid", HARNESS, "if (s.holds && !*s.valid)", "if (false && !*s.valid)",
     LIBRARY.format("tvalid withdrawn")),
    ("does not wait for a word too many", HARNESS, "if (++drained > 64 + 2 * (first_out - first_in))", "if (++drained)",
     LIBRARY.format("word too many")),
    ("does not count the words of a tap", HARNESS, "if (tap[t].moved < tap[t].total)", "if (tap[t].moved < 0)",
     LIBRARY.format("tap missing")),
    ("takes any container", STREAM, "if wrong.any():", "if not len(flat):",
     "tests/unit/test_simulation.py::test_words_hold_sign_extended_codes_in_the_next_container"),
    ("takes an undriven output", PORTS, "if declared[name] != (direction, bits):", "if declared[name][1] != bits:",
     "tests/unit/test_simulation.py::test_ports_that_break_the_contract_are_refused_before_a_simulation"),
    ("never stalls", HARNESS, "go = random.next() >= stall;", "go = true;",
     "tests/unit/test_simulation.py::test_stalls_stall_and_are_repeatable"),
    ("never stalls in cocotb", STALLS, "go = draw.random() >= probability", "go = draw.random() >= 0", PATTERNS),
    ("stalls for one clock only", STALLS, "draw.randint(1, self.burst)", "draw.randint(1, 1)", PATTERNS),
    ("finds all words equal in cocotb", BENCH, "if word != self.expected:", "if word != word:",
     ICARUS.format("flipped bit")),
    ("takes what comes for ever for too much in cocotb", BENCH, " and not self.endless:", ":", FOR_EVER),
    ("takes what comes for ever for too much", "python/bittrue/cosim/streams.py", "if endless.issuperset",
     "if node.inputs and endless.issuperset", FOR_EVER),
    ("does not watch a stalled tdata in cocotb", BENCH, "word != held:", "word != word:",
     ICARUS.format("tdata changed")),
    ("reads X as a word", BENCH, "if self.bench.four_state and not value.is_resolvable:", "if value is None:",
     "tests/equal/test_cocotb.py::test_an_undefined_weight_fails[icarus]"),
    ("takes a failed bench for a passed one", RUNNER, '("failure", "error", "skipped")', "()",
     "tests/unit/test_runner.py", ICARUS.format("flipped bit")),
    ("takes a bench without tests for a passed one", RUNNER, "if not cases:", "if cases is None:",
     "tests/unit/test_runner.py"),
    ("simulates with Icarus as of 2012", RUNNER, '("-g2005",)', '("-g2012",)',
     "tests/equal/test_cocotb.py::test_example_of_every_layer[icarus-Upsample]"),
]
# fmt: on

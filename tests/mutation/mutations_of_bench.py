"""Mutations of the judges: the comparison, the benches that drive hardware, and their verdicts."""

COMPARE = "python/bittrue/check/compare.py"
VECTORS = "python/bittrue/check/vectors.py"
DIRECTED = "python/bittrue/check/directed.py"
COMMAND = "python/bittrue/cli/check.py"
HARNESS = "python/bittrue/cosim/harness.cpp"
PORTS = "python/bittrue/cosim/module_ports.py"
BENCH = "sim/bittrue_sim/benches/net_bench.py"
RUNNER = "sim/bittrue_sim/runner.py"

CHECK = "tests/unit/test_check.py::"
DELAYS = "tests/unit/test_check_delays.py::test_every_delay_is_reached_or_named"
LIBRARY = "tests/unit/test_simulation.py::test_the_library_finds_every_fault[{}]"
ICARUS = "tests/unit/test_simulation.py::test_the_cocotb_bench_finds_every_fault[{}]"

# fmt: off
ROWS = [
    ("finds all words equal", COMPARE, "_compare", "found[name] != words", "words != words",
     CHECK + "test_the_first_divergence_is_named_with_node_sample_channel_and_words"),
    ("takes no comparison for equality", COMPARE, "LegVerdict.equal",
     "self.words > 0 and not self.fault and not any(self.mismatches.values())",
     "not self.fault and not any(self.mismatches.values())",
     CHECK + "test_a_leg_of_which_nothing_was_compared_is_not_equal"),
    ("forgives a hardware fault", COMPARE, "_compare", 'f"{block[0]} vectors: {error}"', '""',
     CHECK + "test_a_hardware_fault_is_a_verdict"),
    ("misses the worst case", DIRECTED, "worst_cases",
     "[np.where(weight >= 0, fmt.hi, fmt.lo), np.where(weight >= 0, fmt.lo, fmt.hi)]",
     "[np.where(weight >= 0, fmt.lo, fmt.hi)]", CHECK + "test_worst_cases_reach_the_proved_range_of_a_dense_layer"),
    ("ends well whatever it finds", COMMAND, "call", "0 if verdict.equal else 1", "0",
     "tests/unit/test_cli.py::test_check_finds_a_broken_leg"),
    ("does not watch a stalled tdata", HARNESS, "observe",
     "if (s.holds && std::memcmp(", "if (false && std::memcmp(", LIBRARY.format("tdata changed")),
    ("finds all words equal in cocotb", BENCH, "Port.check", "self.expected", "word", ICARUS.format("flipped bit")),
    ("takes a failed bench for a passed one", RUNNER, "judge", '("failure", "error", "skipped")', "()",
     "tests/unit/test_runner.py", ICARUS.format("flipped bit")),
]
HEAVY = [
    ("draws vectors that never reach the lowest code", VECTORS, "uniform", "fmt.lo", "fmt.lo + 1",
     CHECK + "test_uniform_vectors_reach_both_ends"),
    ("never reaches a long delay", VECTORS, "_delays", "min(left, depth + BEYOND)", "0", DELAYS),
    ("does not wait for a word too many", HARNESS, "run",
     "if (++drained > 64 + 2 * (first_out - first_in))", "if (++drained)", LIBRARY.format("word too many")),
    ("takes an undriven output", PORTS, "check_ports",
     "declared[name] != (direction, bits)", "declared[name][1] != bits",
     "tests/unit/test_simulation.py::test_ports_that_break_the_contract_are_refused_before_a_simulation"),
    ("reads X as a word", BENCH, "Port.read",
     "self.bench.four_state and not value.is_resolvable", "value is None",
     "tests/equal/test_cocotb.py::test_an_undefined_weight_fails[icarus]"),
]
# fmt: on

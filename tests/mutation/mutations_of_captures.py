"""Mutations of captures: what is found in a record, which column is which, what is refused and what is owned."""

CAPTURES = "python/bittrue/apps/dpd/captures/"
BESIDE, BLOCKS, MEND = CAPTURES + "beside.py", CAPTURES + "blocks.py", CAPTURES + "mend.py"
STEADY, TREND, UNSTEADY = CAPTURES + "steady.py", CAPTURES + "trend.py", CAPTURES + "unsteady.py"
AMPLIFIER = "python/bittrue/apps/dpd/amplifiers/amplifier.py"

TESTS = "tests/apps/test_dpd_unsteady.py::"
HERTZ, PPM = (
    TESTS + "test_a_frequency_offset_is_named_in_hertz_and_removed",
    TESTS + "test_a_clock_ratio_is_named_in_ppm_and_removed",
)
JUMP, GOOD = TESTS + "test_a_jump_is_named_with_its_size_and_its_sample", TESTS + "test_a_steady_record_has_no_fault"
TREE = TESTS + "test_a_trend_is_as_simple_as_the_values_allow"
NAMES = "tests/apps/test_dpd_table.py::test_names_say_which_column_is_which"
OWN = "tests/apps/test_dpd_data.py::"

# fmt: off
ROWS = [
    ("turns the delay around", BESIDE, "delay = -(moved", "delay = (moved", PPM),
    ("has no levels", BESIDE, "LEVELS = 48", "LEVELS = 1", GOOD),
    ("turns back the wrong way", MEND, "np.exp(-2j * np.pi * of.hertz", "np.exp(2j * np.pi * of.hertz", HERTZ),
    ("resamples the wrong way", MEND, "(ratio * FINER)", "(FINER / ratio)", PPM),
    ("does not look at envelopes", BLOCKS, "first = lag(_envelope(x), _envelope(y))", "first = 0 * lag(x, y)",
     TESTS + "test_a_frequency_offset_far_beyond_a_block_is_found_at_a_delay"),
    ("believes every trend", TREND, "SURE = 20.0", "SURE = 0.0", TESTS + "test_chance_makes_no_trend"),
    ("takes jumps for lines", TREND, "(np.arange(n) >= place)", "(np.arange(n) > place)", TREE),
    ("puts a jump at the beginning of the search", UNSTEADY, "best = int(np.flatnonzero(cost <= cost.min() + slack)[-1])",
     "best = 0", JUMP),
    ("has no limit of its own for noise", STEADY, "- BELOW, LEAST, MOST", "- BELOW, LEAST, LEAST",
     TESTS + "test_what_costs_nothing_beside_the_noise_is_let_pass"),
    ("takes the columns as they stand", CAPTURES + "table.py", "numbers[:, order] if every", "numbers if every", NAMES),
    ("does not look at a folder's record", CAPTURES + "data.py", "checks.steady(capture, spec.accepted)", "checks.CHECKS",
     OWN + "test_a_folder_whose_record_is_not_steady_is_refused"),
    ("learns from any amplifier model", AMPLIFIER, "if not model.error <= plan.worst_nmse:", "if model.error > 999:",
     "tests/apps/test_dpd_amplifier.py::test_a_model_that_does_not_follow_the_amplifier_does_not_teach"),
]

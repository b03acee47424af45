"""Mutations of captures: what is found in a record, which column is which, what is refused and what is owned."""

CAPTURES = "python/bittrue/apps/dpd/captures/"
BESIDE, MEND = CAPTURES + "beside.py", CAPTURES + "mend.py"
TREND, UNSTEADY = CAPTURES + "trend.py", CAPTURES + "unsteady.py"
AMPLIFIER = "python/bittrue/apps/dpd/amplifiers/amplifier.py"

TESTS = "tests/apps/test_dpd_unsteady.py::"
HERTZ, PPM = (
    TESTS + "test_a_frequency_offset_is_named_in_hertz_and_removed",
    TESTS + "test_a_clock_ratio_is_named_in_ppm_and_removed",
)
JUMP = TESTS + "test_a_jump_is_named_with_its_size_and_its_sample"

# fmt: off
ROWS = [
    ("turns the delay around", BESIDE, "beside",
     "-(moved / np.where(gain == 0, 1, gain)).real", "(moved / np.where(gain == 0, 1, gain)).real", PPM),
    ("believes every trend", TREND, "SURE", "20.0", "0.0", TESTS + "test_chance_makes_no_trend"),
    ("learns from any amplifier model", AMPLIFIER, "teacher",
     "not model.error <= plan.worst_nmse", "model.error > 999",
     "tests/apps/test_dpd_amplifier.py::test_a_model_that_does_not_follow_the_amplifier_does_not_teach"),
]
HEAVY = [
    ("turns back the wrong way", MEND, "removed", "-2j", "2j", HERTZ),
    ("puts a jump at the beginning of the search", UNSTEADY, "_place",
     "int(np.flatnonzero(cost <= cost.min() + slack)[-1])", "0", JUMP),
]
# fmt: on

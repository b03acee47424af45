"""Mutations of the report on ECG nets and of `bittrue ecg beats`: whose beats, whose answers, what is counted."""

JUDGING = "python/bittrue/apps/ecg/reporting/judging.py"
TABLES = "python/bittrue/apps/ecg/reporting/tables.py"
METRICS = "python/bittrue/apps/ecg/metrics.py"

REPORTED = "tests/apps/test_ecg_report.py::"
HELD_OUT = REPORTED + "test_held_out_patients_are_those_of_the_fold"
SEEDS = REPORTED + "test_three_seeds_have_a_mean_and_a_worst"

# fmt: off
ROWS = [
    ("opens the test patients for those held out", JUDGING, "whom", '",".join(parts(fold)[1])', "TEST", HELD_OUT),
    ("calls the mean the worst", TABLES, "mean_and_worst",
     "np.where(known, all_values, np.inf).min", "np.where(known, all_values, 0).mean", SEEDS),
]
HEAVY = [
    ("takes nets of other recipes for seeds of one", JUDGING, "seeds", "known == key", "known[1] == key[1]", SEEDS),
    ("draws beats and not patients", METRICS, "spread",
     "np.unique(patients, return_inverse=True)", "np.unique(np.arange(len(labels)), return_inverse=True)",
     "tests/apps/test_ecg_metrics.py::test_the_bootstrap_draws_patients"),
]
# fmt: on

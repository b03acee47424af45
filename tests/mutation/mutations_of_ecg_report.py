"""Mutations of the report on ECG nets and of `bittrue ecg beats`: whose beats, whose answers, what is counted."""

PATIENTS = "python/bittrue/apps/ecg/patients.py"
JUDGING = "python/bittrue/apps/ecg/reporting/judging.py"
TABLES = "python/bittrue/apps/ecg/reporting/tables.py"
REPORT = "python/bittrue/apps/ecg/reporting/report.py"
CARD = "python/bittrue/kit/card.py"
STRIPS = "python/bittrue/apps/ecg/plots.py"
METRICS = "python/bittrue/apps/ecg/metrics.py"
BEATS = "python/bittrue/apps/ecg/commands/beats.py"
VECTORS = "python/bittrue/check/vectors.py"

REPORTED = "tests/apps/test_ecg_report.py::"
DRAWN = "tests/apps/test_ecg_plots.py::"
WRITTEN = "tests/apps/test_ecg_patients.py::"
FIGURES = REPORTED + "test_the_figures_are_those_of_the_reference"
HELD_OUT = REPORTED + "test_held_out_patients_are_those_of_the_fold"
SEEDS = REPORTED + "test_three_seeds_have_a_mean_and_a_worst"

# fmt: off
ROWS = [
    ("opens the test patients for those held out", JUDGING, 'patients.named(",".join(parts(fold)[1]), data)',
     "patients.named(TEST, data)", HELD_OUT),
    ("judges on the patients that were learnt from", JUDGING, "parts(fold)[1]", "parts(fold)[0]", HELD_OUT),
    ("shows the float net as the integer one", JUDGING, "inference.classes(scores), floats, missing)",
     "inference.classes(scores) if floats is None else floats, floats, missing)",
     REPORTED + "test_the_float_net_stands_beside_the_integer_one"),
    ("takes nets of other recipes for seeds of one", JUDGING, "            if known == key:", "            if known[1] == key[1]:", SEEDS),
    ("counts a byte for two weights", "python/bittrue/apps/ecg/size.py", "-(-bits // 8) + biases", "-(-bits // 16) + biases", FIGURES),
    ("calls the mean the worst", TABLES, "np.where(known, all_values, np.inf).min(axis=0)",
     "np.where(known, all_values, 0).mean(axis=0)", SEEDS),
    ("lets a figure that cannot be said count as 0", TABLES, "/ np.maximum(count, 1), np.nan)\n    worst",
     "/ len(all_values), np.nan)\n    worst", REPORTED + "test_what_one_seed_cannot_say_is_left_out_of_the_mean"),
    ("puts all beats into every record", TABLES, "own = net.beats.record == number", "own = net.beats.record >= 0", FIGURES),
    ("swaps Se and PPV", TABLES, "*verdict.sensitivity, *verdict.precision", "*verdict.precision, *verdict.sensitivity", FIGURES),
    ("says always N with the net's own answers", REPORT, "_verdict(always(net.beats.y))", "_verdict(net.verdict)", FIGURES),
    ("puts the section behind the old one", CARD, "parts[:at], text", "parts[: at + 1], text",
     REPORTED + "test_a_section_takes_the_place_of_the_old_one"),
    ("takes a comment in a recipe for a heading", CARD, "fenced = not fenced", "fenced = False",
     REPORTED + "test_a_section_takes_the_place_of_the_old_one"),
    ("shows wrong beats as right ones", STRIPS, "own & (answers == kind)", "own",
     DRAWN + "test_right_and_wrong_beats_of_every_class"),
    ("takes all examples from one record", STRIPS, "turns.append((given.get(record, 0), ", "turns.append((record, ",
     DRAWN + "test_records_take_turns"),
    ("draws microvolts as millivolts", STRIPS, "record.signal[at] / 1000", "record.signal[at] / 100",
     DRAWN + "test_what_is_drawn_is_millivolts_over_seconds"),
    ("shades a window of another rate", STRIPS, "((edge - plan.before) / plan.rate,", "((edge - plan.before) / rate,",
     DRAWN + "test_what_is_drawn_is_millivolts_over_seconds"),
    ("says the annotation of the next beat", PATIENTS, "np.searchsorted(record.positions, position))",
     "np.searchsorted(record.positions, position)) - 1", WRITTEN + "test_the_annotation_is_the_databases",
     DRAWN + "test_strips_are_read_from_the_record_and_drawn"),
    ("takes a record twice", PATIENTS, "if found.count(name) > 1", "if found.count(name) > 2",
     WRITTEN + "test_names_that_do_not_exist_are_named"),
    ("draws a beat twice", BEATS, "replace=False", "replace=True", WRITTEN + "test_some_are_drawn_without_repetition"),
    ("writes the classes of other beats", BEATS, "arguments.labels, beats.y[chosen])", "arguments.labels, beats.y[: len(chosen)])",
     WRITTEN + "test_some_are_drawn_without_repetition"),
    ("compares the first frames only", VECTORS, "given if every else _part(", "_part(",
     WRITTEN + "test_every_frame_of_a_file_is_compared"),
    ("draws beats and not patients", METRICS, "np.unique(patients, return_inverse=True)",
     "np.unique(np.arange(len(labels)), return_inverse=True)", "tests/apps/test_ecg_metrics.py::test_the_bootstrap_draws_patients"),
]

"""Mutations of the ECG application: which lead, which beats, what they look like, what is counted, what is resumed."""

RECORDS = "python/bittrue/apps/ecg/beats/records.py"
FRONT_END = "python/bittrue/apps/ecg/beats/front_end.py"
RHYTHM = "python/bittrue/apps/ecg/beats/rhythm.py"
BEATS = "python/bittrue/apps/ecg/beats/beats.py"
CLASSES = "python/bittrue/apps/ecg/beats/classes.py"
SPLIT = "python/bittrue/apps/ecg/beats/split.py"
METRICS = "python/bittrue/apps/ecg/metrics.py"
FIT = "python/bittrue/apps/ecg/training/fit.py"
EXAMPLES = "python/bittrue/apps/ecg/training/examples.py"
TRAIN = "python/bittrue/apps/ecg/train.py"

READ = "tests/apps/test_ecg_records.py::"
SEEN = "tests/apps/test_ecg_front_end.py::"
SHOWN = "tests/apps/test_ecg_beats.py::"
JUDGED = "tests/apps/test_ecg_metrics.py::"
TRAINED = "tests/apps/test_ecg_train.py::"
RESUMED = TRAINED + "test_a_killed_run_ends_in_the_same_net"

# fmt: off
ROWS = [
    ("takes the first channel whatever it is", RECORDS, "return int(header.sig_name.index(lead))", "return 0",
     READ + "test_the_lead_is_chosen_by_its_name"),
    ("does not compare the checksum", RECORDS, "if list(record.calc_checksum()) != ", "if [] and list(record.calc_checksum()) != ",
     READ + "test_a_damaged_file_is_named"),
    ("takes an annotation file without its end", RECORDS, r'content[-2:] != b"\0\0"', "not content",
     READ + "test_a_damaged_file_is_named"),
    ("rounds microvolts down", RECORDS, "1000 / gain + 0.5)", "1000 / gain)",
     READ + "test_microvolts_are_rounded_half_up"),
    ("counts atrial escape beats as ectopic", CLASSES, '"NLRej", "S": "AaJS"', '"NLRj", "S": "AaJSe"',
     READ + "test_symbols_and_classes"),
    ("trains on the patients it validates on", SPLIT, "if name not in FOLDS[fold]", "if name",
     READ + "test_no_patient_is_in_two_parts"),
    ("rounds the filter down", FRONT_END, "np.ldexp(exact, -TAPS.frac) + 0.5", "np.ldexp(exact, -TAPS.frac)",
     SEEN + "test_the_low_pass_is_an_integer_filter"),
    ("takes the median of the future", FRONT_END, "values[: k + 1]", "values[: memory]",
     SEEN + "test_peaks_and_their_running_median"),
    ("wraps a large beat", FRONT_END, "np.clip((2 * unit * values + scale) // (2 * scale), -128, 127)",
     "((2 * unit * values + scale) // (2 * scale) + 128) % 256 - 128", SEEN + "test_the_scale_rounds_half_up_and_saturates"),
    ("lets the window run on at the record's end", FRONT_END, "np.where(inside, signal[", "np.where(inside | True, signal[",
     SEEN + "test_windows_are_taken_around_the_beat"),
    ("shows the intervals one beat late", RHYTHM, "np.arange(after - blocks + 1, after + 1)", "np.arange(after - blocks, after)",
     SEEN + "test_the_tachogram_shows_the_intervals_around_a_beat"),
    ("subtracts the beat from the template", BEATS, 'found["beat"] - found["template"]', 'found["template"] - found["beat"]',
     SHOWN + "test_channels_come_in_the_order_of_the_plan"),
    ("keeps one set of beats for all plans", BEATS, 'f"{VERSION} {plan} ', 'f"{VERSION} ',
     SHOWN + "test_other_plans_are_other_beats"),
    ("keeps beats of files that have changed", BEATS, "{database.digest(place, names)}", "",
     SHOWN + "test_other_files_are_other_beats"),
    ("swaps classes and answers", METRICS, "(labels, answers), 1)", "(answers, labels), 1)",
     JUDGED + "test_the_figures_by_hand"),
    ("leaves a class that is never found out of the mean", METRICS, "np.nan_to_num(", "np.nanmean(np.where(self.f1 > 0, self.f1, np.nan)) * np.ones_like(",
     JUDGED + "test_a_class_that_is_never_found_pulls_the_mean_down"),
    ("forgets the average on resuming", FIT, 'self.recipe.train.ema, state["average"])', "self.recipe.train.ema)", RESUMED),
    ("forgets the optimiser on resuming", FIT, 'self.optimiser.load_state_dict(state["optimiser"])', "pass", RESUMED),
    ("forgets the random numbers on resuming", FIT, 'self.generator.set_state(state["generator"])', "pass", RESUMED),
    ("forgets the best on resuming", FIT, 'self.best = state["best"]', "pass", RESUMED),
    ("keeps the last and not the best", FIT, 'if plan.select == "best" else', 'if plan.select == "first" else',
     TRAINED + "test_the_best_look_is_kept"),
    ("keeps the latest of equals", FIT, "verdict.macro_f1 > self.best_score", "verdict.macro_f1 >= self.best_score",
     TRAINED + "test_the_best_look_is_kept"),
    ("judges the parameters and not their average", FIT, "self.network.load_state_dict(self.average.values)\n            verdict",
     "verdict", TRAINED + "test_looks_are_the_averages_verdicts"),
    ("forgets the offsets in the loss", FIT, "self.network(x) - self.offsets", "self.network(x)",
     TRAINED + "test_an_offset_is_inside_the_net_and_outside_of_the_loss"),
    ("draws every beat alike", EXAMPLES, "torch.from_numpy(weight / weight.sum())",
     "torch.from_numpy(np.full(len(weight), 1 / len(weight)))", TRAINED + "test_every_class_and_record_gets_its_share"),
    ("alters the labels of mixed beats differently", EXAMPLES, "b * y + (1 - b) * y[other]", "b * y[other] + (1 - b) * y",
     TRAINED + "test_mixup_mixes_beats_and_labels_alike"),
    ("looks at the test records", TRAIN, "beats.load(records, held, plan.input)", "beats.load(records, DS2, plan.input)",
     TRAINED + "test_a_folder_is_trained_and_opened_again"),
]

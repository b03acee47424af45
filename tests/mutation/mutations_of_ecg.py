"""Mutations of the ECG application: which lead, which beats, what they look like, what is counted, what is resumed."""

RECORDS = "python/bittrue/apps/ecg/beats/records.py"
LEADS = "python/bittrue/apps/ecg/beats/leads.py"
SAMPLES = "python/bittrue/apps/ecg/beats/samples.py"
HEADER = "python/bittrue/apps/ecg/beats/header.py"
GAPS = "python/bittrue/apps/ecg/beats/gaps.py"
PLAIN = "python/bittrue/apps/ecg/beats/plain.py"
FRONT_END = "python/bittrue/apps/ecg/beats/front_end.py"
RHYTHM = "python/bittrue/apps/ecg/beats/rhythm.py"
BEATS = "python/bittrue/apps/ecg/beats/beats.py"
CLASSES = "python/bittrue/apps/ecg/beats/classes.py"
SPLIT = "python/bittrue/apps/ecg/beats/split.py"
METRICS = "python/bittrue/apps/ecg/metrics.py"
FIT = "python/bittrue/apps/ecg/training/trainer.py"
STAGE = "python/bittrue/apps/ecg/training/stage.py"
KEEPER = "python/bittrue/kit/training/keeper.py"
NETWORK = "python/bittrue/apps/ecg/training/network.py"
MATERIAL = "python/bittrue/apps/ecg/datasets.py"
CONTENTS = "python/bittrue/apps/ecg/bundle.py"
ANSWERS = "python/bittrue/apps/ecg/inference.py"
FOLDER = "python/bittrue/apps/ecg/trained_net.py"
CARD = "python/bittrue/apps/ecg/card.py"
KNOWN = "python/bittrue/check/known_answers.py"
REARRANGED = "python/bittrue/apps/ecg/beats/rhythm_augmentation.py"
EXAMPLES = "python/bittrue/apps/ecg/training/examples.py"

READ = "tests/apps/test_ecg_records.py::"
SIGNALS = "tests/apps/test_ecg_signals.py::"
BLANK = "tests/apps/test_ecg_gaps.py::"
TEXT = "tests/apps/test_ecg_csv.py::"
SEEN = "tests/apps/test_ecg_front_end.py::"
SHOWN = "tests/apps/test_ecg_beats.py::"
MADE = "tests/apps/test_ecg_rhythm_augmentation.py::"
DRAWN = "tests/apps/test_ecg_examples.py::"
JUDGED = "tests/apps/test_ecg_metrics.py::"
TRAINED = "tests/apps/test_ecg_train.py::"
STAGED = "tests/apps/test_ecg_stages.py::"
WRITTEN = "tests/apps/test_ecg_folder.py::"
RESUMED = STAGED + "test_a_killed_run_ends_in_the_same_net"

# fmt: off
ROWS = [
    ("takes the first channel whatever it is", LEADS, "if wanted in names:\n            return wanted", "if wanted in names:\n            return names[0]",
     READ + "test_the_lead_is_chosen_by_its_name"),
    ("does not compare the checksum", SAMPLES, "        if signal.checksum:\n", "        if signal.checksum is None:\n",
     READ + "test_a_damaged_file_is_named"),
    ("takes an annotation file without its end", RECORDS, r'content[-2:] != b"\0\0"', "not content",
     READ + "test_a_damaged_file_is_named"),
    ("rounds microvolts down", SAMPLES, "/ signal.gain + 0.5", "/ signal.gain",
     READ + "test_microvolts_are_rounded_half_up"),
    ("counts atrial escape beats as ectopic", CLASSES, '"NLRBej", "S": "AaJSn"', '"NLRBj", "S": "AaJSen"',
     READ + "test_symbols_and_classes"),
    ("drops what other databases call a beat", CLASSES, '"V": "VEr"', '"V": "VE"', READ + "test_symbols_and_classes"),
    ("reads as far as it understands", HEADER, "match = pattern.fullmatch(row)", "match = pattern.match(row)",
     SIGNALS + "test_first_lines_that_cannot_be"),
    ("takes a rate for the nearest whole one", HEADER, "else float(number)", "else round(number)", SIGNALS + "test_what_a_first_line_leaves_out"),
    ("takes the code of no value for an amplitude", SAMPLES, "codes == -(1 << BITS[signal.format] - 1) if", "codes != codes if",
     BLANK + "test_no_value_is_no_amplitude"),
    ("leaves a lagging signal where it is", SAMPLES, "np.append(found[ahead:], ", "np.append(found[:-ahead], ",
     SIGNALS + "test_other_files_formats_and_frames"),
    ("counts annotations in samples", RECORDS, "2 * int(tick) * ratio.numerator", "2 * int(tick) * ratio.denominator",
     SIGNALS + "test_annotations_count_in_their_own_time"),
    ("bridges whole beats", GAPS, "SHORT = Fraction(1, 50)", "SHORT = Fraction(1, 2)",
     BLANK + "test_short_stretches_are_bridged_and_long_ones_kept"),
    ("lets beats in gaps out of the rhythm", BEATS, "normal = rhythm.usual(at, ", "at, kept = at[kept], kept[kept]\n    normal = rhythm.usual(at, ",
     BLANK + "test_beats_in_a_gap_are_left_out_and_their_neighbours_stay"),
    ("repeats the samples of a slow record", FRONT_END, "    if rate >= wanted:\n        return _around", "    if rate > 0:\n        return _around",
     SEEN + "test_a_slow_record_is_resampled_and_not_repeated"),
    ("calls any recordings of those names MIT-BIH", MATERIAL, "own = None if database.published(folder, (*names, *held)) else folder",
     "own = None", WRITTEN + "test_a_folder_of_recorded_patients"),
    ("drops cells without a value", PLAIN, 'return float("nan")', "return 0.0", TEXT + "test_cells_without_a_value_are_gaps"),
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
    ("keeps one set of beats for all plans", BEATS, 'f"{VERSION} {kind} {plan} ', 'f"{VERSION} {kind} ',
     SHOWN + "test_other_plans_are_other_beats"),
    ("keeps beats of files that have changed", BEATS, "{database.digest(place, names, annotator)}", "",
     SHOWN + "test_other_files_are_other_beats"),
    ("keeps rearranged patients for recorded ones", BEATS, 'f"{VERSION} {kind} ', 'f"{VERSION} ',
     SHOWN + "test_rearranged_patients_are_kept_apart"),
    ("packs the left of the difference and not its middle", BEATS, '[:, edge : length - edge], blocks]', '[:, : length - 2 * edge], blocks]',
     SHOWN + "test_a_packed_beat_is_its_difference_and_the_rhythm"),
    ("forgets the median's rhythm at the end of the record", RHYTHM, "np.append(own[1:], recent[-1:])", "np.append(own[1:], normal[-1:])",
     SEEN + "test_the_figures_of_the_rhythm"),
    ("takes the mean of one interval more", RHYTHM, "np.arange(len(own)) + 1 - RECENT", "np.arange(len(own)) - RECENT",
     SEEN + "test_the_figures_of_the_rhythm"),
    ("divides by a spread of nothing", RHYTHM, "np.maximum(recent // RECENT, 1)", "1",
     SEEN + "test_the_figures_of_the_rhythm"),
    ("lays the beats of a patient too far apart", REARRANGED, "np.append(wide[1:] - lead[1:], int(record.rate // 2))",
     "np.append(wide[1:], int(record.rate // 2))", MADE + "test_most_beats_of_sustained_ectopy_are_early"),
    ("keeps P waves in fibrillation", REARRANGED, "if silent and end > 0", "if silent and end < 0",
     MADE + "test_fibrillation_is_irregular_and_has_no_p_wave"),
    ("leaves a step at every joint", REARRANGED, "front[:fade] += (last - front[0])", "front[:fade] += 0 * (last - front[0])",
     MADE + "test_joints_are_smooth"),
    ("gives all patients the same rhythm", REARRANGED, 'f"{record.name} {kind}".encode()', 'f"{kind}".encode()',
     MADE + "test_the_same_record_gives_the_same_patient[fibrillation]"),
    ("rearranges patients who are held out", MATERIAL, "rearranged(plan, records, names)", "rearranged(plan, records, sum(FOLDS, ()))",
     DRAWN + "test_nobody_who_is_held_out_is_rearranged"),
    ("draws rearranged patients as if recorded", EXAMPLES, '(shares or {}).get(', "{}.get(",
     DRAWN + "test_rearranged_patients_are_drawn_by_their_share"),
    ("alters the rhythm of a packed channel", EXAMPLES, "transform(x[:, :, :edge].clone(), generator), x[:, :, edge:]",
     "transform(x.clone(), generator)", DRAWN + "test_the_ecg_of_a_packed_channel_is_altered_and_its_rhythm_is_not[noise]"),
    ("swaps classes and answers", METRICS, "(labels, answers), 1)", "(answers, labels), 1)",
     JUDGED + "test_the_figures_by_hand"),
    ("leaves a class that is never found out of the mean", METRICS, "np.nan_to_num(", "np.nanmean(np.where(self.f1 > 0, self.f1, np.nan)) * np.ones_like(",
     JUDGED + "test_a_class_that_is_never_found_pulls_the_mean_down"),
    ("forgets the average on resuming", STAGE, 'self.plan.ema, state["average"])', "self.plan.ema)", RESUMED),
    ("forgets the optimiser on resuming", STAGE, 'self.optimiser.load_state_dict(state["optimiser"])', "pass", RESUMED),
    ("forgets the random numbers on resuming", STAGE, 'self.generator.set_state(state["generator"])', "pass", RESUMED),
    ("forgets the best on resuming", STAGE, 'self.best = state["best"]', "pass", RESUMED),
    ("keeps the last and not the best", STAGE, 'if self.select == "best" else', 'if self.select == "first" else',
     TRAINED + "test_the_best_look_is_kept"),
    ("keeps the latest of equals", STAGE, "verdict.macro_f1 > self.best_score", "verdict.macro_f1 >= self.best_score",
     TRAINED + "test_the_best_look_is_kept"),
    ("judges the parameters and not their average", STAGE, "with self.average.applied():\n                verdict",
     "if True:\n                verdict", TRAINED + "test_looks_are_the_averages_verdicts"),
    ("forgets the offsets in the loss", STAGE, "self.network.logits(x) - self.offsets", "self.network.logits(x)",
     TRAINED + "test_an_offset_is_inside_the_net_and_outside_of_the_loss"),
    ("draws every beat alike", EXAMPLES, "torch.from_numpy(weight / weight.sum())",
     "torch.from_numpy(np.full(len(weight), 1 / len(weight)))", TRAINED + "test_every_class_and_record_gets_its_share"),
    ("alters the labels of mixed beats differently", EXAMPLES, "b * y + (1 - b) * y[other]", "b * y[other] + (1 - b) * y",
     TRAINED + "test_mixup_mixes_beats_and_labels_alike"),
    ("looks at records of both halves", MATERIAL, "for name in (*names, *held):", "for name in (*names, *held, '100'):",
     WRITTEN + "test_a_folder_of_recorded_patients"),
    ("learns the patients held out", MATERIAL, "[found[name] for name in names] + rearranged", "[*found.values()] + rearranged",
     WRITTEN + "test_a_folder_of_recorded_patients"),
    ("counts the records of every part from 0", MATERIAL, "part.record + start for", "part.record for",
     WRITTEN + "test_a_folder_of_recorded_patients"),
    ("digests what is learnt alone", MATERIAL, "for part in (self.learnt, self.held):", "for part in (self.learnt,):",
     WRITTEN + "test_digests_tell_beats_apart"),
    ("begins the quantised stage with the last and not the kept average", FIT, "self._quantise(self.stage.kept())",
     "self._quantise(self.stage.state()['network'])", STAGED + "test_the_net_is_what_the_float_stage_kept"),
    ("quantises anew where a run is resumed", FIT, 'self._quantise(state["floats"])', 'self._quantise(self.stage.kept())', RESUMED),
    ("gives the quantised stage fresh random numbers", FIT, "held, self.stage.generator)", "held, torch.Generator().manual_seed(1))",
     STAGED + "test_the_random_numbers_go_on"),
    ("keeps the parameters and not their average", FIT, "last.load_state_dict(self.stage.kept())",
     "last.load_state_dict(self.stage.network.state_dict())",
     STAGED + "test_the_net_is_the_average_and_its_shift_that_of_the_average"),
    ("averages the shift", NETWORK, ' and (".op." in name or ".bn." in name)', "", TRAINED + "test_the_average_follows"),
    ("leaves the loss without the last layer's power of two", NETWORK, "self(x) * 2.0 ** self.fc.shift()", "self(x)",
     STAGED + "test_the_loss_has_the_same_units_before_and_after"),
    ("begins the quantised stage without a look", STAGE, "if self.name == QUANTISED and not self.history:", "if False:",
     STAGED + "test_training_that_does_not_help_is_not_kept"),
    ("takes the float stage's batch", STAGE, "_with_batch(recipe, self.plan.batch)", "recipe",
     TRAINED + "test_a_stage_has_its_own_batch"),
    ("writes no checkpoint where a stage ends", KEEPER, "if self.path is None or not (now or ", "if self.path is None or not (",
     STAGED + "test_a_stage_that_ends_is_kept_however_young_the_last_checkpoint"),
    ("forgets the overrides of layers", "python/bittrue/apps/ecg/quantising.py", '"overrides": overrides}', '"overrides": {}}',
     STAGED + "test_bits_and_quantiles_are_those_of_the_recipe"),
    ("writes the float net where the quantised one belongs", CONTENTS, "npz_bytes(trained.fitted.quantised)",
     "npz_bytes(trained.fitted.floating)", WRITTEN + "test_quantising_the_checkpoint_gives_the_codes_of_the_net"),
    ("lets the higher class win", ANSWERS, "np.argmax(np.asarray(scores), axis=1)", "4 - np.argmax(np.asarray(scores)[:, ::-1], axis=1)",
     WRITTEN + "test_answers_come_in_chunks_and_ties_go_to_the_lower_class"),
    ("opens a folder whose recipe feeds another net", FOLDER, "if net.input.shape != wanted or net.name != plan.name:",
     "if net.name != plan.name:", WRITTEN + "test_another_net_and_another_recipe_are_no_folder"),
    ("takes known answers for true", KNOWN, "if wrong := np.argwhere(found != expected).tolist():",
     "if wrong := np.argwhere(found != found).tolist():", WRITTEN + "test_known_answers_of_another_net_are_refused"),
    ("digests the known answers without the inputs", KNOWN, "for array in (given, expected):", "for array in (expected,):",
     WRITTEN + "test_one_bit_of_the_known_answers_is_an_edit"),
    ("writes another command into the card", CARD, "elif recipe.reseeded(known, plan.train.seed).text == plan.text:", "elif True:",
     WRITTEN + "test_the_command_of_a_built_in_recipe_is_the_cards"),
]

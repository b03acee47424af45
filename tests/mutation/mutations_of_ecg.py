"""Mutations of the ECG application: which lead, which beats, what they look like, what is counted, what is resumed."""

RECORDS = "python/bittrue/apps/ecg/beats/records.py"
LEADS = "python/bittrue/apps/ecg/beats/leads.py"
SAMPLES = "python/bittrue/apps/ecg/beats/samples.py"
FRONT_END = "python/bittrue/apps/ecg/beats/front_end.py"
BEATS = "python/bittrue/apps/ecg/beats/beats.py"
CLASSES = "python/bittrue/apps/ecg/beats/classes.py"
SPLIT = "python/bittrue/apps/ecg/beats/split.py"
FIT = "python/bittrue/apps/ecg/training/trainer.py"
STAGE = "python/bittrue/apps/ecg/training/stage.py"
MATERIAL = "python/bittrue/apps/ecg/datasets.py"
CONTENTS = "python/bittrue/apps/ecg/bundle.py"
KNOWN = "python/bittrue/check/known_answers.py"

READ = "tests/apps/test_ecg_records.py::"
SIGNALS = "tests/apps/test_ecg_signals.py::"
BLANK = "tests/apps/test_ecg_gaps.py::"
SEEN = "tests/apps/test_ecg_front_end.py::"
SHOWN = "tests/apps/test_ecg_beats.py::"
DRAWN = "tests/apps/test_ecg_examples.py::"
TRAINED = "tests/apps/test_ecg_train.py::"
STAGED = "tests/apps/test_ecg_stages.py::"
WRITTEN = "tests/apps/test_ecg_folder.py::"
RESUMED = STAGED + "test_a_killed_run_ends_in_the_same_net"

# fmt: off
ROWS = [
    ("takes the first channel whatever it is", LEADS, "choose", "return wanted", "return names[0]",
     READ + "test_the_lead_is_chosen_by_its_name"),
    ("takes the code of no value for an amplitude", SAMPLES, "microvolts",
     "codes == -(1 << BITS[signal.format] - 1)", "codes != codes", BLANK + "test_no_value_is_no_amplitude"),
    ("trains on the patients it validates on", SPLIT, "parts", "name not in FOLDS[fold]", "name",
     READ + "test_no_patient_is_in_two_parts"),
    ("takes the median of the future", FRONT_END, "running_rank", "k + 1", "memory",
     SEEN + "test_peaks_and_their_running_median"),
    ("rearranges patients who are held out", MATERIAL, "recorded",
     "rearranged(plan, records, names)", "rearranged(plan, records, sum(FOLDS, ()))",
     DRAWN + "test_nobody_who_is_held_out_is_rearranged"),
    ("forgets the average on resuming", STAGE, "Stage.restore",
     'average(self.network, self.plan.ema, state["average"])', "average(self.network, self.plan.ema)", RESUMED),
    ("judges the parameters and not their average", STAGE, "Stage.look", "with self.average.applied(): ...",
     "if True: ...", TRAINED + "test_looks_are_the_averages_verdicts"),
    ("takes known answers for true", KNOWN, "verify", "found != expected", "found != found",
     WRITTEN + "test_known_answers_of_another_net_are_refused"),
]
HEAVY = [
    ("rounds microvolts down", SAMPLES, "microvolts",
     "(codes - signal.baseline) * (unit if isinstance(unit, int) else float(unit)) / signal.gain + 0.5",
     "(codes - signal.baseline) * (unit if isinstance(unit, int) else float(unit)) / signal.gain",
     READ + "test_microvolts_are_rounded_half_up"),
    ("counts atrial escape beats as ectopic", CLASSES, "SYMBOLS",
     '{"N": "NLRBej", "S": "AaJSn", "V": "VEr", "F": "F", "Q": "/fQ?"}',
     '{"N": "NLRBj", "S": "AaJSen", "V": "VEr", "F": "F", "Q": "/fQ?"}', READ + "test_symbols_and_classes"),
    ("counts annotations in samples", RECORDS, "_placed", "ratio.numerator", "ratio.denominator",
     SIGNALS + "test_annotations_count_in_their_own_time"),
    ("keeps beats of files that have changed", BEATS, "load",
     'f"{VERSION} {kind} {plan} {annotator} {\' \'.join(names)} {database.digest(place, names, annotator)}"',
     'f"{VERSION} {kind} {plan} {annotator} {\' \'.join(names)} "', SHOWN + "test_other_files_are_other_beats"),
    ("begins the quantised stage with the last and not the kept average", FIT, "Trainer.run",
     "self._quantise(self.stage.kept())", "self._quantise(self.stage.state()['network'])",
     STAGED + "test_the_net_is_what_the_float_stage_kept"),
    ("writes the float net where the quantised one belongs", CONTENTS, "contents",
     "trained.fitted.quantised", "trained.fitted.floating",
     WRITTEN + "test_quantising_the_checkpoint_gives_the_codes_of_the_net"),
]
# fmt: on

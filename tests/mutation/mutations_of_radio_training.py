"""Mutations of the published radio models: heads, windows, process, losses, accumulation, what goes on."""

RADIO = "python/bittrue/apps/radio/"
MODELS = "tests/apps/test_radio_models.py::"
TRAINING = "tests/apps/test_radio_training.py::"
FAULTS = "tests/apps/test_radio_faults.py::"
PACKAGE = "tests/apps/test_radio_package.py::"

# fmt: off
ROWS = [
    ("gives the signal the published sign", RADIO + "models/unet.py", "factors",
     "-(1 - t) / d", "(1 - t) / d", MODELS + "test_heads_say_what_is_left_with_variance_one"),
    ("lets shifted windows see around the border", RADIO + "models/swin.py", "_excluded",
     "part[:, None, :] != part[:, :, None]", "part[:, None, :] != part[:, None, :]",
     MODELS + "test_attention_stays_in_its_window"),
    ("draws with the noise of the last time", RADIO + "diffusion/sampler.py", "sample",
     "z - signal * now - now**0.5 * noise", "z - signal * now - noise",
     TRAINING + "test_the_sampler_is_exact_with_a_net_that_knows"),
    ("takes the widest range", "python/bittrue/emit/tensors.py", "coded",
     "error < best.error", "False", PACKAGE + "test_the_scale_has_the_least_error_of_all"),
    ("says that words begin with the file", "python/bittrue/emit/tensors.py", "tensor_files",
     "8 + size + entry['data_offsets'][0]", "entry['data_offsets'][0]",
     PACKAGE + "test_the_files_hold_the_same_words_in_one_order"),
]
HEAVY = [
    ("clips although asked not to", RADIO + "published/first_stage.py", "FirstStageTrainer.__init__",
     "None if 'clip' in configuration.origin_compatible else self.settings.max_grad_norm",
     "self.settings.max_grad_norm", FAULTS + "test_each_published_fault_of_the_first_stage_comes_alone"),
    ("takes the published floor for another fault", RADIO + "published/trainer.py", "StageTrainer.set_rate",
     "'floor' in self.configuration.origin_compatible", "bool(self.configuration.origin_compatible)",
     FAULTS + "test_each_published_fault_of_the_diffusion_comes_alone"),
    ("counts one map of a batch", RADIO + "published/sizes.py", "check_batch",
     "4 * maps * values", "4 * values", FAULTS + "test_sizes_are_bounded_before_memory_is_taken"),
    ("trains on weights that are not finite", RADIO + "models/public_files.py", "_is_finite",
     "plain and bool(value.isfinite().all())", "plain",
     FAULTS + "test_weights_that_are_no_finite_numbers_are_refused"),
    ("averages from the first step", RADIO + "published/late_average.py", "LateAverage.update",
     "step - self.after - 1", "step - 1", TRAINING + "test_the_average_begins_late"),
    ("takes one batch of those that make a step", RADIO + "published/first_stage.py", "FirstStageTrainer._accumulated",
     "weight / self.accumulated", "weight", TRAINING + "test_accumulated_batches_are_one_large_batch"),
    ("goes on with fresh averages", RADIO + "published/trainer.py", "StageTrainer.restore",
     'self.averaged.values[name.removeprefix("ema_model.")].copy_(value)', "pass",
     TRAINING + "test_a_milestone_is_gone_on_from"),
    ("writes states as they come", RADIO + "published/canonical.py", "canonical",
     "sys.intern(str(value))", "value", TRAINING + "test_a_killed_first_stage_ends_in_the_same_bytes"),
]
# fmt: on

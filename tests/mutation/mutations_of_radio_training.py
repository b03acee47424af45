"""Mutations of the published radio models: heads, windows, process, losses, accumulation, what goes on."""

RADIO = "python/bittrue/apps/radio/"
MODELS = "tests/apps/test_radio_models.py::"
TRAINING = "tests/apps/test_radio_training.py::"
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

"""Mutations of the noise GANs and of shards: losses, sizes, scales, randomness, what goes on, what is run again."""

GAN = "python/bittrue/apps/noise/gan/"
MODELS = "tests/apps/test_noise_gan_models.py::"
TRAINING = "tests/apps/test_noise_gan_training.py::"
TRANSFORMS = "tests/apps/test_noise_gan_transforms.py::"
SWEEP = "tests/apps/test_noise_gan_sweep.py::"

# fmt: off
ROWS = [
    ("pulls slopes to zero", GAN + "critic_loss.py", "gradient_penalty",
     "(steepness - 1).square()", "steepness.square()", MODELS + "test_the_penalty_is_that_of_a_linear_critic"),
    ("scales back by what was generated", GAN + "scalers.py", "Scaler.inverse",
     "y * self.half", "y / abs(y).max() * self.half", TRANSFORMS + "test_scalers_invert_with_the_training_set"),
]
HEAVY = [
    ("pads odd axes as even ones", GAN + "geometry.py", "Step.output_padding",
     "self.extent - self.scale - self.odd", "self.extent - self.scale",
     MODELS + "test_spectrograms_may_have_one_bin_more_on_either_axis"),
    ("leaves images their own weights", GAN + "initialise.py", "WEIGHTED", "nn.Conv2d", "nn.Conv1d",
     MODELS + "test_all_weights_are_drawn_by_the_name"),
    ("goes on with other random numbers", GAN + "trainer.py", "Trainer.restore",
     'self.random.set_state(state["random"])', "pass", TRAINING + "test_a_stopped_run_goes_on_to_the_same_bits"),
    ("counts a process' penalty whole", GAN + "trainer.py", "Trainer._critic_step",
     "weight * (of_fake - of_real + penalty)", "weight * (of_fake - of_real) + penalty",
     TRAINING + "test_gradients_of_two_processes_have_the_mean_of_one"),
    ("gives up a shard whose process is lost", "python/bittrue/kit/shards.py", "_on_processes",
     "lost[number] == TRIES", "lost[number]", SWEEP + "test_shards_come_back_in_order_and_lost_ones_run_again"),
]
# fmt: on

"""Mutations of nets in a latent: the sampler's noise and steps, the transform that an autoencoder begins with, its cities."""

LATENT = "python/bittrue/apps/radio/latent/"
NETS = "tests/apps/test_radio_latent.py::test_{}"
TRAINING = "tests/apps/test_radio_latent_training.py::test_{}"

# fmt: off
ROWS = [
    ("adds the same noise in every step", LATENT + "process.py", "sample",
     "noise(seed, steps + 1 - k, first, count, shape)", "noise(seed, 1, first, count, shape)",
     NETS.format("a_step_is_the_written_formula")),
    ("begins with noise of the generator's deviation", LATENT + "process.py", "begun",
     "EXTRA - FINE", "EXTRA", NETS.format("a_step_is_the_written_formula")),
    ("begins with a transform turned round", LATENT + "autoencoder.py", "first_weights",
     "(rows / gain[:, None, None, None]).transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]",
     "(rows / gain[:, None, None, None]).transpose(1, 0, 2, 3)", NETS.format("an_autoencoder_begins_as_its_transform")),
    ("counts samples anew in every batch", LATENT + "process.py", "noise",
     "np.arange(first * rows * columns, (first + count) * rows * columns)", "np.arange(count * rows * columns)",
     NETS.format("a_sample_is_the_same_whatever_is_drawn_with_it")),
]
HEAVY = [
    ("trains on cities that are held out", LATENT + "pictures.py", "parted", "np.unique(numbers)[-held:]",
     "np.unique(numbers)[:held]", TRAINING.format("a_denoiser_learns_from_cities_that_are_not_held_out")),
]
# fmt: on

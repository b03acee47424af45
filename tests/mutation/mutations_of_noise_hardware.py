"""Mutations of the training of hardware nets of noise: rounding, noise, features, what goes on."""

HARDWARE = "python/bittrue/apps/noise/hardware/"
TRAINING = "tests/apps/test_noise_hardware_training.py::test_{}"
LINES = 'torch.einsum("nikf,njkf->fij", lines, lines.conj())'
FIX = "surgeon.fix([place], fmt.decode(fmt.encode(surgeon.weights[[place]])))"
LAST = "tests/apps/test_noise_last_layer.py::test_{}"
LAW = TRAINING.format("the_rounded_twin_is_the_reference")

# fmt: off
ROWS = [
    ("leaves biases as they are", HARDWARE + "quantised.py", "QuantisedTwin.of",
     "quantise(bias, Grid(self.tensor.frac + fmt.frac, -most, most))", "bias", LAW),
    ("takes density for amplitude", HARDWARE + "features.py", "periodograms",
     "bins.real.square() + bins.imag.square()", "(bins.real.square() + bins.imag.square()).sqrt()",
     TRAINING.format("features_are_what_they_say")),
    ("forgets a part of the mean", HARDWARE + "running.py", "RunningFeatures.mixed",
     "(mean[name] - value).detach()", "(1 - share) * (mean[name] - value).detach()",
     TRAINING.format("running_means_have_the_gradient_of_the_batch")),
    ("rounds the last layer's weights alone", HARDWARE + "last_layer.py", "Fit.rounded",
     FIX, FIX[:-1] + ", compensate=False)",
     LAST.format("rounding_lets_the_others_make_up")),
    ("leaves the means of channels in the signal", HARDWARE + "last_layer.py", "fitted",
     "spectra.level.mean() - found.sum(1) @ spectra.means.mean(0)", "spectra.level.mean()", LAST.format("the_last_layer_is_fitted_and_all_others_keep_their_bits")),
]
HEAVY = [
    ("takes channels for independent", HARDWARE + "last_layer.py", "measured",
     LINES, LINES + " * torch.eye(len(near))",
     LAST.format("densities_are_those_of_the_signals")),
    ("goes on with other noise", "python/bittrue/kit/training/quantising_stage.py", "QuantisingStage.restore",
     'self.generator.set_state(state["generator"])', "pass", TRAINING.format("a_killed_run_goes_on_to_the_same_bytes")),
    ("forgets its running means", HARDWARE + "running.py", "RunningFeatures.restore",
     "[dict(one) for one in means]", "[]", TRAINING.format("a_killed_run_goes_on_to_the_same_bytes")),
    ("learns beyond the formats", HARDWARE + "quantised.py", "QuantisedTwin.inner",
     "x.clamp(0.0, fmt.hi * fmt.scale)", "x.clamp(0.0)", TRAINING.format("the_float_twin_learns_within_the_formats")),
    ("gives every value the first one's code", HARDWARE + "latents.py", "drawn",
     "settings[:, None, None].expand(count, 1, lengths.latent)", "settings[:1, None, None].expand(count, 1, lengths.latent)",
     TRAINING.format("noise_of_training_has_the_law_of_the_source")),
]
# fmt: on

"""Mutations of the torch leg: its forward pass, its gradients, and what it exports."""

QUANTISE = "python/bittrue/qat/quantise.py"
FEATURES = "python/bittrue/qat/features.py"
SAMPLES = "python/bittrue/qat/samples.py"
CONV = "python/bittrue/qat/conv.py"
SUMS = "python/bittrue/qat/sums.py"
ELTWISE = "python/bittrue/qat/eltwise.py"
TRAINED = "python/bittrue/qat/trained.py"
NETWORK = "python/bittrue/qat/network.py"
CARRIED = "python/bittrue/qat/carrier.py"
LEG = "python/bittrue/qat/leg.py"

EXAMPLE = "tests/equal/test_torch.py::test_example_of_every_layer[{}]"
DENSE, TAPS, FIR, ADD = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR", "Add"))
FAR = "tests/equal/test_torch.py::test_words_and_sums_that_float64_does_not_carry"
CARRIER = "tests/equal/test_torch.py::test_accumulators_beyond_53_bits_are_refused"
SINGLE = "tests/unit/test_qat_frames.py::test_float32_is_taken_below_its_limit_only"
LAW = "tests/unit/test_qat.py::test_law_after_training_steps"
THROUGH = "tests/unit/test_qat.py::test_straight_through_inside_and_zero_outside"
NEURON = "tests/unit/test_qat.py::test_gradients_of_a_neuron"
NEAREST = "tests/unit/test_qat.py::test_rounding_is_that_of_num_for_every_double"

# fmt: off
ROWS = [
    ("rounds half to even", QUANTISE, "nearest", "whole + (scaled - whole >= 0.5)", "scaled.round()", DENSE),
    ("adds one half in float", QUANTISE, "nearest",
     "whole + (scaled - whole >= 0.5)", "(scaled + 0.5).floor()", NEAREST),
    ("computes in float64 what only int64 carries", LEG, "_computer", "NotCarried", "ZeroDivisionError", FAR),
    ("drops an accumulator bit", CARRIED, "check_carrier", "largest >= CARRIER", "largest >= 2 * CARRIER", CARRIER),
    ("saturates above one too low", QUANTISE, "StraightThroughQuantize.forward", "code.clamp(lo, hi)",
     "code.clamp(lo, hi - 1)", DENSE),
    ("halves the leaky slope", CONV, "Sum.finish",
     "acc * 2.0**-activation.shift", "acc * 2.0**-activation.shift / 2", DENSE),
    ("delays by a wrong number of samples", SAMPLES, "MemoryTapsModule.forward", "delay(part, tap)",
     "delay(part, tap + 1)", TAPS),
    ("takes the root one too high between squares", FEATURES, "isqrt",
     "root - (root * root > values).to(torch.int64)", "root + (root * root < values).to(torch.int64)", TAPS),
    ("makes |x|^4 of a rounded |x|^2", FEATURES, "envelope_codes",
     "exact = squared**2 if power == 4 else squared",
     """\
exact = squared**2 if power == 4 else squared
if power == 4:
    exact = requantise(squared, 2 * frac - fmt.frac, fmt) ** 2
    return requantise(exact, fmt.frac, fmt)""",
     TAPS),
    ("conjugates the filter", SAMPLES, "ComplexFIRModule.weigh",
     "[torch.stack([h_re, -h_im], -1).flatten(), torch.stack([h_im, h_re], -1).flatten()]",
     "[torch.stack([h_re, h_im], -1).flatten(), torch.stack([-h_im, h_re], -1).flatten()]", FIR),
    ("adds without alignment", ELTWISE, "AddModule.forward",
     "added(self.layer, *inputs)",
     "sum(x * 2.0 ** (t.format.frac - max(g.format.frac for g in self.given)) for x, t in zip(inputs, self.given))",
     ADD),
    ("passes the gradient of what saturates", QUANTISE, "StraightThroughQuantize.backward",
     "gradients[0].masked_fill(saturated, 0.0)", "gradients[0]", THROUGH),
    ("carries in float32 what it cannot hold", SUMS, "SINGLE", "1 << 24", "1 << 25", SINGLE),
    ("trains with parameters off the grid", TRAINED, "Trained.parameter",
     "quantise(value, self.grids()[name]) if self.quantised else value", "value", LAW),
]
HEAVY = [
    ("passes the leaky gradient unscaled", CONV, "Sum.finish",
     "torch.where(acc < 0, acc * 2.0**-activation.shift, acc)",
     "acc + (torch.where(acc < 0, acc * 2.0**-activation.shift, acc) - acc).detach()", NEURON),
    ("holds every tensor to the end", NETWORK, "Network.evaluate", "values.pop(source, None)", "values.get(source)",
     "tests/unit/test_qat_windows.py::test_no_tensor_is_held_longer_than_later_nodes_need_it"),
    ("trusts the weights that it began with", CONV, "ConvModule.single",
     "float32_holds(weight, frac, given)",
     "float32_holds(torch.from_numpy(self.layer.weight * 2.0**-frac), frac, given)",
     "tests/unit/test_qat_frames.py::test_float32_looks_at_the_present_weights"),
    ("exports a narrow bias at the scale of the weights", TRAINED, "Biased.to_layer", "layer.bias << given.frac",
     "layer.bias", "tests/unit/test_qat_frames.py::test_a_bias_in_the_weight_format_is_a_code_of_it"),
]
# fmt: on

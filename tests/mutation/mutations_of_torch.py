"""Mutations of the torch leg: its forward pass, its gradients, and what it exports."""

FIT = "python/bittrue/num/fit.py"
QUANTISE = "python/bittrue/qat/quantise.py"
FEATURES = "python/bittrue/qat/features.py"
SAMPLES = "python/bittrue/qat/samples.py"
CONV = "python/bittrue/qat/conv.py"
SUMS = "python/bittrue/qat/sums.py"
POOL = "python/bittrue/qat/pool.py"
ELTWISE = "python/bittrue/qat/eltwise.py"
ARRANGING = "python/bittrue/qat/arranging.py"
TRAINED = "python/bittrue/qat/trained.py"
NETWORK = "python/bittrue/qat/network.py"
CARRIED = "python/bittrue/qat/carrier.py"
LEG = "python/bittrue/qat/leg.py"
EXACT = "python/bittrue/qat/exact/"

EXAMPLE = "tests/equal/test_torch.py::test_example_of_every_layer[{}]"
DENSE, TAPS, FIR, TABLE, ADD = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR", "Table", "Add"))
LONG = "tests/equal/test_torch.py::test_long_words"
FAR = "tests/equal/test_torch.py::test_words_and_sums_that_float64_does_not_carry"
CARRIER = "tests/equal/test_torch.py::test_accumulators_beyond_53_bits_are_refused"
SINGLE = "tests/unit/test_qat_frames.py::test_float32_is_taken_below_its_limit_only"
CONVOLUTIONS = "tests/unit/test_qat_windows.py::test_convolutions_are_the_sums_that_they_are"
DEVICES = "tests/unit/test_qat_windows.py::test_carriers_on_devices"
GRADIENTS = "tests/unit/test_qat_windows.py::test_operands_get_their_gradients"
LAW = "tests/unit/test_qat.py::test_law_after_training_steps"
THROUGH = "tests/unit/test_qat.py::test_straight_through_inside_and_zero_outside"
NEURON = "tests/unit/test_qat.py::test_gradients_of_a_neuron"
NEAREST = "tests/unit/test_qat.py::test_rounding_is_that_of_num_for_every_double"
FITTED = "tests/unit/test_qat.py::test_fitted_format_is_the_finest_without_saturation"

HALF_UP = "return whole + (scaled - whole >= 0.5)"
INTEGER_HALF_UP = "rounded = ((acc >> min(shift - 1, 63)) + 1) >> 1"
STAGE = "return code.clamp(lo, hi) * 2.0**-frac"
LINEAR = "nn.functional.linear(x, weight, None if bias is None else bias.to(x.dtype))"
SLOPE = "acc * 2.0**-activation.shift"
ROWS_OF_FILTER = "torch.stack([h_re, -h_im], -1).flatten(), torch.stack([h_im, h_re], -1)"
MASK = "gradients[0].masked_fill(saturated, 0.0), None, None, None"
DELAY = "return pad(x[..., : x.shape[-1] - samples], (samples, 0))"
WITHIN = "nearest(values, grid.frac).clamp(grid.lo, grid.hi)"
POWER_FOUR = "exact = squared**2 if power == 4 else squared"

# fmt: off
ROWS = [
    ("rounds down", QUANTISE, HALF_UP, "return whole", DENSE),
    ("rounds half to even", QUANTISE, HALF_UP, "return scaled.round()", DENSE),
    ("rounds half down", QUANTISE, HALF_UP, HALF_UP.replace(">=", ">"), DENSE),
    ("rounds toward zero", QUANTISE, HALF_UP, "return scaled.trunc()", DENSE),
    ("adds one half in float", QUANTISE, HALF_UP, "return (scaled + 0.5).floor()", NEAREST),
    ("rounds features down", FEATURES, INTEGER_HALF_UP, "rounded = acc >> min(shift, 63)", TAPS),
    ("rounds features half down", FEATURES, INTEGER_HALF_UP, INTEGER_HALF_UP.replace("(acc >>", "(acc - 1 >>"), TAPS),
    ("rounds features half to even", FEATURES, INTEGER_HALF_UP,
     "rounded = ((acc - (~(acc >> min(shift, 63)) & 1) >> min(shift - 1, 63)) + 1) >> 1", TAPS),
    ("shifts logically", FEATURES, INTEGER_HALF_UP,
     "rounded = ((acc >> min(shift - 1, 63) & ((1 << 64 - min(shift - 1, 63)) - 1 if shift > 1 else -1)) + 1) >> 1",
     TAPS),
    ("computes in float64 what only int64 carries", LEG, "except NotCarried:", "except ZeroDivisionError:", FAR),
    ("multiplies the next place of a window", SUMS, "x.unfold(first + k, axis.span, axis.stride)",
     "x.roll(-1, first + k).unfold(first + k, axis.span, axis.stride)", EXAMPLE.format("Conv1d")),
    ("drops an accumulator bit", CARRIED, "if largest >= CARRIER:", "if largest >= 2 * CARRIER:", CARRIER),
    ("carries accumulators in float32", CONV, LINEAR,
     "nn.functional.linear(x.float(), weight.float(), bias.float()).double()", LONG),
    ("decodes in float32", QUANTISE, "code.to(torch.float64) * fmt.scale", "(code * fmt.scale).double()", LONG),
    ("counts no bias among the partial sums", CARRIED, "largest += max(", "_ = max(",
     "tests/equal/test_torch.py::test_partial_sum_without_the_bias_counts_too"),
    ("swaps two weights", CONV, LINEAR, LINEAR.replace("x,", "x[..., [1, 0, *range(2, x.shape[-1])]],"), DENSE),
    ("drops the bias", CONV, "None if bias is None else bias.to(x.dtype)", "None", DENSE),
    ("wraps instead of saturating", QUANTISE, STAGE, "return ((code - lo).remainder(hi - lo + 1) + lo) * 2.0**-frac",
     DENSE),
    ("saturates above one too low", QUANTISE, STAGE, STAGE.replace("hi)", "hi - 1)"), DENSE),
    ("saturates features above one too low", FEATURES, "return rounded.clamp(fmt.lo, fmt.hi)",
     "return rounded.clamp(fmt.lo, fmt.hi - 1)", TAPS),
    ("exports parameters that wrap", QUANTISE, WITHIN,
     "((nearest(values, grid.frac) - grid.lo).remainder(grid.hi - grid.lo + 1) + grid.lo)", LAW),
    ("ignores the leaky slope", CONV, SLOPE, "acc", DENSE),
    ("halves the leaky slope", CONV, SLOPE, SLOPE.replace("shift", "shift / 2"), DENSE),
    ("computes ReLU as linear", CONV, "acc.clamp(min=0.0)", "acc.clone()", LAW),
    ("swaps I and Q", SAMPLES, 'enumerate("IQ")', 'enumerate("QI")', TAPS),
    ("delays by a wrong number of samples", SAMPLES, "[delay(part, tap) for tap", "[delay(part, tap + 1) for tap", TAPS),
    ("starts with a history that is not zero", FEATURES, DELAY, "return x.roll(samples, -1)", TAPS),
    ("forgets the history between blocks", LEG, "past = min(start, net.memory)", "past = 0",
     "tests/equal/test_torch.py::test_blocks_overlap_by_the_memory"),
    ("takes the root one too high between squares", FEATURES, "return root - (root * root > values)",
     "return root + (root * root < values)", TAPS),
    ("trusts the float root", FEATURES, "return root - (root * root > values)", "return root - (root < 0)",
     "tests/unit/test_qat.py::test_integer_root_is_exact"),
    ("makes |x|^4 of a rounded |x|^2", FEATURES, POWER_FOUR,
     f"{POWER_FOUR}\n        if power == 4:\n            exact = requantise(squared, 2 * frac - fmt.frac, fmt) ** 2\n"
     "            return requantise(exact, fmt.frac, fmt)", TAPS),
    ("conjugates the filter", SAMPLES, ROWS_OF_FILTER,
     "torch.stack([h_re, h_im], -1).flatten(), torch.stack([-h_im, h_re], -1)", FIR),
    ("looks up the next entry", SAMPLES, "- grid.lo]", "- grid.lo - grid.hi - 1]", TABLE),
    ("adds without alignment", ELTWISE, "added(self.layer, *inputs)",
     "sum(x * 2.0 ** (t.format.frac - max(g.format.frac for g in self.given)) for x, t in zip(inputs, self.given))",
     ADD),
    ("passes the gradient of what saturates", QUANTISE, MASK, "gradients[0], None, None, None", THROUGH),
    ("masks the gradient by the end of the range", QUANTISE, "(code < lo) | (code > hi))\n        return",
     "(code <= lo) | (code >= hi))\n        return", THROUGH),
    ("passes no gradient through the rounding", QUANTISE, MASK, "0 * gradients[0], None, None, None", NEURON),
    ("passes the leaky gradient unscaled", CONV, f"torch.where(acc < 0, {SLOPE}, acc)",
     f"acc + (torch.where(acc < 0, {SLOPE}, acc) - acc).detach()", NEURON),
    ("lets the magnitude of the lowest code out", CONV, "y.abs().clamp(max=output.hi * output.scale)", "y.abs()",
     EXAMPLE.format("Conv1d")),
    ("pads a frame at its end alone", SUMS, "return convolution(x, weight, None, strides, pads,",
     "x = nn.functional.pad(x, [0, 2 * pads[0]])\n        return convolution(x, weight, None, strides, [0] * len(axes),",
     EXAMPLE.format("Conv1d")),
    ("crops the wrong end of a frame", SUMS, "begin, end = -axis.before, length + axis.after",
     "begin, end = min(-axis.before, 0), length + axis.after + min(axis.before, 0)", CONVOLUTIONS),
    ("puts the zeros of columns around rows", SUMS, "*missing]", "*missing][: 2 * len(axes)][::-1]",
     EXAMPLE.format("Conv2d")),
    ("convolves all channels with the first group", SUMS, "weight.reshape(groups, filters // groups, -1), columns",
     "weight.reshape(groups, filters // groups, -1)[:1], columns", EXAMPLE.format("Conv2d")),
    ("turns a window round", SUMS, "apart.permute(order).reshape(", "apart.permute(order).flip(2).reshape(",
     EXAMPLE.format("ConvTranspose2d")),
    ("forgets the first phase", SUMS, "for phase in product(*(axis.phases(length) for axis, length in zip(axes, lengths, strict=True))):",
     "for phase in list(product(*(axis.phases(length) for axis, length in zip(axes, lengths, strict=True))))[1:]:",
     EXAMPLE.format("ConvTranspose1d")),
    ("sums on other devices by transforms", CONV, "plain_on(weight.device) if self.exact else library", "library",
     DEVICES),
    ("trusts float32 of other devices", SUMS, 'if weight.device.type != "cpu" or not whole_float32()',
     'if weight.device.type != "cpu":\n        return True\n    if not whole_float32()', DEVICES),
    ("trains in float64 without need", CONV, "not self.exact or float32_holds(", "float32_holds(", DEVICES),
    ("divides a mean by one axis of its window", POOL, "/ layer.places", "/ layer.axes[0].size", EXAMPLE.format("AvgPool2d")),
    ("takes the largest of one axis in integers", POOL, "for k, axis in enumerate(layer.axes):\n        x = reduce",
     "for k, axis in enumerate(layer.axes[:1]):\n        x = reduce", EXAMPLE.format("MaxPool2d")),
    ("adds what it should take away", ELTWISE, "first - sum(others[1:], others[0])", "first + sum(others)", EXAMPLE.format("Sub")),
    ("adds in integers what it should take away", EXACT + "eltwise.py", "added(layer, *aligned)", "sum(aligned)",
     EXAMPLE.format("Sub")),
    ("multiplies by the conjugate", ELTWISE, "a_i * b_i - a_q * b_q, a_i * b_q + a_q * b_i",
     "a_i * b_i + a_q * b_q, a_q * b_i - a_i * b_q", EXAMPLE.format("ComplexMul")),
    ("ors what it should xor", ELTWISE, "if isinstance(layer, BitwiseOr)", "if isinstance(layer, Bitwise)",
     EXAMPLE.format("BitwiseXor")),
    ("passes no gradient through bits", ELTWISE, "StraightThrough.apply(sum(inputs[1:], inputs[0]), exact)",
     "exact + 0 * sum(inputs[1:], inputs[0])", GRADIENTS),
    ("joins the last tensor first", ARRANGING, "torch.cat(inputs,", "torch.cat(inputs[::-1],", EXAMPLE.format("Constant")),
    ("repeats rows as often as columns", ARRANGING, "k - len(layer.factors)", "-1 - k", EXAMPLE.format("Upsample")),
    ("interleaves the phases of rows with columns", ARRANGING, "(before + rank + k, before + k)]",
     "(before + rank + k, before + rank - 1 - k)]", EXAMPLE.format("Interleave")),
    ("turns the sign of a constant", ARRANGING, "return self.values", "return -self.values", EXAMPLE.format("Constant")),
    ("holds every tensor to the end", NETWORK, "values.pop(source, None)", "values.get(source)",
     "tests/unit/test_qat_windows.py::test_no_tensor_is_held_longer_than_later_nodes_need_it"),
    ("takes the inputs for one another", NETWORK, "self._entered(given[name], net.inputs[name], name) for name in net.inputs",
     "self._entered(given[other], net.inputs[name], name) for name, other in zip(net.inputs, reversed(net.inputs))",
     "tests/unit/test_qat_windows.py::test_operands_get_their_gradients"),
    ("carries in float32 what it cannot hold", SUMS, "SINGLE = 1 << 24", "SINGLE = 1 << 25", SINGLE),
    ("trusts float32 of fewer bits", SUMS, 'return torch.get_float32_matmul_precision() == "highest"', "return True",
     "tests/unit/test_qat_windows.py::test_float32_of_fewer_bits_is_not_trusted"),
    ("trusts float32 of fewer bits in one library", SUMS, "        return False\n    try:", "        pass\n    try:",
     "tests/unit/test_qat_windows.py::test_float32_of_fewer_bits_in_one_library_is_not_trusted"),
    ("forgets how small float32 can be", SUMS, "EXPONENT = 100", "EXPONENT = 300",
     "tests/unit/test_qat_frames.py::test_points_far_from_the_middle_do_not_leave_float32"),
    ("trusts the weights that it began with", CONV, "float32_holds(weight,",
     "float32_holds(torch.from_numpy(self.layer.weight * 2.0**-frac),",
     "tests/unit/test_qat_frames.py::test_float32_looks_at_the_present_weights"),
    ("rounds a mean down", POOL, ".trunc()", ".floor()", EXAMPLE.format("AvgPool1d")),
    ("passes no gradient through a mean", POOL, "StraightThrough.apply(mean(layer, x), exact)", "exact + 0 * x.sum()",
     "tests/unit/test_qat_frames.py::test_a_mean_passes_its_share"),
    ("exports a narrow bias at the scale of the weights", TRAINED, "layer.bias << given.frac", "layer.bias",
     "tests/unit/test_qat_frames.py::test_a_bias_in_the_weight_format_is_a_code_of_it"),
    ("trains a table without a gradient", SAMPLES, "StraightThrough.apply(self._smooth(x), exact)", "exact + 0 * x",
     "tests/unit/test_qat.py::test_gradient_of_a_table_is_its_slope"),
    ("exports parameters rounded down", QUANTISE, f"return {WITHIN}",
     "return (values * 2.0**grid.frac).floor().clamp(grid.lo, grid.hi)", LAW),
    ("trains with parameters off the grid", TRAINED, "quantise(value, self.grids()[name]) if self.quantised else value",
     "value", LAW),
    ("fits a format that saturates", FIT, "        frac -= 1\n", "        break\n", FITTED),
]
# fmt: on

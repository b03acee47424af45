"""Mutations of the number core, the ranges and the reference."""

ROUND = "python/bittrue/num/requantise.py"
ROOT = "python/bittrue/num/isqrt.py"
FORMAT = "python/bittrue/num/format.py"
INTERVAL = "python/bittrue/num/interval.py"
RANGES = "python/bittrue/ranges/{}.py"
SAMPLES = "python/bittrue/ref/samples.py"
WEIGHTED = "python/bittrue/ref/weighted.py"
FINISH = "python/bittrue/ref/finish.py"
ELTWISE = "python/bittrue/ref/eltwise.py"
ACTIVATE = "python/bittrue/ref/activate.py"
PRODUCTS = "python/bittrue/ref/products.py"
RUN = "python/bittrue/ref/run.py"
BANKS = "python/bittrue/ref/banks.py"
ARRAYS = "python/bittrue/num/arrays.py"

SHIFTS = "tests/unit/test_requantise.py::test_every_shift_at_the_corners"
FXPMATH = "tests/unit/test_requantise.py::test_fxpmath_agrees_up_to_31_bits"
ROOTS = "tests/unit/test_isqrt.py::test_the_largest_squares"
EXAMPLE = "tests/unit/test_ref.py::test_examples[{}]"
DENSE, TAPS, FIR, TABLE, ADD = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR", "Table", "Add"))
ACTIVATIONS = "tests/unit/test_ref.py::test_activations_over_every_input"
GOLDEN_TAPS = "tests/golden/test_golden.py::test_known_answers[MemoryTaps]"
ENDING = "tests/unit/test_finish.py::test_sums_about_the_end_of_floating_point_round_as_in_int64"
DENSE_RANGE = "tests/unit/test_ranges.py::test_dense_over_every_input"
TAPS_RANGE = "tests/unit/test_ranges.py::test_memory_taps_are_tight"

HALF_UP = "return (acc >> shift) + (acc >> (shift - 1) & 1)"
CLAMP = 'return np.clip(int64(codes, "the word to clamp"), fmt.lo, fmt.hi)'
EXACT = "return requantise(exact, power * frac - output.frac, output)"
FROM_ROUNDED = """\
if power == 4:
        exact = requantise(squared, 2 * frac - output.frac, output) ** 2
        return requantise(exact, output.frac, output)
    return requantise(exact, power * frac - output.frac, output)"""
STRAIGHT = """\
acc[:, 0] += h_re * d[:, 0] - h_im * d[:, 1]
            acc[:, 1] += h_re * d[:, 1] + h_im * d[:, 0]"""
CONJUGATED = """\
acc[:, 0] += h_re * d[:, 0] + h_im * d[:, 1]
            acc[:, 1] += h_re * d[:, 1] - h_im * d[:, 0]"""

# fmt: off
ROWS = [
    ("rounds down", ROUND, HALF_UP, "return acc >> shift", FIR),
    ("rounds half to even", ROUND, HALF_UP,
     "return (acc >> shift) + (acc >> (shift - 1) & (acc >> shift | (acc & (1 << (shift - 1)) - 1 != 0)) & 1)", FIR),
    ("rounds half down", ROUND, HALF_UP, "return -((-acc >> shift) + (-acc >> (shift - 1) & 1))", FIR),
    ("rounds toward zero", ROUND, HALF_UP, "return np.where(acc < 0, -(-acc >> shift), acc >> shift)", FXPMATH),
    ("shifts logically", ROUND, "return (acc >> shift) +", "return (acc.view('u8') >> shift).view('i8') +", FIR),
    ("wraps instead of saturating", ROUND, CLAMP, "return np.asarray(codes) << 64 - fmt.bits >> 64 - fmt.bits", FIR),
    ("saturates above one too low", ROUND, CLAMP, CLAMP.replace("fmt.hi", "fmt.hi - 1"), FIR),
    ("saturates below one too high", ROUND, CLAMP, CLAMP.replace("fmt.lo", "fmt.lo + 1"), FIR),
    ("saturates a left shift too early", ROUND, "(fmt.hi >> -shift) + 1)", "(fmt.hi >> -shift))", SHIFTS),
    ("rounds down beyond the word", ROUND, "return np.zeros_like(acc)", "return acc >> 63", SHIFTS),
    ("takes the root one too high between squares", ROOT, "root - (root * root > v)", "root + (root * root < v)", TAPS),
    ("trusts the float root", ROOT, "root - (root * root > v)", "root - (root < 0)", ROOTS),
    ("encodes half down", FORMAT, "scaled - floor >= 0.5", "scaled - floor > 0.5", "tests/unit/test_format.py"),
    ("lets one code too many pass", FORMAT, "(array > self.hi)", "(array > self.hi + 1)", "tests/unit/test_format.py"),
    ("drops an accumulator bit", FINISH, "activate(sums.astype(np.int64),", "activate(sums.astype(np.int64) << 2 >> 2,",
     "tests/unit/test_ref.py::test_accumulators_of_63_bits"),
    ("swaps two weights", WEIGHTED, "finish.weights(layer.weight).T",
     "finish.weights(layer.weight).T[[1, 0, *range(2, len(layer.weight.T))]]", DENSE),
    ("drops the bias", WEIGHTED, "finish.biases(layer.bias)", "finish.biases(0 * layer.bias)", DENSE),
    ("ignores the leaky slope", ACTIVATE, "requantise(acc, shift + activation.shift", "requantise(acc, shift", ENDING),
    ("halves the leaky slope", ACTIVATE, "shift + activation.shift", "shift + activation.shift + 1", ENDING),
    ("rounds twice on the leaky side", ACTIVATE, "requantise(acc, shift + activation.shift, output)",
     "requantise(y, activation.shift, output)", ACTIVATIONS),
    ("lets the magnitude of the lowest code out", ACTIVATE, "np.minimum(np.abs(y), output.hi)", "np.abs(y)",
     "tests/unit/test_frames.py::test_the_lowest_code_becomes_the_highest"),
    ("computes ReLU as linear", ACTIVATE, "np.maximum(acc, 0)", "np.maximum(acc, acc)", ACTIVATIONS),
    ("swaps I and Q", SAMPLES, 'enumerate("IQ")', 'enumerate("QI")', TAPS),
    ("delays by a wrong number of samples", SAMPLES, "delay(parts[part], tap)", "delay(parts[part], tap + 1)", TAPS),
    ("starts with a history that is not zero", SAMPLES, "delayed = np.zeros_like(x)", "delayed = np.roll(x, samples)",
     TAPS),
    ("takes I and Q at the delays of the envelope", "python/bittrue/spec/memory_taps.py",
     "return self.iq_taps or self.taps", "return self.taps", GOLDEN_TAPS),
    ("counts no delay of I and Q as memory", "python/bittrue/spec/memory_taps.py",
     "return max(self.taps[-1], self.iq_delays[-1])", "return self.taps[-1]",
     "tests/unit/test_net.py::test_features_with_delays_of_their_own_for_i_and_q"),
    ("makes |x|^4 of a rounded |x|^2", SAMPLES, EXACT, FROM_ROUNDED, TAPS),
    ("conjugates the filter", SAMPLES, STRAIGHT, CONJUGATED, FIR),
    ("takes the filter for a real one", SAMPLES, "h_re * d[:, 1] + h_im * d[:, 0]", "h_re * d[:, 1]", FIR),
    ("does not round the basis", SAMPLES, "frac, basis)[:, None], frac, basis)",
     "frac, basis)[:, None], frac - 1, basis)", FIR),
    ("looks up the next entry", SAMPLES, "layer.values[x - types[0].format.lo]",
     "layer.values[np.minimum(x - types[0].format.lo + 1, len(layer.values) - 1)]", TABLE),
    ("adds without alignment", ELTWISE, "x << (frac - fmt.frac)", "x", ADD),
    ("carries in float32 what it cannot hold", PRODUCTS, "(1 << 24, np.float32)", "(1 << 25, np.float32)",
     "tests/unit/test_frames.py::test_floating_point_would_not_do_beyond_its_limit"),
    ("carries in float64 what it cannot hold", PRODUCTS, "(1 << 53, np.float64)", "(1 << 54, np.float64)",
     "tests/unit/test_frames.py::test_floating_point_would_not_do_beyond_its_limit"),
    ("forgets the history between blocks", RUN, "past = min(start, net.memory)", "past = 0",
     "tests/unit/test_ref.py::test_blocks_do_not_show"),
    ("takes a bank that is not there", BANKS, "(chosen >= len(banks))", "(chosen > len(banks))",
     "tests/unit/test_ref.py::test_banks_are_numbered_from_zero"),
    ("shows what a mask hides", ARRAYS, "if isinstance(values, np.ma.MaskedArray) and", "if isinstance(values, str) and",
     "tests/unit/test_kinds.py::test_samples_that_are_no_codes_are_refused_by_every_leg"),
    ("proves one accumulator bit too few", RANGES.format("range"), "max((interval.bits for", "max((interval.bits - 1 for",
     "tests/unit/test_ranges.py::test_the_limit_is_63_bits"),
    ("bounds the last sum only", RANGES.format("sums"), "[max(x.hi, 0) for x in source]", "[x.hi for x in source]",
     "tests/unit/test_ranges.py::test_partial_sums_count_although_the_whole_sum_is_smaller"),
    ("bounds an accumulator without its bias", RANGES.format("sums"), "int(start) + int(up)", "int(up)", DENSE_RANGE),
    ("bounds sums of few bits in int64 alone", RANGES.format("sums"), "largest < 1 << 62", "largest < 1 << 99",
     "tests/unit/test_ranges.py::test_the_limit_of_int64_is_no_limit_of_a_bound"),
    ("bounds a sum that ends at zero below zero", RANGES.format("weighted"), "negative if interval.hi < 0", "negative if interval.hi < 1",
     DENSE_RANGE),
    ("bounds history without zero", RANGES.format("samples"), "interval.hull(Interval(0, 0)).requantised(scale",
     "interval.requantised(scale", "tests/unit/test_ranges.py::test_history_counts_where_zero_is_not_an_input"),
    ("bounds a power by its ends", INTERVAL, "self.abs() if exponent % 2 == 0 else self", "self", TAPS_RANGE),
    ("rounds a bound down", INTERVAL, "(x + (1 << shift >> 1)) >> shift", "x >> shift", DENSE_RANGE),
]
# fmt: on

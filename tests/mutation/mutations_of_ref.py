"""Mutations of the number core, the ranges and the reference."""

ROUND = "python/bittrue/num/requantise.py"
ROOT = "python/bittrue/num/isqrt.py"
FORMAT = "python/bittrue/num/format.py"
INTERVAL = "python/bittrue/num/interval.py"
RANGES = "python/bittrue/ranges/{}.py"
SAMPLES = "python/bittrue/ref/samples.py"
FINISH = "python/bittrue/ref/finish.py"
ELTWISE = "python/bittrue/ref/eltwise.py"
ACTIVATE = "python/bittrue/ref/activate.py"
PRODUCTS = "python/bittrue/ref/products.py"
RUN = "python/bittrue/ref/run.py"
ARRAYS = "python/bittrue/num/arrays.py"

SHIFTS = "tests/unit/test_requantise.py::test_every_shift_at_the_corners"
ROOTS = "tests/unit/test_isqrt.py::test_the_largest_squares"
EXAMPLE = "tests/unit/test_ref.py::test_examples[{}]"
TAPS, FIR, ADD = map(EXAMPLE.format, ("MemoryTaps", "ComplexFIR", "Add"))
ACTIVATIONS = "tests/unit/test_ref.py::test_activations_over_every_input"
ENDING = "tests/unit/test_finish.py::test_sums_about_the_end_of_floating_point_round_as_in_int64"
DENSE_RANGE = "tests/unit/test_ranges.py::test_dense_over_every_input"

# fmt: off
ROWS = [
    ("rounds half to even", ROUND, "round_shift",
     "acc >> (shift - 1)", "acc >> (shift - 1) & (acc >> shift | (acc & (1 << (shift - 1)) - 1 != 0))", FIR),
    ("saturates above one too low", ROUND, "saturate", "fmt.hi", "fmt.hi - 1", FIR),
    ("saturates a left shift too early", ROUND, "requantise", "(fmt.hi >> -shift) + 1", "fmt.hi >> -shift", SHIFTS),
    ("takes the root one too high between squares", ROOT, "isqrt",
     "root - (root * root > v)", "root + (root * root < v)", TAPS),
    ("encodes half down", FORMAT, "Format.encode", "scaled - floor >= 0.5", "scaled - floor > 0.5",
     "tests/unit/test_format.py"),
    ("drops an accumulator bit", FINISH, "Finish.codes",
     "sums.astype(np.int64)", "sums.astype(np.int64) << 2 >> 2",
     "tests/unit/test_ref.py::test_accumulators_of_63_bits"),
    ("halves the leaky slope", ACTIVATE, "activate",
     "shift + activation.shift", "shift + activation.shift + 1", ENDING),
    ("delays by a wrong number of samples", SAMPLES, "memory_taps",
     "delay(parts[part], tap)", "delay(parts[part], tap + 1)", TAPS),
    ("makes |x|^4 of a rounded |x|^2", SAMPLES, "envelope",
     "return requantise(exact, power * frac - output.frac, output)",
     """\
if power == 4:
    exact = requantise(squared, 2 * frac - output.frac, output) ** 2
    return requantise(exact, output.frac, output)
return requantise(exact, power * frac - output.frac, output)""",
     TAPS),
    ("conjugates the filter", SAMPLES, "complex_fir",
     """\
acc[:, 0] += h_re * d[:, 0] - h_im * d[:, 1]
acc[:, 1] += h_re * d[:, 1] + h_im * d[:, 0]""",
     """\
acc[:, 0] += h_re * d[:, 0] + h_im * d[:, 1]
acc[:, 1] += h_re * d[:, 1] - h_im * d[:, 0]""",
     FIR),
    ("adds without alignment", ELTWISE, "add", "x << (frac - fmt.frac)", "x", ADD),
    ("carries in float32 what it cannot hold", PRODUCTS, "CARRIERS", "1 << 24", "1 << 25",
     "tests/unit/test_frames.py::test_floating_point_would_not_do_beyond_its_limit"),
    ("forgets the history between blocks", RUN, "outputs", "min(start, net.memory)", "0",
     "tests/unit/test_ref.py::test_blocks_do_not_show"),
    ("bounds the last sum only", RANGES.format("sums"), "weighted_sums", "max(x.hi, 0)", "x.hi",
     "tests/unit/test_ranges.py::test_partial_sums_count_although_the_whole_sum_is_smaller"),
    ("rounds a bound down", INTERVAL, "Interval.requantised.rounded", "x + (1 << shift >> 1)", "x", DENSE_RANGE),
]
HEAVY = [
    ("trusts the float root", ROOT, "isqrt", "root * root > v", "root < 0", ROOTS),
    ("lets one code too many pass", FORMAT, "Format.checked", "array > self.hi", "array > self.hi + 1",
     "tests/unit/test_format.py"),
    ("rounds twice on the leaky side", ACTIVATE, "activate",
     "requantise(acc, shift + activation.shift, output)", "requantise(y, activation.shift, output)", ACTIVATIONS),
    ("shows what a mask hides", ARRAYS, "plain", "np.ma.MaskedArray", "str",
     "tests/unit/test_kinds.py::test_samples_that_are_no_codes_are_refused_by_every_leg"),
    ("proves one accumulator bit too few", RANGES.format("range"), "Range.acc_bits", "interval.bits",
     "interval.bits - 1", "tests/unit/test_ranges.py::test_the_limit_is_63_bits"),
    ("bounds history without zero", RANGES.format("samples"), "memory_taps.feature", "interval.hull(Interval(0, 0))",
     "interval", "tests/unit/test_ranges.py::test_history_counts_where_zero_is_not_an_input"),
]
# fmt: on

"""Mutations of the C leg: the helpers it prints, the C of every layer, and the state."""

ACTIVATE = "python/bittrue/emit/c/activate.py"
BLOCKS = "python/bittrue/emit/c/conv_blocks.py"
CONVOLUTION = "python/bittrue/emit/c/conv.py"
ELTWISE = "python/bittrue/emit/c/eltwise.py"
ENDS = "python/bittrue/emit/c/ends.py"
FRAMES = "python/bittrue/emit/c/frames.py"
HELPERS = "python/bittrue/emit/c/helpers.py"
MEMORY = "python/bittrue/emit/c/memory.py"
MOVING = "python/bittrue/emit/c/moving.py"
POOL = "python/bittrue/emit/c/pool.py"
SITE = "python/bittrue/emit/c/site.py"
SOURCES = "python/bittrue/emit/c/sources.py"
VECTORS = "python/bittrue/emit/c/vectors.py"

EXAMPLE = "tests/equal/test_c.py::test_example_of_every_layer[{}]"
DENSE, TAPS, FIR, TABLE, ADD = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR", "Table", "Add"))
CONV, IMAGE, TRANSPOSED = map(EXAMPLE.format, ("Conv1d", "Conv2d", "ConvTranspose2d"))
ZERO = "tests/equal/test_c.py::test_activations_around_zero"
LONG = "tests/equal/test_c.py::test_words_of_more_than_32_bits"
POWERS = "tests/equal/test_c.py::test_every_power_alone"
AGAIN = "tests/equal/test_c.py::test_every_run_starts_with_zero_history"
EDGE = "tests/equal/test_adversarial.py::test_dense_reaches_both_ends_of_its_accumulator[c-33]"
SQUARES = "tests/equal/test_adversarial.py::test_roots_around_exact_squares[c]"
LEFT_OVER = "tests/equal/test_c_images.py::test_windows_are_gathered_whatever_is_left_of_a_row"
CUT_OFF = "tests/equal/test_c_images.py::test_transposed_convolutions_with_more_cut_off_than_the_kernel_has"
SHORT = "tests/equal/test_c_images.py::test_every_shift_of_sums_of_32_bits"
SEVERAL = "tests/equal/test_c_images.py::test_several_inputs_and_outputs"
FORMULA = "tests/unit/test_emit_c.py::test_requantise_is_its_formula"
FORMULA32 = "tests/unit/test_emit_c.py::test_requantise_in_32_bits_is_its_formula"
PORTABLE = "tests/unit/test_emit_c.py::test_only_portable_integer_c"

SHIFT_RIGHT = """\
shift_right(int64_t value, int shift)
{
    return value < 0 ? ~(~value >> shift) : value >> shift;"""
SHIFT_RIGHT32 = SHIFT_RIGHT.replace("shift_right(int64_t", "shift_right32(int32_t")
HALF_UP = "acc = shift_right(acc, 1) + (acc & 1);"
HALVES = "acc = shift_right(acc, shift - 1);"
CLAMP = "return value < lo ? lo : value > hi ? hi : value;"
CLAMP32 = "return acc < lo ? lo : acc > hi ? hi : acc;"
SLOPE = "most = shift + activation.shift"
PUSH = """\
memcpy(state->line_$node[pos + $depth], now, sizeof state->line_$node[pos]);
        state->pos_$node = pos;

        for (j"""

# fmt: off
ROWS = [
    ("rounds down", HELPERS, HALF_UP, "acc = shift_right(acc, 1);", DENSE),
    ("rounds half to even", HELPERS, HALVES, "acc = shift_right(acc - !(shift_right(acc, shift) & 1), shift - 1);",
     DENSE),
    ("rounds half down", HELPERS, HALVES, "acc = shift_right(acc - 1, shift - 1);", DENSE),
    ("rounds toward zero", HELPERS, HALF_UP, "acc = acc / 2;", DENSE),
    ("shifts logically", HELPERS, SHIFT_RIGHT,
     SHIFT_RIGHT.replace("value < 0 ? ~(~value >> shift) : value >>", "(int64_t)((uint64_t)value >>").replace(";", ");"), DENSE),
    ("shifts as the compiler likes", HELPERS, SHIFT_RIGHT,
     SHIFT_RIGHT.replace("value < 0 ? ~(~value >> shift) : value", "value"), PORTABLE),
    ("drops an accumulator bit", SITE, "found.acc_bits <= 32", "found.acc_bits <= 33", EDGE),
    ("multiplies in 32 bits", SITE, "64\n    acc = ", "32\n    acc = ", LONG),
    ("swaps two weights", VECTORS, "initialiser(layer.weight),",
     "initialiser(layer.weight[:, [1, 0, *range(2, layer.weight.shape[1])]]),", DENSE),
    ("drops the bias", VECTORS, "initialiser(layer.bias)", "initialiser(0 * layer.bias)", DENSE),
    ("wraps instead of saturating", HELPERS, CLAMP, "return lo < hi ? value : lo;", DENSE),
    ("saturates above one too low", HELPERS, CLAMP, CLAMP.replace("? hi :", "? hi - 1 :"), DENSE),
    ("saturates below one too high", HELPERS, CLAMP, CLAMP.replace("? lo :", "? lo + 1 :"), FIR),
    ("multiplies what saturates", HELPERS, "if (acc > shift_right(hi, left)) {", "if (acc > hi) {", FORMULA),
    ("ignores the leaky slope", ACTIVATE, SLOPE, "most = shift", DENSE),
    ("halves the leaky slope", ACTIVATE, SLOPE, f"{SLOPE} + 1", DENSE),
    ("computes ReLU as linear", ACTIVATE, '"acc > 0 ? acc : 0"', '"acc > 0 ? acc : acc"', ZERO),
    ("swaps I and Q", MEMORY, '("x[0]", frac, "I"), ("x[1]", frac, "Q")', '("x[1]", frac, "I"), ("x[0]", frac, "Q")',
     TAPS),
    ("delays by a wrong number of samples", MEMORY, "[pos + delay_$node[j]]", "[pos + delay_$node[j] + 1]", FIR),
    ("takes I and Q at the delays of the envelope", MEMORY, "past = state->line_$node[pos + $iq[k]]",
     "past = state->line_$node[pos + delay_$node[k]]", TAPS),
    ("leaves the root away where one power needs it", MEMORY, '{"requantise", "isqrt"} if any(p % 2 for',
     '{"requantise", "isqrt"} if any(p // 2 for', POWERS),
    ("keeps half a delay line", MEMORY, PUSH, "state->pos_$node = pos;\n\n        for (j", FIR),
    ("starts with a history that is not zero", SOURCES, "memset(state, 0, sizeof *state);", "memset(state, 0, 1);",
     AGAIN),
    ("takes the root one too high between squares", HELPERS, "return root;", "return root + (value != 0);", TAPS),
    ("takes the root one too low at squares", HELPERS, "if (value >= root + bit)", "if (value > root + bit)", SQUARES),
    ("makes |x|^4 of a rounded |x|^2", MEMORY, '4: "square * square"',
     '4: "(square / 8192 * 8192) * (square / 8192 * 8192)"', TAPS),
    ("conjugates the filter", MEMORY, '"weight", "[2]", layer.weight)', '"weight", "[2]", layer.weight * [1, -1])',
     FIR),
    ("looks up the next entry", VECTORS, "(int32_t)x[i] + $offset]", "(int32_t)x[i] + $offset - (x[i] > 0)]", TABLE),
    ("adds without alignment", ELTWISE, '(f" * {factor}" if factor > 1 else "")', '""', ADD),
    ("lets the magnitude of the lowest code out", HELPERS, "value < -hi ? hi : -value", "-value", CONV),
    ("rounds down in 32 bits", HELPERS, "acc = shift_right32(acc, 1) + (acc & 1);", "acc = shift_right32(acc, 1);", CONV),
    ("shifts 32 bits as the compiler likes", HELPERS, SHIFT_RIGHT32,
     SHIFT_RIGHT32.replace("value < 0 ? ~(~value >> shift) : value", "value"), PORTABLE),
    ("wraps in 32 bits", HELPERS, CLAMP32, "return lo < hi ? acc : lo;", CONV),
    ("saturates 32 bits one too low", HELPERS, CLAMP32, CLAMP32.replace("? hi :", "? hi - 1 :"), CONV),
    ("rounds 32 bits by the words of 64", HELPERS, "acc = shift_right32(acc, shift - 1);",
     "acc = shift_right32(acc + (1 << 24), shift - 1);", FORMULA32),
    ("rounds shifts of 64 in 32 bits", SITE, "max(shifts) < 32", "max(shifts) < 64", SHORT),
    ("rounds a left shift in 32 bits", SITE, "min(shifts) > 0", "min(shifts) > -9", SHORT),
    ("writes a frame before its place", FRAMES, "str(before[-1])), shape)", '"0"), shape)', CONV),
    ("writes rows of an image before their place", FRAMES, "term(name, 1, zeros)", "term(name, 1, 0)", IMAGE),
    ("begins inside the zeros what begins inside the frame", FRAMES, "zeros - axis.before for",
     "zeros - max(axis.before, 0) for", CUT_OFF),
    ("feeds a group with the channels of the first", BLOCKS, "f'o / {each}' if each > 1 else 'o'", "'0'", CONV),
    ("sees every window of a wide stride", BLOCKS, 'at=term("n", phase.axes[-1].stride)', 'at=term("n", 1)', CONV),
    ("sees every row of a wide stride", BLOCKS, "term(name, axis.stride, origin)", "term(name, 1, origin)", IMAGE),
    ("takes neighbours of a spread window", BLOCKS, "term(name, axis.dilation)", "term(name, 1)", CONV),
    ("gathers neighbours of a wide stride", BLOCKS, 'step=term("p", phase.axes[-1].stride)', 'step=term("p", 1)',
     LEFT_OVER),
    ("gathers one window for all", BLOCKS, "from[at[p]]", "from[0]", IMAGE),
    ("gathers what is behind the end of a row", BLOCKS, "n + p < $windows ? $step : 0", "n + p < 2 ? $step : 0", LEFT_OVER),
    ("leaves the last window of a row away", BLOCKS, "p < $at_once && n + p < $windows",
     "p < $at_once && n + p + 1 < $windows", IMAGE),
    ("weighs the rows of another group", BLOCKS, "p * one.layer.groups * row)", "p * row)", LEFT_OVER),
    ("gathers words that 16 bits do not hold", BLOCKS, "bits <= 16", "bits <= 32",
     "tests/equal/test_c_images.py::test_words_of_more_than_16_bits_are_not_gathered"),
    ("sums 33 bits in 32", BLOCKS, 'self.acc == "int32_t" and len', "len",
     "tests/equal/test_c_images.py::test_gathered_sums_fill_32_bits"),
    ("writes all phases to the place of the first", BLOCKS, "term(name, along.step, along.start)",
     "term(name, along.step)", TRANSPOSED),
    ("writes results side by side", BLOCKS, "term(name, along.step, along.start)", "term(name, 1, along.start)", TRANSPOSED),
    ("weighs a phase with all weights in turn", CONVOLUTION, "*(phase.weights for phase in chosen)",
     "*(slice(*phase.weights.indices(99)[:1], None) for phase in chosen)", TRANSPOSED),
    ("leaves what meets no input unwritten", CONVOLUTION, "blocks.append(alone(one))", "blocks.append(';')", TRANSPOSED),
    ("fills filters with ones", CONVOLUTION, "codes = np.zeros((filters, row)", "codes = np.ones((filters, row)",
     "tests/equal/test_c_images.py::test_phases_share_the_gathered_rows"),
    ("adds what is taken away", ELTWISE, '("-" if isinstance(layer, Sub) else "+"', '("+" if layer else "+"',
     EXAMPLE.format("Sub")),
    ("multiplies the first by itself", ELTWISE, "const $acc acc = ($product)x0[i] * x1[i];",
     "const $acc acc = ($product)x0[i] * x0[i] + 0 * x1[i];", EXAMPLE.format("Mul")),
    ("conjugates a product", ELTWISE, "re -= ($product)x0[q]", "re += ($product)x0[q]", EXAMPLE.format("ComplexMul")),
    ("takes neighbours for I and Q", ELTWISE, "q = i + $each", "q = i + $each * (c == 0)", EXAMPLE.format("ComplexMul")),
    ("ors what is to be xored", ELTWISE, "isinstance(layer, BitwiseOr)", "isinstance(layer, Bitwise)",
     EXAMPLE.format("BitwiseXor")),
    ("joins the first tensor with itself", MOVING, "x{k}, {size}", "x0, {size} + 0 * sizeof *x{k}", EXAMPLE.format("Concat")),
    ("repeats the next sample", MOVING, 'f"{name} / {factor}"', 'f"({name} + 1) / {factor}"', EXAMPLE.format("Upsample")),
    ("takes phases in the order of columns", MOVING, "(1, *layer.factors))", "(1, *layer.factors[::-1]))",
     EXAMPLE.format("Interleave")),
    ("turns a constant round", MOVING, "initialiser(layer.values.reshape(-1))",
     "initialiser(layer.values.reshape(-1)[::-1])", EXAMPLE.format("Constant")),
    ("takes neighbours of a spread window of a pool", POOL, 'seen = place(("0", *(term(k, axis.dilation)',
     'seen = place(("0", *(term(k, 1)', EXAMPLE.format("MaxPool1d")),
    ("sees every row of a pool of a wide stride", POOL, "term(n, axis.stride) for n, axis in zip(outer[1:]",
     "term(n, 1) for n, axis in zip(outer[1:]", EXAMPLE.format("MaxPool2d")),
    ("rounds a mean down", POOL, "(sums[n] / $count)", "((sums[n] - (sums[n] < 0) * ($count - 1)) / $count)",
     EXAMPLE.format("AvgPool1d")),
    ("begins a maximum at zero", POOL, 'start=x.format.lo if layer.kind == "max" else 0', "start=0",
     EXAMPLE.format("MaxPool2d")),
    ("sums a window in 32 bits", POOL, "total, _ = accumulator_types(", "total, _ = 'int32_t', accumulator_types(",
     "tests/equal/test_c_images.py::test_means_of_large_windows_are_summed_in_64_bits"),
    ("gives the first output again", SOURCES, "state->tap_{end.tensor}, sizeof",
     "state->tap_{ends.outputs(net)[0].tensor}, sizeof", SEVERAL),
    ("takes inputs in the order backwards", ENDS, "tuple(net.inputs), \"in\"", "tuple(net.inputs)[::-1], \"in\"", SEVERAL),
    ("takes the first sample of an input again", ENDS, "f\"{end.parameter} + t * {end.size}\"",
     "f\"{end.parameter} + t * {end.size} * {int(not end.given)}\"", SEVERAL),
    ("takes input words outside the format", SOURCES, "($t)saturate($from[i], $lo, $hi)", "($t)$from[i]",
     "tests/unit/test_emit_c.py::test_no_undefined_behaviour_for_any_word"),
    ("writes no tensor", SOURCES, "if (taps->tap_$node != NULL) {", "if (taps->tap_$node == NULL) {", DENSE),
]
# fmt: on

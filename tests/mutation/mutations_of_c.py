"""Mutations of the C leg: the helpers it prints, the C of every layer, and the state."""

HELPERS = "python/bittrue/emit/c/helpers.py"
LAYERS = "python/bittrue/emit/c/layers.py"
ACTIVATE = "python/bittrue/emit/c/activate.py"
FRAMES = "python/bittrue/emit/c/frames.py"
MEMORY = "python/bittrue/emit/c/memory.py"
SITE = "python/bittrue/emit/c/site.py"
SOURCES = "python/bittrue/emit/c/sources.py"

EXAMPLE = "tests/equal/test_c.py::test_example_of_every_layer[{}]"
DENSE, TAPS, FIR, TABLE, ADD = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR", "Table", "Add"))
CONV = EXAMPLE.format("Conv1d")
ZERO = "tests/equal/test_c.py::test_activations_around_zero"
LONG = "tests/equal/test_c.py::test_words_of_more_than_32_bits"
POWERS = "tests/equal/test_c.py::test_every_power_alone"
AGAIN = "tests/equal/test_c.py::test_every_run_starts_with_zero_history"
EDGE = "tests/equal/test_adversarial.py::test_dense_reaches_both_ends_of_its_accumulator[c-33]"
SQUARES = "tests/equal/test_adversarial.py::test_roots_around_exact_squares[c]"
FORMULA = "tests/unit/test_emit_c.py::test_requantise_is_its_formula"
PORTABLE = "tests/unit/test_emit_c.py::test_only_portable_integer_c"

SHIFT_RIGHT = "return value < 0 ? ~(~value >> shift) : value >> shift;"
HALF_UP = "acc = shift_right(acc, 1) + (acc & 1);"
HALVES = "acc = shift_right(acc, shift - 1);"
CLAMP = "return value < lo ? lo : value > hi ? hi : value;"
SLOPE = "{shift + activation.shift}"
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
    ("shifts logically", HELPERS, SHIFT_RIGHT, "return (int64_t)((uint64_t)value >> shift);", DENSE),
    ("shifts as the compiler likes", HELPERS, SHIFT_RIGHT, "return value >> shift;", PORTABLE),
    ("drops an accumulator bit", SITE, "found.acc_bits <= 32", "found.acc_bits <= 33", EDGE),
    ("multiplies in 32 bits", SITE, "64\n    acc = ", "32\n    acc = ", LONG),
    ("swaps two weights", LAYERS, "initialiser(layer.weight),",
     "initialiser(layer.weight[:, [1, 0, *range(2, layer.weight.shape[1])]]),", DENSE),
    ("drops the bias", LAYERS, "initialiser(layer.bias)", "initialiser(0 * layer.bias)", DENSE),
    ("wraps instead of saturating", HELPERS, CLAMP, "return lo < hi ? value : lo;", DENSE),
    ("saturates above one too low", HELPERS, CLAMP, CLAMP.replace("? hi :", "? hi - 1 :"), DENSE),
    ("saturates below one too high", HELPERS, CLAMP, CLAMP.replace("? lo :", "? lo + 1 :"), FIR),
    ("multiplies what saturates", HELPERS, "if (acc > shift_right(hi, left)) {", "if (acc > hi) {", FORMULA),
    ("ignores the leaky slope", ACTIVATE, SLOPE, "{shift}", DENSE),
    ("halves the leaky slope", ACTIVATE, SLOPE, SLOPE.replace("}", " + 1}"), DENSE),
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
    ("looks up the next entry", LAYERS, "(int32_t)x[i] + $offset]", "(int32_t)x[i] + $offset - (x[i] > 0)]", TABLE),
    ("adds without alignment", LAYERS, 'f"x{k}[i]" + (f" * {factor}" if factor > 1 else "")', 'f"x{k}[i]"', ADD),
    ("lets the magnitude of the lowest code out", HELPERS, "value < -hi ? hi : -value", "-value", CONV),
    ("writes a frame before its place", FRAMES, "c * $width + $padding, x", "c * $width, x", CONV),
    ("feeds a group with the channels of the first", FRAMES, "f'o / {each}' if each > 1 else 'o'", "'0'", CONV),
    ("sees every window of a wide stride", FRAMES, "f' * {stride}' if stride > 1 else ''", "''", CONV),
    ("takes neighbours of a spread window", FRAMES, "f' * {dilation}' if dilation > 1 else ''", "''",
     EXAMPLE.format("MaxPool1d")),
    ("rounds a mean down", FRAMES, "(sum / $window)", "((sum - (sum < 0) * ($window - 1)) / $window)",
     EXAMPLE.format("AvgPool1d")),
    ("begins a maximum at zero", FRAMES, "$x largest = $t_lo;", "$x largest = 0 * $t_lo;", EXAMPLE.format("MaxPool1d")),
    ("takes input words outside the format", SOURCES, "($t)saturate(in[i], $lo, $hi)", "($t)in[i]",
     "tests/unit/test_emit_c.py::test_no_undefined_behaviour_for_any_word"),
    ("writes no tensor", SOURCES, "if (taps->tap_$node != NULL) {", "if (taps->tap_$node == NULL) {", DENSE),
]
# fmt: on

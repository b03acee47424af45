"""Mutations of the C leg: the helpers it prints, the C of every layer, and the state."""

ACTIVATE = "python/bittrue/emit/c/activate.py"
BLOCKS = "python/bittrue/emit/c/conv_blocks.py"
CONVOLUTION = "python/bittrue/emit/c/conv.py"
ELTWISE = "python/bittrue/emit/c/eltwise.py"
HELPERS = "python/bittrue/emit/c/helpers.py"
MEMORY = "python/bittrue/emit/c/memory.py"
POOL = "python/bittrue/emit/c/pool.py"
SITE = "python/bittrue/emit/c/site.py"
SOURCES = "python/bittrue/emit/c/sources.py"

EXAMPLE = "tests/equal/test_c.py::test_example_of_every_layer[{}]"
DENSE, TAPS, FIR, ADD = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR", "Add"))
CONV, TRANSPOSED = map(EXAMPLE.format, ("Conv1d", "ConvTranspose2d"))
LONG = "tests/equal/test_c.py::test_words_of_more_than_32_bits"
EDGE = "tests/equal/test_adversarial.py::test_dense_reaches_both_ends_of_its_accumulator[c-33]"
FORMULA = "tests/unit/test_emit_c.py::test_requantise_is_its_formula"
PORTABLE = "tests/unit/test_emit_c.py::test_only_portable_integer_c"

# fmt: off
ROWS = [
    ("rounds half to even", HELPERS, "REQUANTISE",
     "acc = shift_right(acc, shift - 1);", "acc = shift_right(acc - !(shift_right(acc, shift) & 1), shift - 1);",
     DENSE),
    ("shifts as the compiler likes", HELPERS, "SHIFT_RIGHT",
     """\
shift_right(int64_t value, int shift)
{
    return value < 0 ? ~(~value >> shift) : value >> shift;""",
     """\
shift_right(int64_t value, int shift)
{
    return value >> shift;""",
     PORTABLE),
    ("drops an accumulator bit", SITE, "accumulator_types", "found.acc_bits <= 32", "found.acc_bits <= 33", EDGE),
    ("saturates above one too low", HELPERS, "SATURATE",
     "return value < lo ? lo : value > hi ? hi : value;", "return value < lo ? lo : value > hi ? hi - 1 : value;",
     DENSE),
    ("multiplies what saturates", HELPERS, "REQUANTISE",
     "if (acc > shift_right(hi, left)) {", "if (acc > hi) {", FORMULA),
    ("halves the leaky slope", ACTIVATE, "activate",
     "shift + activation.shift", "shift + activation.shift + 1", DENSE),
    ("delays by a wrong number of samples", MEMORY, "complex_fir",
     "[pos + delay_$node[j]]", "[pos + delay_$node[j] + 1]", FIR),
    ("takes the root one too high between squares", HELPERS, "ISQRT", "return root;", "return root + (value != 0);",
     TAPS),
    ("makes |x|^4 of a rounded |x|^2", MEMORY, "_POWERS",
     '"square * square"', '"(square / 8192 * 8192) * (square / 8192 * 8192)"', TAPS),
    ("conjugates the filter", MEMORY, "_fir_constants", "layer.weight", "layer.weight * [1, -1]", FIR),
    ("adds without alignment", ELTWISE, "add", 'f" * {factor}" if factor > 1 else ""', '""', ADD),
    ("feeds a group with the channels of the first", BLOCKS, "Convolution.behind",
     'f"{pointer} + {place((f\'o / {each}\' if each > 1 else \'o\', \'0\'), (1, size))}"',
     'f"{pointer} + {place((\'0\', \'0\'), (1, size))}"', CONV),
    ("sums 33 bits in 32", BLOCKS, "Convolution.gathers",
     'many and self.short and self.acc == "int32_t"', "many and self.short",
     "tests/equal/test_c_images.py::test_gathered_sums_fill_32_bits"),
]
HEAVY = [
    ("multiplies in 32 bits", SITE, "accumulator_types",
     "32 if products.bits <= 32 and max(operand_bits) <= 32 else 64",
     "32 if products.bits <= 32 and max(operand_bits) <= 32 else 32", LONG),
    ("keeps half a delay line", MEMORY, "complex_fir",
     """\
memcpy(state->line_$node[pos + $depth], now, sizeof state->line_$node[pos]);
        state->pos_$node = pos;

        for (j""",
     """\
state->pos_$node = pos;

        for (j""",
     FIR),
    ("leaves what meets no input unwritten", CONVOLUTION, "conv", "alone(one)", "';'", TRANSPOSED),
    ("begins a maximum at zero", POOL, "pool", 'x.format.lo if layer.kind == "max" else 0', "0",
     EXAMPLE.format("MaxPool2d")),
    ("takes input words outside the format", SOURCES, "_TAKE", "($t)saturate($from[i], $lo, $hi)", "($t)$from[i]",
     "tests/unit/test_emit_c.py::test_no_undefined_behaviour_for_any_word"),
]
# fmt: on

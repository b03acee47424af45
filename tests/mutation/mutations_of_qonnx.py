"""Mutations of the exchange with QONNX: rounding, the floating point that carries integers, and what is believed."""

TARGET = "python/bittrue/targets/qonnx/"
EXPORT = "tests/unit/test_qonnx_export.py::"
IMPORT = "tests/unit/test_qonnx_import.py::"

# fmt: off
ROWS = [
    ("adds no half step", TARGET + "exporting/quant.py", "plus_half", "2.0 ** -(fmt.frac + 1)", "0.0",
     EXPORT + "test_words_and_shifts"),
    ("carries in float32 what it cannot hold", TARGET + "exporting/carriers.py", "LIMITS", "1 << 24", "1 << 40",
     EXPORT + "test_sums_beyond_float32_are_carried_in_float64_and_it_says_so"),
    ("believes the description of a changed graph", TARGET + "importing/stored.py", "stored_net", "net if same else None",
     "net", IMPORT + "test_a_changed_node_is_read_as_any_other"),
    ("takes a scale for the power of two below without a word", TARGET + "importing/dyadic.py", "power_of_two",
     "(mantissa != 0.5).any()", "False", IMPORT + "test_a_scale_that_is_no_power_of_two_becomes_the_next_one"),
]
HEAVY = [
    ("takes a signed bit for 0 and -1", TARGET + "exporting/quant.py", "quantised", "bits < 2 - positive", "bits < 0",
     EXPORT + "test_words_and_shifts"),
]
# fmt: on

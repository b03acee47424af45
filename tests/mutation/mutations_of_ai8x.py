"""Mutations of what reads, quantises and trains ai8x networks."""

QUANTILE = "python/bittrue/num/quantile.py"
STAGE = "python/bittrue/spec/stage.py"
STAGES = "python/bittrue/spec/stages.py"
TARGET = "python/bittrue/targets/max78002/"
QAT = "python/bittrue/qat/ai8x/"

QUANTILES = "tests/unit/test_ai8x_quantile.py::"
IMPORTS = "tests/unit/test_ai8x_import.py::"
IMPORTS_2D = "tests/unit/test_ai8x_import_2d.py::"
PLAIN = "tests/unit/test_stages.py::"
FILES = "tests/unit/test_ai8x_checkpoint.py::"
ARCHIVES = "tests/unit/test_ai8x_archive.py::"
LAW = "tests/unit/test_ai8x_qat.py::"

# fmt: off
ROWS = [
    ("takes the quantile on another grid", QUANTILE, "quantile",
     "np.float32(q) * np.float32(flat.size - 1)", "np.float32(q) * np.float32(flat.size) - np.float32(0.5)",
     QUANTILES + "test_the_quantile_is_that_of_torch"),
    ("forgets the shift of narrow weights", STAGE, "Stage.layer",
     "DATA.frac - self.shift", "DATA.frac - self.output_shift", IMPORTS + "test_all_bits"),
    ("clamps every operand of a sum", STAGES, "_Steps.take",
     "operands = [self._step(str(stage.join), stage.joining(), *operands)]",
     """\
first, *others = operands
for other in others:
    first = self._step(str(stage.join) + str(len(self.nodes)), stage.joining(), first, other)
operands = [first]""",
     PLAIN + "test_sources_are_combined_in_full_precision_before_or_behind_the_pooling"),
    ("executes what a checkpoint asks for", TARGET + "pickles.py", "_Machine.call", "Opaque(text)", "exec(*arguments)",
     FILES + "TestFiles::test_no_code_of_the_file_runs"),
    ("sums in float32 whatever the weights", QAT + "summing.py", "Summing.carrier", "torch.float64", "torch.float32",
     LAW + "test_sums_beyond_float32_are_exact"),
    ("lets models compute between layers", QAT + "graph.py", "_Trace._sources",
     "next((known.sources for known in self._known if known.holds(tensor)), None)",
     "next((known.sources for known in self._known if known.holds(tensor)), self._known[-1].sources)",
     LAW + "test_models_that_are_no_chain_are_refused"),
]
HEAVY = [
    ("leaves the bias out of the quantile", QUANTILE, "output_shift", "(weight, bias)", "(weight,)",
     QUANTILES + "test_the_bias_counts_for_the_shift_and_the_quantile_leaves_outliers_out"),
    ("leaves transposed kernels as PyTorch has them", TARGET + "layer_weights.py", "_oriented",
     "transposed_kernel(weight.reshape(*weight.shape[:2], *sides), layer.groups)",
     "weight.reshape(*weight.shape[:2], *sides).swapaxes(0, 1)", IMPORTS_2D + "test_transposed_convolutions"),
    ("takes a pooling that the vendor's tool gets wrong", TARGET + "operation_keys.py", "pool", "apart > 1",
     "apart > 2", "tests/unit/test_ai8x_network.py::test_what_a_layer_may_not_say"),
    ("passes a weight over that it cannot read", TARGET + "states.py", "torch_state", "_refuse_unread(path, state)",
     "pass", ARCHIVES + "test_a_weight_that_is_no_plain_tensor_is_not_passed_over"),
    ("follows anchors without end", TARGET + "yaml_file.py", "_Loader.compose_node",
     "self._sizes[id(node)] if again else 1", "1",
     "tests/unit/test_ai8x_network.py::test_descriptions_that_would_never_end"),
    ("adds one half to weights in float64", QAT + "summing.py", "Summing.rounded",
     "quantise(self.weight, grid, nearest_single)", "quantise(self.weight, grid)",
     LAW + "test_weights_just_below_the_middle_are_rounded_as_the_vendor_rounds_them"),
]
# fmt: on

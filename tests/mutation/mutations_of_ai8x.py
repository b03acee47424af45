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
TWICE = "tests/unit/test_ai8x_twice.py::"
ARCHIVES = "tests/unit/test_ai8x_archive.py::"
LAW = "tests/unit/test_ai8x_qat.py::"
IMAGES = "tests/unit/test_ai8x_qat_images.py::"

# fmt: off
ROWS = [
    ("takes the quantile on another grid", QUANTILE, "np.float32(flat.size - 1)", "np.float32(flat.size) - np.float32(0.5)",
     QUANTILES + "test_the_quantile_is_that_of_torch"),
    ("cuts weights off", QUANTILE, "np.floor(scaled + np.float32(0.5))", "np.floor(scaled)",
     QUANTILES + "test_codes_are_rounded_half_up_and_saturate"),
    ("leaves the bias out of the quantile", QUANTILE, "for part in (weight, bias) if part is not None]\n    largest",
     "for part in (weight,) if part is not None]\n    largest",
     QUANTILES + "test_the_bias_counts_for_the_shift_and_the_quantile_leaves_outliers_out"),
    ("folds without the division by 4", "python/bittrue/num/batch_norm.py", "FACTOR = 0.25", "FACTOR = 1.0",
     QUANTILES + "test_folding_is_batch_norm_divided_by_four"),
    ("forgets the shift of narrow weights", STAGE, "DATA.frac - self.shift)", "DATA.frac - self.output_shift)",
     IMPORTS + "test_all_bits"),
    ("shifts wide results", STAGE, "(0 if self.wide else self.output_shift)", "self.output_shift",
     IMPORTS + "test_a_wide_convolution"),
    ("takes every bias for one of 8 bits", TARGET + "layer_weights.py", "(1 << ((given.weight_bits or 8) - 1))", "128",
     IMPORTS + "test_all_bits"),
    ("pools with the stride of the window", TARGET + "operation_keys.py", 'keys.pair("pool_stride", 1, 1)',
     'keys.pair("pool_stride", max(size), 1)', IMPORTS + "test_pools_of_all_kinds"),
    ("clamps every operand of a sum", STAGES, """            operands = [self._step(str(stage.join), stage.joining(), *operands)]
""", """            first, *others = operands
            for other in others:
                first = self._step(str(stage.join) + str(len(self.nodes)), stage.joining(), first, other)
            operands = [first]
""", PLAIN + "test_sources_are_combined_in_full_precision_before_or_behind_the_pooling"),
    ("pools first whatever is said", STAGES, "        if stage.pool_first:\n", "        if True:\n",
     PLAIN + "test_sources_are_combined_in_full_precision_before_or_behind_the_pooling"),
    ("leaves transposed kernels as PyTorch has them", TARGET + "layer_weights.py",
     "return transposed_kernel(weight.reshape(*weight.shape[:2], *sides), layer.groups)",
     "return weight.reshape(*weight.shape[:2], *sides).swapaxes(0, 1)", IMPORTS_2D + "test_transposed_convolutions"),
    ("pools one column as if there were more", TARGET + "fitting.py", 'stage.operation == "none" and read[2] == 1', "False",
     IMPORTS_2D + "test_data_of_one_column_are_pooled_along_rows_only"),
    ("reads images as they are whatever in_dim says", TARGET + "fitting.py", "    if layer.size is not None:\n",
     "    if layer.size is not None and len(shape) < 3:\n", IMPORTS_2D + "test_frames_are_read_as_images_and_images_as_frames"),
    ("joins channels in the order of the layers", TARGET + "importing.py",
     "sources = description.sources(position)", "sources = tuple(sorted(description.sources(position)))",
     IMPORTS_2D + "test_channels_are_joined"),
    ("gives weights that are used again another shift", TARGET + "layer_weights.py",
     'found[layer.index] = "", again', 'found[layer.index] = "", again | {"output_shift": layer.output_shift or 0}',
     IMPORTS_2D + "test_weights_are_used_again_with_their_shift"),
    ("forgets results in the middle", TARGET + "importing.py", "if layer.output or stage.name in spare]",
     "if stage.name in spare]", IMPORTS_2D + "test_several_results_come_out"),
    ("takes a pooling that the vendor's tool gets wrong", TARGET + "operation_keys.py", "if apart > 1 and places != 2 and",
     "if apart > 2 and places != 2 and", "tests/unit/test_ai8x_network.py::test_what_a_layer_may_not_say"),
    ("takes the image of which pooling drops most", TARGET + "sizes.py", "-found[size] if rank > 1", "found[size] if rank > 1",
     IMPORTS_2D + "TestSize::test_of_several_squares_pooling_drops_nothing_of_the_one_that_is_taken"),
    ("executes what a checkpoint asks for", TARGET + "pickles.py", "            return Opaque(text)\n", "            return exec(*arguments)\n", FILES + "TestFiles::test_no_code_of_the_file_runs"),
    ("takes the last layers of a checkpoint", TARGET + "choosing.py", "taken, rest = layers[:count], layers[count:]",
     "taken, rest = layers[-count:], layers[:-count]", TWICE + "test_the_first_in_the_file_are_taken_with_what_has_exactly_their_name"),
    ("takes a bias of a similar name", TARGET + "layer_keys.py", 'return f"{self.operation}.bias"', 'return f"{plain(self.operation)}.bias"',
     TWICE + "test_the_first_in_the_file_are_taken_with_what_has_exactly_their_name"),
    ("passes a weight over that it cannot read", TARGET + "states.py", "    _refuse_unread(path, state)\n", "",
     ARCHIVES + "test_a_weight_that_is_no_plain_tensor_is_not_passed_over"),
    ("hashes whatever a checkpoint has as a key", TARGET + "pickles.py", "if _key(key) in target", "if key in target",
     ARCHIVES + "test_nothing_is_hashed_or_printed_to_the_bottom"),
    ("follows anchors without end", TARGET + "yaml_file.py", "self._values += self._sizes[id(node)] if again else 1", "self._values += 1",
     "tests/unit/test_ai8x_network.py::test_descriptions_that_would_never_end"),
    ("leaves a dilated maximum in front of its convolution", TARGET + "views.py",
     'apart = view.pool is not None and view.pool.kind == "max" and view.pool.dilation != 1', "apart = False",
     "tests/unit/test_ai8x_writer.py::test_a_dilated_maximum_gets_a_layer_of_its_own"),
    ("stores the bias for 8 bits", TARGET + "quantise.py", "<< (width - 1)", "<< 7",
     FILES + "TestQuantising::test_integers_and_flags"),
    ("rounds averages down in training", "python/bittrue/qat/pool.py", "/ layer.places).trunc()", "/ layer.places).floor()",
     LAW + "TestGradients::test_averages_pass_the_gradient_of_the_mean"),
    ("sums in float32 whatever the weights", QAT + "summing.py", "DATA, bias) else torch.float64",
     "DATA, bias) else torch.float32", LAW + "test_sums_beyond_float32_are_exact"),
    ("takes the maximum for every quantile", QAT + "summing.py", "if quantile == 1.0:", "if quantile > 0:",
     LAW + "test_the_checkpoint_quantises_to_the_integers_of_the_net"),
    ("lets models compute between layers", QAT + "graph.py", "if known.holds(tensor)), None)",
     "if known.holds(tensor)), self._known[-1].sources)", LAW + "test_models_that_are_no_chain_are_refused"),
    ("overlooks what is written into a result", QAT + "graph.py", "and self.tensor._version == self.version", "",
     IMAGES + "test_models_that_are_no_graph_are_refused"),
    ("joins branches in the order of evaluation", QAT + "graph.py", "tuple(n for names in sources if names for n in names), shape)",
     "tuple(sorted(n for names in sources if names for n in names)), shape)", IMAGES + "test_eval_is_the_net_after_training"),
    ("reads data in the shape in which they came", QAT + "graph.py", "if seen else None", "if False else None",
     IMAGES + "test_data_may_be_seen_in_another_shape"),
    ("folds the inputs of a transposed convolution", QAT + "starting.py", "rows = (layer.kernels(layer.weight), layer.bias,",
     "rows = (layer.weight, layer.bias,", IMAGES + "test_folding_is_batch_norm_divided_by_four"),
    ("proves float32 by the inputs of a transposed convolution", QAT + "summing.py", "float32_holds(self.kernels(weight),", "float32_holds(weight,",
     IMAGES + "test_sums_beyond_float32_are_exact"),
    ("does not turn the kernel of a transposed convolution", "python/bittrue/qat/sums.py", ".flip(tuple(range(2, weight.ndim)))", "",
     IMAGES + "test_transposed_convolutions_of_all_numbers"),
    ("clamps after every operand", "python/bittrue/qat/eltwise.py", "self.result(added(self.layer, *inputs))",
     "reduce(lambda a, b: self.result(added(self.layer, a, b)), inputs)", IMAGES + "TestEltwise::test_the_clamp_comes_once_and_last"),
    ("adds one half to weights in float64", QAT + "summing.py", "quantise(self.weight, grid, nearest_single)", "quantise(self.weight, grid)",
     LAW + "test_weights_just_below_the_middle_are_rounded_as_the_vendor_rounds_them"),
    ("clamps behind the activation", QAT + "summing.py", "        y = self.result(acc)\n", "        return super().finish(acc)\n        y = self.result(acc)\n",
     LAW + "TestGradients::test_an_output_that_is_rounded_to_zero_gets_none_behind_relu"),
    ("trains on exact sums", QAT + "summing.py", "return not self.training and self.quantised", "return self.quantised",
     LAW + "test_training_sums_in_the_type_of_its_values"),
    ("exports a layer without its weights", QAT + "summing.py", 'return self.to_stage("layer").layer()', "return self.layer",
     LAW + "test_layers_go_back_to_those_of_the_net"),
    ("ors what the chip xors", QAT + "eltwise.py", '"xor", spec.BitwiseXor()', '"xor", spec.BitwiseOr()',
     IMAGES + "TestEltwise::test_bits_are_those_of_codes"),
    ("shares one group among the channels of a depthwise layer", QAT + "fused.py", '"depthwise": bool(depthwise)', '"depthwise": False',
     IMAGES + "test_names_say_what_is_fused"),
    ("takes a linear layer behind pools for one channel", TARGET + "input_channels.py",
     "return inputs // samples // factor if samples and inputs % (samples * factor) == 0 else 1", "return 1",
     "tests/unit/test_ai8x_import.py::TestLength::test_a_linear_layer_comes_behind_pools"),
]
# fmt: on

"""Mutations of what makes nets of PyTorch's modules: what is folded, what is trained, how formats are chosen."""

TRACING = "python/bittrue/qat/tracing/"
TAKEN = "tests/unit/test_tracing.py::"
REFUSED = "tests/unit/test_tracing_refusals.py::"

# fmt: off
ROWS = [
    ("folds batch norm without its mean", TRACING + "modules.py", "beta - mean * factor, trained", "beta, trained",
     TAKEN + "test_a_module_becomes_a_net"),
    ("forgets to scale the bias", TRACING + "operations.py", "self.bias = self.bias * factor + offset",
     "self.bias = self.bias + offset", TAKEN + "test_a_module_becomes_a_net"),
    ("puts a ReLU into a layer that others take too", TRACING + "reader.py",
     "is not None and self._users(name) <= users:", "is not None:", TAKEN + "test_a_module_becomes_a_net"),
    ("takes the wrong end of even kernels", TRACING + "modules.py", "(span // 2, span - span // 2)",
     "(span - span // 2, span // 2)", TAKEN + "test_a_module_becomes_a_net"),
    ("does not look whether the graph is the module", TRACING + "preparing.py", "    _check_same(module, graph, pair)\n",
     "", REFUSED + "test_modules"),
    ("trains layers that only weigh by 1", TRACING + "floating.py", "name not in operation.frozen", "True",
     TAKEN + "test_what_is_no_parameter_of_the_module_is_not_trained"),
    ("trains a layer that runs twice as two", TRACING + "preparing.py", "if own & seen:", "if False:",
     TAKEN + "test_a_layer_that_runs_twice_is_two_without_training_and_refused_with"),
    ("lets a pool have another format", TRACING + "operations.py", "made: Layer\n    keeps: ClassVar[bool] = True",
     "made: Layer\n    keeps: ClassVar[bool] = False", TAKEN + "test_a_module_becomes_a_net"),
    ("does not bring scales of the chip into the weights", TRACING + "chip.py",
     "np.ldexp(operation.weight, given - out)", "np.ldexp(operation.weight, out - given)",
     TAKEN + "test_the_chip_has_the_same_codes_under_other_names"),
    ("keeps a format that is worse", TRACING + "searching.py", "if found < GAIN * least:", "if found > GAIN * least:",
     TAKEN + "test_ptq_finds_no_worse_formats"),
    ("clamps what the samples reach", TRACING + "choosing.py", "if not clamp:", "if False:",
     TAKEN + "test_without_training_a_sample_far_away_may_be_clamped"),
]
# fmt: on

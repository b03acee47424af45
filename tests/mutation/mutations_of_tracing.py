"""Mutations of what makes nets of PyTorch's modules: what is folded, what is trained, how formats are chosen."""

TRACING = "python/bittrue/qat/tracing/"
TAKEN = "tests/unit/test_tracing.py::"
REFUSED = "tests/unit/test_tracing_refusals.py::"

# fmt: off
ROWS = [
    ("folds batch norm without its mean", TRACING + "modules.py", "batch_norm", "beta - mean * factor", "beta",
     TAKEN + "test_a_module_becomes_a_net"),
    ("puts a ReLU into a layer that others take too", TRACING + "reader.py", "Reader.activated",
     "(part := self.graph.part(name)) is not None and self._users(name) <= users",
     "(part := self.graph.part(name)) is not None", TAKEN + "test_a_module_becomes_a_net"),
    ("does not look whether the graph is the module", TRACING + "preparing.py", "_read",
     "_check_same(module, graph, pair)", "pass", REFUSED + "test_modules"),
    ("keeps a format that is worse", TRACING + "searching.py", "searched", "found < GAIN * least",
     "found > GAIN * least", TAKEN + "test_ptq_finds_no_worse_formats"),
]
HEAVY = [
    ("trains a layer that runs twice as two", TRACING + "preparing.py", "_check_once", "own & seen", "False",
     TAKEN + "test_a_layer_that_runs_twice_is_two_without_training_and_refused_with"),
    ("does not bring scales of the chip into the weights", TRACING + "chip.py", "as_chip", "given - out", "out - given",
     TAKEN + "test_the_chip_has_the_same_codes_under_other_names"),
]
# fmt: on

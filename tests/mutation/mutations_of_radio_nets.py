"""Mutations of radio nets: what they see, how they are trained, how a map comes of their codes."""

HARDWARE = "python/bittrue/apps/radio/hardware/"
NETS = "tests/apps/test_radio_nets.py::test_{}"
TRAINING = "tests/apps/test_radio_nets_training.py::test_{}"

# fmt: off
ROWS = [
    ("looks along one ray", HARDWARE + "sight.py", "IntegerHorizon.seen",
     "np.maximum(hits, np.maximum(np.roll(hits, 1), np.roll(hits, -1)))", "hits",
     NETS.format("the_pictures_are_the_same_on_every_machine")),
    ("walks diagonals for nothing more", HARDWARE + "inputs.py", "_graph", "(1, 1, DIAGONAL)", "(1, 1, STRAIGHT)",
     NETS.format("the_way_is_the_shortest_by_steps")),
    ("unfolds columns as rows", HARDWARE + "inputs.py", "unfolded", "(*range(n), n + 2, n, n + 3, n + 1)",
     "(*range(n), n + 2, n + 1, n + 3, n)", NETS.format("folding_and_back")),
    ("leaves buildings grey", HARDWARE + "predicting.py", "levels", "np.where(built, 0, unfolded(codes) - OUTPUT.lo)",
     "(unfolded(codes) - OUTPUT.lo)", NETS.format("a_map_is_what_the_reference_gives")),
    ("leaves sums beyond the format", HARDWARE + "twin.py", "Twin.run", "self._ended(total, block.output, False)", "total",
     TRAINING.format("the_rounded_twin_is_the_reference")),
    ("keeps bytes at the scale of sums", HARDWARE + "blocks.py", "Graph.bias_format", "Format(self.bias_bits, fmt.frac)",
     "Format(self.bias_bits, given.frac + fmt.frac)",
     TRAINING.format("the_rounded_twin_is_the_reference_with_biases_in_bytes")),
]
HEAVY = [
    ("goes on with other maps", "python/bittrue/kit/training/quantising_stage.py", "QuantisingStage.restore",
     'self.generator.set_state(state["generator"])', "pass", TRAINING.format("a_killed_run_goes_on_to_the_same_bytes")),
    ("lets biases saturate", HARDWARE + "blocks.py", "Graph.weight_format",
     "fit_with_biases(weight, self.weight_bits, bias, self.bias_bits)", "fit_format(weight, self.weight_bits)",
     TRAINING.format("the_rounded_twin_is_the_reference_with_biases_in_bytes")),
    ("forgets the mean of batch norm", HARDWARE + "twin.py", "Twin.folded", "(bias - norm.running_mean)", "bias",
     TRAINING.format("folding_batch_norm_changes_nothing_but_rounding")),
    ("learns what is built", HARDWARE + "stage.py", "Stage._losses",
     "(self.twin(given) + 1 - wanted) * torch.from_numpy(streets)", "(self.twin(given) + 1 - wanted)",
     TRAINING.format("the_loss_is_the_error_over_streets")),
]
# fmt: on

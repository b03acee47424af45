"""Mutations of windows on frames and images, of operations by element, of nets with several ends, and of their judges."""

WINDOW, TRANSPOSED, NET, STORE = (
    f"python/bittrue/spec/{name}.py" for name in ("window", "conv_transpose", "net", "store")
)
WEIGHTED, RUN = (f"python/bittrue/ref/{name}.py" for name in ("weighted", "run"))
FINISH = "python/bittrue/ref/finish.py"
RANGES = "python/bittrue/ranges/{}.py"
PLACES = "tests/unit/test_windows.py::"
PHASES = PLACES + "test_phases_hold_every_meeting_once"
IMAGES = "tests/unit/test_images.py::"
MEETING = IMAGES + "test_branches_that_meet[{}-{}]"
REACHED = IMAGES + "test_ranges_of_convolutions_are_reached"
TORCH = IMAGES + "test_weights_of_torch_are_taken_over"
EXAMPLE = "tests/unit/test_ref.py::test_examples[{}]"
ENDING = "tests/unit/test_finish.py::test_sums_about_the_end_of_floating_point_round_as_in_int64"

# fmt: off
ROWS = [
    ("loses phases where stride and upsampling share a factor", WINDOW, "Axis._meetings",
     "pow(self.stride // common, -1, period)", "pow(self.stride // common, -1, period) if common == 1 else 1", PHASES),
    ("takes the kernel of PyTorch as it is", TRANSPOSED, "transposed_kernel", "tuple(range(2, array.ndim))", "()",
     TORCH),
    ("rounds in floating point what it does not hold", FINISH, "Finish._reach",
     "self.largest + (1 << max(self.shift + self.slope - 1, 0))", "self.largest", ENDING),
    ("forgets a tensor that a later node needs", RUN, "_last_uses",
     "{source: node.name for node in net.nodes for source in node.inputs}",
     "{source: node.name for node in net.nodes[::-1] for source in node.inputs}", MEETING.format("Concat", 0),
     "tests/unit/test_ref.py::test_blocks_do_not_show"),
    ("bounds a transposed convolution by its widest phase", RANGES.format("weighted"), "conv", "one.hull(two)", "two",
     REACHED),
    ("writes uneven padding as version 1", STORE, "_version",
     "isinstance(layer.padding, tuple)", "isinstance(layer.padding, list)", "tests/unit/test_versions.py"),
    ("declares nothing absent", "python/bittrue/check/coverage.py", "faults", "name in absent.get(leg, {})", "False",
     "tests/unit/test_coverage.py::test_undeclared_and_stale_absences_are_faults"),
]
HEAVY = [
    ("weighs all parts of many groups with the first filters", WEIGHTED, "sums", "rows[first : first + most]",
     "rows[: len(some)]", "tests/unit/test_net_limits.py::test_windows_are_multiplied_in_parts_that_do_not_show"),
    ("computes the windows of one part for all", WEIGHTED, "blocks",
     "seen[:, :, first : first + most]", "seen[:, :, : min(most, counts[0] - first)]",
     "tests/unit/test_net_limits.py::test_windows_are_multiplied_in_parts_that_do_not_show"),
    ("remembers every tensor", RUN, "outputs",
     "_tensors(net, part, forget=True)", "_tensors(net, part, forget=False)",
     IMAGES + "test_what_is_needed_no_more_is_forgotten"),
    ("lets an input go unused", NET, "Net._check_used", "name not in used", "name not in self.inputs",
     "tests/unit/test_refusals.py"),
    ("finds rules by the kind alone", "python/bittrue/spec/layer.py", "rule", "type(layer).__mro__", "(type(layer),)",
     EXAMPLE.format("Conv2d")),
]
# fmt: on

"""Mutations of what places a net on a MAX78002 or MAX78000 and prints its project."""

TARGET = "python/bittrue/targets/max78002/"
MEMORIES = "tests/max78002/test_generate_memories.py::"
REGISTERS = "tests/max78002/test_generate_registers.py::"
STAGES = "tests/max78002/test_stages.py::"
IMAGES = "tests/max78002/test_generate_registers_2d.py::"

# fmt: off
ROWS = [
    ("stores kernels first weight first", TARGET + "kernels.py", "stream", "kernels[:, ::-1]", "kernels[:, ::1]",
     MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("lets kernels overlap", TARGET + "kernels.py", "_room", "stop <= word", "stop <= word + 4",
     MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("writes over what it reads", TARGET + "placement.py", "_free",
     "start + region.size <= at or at + other.size <= start", "start != at",
     MEMORIES + "test_every_layer_finds_what_it_takes"),
    ("fuses biases behind an addition of several passes", TARGET + "views.py", "taken",
     "layer.groups == 1 and device.joined_passes and not layer.bias.any()",
     "layer.groups == 1 and device.joined_passes",
     STAGES + "test_element_wise_operations_are_fused_with_what_the_chip_has"),
    ("stops at the last sample and not at the last window", TARGET + "registers.py", "_frame",
     "(n - axis.span) // axis.stride * axis.stride", "n - 1", REGISTERS + "test_the_vendors_network_on_a_max78002"),
    ("halves a share", TARGET + "templates/softmax.c", "softmax_q17p14_q15", "<< 15) + sum / 2", "<< 14) + sum / 2",
     "tests/max78002/test_softmax.py"),
    ("lets the compiler fold the known answer into code", TARGET + "templates/main.c", "check_output",
     "const volatile uint32_t *next", "const uint32_t *next",
     "tests/max78002/test_verify_frames.py::test_every_frame_goes_through_the_same_firmware"),
]
HEAVY = [
    ("takes zero and -1 for -1 and +1", TARGET + "kernels.py", "stream", "kernels.clip(-1, 0)", "kernels.clip(0, 1)",
     MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("leaves no gap between the passes of joined channels", TARGET + "joins.py", "spots", "passes - 1", "0",
     MEMORIES + "test_every_layer_finds_what_it_takes"),
    ("pools before the operands meet", TARGET + "registers.py", "_joins",
     "layer.pooling and layer.stage.pool_first", "layer.pooling", IMAGES + "test_the_vendors_registers"),
    ("pads a transposed image as PyTorch counts", TARGET + "hardware_layers.py", "_of_image", "rows - 1 - padding",
     "padding", IMAGES + "test_a_transposed_convolution_is_padded_by_what_is_left"),
    ("builds without the settings of the project", TARGET + "templates/Makefile", "", "include $(PROJECTMK)", "",
     "tests/max78002/test_make.py::test_make_builds_what_passes"),
]
# fmt: on

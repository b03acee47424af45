"""Mutations of what places a net on a MAX78002 or MAX78000 and prints its project."""

TARGET = "python/bittrue/targets/max78002/"
MEMORIES = "tests/max78002/test_generate_memories.py::"
REGISTERS = "tests/max78002/test_generate_registers.py::"
PROJECT = "tests/max78002/test_generate.py::"

# fmt: off
ROWS = [
    ("stores kernels first weight first", TARGET + "kernels.py", "kernels[:, ::-1] &", "kernels[:, ::1] &",
     MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("packs narrow weights from the top", TARGET + "kernels.py", "layer.bits * np.arange(shared)[:, None]",
     "layer.bits * np.arange(shared)[::-1, None]", MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("mixes up passes and samples", TARGET + "kernels.py", "every[: len(weight), :, number] = split[:, channel]",
     "every.reshape(len(every), given.passes, samples, layer.taps)[: len(weight), number] = split[:, channel]",
     MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("packs the stream in the order of its bytes", TARGET + "kernels.py",
     "reshape(-1, KERNEL_BYTES)[:, ::-1].tobytes()", "tobytes()", MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("lets kernels overlap", TARGET + "kernels.py", "word + size <= start or stop <= word", "word + size <= start or stop <= word + 4",
     MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("splits the kernels of a depthwise layer", TARGET + "kernels.py", "word // width == (word + size) // width",
     "word // width <= (word + size) // width", "tests/max78002/test_generate_kernels.py::test_a_depthwise_layer_does_not_straddle_two_memories"),
    ("takes zero and -1 for -1 and +1", TARGET + "kernels.py", "kernels.clip(-1, 0)", "kernels.clip(0, 1)",
     MEMORIES + "test_every_weight_is_found_exactly_once"),
    ("stores signs where a kernel must be zero", TARGET + "hardware_layers.py", "if not (dilated or lacking):", "if not dilated:",
     MEMORIES + "test_signs_take_two_bits_where_some_kernels_are_zero"),
    ("puts depthwise biases in the order of the processors", TARGET + "biases.py",
     "PER_QUADRANT * number + GROUP * lane + memory_index", "PER_QUADRANT * number + GROUP * memory_index + lane",
     MEMORIES + "test_every_bias_is_found"),
    ("writes over what it reads", TARGET + "placement.py", "if k % 2:", "if k % 3 == 1:",
     MEMORIES + "test_tensors_do_not_meet_and_follow_each_other"),
    ("stops at the last sample and not at the last window", TARGET + "registers.py",
     "last = (layer.rows - span) // pool.stride * pool.stride", "last = layer.rows - 1",
     REGISTERS + "test_the_vendors_network_on_a_max78002"),
    ("counts a pass too many", TARGET + "registers.py", "else layer.given.passes - 1\n", "else layer.given.passes\n",
     REGISTERS + "test_the_vendors_network_on_a_max78002"),
    ("shifts the wrong way", TARGET + "registers.py", "(RIGHT if shift < 0 else 0)", "(RIGHT if shift > 0 else 0)",
     REGISTERS + "test_shifts"),
    ("sums the first quadrant twice", TARGET + "registers.py", "for other in others if other != quadrant)", "for other in others)",
     REGISTERS + "test_the_vendors_network_on_a_max78002"),
    ("expects neighbours' bytes", TARGET + "stimulus.py", "(code & width) << low, mask | width << low", "(code & width) << low, WORD",
     PROJECT + "test_the_known_answer_is_the_result_of_the_reference"),
    ("halves a share", TARGET + "templates/softmax.c", "<< 15) + sum / 2", "<< 14) + sum / 2",
     "tests/max78002/test_softmax.py"),
    ("leaves the folders of a project that was not written", "python/bittrue/files.py", "each.rmdir()", "pass",
     "tests/max78002/test_bad_input.py::test_an_interrupted_generate_leaves_nothing"),
    ("lets the compiler fold the known answer into code", TARGET + "templates/main.c", "const volatile uint32_t *next", "const uint32_t *next",
     "tests/max78002/test_verify_frames.py::test_every_frame_goes_through_the_same_firmware"),
    ("builds without the settings of the project", TARGET + "templates/Makefile", "include $(PROJECTMK)", "",
     "tests/max78002/test_make.py::test_make_builds_what_passes"),
]
# fmt: on

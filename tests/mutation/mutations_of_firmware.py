"""Mutations of what executes firmware without the chip: processor, registers, memories, layers, verdict."""

MODEL = "firmware/bittrue_firmware/"
LAYERS = "tests/max78002/test_model.py::"
FAULTS = "tests/max78002/test_model_faults.py::"
VERIFY = "tests/max78002/test_verify.py::"
FRAMES = "tests/max78002/test_verify_frames.py::"
CONTROL = "tests/max78002/test_control.py::"
CORRUPT = "tests/max78002/test_verify_corruption.py::"

# fmt: off
ROWS = [
    ("cuts off where the chip rounds", MODEL + "summing.py", "(sums + (1 << down - 1)) >> down", "sums >> down",
     LAYERS + "test_convolutions_pools_and_a_wide_linear_layer"),
    ("takes the activation before the clamp", MODEL + "summing.py", "np.minimum(np.abs(clamped), 127)", "np.clip(np.abs(scaled), 0, 128)",
     LAYERS + "test_shifts_either_way"),
    ("averages downward", MODEL + "reading.py", "np.sign(total) * (np.abs(total) // self.settings.pool)", "total // self.settings.pool",
     LAYERS + "test_layers_that_pass_data_on"),
    ("meets the data with kernels as they are stored", MODEL + "weights.py", "[: settings.kernels, ::-1]", "[: settings.kernels]",
     LAYERS + "test_convolutions_pools_and_a_wide_linear_layer"),
    ("takes -1 and +1 for 0 and -1", MODEL + "weights.py", "if settings.binary", "if False",
     LAYERS + "test_weights_of_one_bit_that_are_minus_and_plus_one"),
    ("reads words of kernel memory from byte 0 on", MODEL + "weight_memory.py", "words.stop, ::-1]", "words.stop]",
     LAYERS + "test_convolutions_pools_and_a_wide_linear_layer"),
    ("forgets where a pass of a wide result goes", MODEL + "decoding.py", "pass_step=unit", "pass_step=1",
     LAYERS + "test_a_wide_convolution"),
    ("has depthwise biases in the order of the processors", MODEL + "summing.py", "4 * (own % 4) + own // 4", "own",
     LAYERS + "test_depthwise"),
    ("reads what nobody wrote", MODEL + "reading.py", "if known.all() or settings.columns > 1:", "if True:",
     FAULTS + "test_what_nobody_wrote_is_not_read"),
    ("takes weights that nobody wrote", MODEL + "weight_memory.py", "if unknown.any():", "if False:",
     FAULTS + "test_what_nobody_wrote_is_not_read"),
    ("ignores bits that it does not have", MODEL + "fields.py", "if extra:", "if False:",
     FAULTS + "test_functions_that_it_does_not_have_are_refused"),
    ("lets quadrants differ", MODEL + "decoding.py", "if (other[name] ^ fields[name]) & mask:", "if False:",
     CORRUPT + "test_no_register_bit_may_be_wrong"),
    ("lets a quadrant run other layers, if more", MODEL + "control.py", "if count != self.values", "if count < self.values",
     CONTROL + "test_every_quadrant_has_the_layers_of_the_first"),
    ("lets a quadrant follow with more switched on", MODEL + "control.py", "quadrant != master and ctl != wanted", "quadrant != master and ctl < wanted",
     CONTROL + "test_every_quadrant_follows_the_first_in_each_bit"),
    ("takes memory settings beyond the right one", MODEL + "control.py", "number == 1 and value != SRAM", "number == 1 and value < SRAM",
     CONTROL + "test_the_memories_have_one_setting"),
    ("works without power", MODEL + "board.py", "if self.values[register] & bit != value:", "if False:",
     VERIFY + "test_what_firmware_does_wrong_is_said"),
    ("lets the CPU in while it runs", MODEL + "accelerator.py", "if self.running:\n            raise FirmwareFault(\n                f\"the firmware reads",
     "if False:\n            raise FirmwareFault(\n                f\"the firmware reads", VERIFY + "test_what_firmware_does_wrong_is_said"),
    ("calls the handler once", MODEL + "machine.py", "self._interrupt = self._again > 0", "self._interrupt = False",
     VERIFY + "test_what_firmware_does_wrong_is_said"),
    ("believes PASS", MODEL + "verifying.py", "found = [str(difference) for difference in watch.found[:1]]", "found: list[str] = []",
     VERIFY + "test_the_sample_of_the_folder_counts"),
    ("does not look at the unloaded result", MODEL + "verifying.py", "found += _unloaded(watch.project, machine.memory(RESULT))", "pass",
     VERIFY + "test_what_firmware_does_wrong_is_said"),
    ("keeps a layer whose registers were written", MODEL + "accelerator.py", "if ready is None or known != state:", "if ready is None:",
     FRAMES + "test_what_goes_wrong_later_is_named_with_its_frame"),
    ("compares weights once for all", MODEL + "watching.py", "if self._seen.get(number) is not settings:", "if number not in self._seen:",
     FRAMES + "test_what_goes_wrong_later_is_named_with_its_frame"),
    ("takes data of the frame before", MODEL + "frames.py", "machine.accelerator.data.known[:] = False", "pass",
     FRAMES + "test_what_goes_wrong_later_is_named_with_its_frame"),
    ("runs one frame again and again", MODEL + "frames.py", "machine.write_memory(address, content)", "pass",
     FRAMES + "test_every_frame_goes_through_the_same_firmware"),
    ("looks at the first frame only", MODEL + "frames.py", "        if found:\n", "        if found and not number:\n",
     FRAMES + "test_what_goes_wrong_later_is_named_with_its_frame"),
    ("leaves before the firmware ends", MODEL + "frames.py", "() if number == last else", "",
     FRAMES + "test_after_the_last_frame_the_firmware_ends"),
    ("goes back without the stack", MODEL + "machine.py", "self._cpu.mem_write(context.registers[names.UC_ARM_REG_SP], context.stack)", "pass",
     FRAMES + "test_the_stack_is_as_it_was"),
    ("writes the frame over the constants of the last", MODEL + "constants.py", "count = span.stop - span.start", "count = 1",
     FRAMES + "test_every_frame_goes_through_the_same_firmware"),
]

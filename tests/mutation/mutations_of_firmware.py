"""Mutations of what executes firmware without the chip: processor, registers, memories, layers, verdict."""

MODEL = "firmware/bittrue_firmware/"
LAYERS = "tests/max78002/test_model.py::"
FAULTS = "tests/max78002/test_model_faults.py::"
VERIFY = "tests/max78002/test_verify.py::"
REFUSALS = "tests/max78002/test_model_refusals.py::"
BRANCHES = "tests/max78002/test_verify_images.py::"
FRAMES = "tests/max78002/test_verify_frames.py::"
CONTROL = "tests/max78002/test_control.py::"

# fmt: off
ROWS = [
    ("cuts off where the chip rounds", MODEL + "summing.py", "results", "sums + (1 << down - 1)", "sums",
     LAYERS + "test_convolutions_pools_and_a_wide_linear_layer"),
    ("meets the data with kernels as they are stored", MODEL + "weights.py", "weights_of",
     "_codes(stream.reshape(shape), settings)[: settings.kernels, ::-1]",
     "_codes(stream.reshape(shape), settings)[: settings.kernels]",
     LAYERS + "test_convolutions_pools_and_a_wide_linear_layer"),
    ("reads what nobody wrote", MODEL + "reading.py", "Reader.check_known", "known.all() or settings.resets", "True",
     FAULTS + "test_what_nobody_wrote_is_not_read"),
    ("keeps bytes beside a result", MODEL + "layer_run.py", "LayerRun.run",
     "self.data.known.reshape(-1)[self._others] = False", "pass",
     REFUSALS + "test_bytes_beside_a_result_in_its_words_are_unknown"),
    ("does not look where a layer reads", MODEL + "readback.py", "differences",
     "yield from misplaced(project, number, settings, accelerator.layers[0], found)", "pass",
     BRANCHES + "test_what_is_not_the_nets_is_said"),
    ("lets the CPU in while it runs", MODEL + "accelerator.py", "Accelerator.read", "self.running", "False",
     VERIFY + "test_what_firmware_does_wrong_is_said"),
    ("believes PASS", MODEL + "verifying.py", "complaints",
     "found = [str(difference) for difference in watch.found[:1]]", "found: list[str] = []",
     VERIFY + "test_the_sample_of_the_folder_counts"),
]
HEAVY = [
    ("takes the activation before the clamp", MODEL + "summing.py", "results",
     "np.minimum(np.abs(clamped), 127)", "np.clip(np.abs(scaled), 0, 128)", LAYERS + "test_shifts_either_way"),
    ("lets a layer lead anywhere", MODEL + "accelerator.py", "Accelerator._following",
     "not known or (value and layer == last)", "False", REFUSALS + "test_where_a_layer_leads"),
    ("lets a quadrant follow with more switched on", MODEL + "control.py", "Control.started", "ctl != wanted",
     "ctl < wanted", CONTROL + "test_every_quadrant_follows_the_first_in_each_bit"),
    ("compares weights once for all", MODEL + "watching.py", "LayerWatch.after_layer",
     "self._seen.get(number) is not settings", "number not in self._seen",
     FRAMES + "test_what_goes_wrong_later_is_named_with_its_frame"),
    ("looks at the first frame only", MODEL + "frames.py", "verify_frames", "if found: ...",
     "if found and not number: ...", FRAMES + "test_what_goes_wrong_later_is_named_with_its_frame"),
    ("goes back without the stack", MODEL + "machine.py", "Machine.go_back",
     "self._cpu.mem_write(context.registers[names.UC_ARM_REG_SP], context.stack)", "pass",
     FRAMES + "test_the_stack_is_as_it_was"),
]
# fmt: on

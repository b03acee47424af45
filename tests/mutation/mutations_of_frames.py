"""Mutations of hardware for frames and images: which word a window sees and when, what a ring keeps, phases, pools,
copies, orders, joins, the pace of an input, and beats on ports."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
WALK, RING, FLOW, DIVIDE, JOIN, BEATS, PACER = (
    f"{RTL}/{name}.py" for name in ("walk", "ring", "window_flow", "divide", "join", "beats", "pacer")
)
ALONG, BUFFER, PLAN = (f"{LOWER}/{name}.py" for name in ("along", "buffer", "filters"))

EXAMPLE = "tests/unit/test_rtl_components.py::test_examples_are_exact_and_on_schedule[{}]"
CONV, MAX = (EXAMPLE.format(f"{name}-4") for name in ("Conv1d", "MaxPool1d"))
TRANSPOSED_2D = EXAMPLE.format("ConvTranspose2d-4")
COMPONENTS = "tests/unit/test_frame_components.py::"
DIVISION = COMPONENTS + "test_division_cuts_off_toward_zero[5-3]"
ROOM = COMPONENTS + "test_nothing_is_taken_beyond_what_there_is_room_for"
ORDERS = COMPONENTS + "test_other_orders_are_exact_and_on_schedule"
IN_TURN = COMPONENTS + "test_joined_one_after_another_is_exact_and_on_schedule"
QUEUED = COMPONENTS + "test_a_queue_of_beats_gives_one_a_clock_and_none_twice"
PACE = COMPONENTS + "test_an_input_comes_at_the_pace_of_the_plan_and_no_faster"
UNIT = "tests/unit/test_{}.py::"
PLACES = UNIT.format("filters") + "test_every_weight_has_one_place_and_meets_its_channel_and_its_tap_there"
LARGE = UNIT.format("buffer") + "test_a_buffer_is_as_large_as_what_waits_in_it"
UNDER = UNIT.format("along") + "test_every_window_meets_the_inputs_that_stand_under_its_weights"
NEEDED = UNIT.format("along") + "test_windows_need_what_they_read_and_release_what_no_later_one_reads"
EQUAL = "tests/equal/test_rtl_frames.py::"

# fmt: off
ROWS = [
    ("moves windows by one column", WALK, "follow", "along.stride", "1", MAX),
    ("sees the neighbours beside a frame", RING, "Ring._write",
     'picked(m, memory.data, memory.address, f"{name}_word", inside)',
     'picked(m, memory.data, memory.address, f"{name}_word")', CONV),
    ("exchanges the weights of phases", ALONG, "of_axis",
     "taps[phase.outputs.start]", "taps[-1 - phase.outputs.start]", UNDER),
    ("lets windows in beyond the places of their queue", FLOW, "WindowFlow.elaborate",
     "Mux(accept, soon, wait == 0) & room", "Mux(accept, soon, wait == 0)", ROOM),
    ("needs a row too few by formula", ALONG, "Along.needs",
     "(len(taps) - 1) * self.dilation + 1", "(len(taps) - 1) * self.dilation", NEEDED),
    ("cuts off toward the lowest", DIVIDE, "Divide.elaborate",
     "(quotient ^ sign.replicate(self.bits)) + sign", "quotient ^ sign.replicate(self.bits)", DIVISION),
    ("joins one after another in another order", JOIN, "JoinStreams._lanes",
     "Mux(turn, payload[min(lane, source.lanes - 1)], value)", "Mux(turn, value, payload[min(lane, source.lanes - 1)])", IN_TURN),
    ("paces an input a clock too fast", PACER, "Pacer.elaborate", "pace - 1", "max(0, pace - 2)", PACE),
]
HEAVY = [
    ("begins every row of windows with the same phase", FLOW, "WindowFlow._place", "down + 1", "down", TRANSPOSED_2D),
    ("gives up a row too early", RING, "Ring._freed",
     "Mux(finished, more, 0)", "Mux(finished, more + (more != 0), 0)", ROOM),
    ("makes rings half as large", BUFFER, "Buffer.places",
     "(most - 1).bit_length()", "max(0, (most - 1).bit_length() - 1)", LARGE),
    ("gives a segment the channels of the one before", PLAN, "_plan.held", "first // size", "max(0, first // size - 1)",
     PLACES),
    ("reads the frame before again", WALK, "OrderReader.elaborate", "frame_next + 1", "frame_next", ORDERS),
    ("loses a beat that is written while one is taken", BEATS, "BeatQueue.elaborate",
     "stored + self.write", "stored + (self.write & ~move)", QUEUED),
    ("forgets that beats are held back behind a joint", "python/bittrue/lower/schedule.py", "_timed",
     "0 if first_unit.holds else held", "0",
     "tests/equal/test_rtl_graphs.py::test_a_branch_waits_for_beats_that_are_written_slowly"),
    ("takes few lanes for stuck", "python/bittrue/cosim/rtl_model.py", "RtlModel._patience",
     "PATIENCE + 2 * (self.interval + cost(self.net, self.interval, **self._means).latency)", "PATIENCE",
     EQUAL + "test_few_lanes_move_nothing_for_long_and_are_not_stuck"),
]
# fmt: on

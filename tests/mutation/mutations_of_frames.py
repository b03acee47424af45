"""Mutations of hardware for frames: which word a window sees and when, what a buffer keeps, pools, columns on ports."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
WALK, BUFFER, DIVIDE, POOL = (f"{RTL}/{name}.py" for name in ("walk", "frame_buffer", "divide", "pool1d"))
STREAMS = "python/bittrue/cosim/streams.py"

EXAMPLE = "tests/unit/test_rtl_components.py::test_examples_are_exact_and_on_schedule[{}-4]"
CONV, MAX, AVG, FLAT = map(EXAMPLE.format, ("Conv1d", "MaxPool1d", "AvgPool1d", "Flatten"))
COMPONENTS = "tests/unit/test_frame_components.py::"
DIVISION = COMPONENTS + "test_division_cuts_off_toward_zero[5-3]"
MAGNITUDE = COMPONENTS + "test_magnitude_is_taken_of_the_rounded_word[4-8]"
LATE = COMPONENTS + "test_a_strobe_is_postponed_and_none_is_lost"
ROOM = COMPONENTS + "test_nothing_is_taken_beyond_what_there_is_room_for"
BESIDE = COMPONENTS + "test_no_window_beside_a_frame_comes_before_the_frame"
STALLED = COMPONENTS + "test_examples_under_stalls[MaxPool1d-0.95]"
PLAN = "tests/unit/test_frame_schedule.py::"
PLACES = PLAN + "test_every_weight_has_one_place_and_meets_its_channel_there"
LARGE = PLAN + "test_a_buffer_is_as_large_as_what_waits_in_it"
WINDOWS = PLAN + "test_windows_need_and_release_what_their_columns_say"
NET = "tests/equal/test_rtl_frames.py::test_branches_of_frames_and_of_vectors_meet[1-{}]"
WORDS = "tests/unit/test_simulation.py::test_words_hold_sign_extended_codes_in_the_next_container"

# fmt: off
ROWS = [
    ("counts free columns as if all had come", BUFFER, "buffer.columns + max(0, windows.stride - windows.span)", "buffer.columns",
     "tests/equal/test_rtl_frames.py::test_windows_may_leave_columns_between_them"),
    ("ignores the dilation", WALK, "column.eq(column + windows.dilation)", "column.eq(column + 1)", CONV),
    ("moves windows by one column", WALK, "base + windows.stride)", "base + 1)", MAX),
    ("forgets columns that no window needs", WALK, "jump = length - (windows.count - 1) * windows.stride",
     "jump = windows.stride", AVG),
    ("starts a later segment with the first place", WALK, "start = walk.first * windows.dilation", "start = 0", CONV),
    ("reads the channels of the first group again", WALK, "end_of_group, block + walk.block, block",
     "end_of_group, block, block", CONV),
    ("sees the neighbours beside a frame", BUFFER, "Mux(inside, memory.data, 0)", "memory.data", CONV),
    ("sees a zero at the end of a frame", WALK, "position < windows.length)", "position < windows.length - 1)", CONV),
    ("starts a window a column too early", BUFFER, "(have >= need)", "(have + 1 >= need)", MAX),
    ("starts a window before its frame", BUFFER, " & (have != 0)", "", BESIDE),
    ("ends a frame without its last columns", BUFFER, "whole | (~last &", "whole | (", STALLED),
    ("gives up a column too early", BUFFER, "freed.eq(target - seen)", "freed.eq(target - seen + (target != seen))",
     ROOM),
    ("gives up the columns of a frame twice", BUFFER, "seen.eq(Mux(whole, 0, target))", "seen.eq(target)", ROOM),
    ("never gives up the columns of a frame's end", BUFFER, "with m.If(last | (following > windows.length)):",
     "with m.If(following > windows.length):", AVG),
    ("writes the channels in the wrong order", BUFFER, "self.i.payload[c] for c in held",
     "self.i.payload[c] for c in held[::-1]", CONV),
    ("starts all segments at once", BUFFER, "postponed(m, start, self.buffer.skew,", "postponed(m, start, 0,", CONV),
    ("postpones by a clock too many", f"{RTL}/delay.py", "left.eq(clocks - 1)", "left.eq(clocks)", LATE),
    ("loses a strobe on the way", f"{RTL}/delay.py", "late.eq(left == 1)", "late.eq((left == 1) & ~strobe)", LATE),
    ("takes the smallest sample", POOL, "(word > largest)", "(word < largest)", MAX),
    ("takes the largest sample of all windows", POOL, "buffer.first | (word > largest)", "(word > largest)", MAX),
    ("sums up all windows", POOL, "Mux(buffer.first, 0, total)", "total", AVG),
    ("divides to one too low at whole numbers", DIVIDE, "for step in (-part, part)", "for step in (-part - 1, part)", DIVISION),
    ("cuts off toward the lowest", DIVIDE, "sign.replicate(self.bits)) + sign)", "sign.replicate(self.bits)))",
     DIVISION),
    ("takes the sign of another sum", DIVIDE, 'delayed(m, negative, 1 + self.bits, "negative")',
     'delayed(m, negative, self.bits, "negative")', DIVISION),
    ("takes the magnitude before the rounding", f"{RTL}/requantise.py", "~aligned, aligned)", "-aligned, aligned)",
     MAGNITUDE),
    ("flattens column by column", f"{RTL}/flatten.py", "for c in range(self.channels) for held in columns",
     "for held in columns for c in range(self.channels)",
     NET.format("last_is_flat")),
    ("flattens beyond the places of its queue", f"{RTL}/flatten.py", "(count != 0) | (credit != 0)", "1",
     NET.format("last_is_flat")),
    ("puts the filters of one group into another", f"{LOWER}/conv1d.py", "group % self.groups * turns + o //",
     "group % self.groups * 0 + o //", PLACES),
    ("gives a segment the channels of the one before", f"{LOWER}/conv1d.py",
     "lowest = segment * fold.steps // windows.size", "lowest = max(0, segment - 1) * fold.steps // windows.size",
     PLACES),
    ("makes buffers half as large", f"{LOWER}/frames.py", "return 1 << max(1, (most - 1).bit_length())",
     "return 1 << max(1, (most - 1).bit_length() - 1)", LARGE),
    ("frees a column too early by formula", f"{LOWER}/windows.py", "max(0, (window + 1) * self.stride",
     "max(0, 1 + (window + 1) * self.stride", WINDOWS),
    ("gives frames row by row", STREAMS, "checked.swapaxes(1, 2) if", "checked if", WORDS),
    ("takes few lanes for stuck", "python/bittrue/cosim/rtl_model.py",
     "PATIENCE + 2 * (self.interval + cost(self.net, self.interval).latency)", "PATIENCE",
     "tests/equal/test_rtl_frames.py::test_few_lanes_move_nothing_for_long_and_are_not_stuck"),
]

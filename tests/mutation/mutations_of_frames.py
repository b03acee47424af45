"""Mutations of hardware for frames and images: which word a window sees and when, what a ring keeps, phases, pools,
copies, orders, joins, the pace of an input, and beats on ports."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
WALK, RING, FLOW, FILTERS, WINDOWS, DIVIDE, JOIN, BEATS, PACER = (
    f"{RTL}/{name}.py"
    for name in ("walk", "ring", "window_flow", "filters", "windows", "divide", "join", "beats", "pacer")
)
ALONG, BUFFER, PLAN = (f"{LOWER}/{name}.py" for name in ("along", "buffer", "filters"))

EXAMPLE = "tests/unit/test_rtl_components.py::test_examples_are_exact_and_on_schedule[{}]"
CONV, CONV_2D, MAX, MAX_2D, AVG, CONCAT, CONSTANT, SPREAD = (
    EXAMPLE.format(f"{name}-4")
    for name in ("Conv1d", "Conv2d", "MaxPool1d", "MaxPool2d", "AvgPool1d", "Concat", "Constant", "Interleave")
)
TRANSPOSED, TRANSPOSED_2D = (EXAMPLE.format(f"ConvTranspose{n}d-4") for n in (1, 2))
COMPONENTS = "tests/unit/test_frame_components.py::"
DIVISION = COMPONENTS + "test_division_cuts_off_toward_zero[5-3]"
MAGNITUDE = COMPONENTS + "test_magnitude_is_taken_of_the_rounded_word[4-8]"
LATE = COMPONENTS + "test_a_strobe_is_postponed_and_none_is_lost"
ROOM = COMPONENTS + "test_nothing_is_taken_beyond_what_there_is_room_for"
BESIDE = COMPONENTS + "test_no_window_beside_a_frame_comes_before_the_frame"
STALLED = COMPONENTS + "test_examples_under_stalls[MaxPool1d-0.95]"
ORDERS = COMPONENTS + "test_other_orders_are_exact_and_on_schedule"
IN_TURN = COMPONENTS + "test_joined_one_after_another_is_exact_and_on_schedule"
GROUPS = COMPONENTS + "test_groups_and_turns_are_exact_and_on_schedule"
QUEUED = COMPONENTS + "test_a_queue_of_beats_gives_one_a_clock_and_none_twice"
PACE = COMPONENTS + "test_an_input_comes_at_the_pace_of_the_plan_and_no_faster"
UNIT = "tests/unit/test_{}.py::"
ONCE = UNIT.format("filters") + "test_every_filter_is_computed_in_one_turn_of_one_row"
PLACES = UNIT.format("filters") + "test_every_weight_has_one_place_and_meets_its_channel_and_its_tap_there"
LARGE = UNIT.format("buffer") + "test_a_buffer_is_as_large_as_what_waits_in_it"
WRITTEN = UNIT.format("buffer") + "test_every_memory_gets_its_channels_one_a_clock"
STARTS = UNIT.format("buffer") + "test_windows_start_when_their_rows_are_written_one_after_another"
UNDER = UNIT.format("along") + "test_every_window_meets_the_inputs_that_stand_under_its_weights"
NEEDED = UNIT.format("along") + "test_windows_need_what_they_read_and_release_what_no_later_one_reads"
TIGHT = UNIT.format("along") + "test_windows_need_no_input_more_and_release_no_input_less"
COPIED = UNIT.format("reducers") + "test_copies_meet_the_channel_and_the_position_of_their_formula"
WORDS = "tests/unit/test_simulation.py::test_words_hold_sign_extended_codes_in_the_next_container"
EQUAL = "tests/equal/test_rtl_frames.py::"
NET = EQUAL + "test_branches_of_frames_and_of_vectors_meet[1-{}]"
PROOFS = "tests/formal/test_beats.py::"
PROOF_QUEUE, PROOF_STREAM, PROOF_JOIN, PROOF_PACER = (
    PROOFS + name
    for name in (
        "test_queue_of_beats_by_induction[3]",
        "test_stream_queue_of_beats_by_induction[2]",
        "test_join_by_induction",
        "test_pacer_by_induction",
    )
)

# fmt: off
ROWS = [
    # which words a window sees
    ("ignores the dilation", WALK, "Mux(end, here, at + along.dilation)", "Mux(end, here, at + 1)", GROUPS),
    ("moves windows by one column", WALK, "along.stride - along.before[0]]", "1 - along.before[0]]", MAX),
    ("forgets rows that no window needs", WALK, "rows.base(0) % held, rows.length)", "rows.base(0) % held, rows.count * rows.stride)", AVG),
    ("starts a later segment with the first place", WALK, "divmod(walk.first, width)", "(0, 0)", CONV),
    ("reads the channels of the first group again", WALK, "end_of_group, block + walk.block, block", "end_of_group, block, block", MAX),
    ("reads the channel of the first phase again", WALK, "slot.eq(following if walk.picks else 0)", "slot.eq(0)", SPREAD),
    ("does not go down to the next row of a window", WALK, "Moves(self.start, end_of_row, end_of_sample, end_of_line, end_of_turn)",
     "Moves(self.start, end_of_row, end_of_sample, 0, end_of_turn)", MAX_2D),
    ("has the last requantiser serve as many rows as others", f"{LOWER}/filters.py",
     "served = np.clip(fold.rows - row // queue * queue, 0, queue)", "served = queue",
     "tests/equal/test_rtl_graphs.py::test_the_last_requantiser_serves_fewer_rows"),
    ("sees the neighbours beside a frame", RING, '_word", inside)', '_word")', CONV),
    ("sees a zero at the end of a frame", WALK, "(at < rows.length)", "(at < rows.length - 1)", CONV),
    ("sees a zero at the end of a row", WALK, "(at < columns.length)", "(at < columns.length - 1)", CONV_2D),
    ("starts all segments at once", RING, "postponed(m, start, buffer.skew,", "postponed(m, start, 0,", CONV),
    ("writes the words of a beat into other slots", RING, "slots.eq(_counted(tuple(entry[1]", "slots.eq(1 - _counted(tuple(entry[1]", SPREAD),
    ("writes one lane of a beat into all slots", RING, "tuple(entry[0] if entry else known[0][0] for entry in program)",
     "tuple(known[0][0] for entry in program)", MAX),
    ("plans the words of a beat into other slots", BUFFER, "reversed(list(enumerate(held)))}", "reversed(list(enumerate(held[::-1])))}", WRITTEN),

    # phases of transposed windows
    ("begins every phase with the weights of the first", FILTERS, "fold.turns * sum(fold.steps[:phase])", "fold.turns * sum(fold.steps[:0])", TRANSPOSED),
    ("exchanges the weights of phases", ALONG, "taps[phase.outputs.start] = ", "taps[-1 - phase.outputs.start] = ", UNDER),
    ("places a phase as the one before", ALONG, "before[phase.outputs.start] = ", "before[phase.outputs.start - 1] = ", UNDER),
    ("takes the phase of the window before", WINDOWS, 'delayed(m, flow.phase, 2, "phase")', 'delayed(m, flow.phase, 3, "phase")', TRANSPOSED),
    ("begins every row of windows with the same phase", FLOW, "(down == rows.period - 1), 0, down + 1)", "(down == rows.period - 1), 0, down)", TRANSPOSED_2D),
    ("lets the next window in as after the shortest phase", FLOW, "wait.eq(chosen(tuple(max(0, clocks - 2) for clocks in spacing), phase))",
     "wait.eq(max(0, min(spacing) - 2))", GROUPS),
    ("leaves out all segments but the last", FILTERS, "segments[-1:] if fold.chained else segments", "segments[-1:]", GROUPS),

    # when windows start, and when rows go
    ("starts a window a row too early", RING, "init=-needed[0])", "init=1 - needed[0])", MAX),
    ("starts a window before its frame", RING, "rows.needs, 1, needed, enough", "rows.needs, 0, needed, enough", BESIDE),
    ("ends a frame without its last rows", RING, "Mux(last | (value > length), length,", "Mux(value > length, length,", AVG),
    ("counts free rows as if all had come", RING, "self.buffer.held + max(0, ahead)", "self.buffer.held",
     EQUAL + "test_windows_may_leave_columns_between_them"),
    ("gives up a row too early", RING, "Mux(finished, more, 0)", "Mux(finished, more + (more != 0), 0)", ROOM),
    ("counts rows from the first of the frame again", RING, "Mux(here_last, ahead, ahead - here)", "Mux(here_last, ahead, ahead)", MAX),
    ("takes a beat before the one before is written", RING, "Mux(accept, here != 0, left > 1)", "Mux(accept, here > 1, left > 2)", ROOM),
    ("lets windows in beyond the places of their queue", FLOW, "wait == 0) & room)", "wait == 0))", ROOM),
    ("gives a window's places back with its first beat", FLOW, "last = count == self.beats - 1", "last = count == 0", STALLED),
    ("makes rings half as large", BUFFER, "return 1 << (most - 1).bit_length()", "return 1 << max(0, (most - 1).bit_length() - 1)", LARGE),
    ("needs a row too few by formula", ALONG, "self.dilation + 1 - before if taps", "self.dilation - before if taps", NEEDED),
    ("needs a row too many by formula", ALONG, "min(max(1, self._at(window, self.needs))", "min(max(1, 1 + self._at(window, self.needs))", TIGHT),
    ("frees a row too early by formula", ALONG, "max(0, self._at(window, self.frees))", "max(0, 1 + self._at(window, self.frees))", NEEDED),
    ("frees a row too late by formula", ALONG, "max(0, self._at(window, self.frees))", "max(0, self._at(window, self.frees) - 1)", TIGHT),
    ("lets windows in by formula before their last beat is written", BUFFER, "+ self.durations[-1] + WRITTEN", "+ WRITTEN", STARTS),
    ("postpones by a clock too many", f"{RTL}/delay.py", "left.eq(clocks - 1)", "left.eq(clocks)", LATE),
    ("loses a strobe on the way", f"{RTL}/delay.py", "late.eq(left == 1)", "late.eq((left == 1) & ~strobe)", LATE),

    # what is computed
    ("puts the filters of one group into another", PLAN, "group * filters + filter_, NOTHING)", "filter_, NOTHING)", ONCE),
    ("gives a segment the channels of the one before", PLAN, "(engine * each + g, first // size + c)",
     "(engine * each + g, max(0, first // size - 1) + c)", PLACES),
    ("rounds the filters of a turn in the wrong order", FILTERS, "[sums[k] for k in rows]", "[sums[k] for k in rows[::-1]]", GROUPS),
    ("starts every turn from the bias of the one before", FILTERS, "rom.data[0], Lane.carry_lead,",
     "rom.data[0], 1 + Lane.carry_lead,", GROUPS),
    ("keeps beats that no filter has", FILTERS, "done & chosen(kept, count)", "done & 1", GROUPS),
    ("takes the smallest sample", WINDOWS, "(word > largest)", "(word < largest)", MAX),
    ("takes the largest sample of all windows", WINDOWS, "ring.first | (word > largest)", "(word > largest)", MAX),
    ("sums up all windows", WINDOWS, "Mux(ring.first, 0, total)", "total", AVG),
    ("divides to one too low at whole numbers", DIVIDE, "for step in (-part, part)", "for step in (-part - 1, part)", DIVISION),
    ("cuts off toward the lowest", DIVIDE, "sign.replicate(self.bits)) + sign)", "sign.replicate(self.bits)))", DIVISION),
    ("takes the sign of another sum", DIVIDE, 'delayed(m, negative, 1 + self.bits, "negative")', 'delayed(m, negative, self.bits, "negative")', DIVISION),
    ("takes the magnitude before the rounding", f"{RTL}/requantise.py", "~aligned, aligned)", "-aligned, aligned)", MAGNITUDE),

    # orders, joins, constants
    ("forgets the carry into an element's channel", WALK, "slot.eq(slot + whole + over)", "slot.eq(slot + whole)", ORDERS),
    ("forgets the carry into a position's first channel", WALK, "slot_base.eq(slot_base + wraps)", "slot_base.eq(slot_base)", ORDERS),
    ("reads the frame before again", WALK, "frame_next.eq(frame_next + 1)", "frame_next.eq(frame_next)", ORDERS),
    ("moves samples of channels by another phase", f"{LOWER}/reducers.py", "c * block + k for c in", "c * block + block - 1 - k for c in", COPIED),
    ("joins side by side in another order", JOIN, "zip(payloads, self.unit.sources, turns, strict=True)", "zip(payloads[::-1], self.unit.sources[::-1], turns[::-1], strict=True)", CONCAT),
    ("joins one after another in another order", JOIN, "turn.index(True) for turn in self.unit.turns]", "turn.index(True) for turn in self.unit.turns][::-1]", IN_TURN),
    ("takes a beat out of turn", JOIN, "port.ready.eq(go & stage.i.ready & turn)", "port.ready.eq(go & stage.i.ready)", PROOF_JOIN),
    ("joins without waiting for all", JOIN, "go.eq(~lacking.any())", "go.eq(~lacking.all())", PROOF_JOIN),
    ("gives a constant's beats in another order", JOIN, "for values in unit.values]", "for values in unit.values[::-1]]", CONSTANT),
    ("gives a constant's beat twice", JOIN, "read.addr.eq(following)", "read.addr.eq(beat)", CONSTANT),

    # beats on their way
    ("loses a beat that is written while one is taken", BEATS, "total.eq(stored + self.write)", "total.eq(stored + (self.write & ~move))", QUEUED),
    ("overwrites the output of a queue of beats", BEATS, "some & (~valid | self.o.ready)", "some", PROOF_QUEUE),
    ("wraps a pointer of beats early", BEATS, "port.addr == depth - 1", "port.addr == depth - 2", PROOF_QUEUE),
    ("fills a queue of beats beyond its places", BEATS, "free = Signal(range(self.depth + 1), init=self.depth)",
     "free = Signal(range(self.depth + 2), init=self.depth + 1)", PROOF_STREAM),
    ("gives a branch of beats a place too few", f"{LOWER}/meeting.py", "taken.size)).max()))", "taken.size)).max()) // 2)", NET.format("residual")),
    ("paces an input a clock too fast", PACER, "rest - 1, pace - 1)", "rest - 1, max(0, pace - 2))", PACE),
    ("makes up for the last position's pace", PACER, "rest - 1, pace - 1)", "pace - 1, pace - 1)", PACE),
    ("paces every beat of a position", PACER, "with m.If(accept & ~inside):", "with m.If(accept):", PACE),
    ("takes a beat that it holds back", PACER, "self.i.ready.eq(self.o.ready & go)", "self.i.ready.eq(self.o.ready)", PROOF_PACER),
    ("gives frames row by row", f"{LOWER}/layout.py", "table[np.newaxis] * self.positions + np.arange(self.positions)",
     "table[np.newaxis] + self.shape[0] * np.arange(self.positions)", WORDS),
    ("takes few lanes for stuck", "python/bittrue/cosim/rtl_model.py",
     "PATIENCE + 2 * (self.interval + cost(self.net, self.interval).latency)", "PATIENCE",
     EQUAL + "test_few_lanes_move_nothing_for_long_and_are_not_stuck"),
]
# fmt: on

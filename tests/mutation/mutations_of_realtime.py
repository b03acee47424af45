"""Mutations of the pipeline that takes a sample every clock: adder graphs, blocks, delays, and what lets samples in."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
GRAPH, SEARCH, PRODUCTS, MATRIX, UNITS = (
    f"{LOWER}/{name}.py" for name in ("adder_graph", "adder_search", "products", "pipelined_matrix", "pipelined")
)
ADDERS, PARTS, PIPELINE, ADMISSION = (f"{RTL}/{name}.py" for name in ("adders", "pipelined", "pipeline", "admission"))

GRAPHS = "tests/unit/test_adder_graph.py::"
EQUAL, WIDTHS = GRAPHS + "test_equals_the_matrix", GRAPHS + "test_intervals_are_reached_and_words_have_no_bit_more"
NEGATIVE = GRAPHS + "test_rows_without_a_positive_term"
UNIT = "tests/unit/test_pipelined.py::"
TOGETHER = UNIT + "test_blocks_and_adders_make_the_matrix_together[7]"
CHOSEN = UNIT + "test_the_most_expensive_weights_get_the_blocks_and_no_more_than_there_are"
SMALL = UNIT + "test_zeros_powers_of_two_and_wide_products_have_no_block"
BITS = UNIT + "test_every_bit_of_a_sum_is_there[5]"
REFUSED = UNIT + "test_what_cannot_be_a_pipeline_is_refused"
LEVELS = UNIT + "test_adders_between_registers_are_as_many_as_asked_for[2]"
TAPS, TABLE = (UNIT + f"test_examples_are_exact_and_on_schedule[{name}]" for name in ("MemoryTaps", "Table"))
LANES, SHELLS = "tests/unit/test_pipelined_lanes.py::", "tests/unit/test_pipeline_shell.py::"
TURNS = LANES + "test_multipliers_take_turns[2-220]"
SAMPLES = LANES + "test_samples_side_by_side_share_their_history[sparse-2]"
BANKS = LANES + "test_neighbours_run_through_different_banks[(9, 3, 2)-free]"
LOADED = LANES + "test_a_sample_is_computed_with_words_that_came_load_clocks_before[3-2-1]"
PASSED = LANES + "test_every_bit_of_a_sum_passes_a_block_that_multiplies_in_turn[2]"
SHELL = SHELLS + "test_words_and_their_tlast_at_full_speed_and_stalled[1-1-1]"
WORDS = SHELLS + "test_words_and_their_tlast_at_full_speed_and_stalled[1-2-8]"
REALTIME = "tests/equal/test_realtime.py::"
STALLED = REALTIME + "test_a_pruned_tdnn_under_every_stall_pattern[12]"
BRANCHES = REALTIME + "test_every_layer_of_vectors_with_several_ends_under_every_stall_pattern"
RESET = REALTIME + "test_a_reset_in_mid_stream_clears_all_history[30]"

# fmt: off
ROWS = [
    ("shares a pair with the wrong sign", SEARCH, "_Search.share",
     "Adder(near, far, sign < 0)", "Adder(near, far, sign > 0)",
     EQUAL),
    ("shares nothing", SEARCH, "_Search.share",
     "n > 1", "n > 99",
     GRAPHS + "test_sharing_saves_more_than_half_of_the_adders_of_plain_digits"),
    ("takes a word for one bit wider", GRAPH, "word_bits",
     "interval.bits - (interval.lo >= 0)", "interval.bits",
     WIDTHS),
    ("gives blocks to the cheapest weights", PRODUCTS, "places_of_blocks",
     "-digits * matrix.given.bits", "digits * matrix.given.bits",
     CHOSEN),
    ("weighs twice", MATRIX, "PipelinedMatrix.graph",
     "rest[row, list(chain)] = 0", "pass",
     TOGETHER),
    ("loads more weights than there are blocks", UNITS, "_loaded",
     "needed > dsps", "needed > dsps + 999",
     REFUSED),
    ("multiplies in another turn", f"{RTL}/pipelined_lanes.py", "LaneMatrix._in_turn",
     "self._at(self.plan.operand(place + turn))", "self._at(self.plan.operand(place + turn) + 1)",
     TURNS),
    ("takes the older sample for the newer", PARTS, "FreeFeatures.elaborate",
     "divmod(k - delay, self.samples)", "divmod(self.samples - 1 - k - delay, self.samples)",
     SAMPLES),
    ("gives a companion to another word", f"{RTL}/pipeline_shell.py", "PipelineShell._enter",
     "sidecar.write.eq(accept)", "sidecar.write.eq(given.valid)",
     SHELL),
    ("drops bits that pass a block", PARTS, "_block",
     "passed.eq(total)", "passed.eq(0)",
     BITS),
]

HEAVY = [
    ("leaves memories of banks out of the LUTs", f"{LOWER}/load.py", "check_luts",
     "held + luts_of(net, plan)", "luts_of(net, plan)",
     UNIT + "test_memories_of_banks_are_bounded_too"),
    ("simulates another pipeline than is asked for", "python/bittrue/check/legs.py", "_rtl",
     "RtlModel(net, interval, **means.options)", "RtlModel(net, interval)",
     "tests/equal/test_realtime.py::test_commands_and_functions_take_it"),
    ("bounds no LUTs", f"{LOWER}/schedule.py", "_within_luts",
     "means.luts is None", "True",
     UNIT + "test_luts_are_bounded_and_small_weights_get_blocks_where_that_helps"),
    ("forgets the bank of a sample", PIPELINE, "Pipeline._steer",
     "part.bank.eq(self._banks[clock])", "part.bank.eq(self._banks[clock - 1])",
     BANKS),
    ("takes digits that are not canonical", SEARCH, "signed_digits",
     "digit = 2 - (value & 3)", "digit = 1 if value > 0 else -1",
     GRAPHS + "test_signed_digits_are_canonical"),
    ("keeps the sign of a pair that it turns", SEARCH, "_Search.share",
     "(word, -1 if turned else 1)", "(word, 1)",
     EQUAL),
    ("takes a term twice", SEARCH, "_Search._places",
     "node != left or row.get(other) != sign * found or {(node, shift), other} & taken", "node != left or row.get(other) != sign * found",
     EQUAL),
    ("forgets the bias of a row", SEARCH, "_Search.added",
     "offset or (pool and max(term[-1] for term in pool) < 0)", "pool and max(term[-1] for term in pool) < 0",
     EQUAL),
    ("leaves a row negative", SEARCH, "_Search._sum",
     "low_sign < high_sign and not may_turn", "low_sign > high_sign and not may_turn",
     NEGATIVE),
    ("adds what it should subtract", GRAPH, "AdderGraph.__call__",
     "words.append(left - right if adder.subtracts else left + right)", "words.append(left + right)",
     EQUAL),
    ("takes a word for one bit narrower", GRAPH, "word_bits",
     "interval.bits - (interval.lo >= 0)", "interval.bits - 1",
     WIDTHS, STALLED),
    ("counts bits that pass", GRAPH, "bits_added",
     "return max(0, word_bits(result) - passed)", "return word_bits(result)",
     GRAPHS + "test_bits_below_a_shifted_operand_pass"),
    ("gives blocks to powers of two", PRODUCTS, "",
     "LEAST_DIGITS = 3", "LEAST_DIGITS = 1",
     SMALL),
    ("takes more blocks than there are", PRODUCTS, "places_of_blocks",
     "max(0, dsps)", "max(0, dsps + 1)",
     CHOSEN),
    ("starts a chain a clock early", MATRIX, "PipelinedMatrix.operand",
     "self.start - 1 + block * self.skew + turn", "max(0, self.start - 2 + block * self.skew + turn)",
     STALLED),
    ("puts an adder more between registers", MATRIX, "PipelinedMatrix.clock",
     "return max(0, self.graph.depths[word] - 1) // LEVELS", "return max(0, self.graph.depths[word] - 2) // LEVELS",
     LEVELS),
    ("takes a turn too many a block", PRODUCTS, "_taken",
     "held[row] % turns or used < dsps", "used <= dsps",
     LANES + "test_multipliers_take_turns[2-9]"),
    ("lets blocks be merged that multiply in turn", PRODUCTS, "_shared",
     "block not in taken", "block",
     LANES + "test_blocks_at_one_place_never_multiply_alike_in_turn"),
    ("starts a block a clock early", MATRIX, "PipelinedMatrix.skew",
     "self.turns + 1 if self.turns > 1 else 1", "self.turns if self.turns > 1 else 1",
     TURNS),
    ("lets a sample in out of turn", PIPELINE, "Pipeline.elaborate",
     "offered if self.interval == EVERY_CLOCK else offered & self._phases[0]", "offered",
     TURNS),
    ("keeps bits of the sum before", f"{RTL}/pipelined_lanes.py", "LaneMatrix._lane",
     "m.If(begins)", "m.If(0)",
     PASSED),
    ("reads weights a clock late", f"{LOWER}/loaded_matrix.py", "",
     "READ = 2", "READ = 1",
     LOADED),
    ("loads no biases", f"{RTL}/pipelined_lanes.py", "LaneMatrix._memories",
     "clock = plan.start if plan.turns > 1 else plan.start + 1", "clock = plan.start",
     BANKS.replace("(9, 3, 2)", "(3, 2, 1)")),
    ("has a place too few beside the pipeline", PIPELINE, "Pipeline.inside",
     "2 + max(queue_depth(self._arrival(name) - SKID) for name in self.net.outputs) + 1", "max(queue_depth(self._arrival(name) - SKID) for name in self.net.outputs) - 2",
     SHELLS + "test_as_many_words_wait_inside_as_there_are_places_beside_them"),
    ("ends a transfer with every part", f"{RTL}/widths.py", "Narrower.elaborate",
     "last & ~left[1]", "last & left[1]",
     WORDS),
    ("puts parts together in the other order", f"{RTL}/widths.py", "Widener.elaborate",
     "Cat(word[self.part :], self.i.payload.data)", "Cat(self.i.payload.data, word)",
     WORDS),
    ("feeds a word a clock of the net", "python/bittrue/targets/pynq_z1/build.py", "fed",
     "word *= 2", "break",
     "tests/vivado/test_overlay.py::test_a_pipeline_gets_words_that_the_dma_feeds_it_with"),
    ("offers a place too few behind the pipeline", UNITS, "",
     "CREDIT = 4", "CREDIT = 3",
     STALLED),
    ("says a clock too few of delay lines", UNITS, "",
     "LINES = 1", "LINES = 0",
     TAPS),
    ("takes inputs for positive", UNITS, "_weighed",
     "return known", "return tuple(Interval(0, max(0, x.hi)) for x in known)",
     STALLED),
    ("lets blocks be merged", PRODUCTS, "_chain",
     "taken.add((len(chain), following, odd_part(weights[following])))", "pass",
     UNIT + "test_blocks_at_one_place_never_multiply_alike"),
    ("drops bits below a shifted operand", ADDERS, "Adders._sum",
     "extended[:distance]", "C(0, distance)",
     STALLED),
    ("subtracts the other way round", ADDERS, "Adders._sum",
     "return left.shift_left(adder.left.shift) - right", "return right - left.shift_left(adder.left.shift)",
     STALLED),
    ("shifts no sign in", ADDERS, "Adders._sum",
     "extended.eq(left)", "extended.eq(left.as_unsigned())",
     BITS),
    ("moves delay lines every clock", PARTS, "FreeFeatures.elaborate",
     "m.If(shift)", "m.If(1)",
     STALLED),
    ("keeps samples across a reset", PARTS, "FreeFeatures.elaborate",
     "delayed(m, self.early, 1, \"shift\", reset=True, wide=True)", "delayed(m, self.early, 1, \"shift\", wide=True)",
     RESET),
    ("looks up the next entry", PARTS, "FreeTable.elaborate",
     "words = [*values[-lo:], *values[:-lo]]", "words = [*values[1 - lo:], *values[: 1 - lo]]",
     TABLE),
    ("joins in the other order", PARTS, "FreeJoin.elaborate",
     "Cat(Value.cast(port) for port in self.inputs)", "Cat(Value.cast(port) for port in reversed(self.inputs))",
     BRANCHES),
    ("lets branches meet at different clocks", PIPELINE, "Pipeline._build",
     "there.eq(self._at(m, name, start)[k])", "there.eq(self._at(m, name, self._arrival(name))[k])",
     BRANCHES),
    ("writes results a clock late", PIPELINE, "Pipeline._leave",
     "queue.write.eq(self._strobe(clock))", "queue.write.eq(self._strobe(clock - 1))",
     STALLED),
    ("takes one input without the other", PIPELINE, "Pipeline.elaborate",
     "Cat(register.o.valid for register in registers).all()", "Cat(register.o.valid for register in registers).any()",
     BRANCHES),
    ("lets a sample in that has no place", ADMISSION, "Admission.elaborate",
     "credit > 1", "credit >= 0",
     STALLED),
    ("gives places back early", ADMISSION, "Admission.elaborate",
     "returned.eq(self.taken[k])", "returned.eq(is_open)",
     STALLED),
]
# fmt: on

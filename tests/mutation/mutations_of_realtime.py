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
REALTIME = "tests/equal/test_realtime.py::"
STALLED = REALTIME + "test_a_pruned_tdnn_under_every_stall_pattern[12]"
BRANCHES = REALTIME + "test_every_layer_of_vectors_with_several_ends_under_every_stall_pattern"
RESET = REALTIME + "test_a_reset_in_mid_stream_clears_all_history[30]"
SYNTH = "tests/synth/test_realtime.py"

# fmt: off
ROWS = [
    ("takes digits that are not canonical", SEARCH, "digit = 2 - (value & 3)", "digit = 1 if value > 0 else -1",
     GRAPHS + "test_signed_digits_are_canonical"),
    ("shares a pair with the wrong sign", SEARCH, "Adder(near, far, sign < 0)", "Adder(near, far, sign > 0)", EQUAL),
    ("keeps the sign of a pair that it turns", SEARCH, "(word, -1 if turned else 1)", "(word, 1)", EQUAL),
    ("takes a term twice", SEARCH, "if node != left or row.get(other) != sign * found or {(node, shift), other} & taken:",
     "if node != left or row.get(other) != sign * found:", EQUAL),
    ("forgets the bias of a row", SEARCH, "if offset or (pool and", "if (pool and", EQUAL),
    ("leaves a row negative", SEARCH, "if low_sign < high_sign and not may_turn:", "if False:", NEGATIVE),
    ("shares nothing", SEARCH, "if n > 1]", "if n > 99]",
     GRAPHS + "test_sharing_saves_more_than_half_of_the_adders_of_plain_digits"),
    ("adds what it should subtract", GRAPH, "words.append(left - right if adder.subtracts else left + right)",
     "words.append(left + right)", EQUAL),
    ("takes a word for one bit narrower", GRAPH, "interval.bits - (interval.lo >= 0)", "interval.bits - 1", WIDTHS, STALLED),
    ("takes a word for one bit wider", GRAPH, "interval.bits - (interval.lo >= 0)", "interval.bits", WIDTHS),
    ("counts bits that pass", GRAPH, "return max(0, word_bits(result) - passed)", "return word_bits(result)",
     GRAPHS + "test_bits_below_a_shifted_operand_pass"),
    ("gives blocks to powers of two", PRODUCTS, "LEAST_DIGITS = 3", "LEAST_DIGITS = 1", SMALL),
    ("gives blocks to the cheapest weights", PRODUCTS, "(-digits * matrix.given.bits,", "(digits * matrix.given.bits,", CHOSEN),
    ("takes more blocks than there are", PRODUCTS, "[: max(0, dsps)]", "[: max(0, dsps + 1)]", CHOSEN),
    ("weighs twice", MATRIX, "rest[row, list(chain)] = 0", "pass", TOGETHER),
    ("starts a chain a clock early", MATRIX, "return self.start - 1 + place", "return max(0, self.start - 2 + place)", STALLED),
    ("puts an adder more between registers", MATRIX, "return max(0, self.graph.depths[word] - 1) // LEVELS",
     "return max(0, self.graph.depths[word] - 2) // LEVELS", LEVELS),
    ("offers a place too few behind the pipeline", UNITS, "CREDIT = 4", "CREDIT = 3", STALLED),
    ("says a clock too few of delay lines", UNITS, "LINES = 1", "LINES = 0", TAPS),
    ("takes inputs for positive", UNITS, "        return known\n", "        return tuple(Interval(0, max(0, x.hi)) for x in known)\n",
     STALLED),
    ("lets blocks be merged", PRODUCTS, "taken.add((len(chain), following, odd_part(weights[following])))", "pass",
     UNIT + "test_blocks_at_one_place_never_multiply_alike"),
    ("lets banks in", f"{LOWER}/schedule.py", "    if banked:\n        raise BadInput(\n            f\"net {net.name}: a pipeline",
     "    if banked and not net:\n        raise BadInput(\n            f\"net {net.name}: a pipeline", REFUSED),
    ("drops bits below a shifted operand", ADDERS, "Cat(extended[:distance],", "Cat(C(0, distance),", STALLED),
    ("subtracts the other way round", ADDERS, "return left.shift_left(adder.left.shift) - right",
     "return right - left.shift_left(adder.left.shift)", STALLED),
    ("shifts no sign in", ADDERS, "extended.eq(left)", "extended.eq(left.as_unsigned())", BITS),
    ("drops bits that pass a block", PARTS, "passed.eq(total)", "passed.eq(0)", BITS),
    ("moves delay lines every clock", PARTS, "with m.If(shift):", "with m.If(1):", STALLED),
    ("keeps samples across a reset", PARTS, 'delayed(m, self.early, 1, "shift", reset=True, wide=True)',
     'delayed(m, self.early, 1, "shift", wide=True)', RESET),
    ("looks up the next entry", PARTS, "words = [*values[-lo:], *values[:-lo]]", "words = [*values[1 - lo:], *values[: 1 - lo]]",
     TABLE),
    ("joins in the other order", PARTS, "Cat(Value.cast(port) for port in self.inputs)",
     "Cat(Value.cast(port) for port in reversed(self.inputs))", BRANCHES),
    ("lets branches meet at different clocks", PIPELINE, "there.eq(self._at(m, name, start))",
     "there.eq(self._at(m, name, self._arrival(name)))", BRANCHES),
    ("writes results a clock late", PIPELINE, "queue.write.eq(self._strobe(clock))", "queue.write.eq(self._strobe(clock - 1))",
     STALLED),
    ("takes one input without the other", PIPELINE, "Cat(register.o.valid for register in registers).all()",
     "Cat(register.o.valid for register in registers).any()", BRANCHES),
    ("lets a sample in that has no place", ADMISSION, "credit > 1", "credit >= 0", STALLED),
    ("gives places back early", ADMISSION, "returned.eq(self.taken[k])", "returned.eq(is_open)", STALLED),
    ("lets a shift register feed a block", PARTS, 'f"addend{row}", reset=True)', 'f"addend{row}")', SYNTH),
]

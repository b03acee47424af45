"""Mutations of the RTL leg: datapaths, streams and their flow control, and how a net is lowered onto them."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
ROUND, LANE, MATRIX, FEATURES = (f"{RTL}/{name}.py" for name in ("requantise", "mac", "matrix", "features"))
FLOW, QUEUE, STREAMS, PRINTING = (f"{RTL}/{name}.py" for name in ("flow", "queue", "streams", "printing"))

SIMULATED = "tests/equal/test_rtl.py::test_example_of_every_layer[{}-8]"
DENSE = SIMULATED.format("Dense")
STALLED = "tests/equal/test_rtl.py::test_example_of_every_layer_under_every_stall_pattern[{}]"
STALLED_DENSE, STALLED_TAPS = map(STALLED.format, ("Dense", "MemoryTaps"))
RESET = "tests/equal/test_rtl.py::test_a_reset_in_mid_stream_clears_all_history[50-MemoryTaps]"
STROBES = "tests/equal/test_rtl.py::test_a_reset_finds_every_strobe_of_a_full_pipeline[Add]"
COMPONENTS = "tests/unit/test_rtl_components.py::"
EXAMPLE = COMPONENTS + "test_examples_are_exact_and_on_schedule[{}-4]"
QUICK_DENSE, QUICK_TAPS, QUICK_FIR = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR"))
TABLE, ADD = map(EXAMPLE.format, ("Table", "Add"))
TABLES = COMPONENTS + "test_tables_of_several_look_ups_a_clock_are_exact_and_on_schedule"
SHAPE = COMPONENTS + "test_matrix_is_exact_and_on_schedule[{}]"
TURNS, SEGMENTS = map(SHAPE.format, ("turns", "wide"))
CHAINS = SHAPE.format("several chains")
SHARED = SHAPE.format("rows not divisible by rounders")
BRANCHES = COMPONENTS + "test_branches_meet_without_losing_a_clock"
BOUNDS = COMPONENTS + "test_accumulator_holds_its_bounds_and_not_a_bit_less_would[16-8-21-4]"
PROOF_ROUND = "tests/formal/test_requantise.py::test_equals_its_formula_for_all_inputs[40 to 16, shift 15]"
PROOF_WIDER = "tests/formal/test_requantise.py::test_equals_its_formula_for_all_inputs[wider output]"
NARROW = "tests/equal/test_adversarial.py::test_every_envelope_of_every_narrow_sample[rtl]"
SQUARES = "tests/equal/test_adversarial.py::test_roots_around_exact_squares[rtl]"
PROOF_FLOW = "tests/formal/test_flow.py::test_flow_by_induction[4-1]"
PROOF_SKID = "tests/formal/test_streams.py::test_register_stage_by_induction"
PROOF_QUEUE = "tests/formal/test_streams.py::test_queue_by_induction[3]"
PROOF_STREAM_QUEUE = "tests/formal/test_streams.py::test_stream_queue_by_induction[2]"
PROOF_FORK = "tests/formal/test_streams.py::test_fork_by_induction[2]"

LANES = "tests/unit/test_lanes.py"
FILES = "tests/unit/test_sources.py::test_large_memories_are_files_named_after_them"
ALIKE = "tests/unit/test_sources.py::test_what_is_alike_is_elaborated_once_and_printed_with_its_own_contents"

HALF_UP = "(aligned + 1).shift_right(1)"
HALVES = "return self.acc.shift_right(shift - 1)"
CLAMP = "Mux(outside, Mux(rounded[-1], self.output.lo, self.output.hi), rounded)"
SLOPE = "self._halves(self.shift + self.negative_shift)"
CREDIT = "credit = Signal(range(self.depth + 1), init=self.depth)"

# fmt: off
ROWS = [
    ("rounds down", ROUND, HALF_UP, "aligned.shift_right(1)", DENSE),
    ("rounds half to even", ROUND, HALVES,
     "return (self.acc - ~self.acc.shift_right(shift)[0]).shift_right(shift - 1)", DENSE),
    ("rounds half down", ROUND, HALVES, HALVES.replace("self.acc", "(self.acc - 1)"), DENSE),
    ("shifts logically", ROUND, HALVES, HALVES.replace("self.acc", "self.acc.as_unsigned()"), DENSE),
    ("shifts logically after rounding", ROUND, HALF_UP, "(aligned + 1).as_unsigned().shift_right(1)", PROOF_WIDER),
    ("drops an accumulator bit", LANE, 'Signal(signed(len(self.acc)), name="p"',
     'Signal(signed(len(self.acc) - 1), name="p"', DENSE),
    ("carries a bit too few between segments", MATRIX, "acc = signed(matrix.acc_bits)",
     "acc = signed(matrix.acc_bits - 1)", BOUNDS),
    ("drops a product bit", LANE, "signed(len(self.weight) + len(self.given))",
     "signed(len(self.weight) + len(self.given) - 1)", QUICK_DENSE),
    ("drops a weight bit", f"{LOWER}/matrix.py", "widest.bit_length() + 1", "widest.bit_length()", QUICK_DENSE),
    ("swaps two weights", f"{LOWER}/lanes.py", "= matrix.weight\n",
     "= matrix.weight[:, [1, 0, *range(2, matrix.weight.shape[1])]]\n", LANES, DENSE),
    ("drops the bias", MATRIX, "[int(b) for b in self.matrix.bias] if fold", "[0 for b in self.matrix.bias] if fold", QUICK_DENSE),
    ("drops the bias of every turn", MATRIX, "self.matrix.acc_bits, bias[row])", "self.matrix.acc_bits, 0 * bias[row])",
     TURNS),
    ("holds the words of a memory from its end", PRINTING, "range(len(bits) - int(width), -1, -int(width))",
     "range(0, len(bits), int(width))", FILES),
    ("leaves the order of a file to the tool", PRINTING, "{memory} [0:{last}]", "{memory} [{last}:0]", FILES),
    ("prints copies with the contents of the first", PRINTING, """.replace(f'"{first}.', '"\\0.')""", "", ALIKE),
    ("prints every segment anew", f"{RTL}/copies.py", "contents = self.contents() if", "contents = None if", ALIKE),
    ("lets the files be looked for where it runs", f"{LOWER}/sources.py", '$readmemh("{place}/{found[1]}"',
     '$readmemh("{found[1]}"', "tests/equal/test_memory_files.py::test_benches_read_them[verilator]"),
    ("takes a build that was moved", "python/bittrue/cosim/verilator.py", "sources.placed(build_root())", "sources",
     "tests/equal/test_memory_files.py::test_the_library_reads_them_wherever_it_runs"),
    ("takes any file that is listed", f"{LOWER}/sources.py", ".hexdigest() != found[1]:", ".hexdigest() == found[2]:",
     "tests/unit/test_sources.py::test_a_changed_byte_is_noticed"),
    ("takes the bias a clock late", MATRIX, "wait = Rom.latency + ", "wait = 1 + Rom.latency + ", TURNS),
    ("wraps instead of saturating", ROUND, f"y.eq({CLAMP})", "y.eq(rounded)", QUICK_DENSE),
    ("saturates above one too low", ROUND, CLAMP, CLAMP.replace("output.hi", "output.hi - 1"), PROOF_ROUND),
    ("saturates below one too high", ROUND, CLAMP, CLAMP.replace("output.lo", "output.lo + 1"), PROOF_ROUND),
    ("ignores the leaky slope", ROUND, SLOPE, "self._halves(self.shift)", QUICK_DENSE),
    ("halves the leaky slope", ROUND, SLOPE, SLOPE.replace("_shift)", "_shift + 1)"), QUICK_DENSE),
    ("computes ReLU as linear", ROUND, "negative: Value = C(0, 1)", "negative: Value = positive", TURNS),
    ("shows `first` a clock late", MATRIX, "Rom.latency + Lane.first_lead - 1", "Rom.latency + Lane.first_lead",
     QUICK_DENSE),
    ("ends a chain a place early", f"{LOWER}/fold.py", "self.chain - end + segment", "segment - first", CHAINS),
    ("leaves out the sum of a chain", "rtl/bittrue_rtl/tree.py", "pair[0] + pair[1] if", "pair[0] if", CHAINS),
    ("starts a segment a clock early", f"{LOWER}/fold.py", "return self.steps + 1", "return self.steps", SEGMENTS),
    ("feeds the second turn with noise", MATRIX, "rotate=fold.turns > 1", "rotate=False", TURNS),
    ("rounds rows in the wrong order", MATRIX, "[sums[k] for k in rows]", "[sums[k] for k in rows[::-1]]",
     SHARED),
    ("collects a result too few", MATRIX, "busy(m, last, fold.queue,",
     "busy(m, last, fold.queue - 1,", QUICK_DENSE),
    ("is done a clock early", MATRIX, "complete, 1 + Requantise.latency", "complete, Requantise.latency", QUICK_DENSE),
    ("swaps I and Q", FEATURES, '"IQ".index(word.part)', '"QI".index(word.part)', QUICK_TAPS),
    ("delays by a wrong number of samples", FEATURES, "lines[k][delay]", "lines[k][max(0, delay - 1)]", QUICK_TAPS),
    ("starts with a history that is not zero", FEATURES, 'name=f"word{k}_t{t}")',
     'name=f"word{k}_t{t}", reset_less=True)', RESET),
    ("moves the delay line under a stalled vector", FEATURES, "with m.If(shift):\n                m.d.sync += [to",
     "with m.If(shift | valid):\n                m.d.sync += [to", STALLED_TAPS),
    ("takes the root one too high between squares", f"{RTL}/isqrt.py", "self.root.eq(root)",
     "self.root.eq(root + (rest != 0))", QUICK_TAPS),
    ("takes the root one too low at squares", f"{RTL}/isqrt.py", "C(3, 2)", "C(2, 2)", SQUARES),
    ("makes |x|^4 of a rounded |x|^2", FEATURES, '_square(m, squared, "fourth")',
     '_square(m, squared.shift_right(13).shift_left(13), "fourth")', QUICK_TAPS),
    ("halves the cross term of |x|^4", FEATURES, "squares[2] << (HALF + 1)", "squares[2] << HALF", QUICK_TAPS),
    ("does not square narrow words", FEATURES, "_multiplied(m, operand, operand, name)", "operand",
     NARROW),
    ("mixes the envelope of a sample with the one before", FEATURES, 'delayed(m, part, wait + 1, f"{name}_x")',
     'delayed(m, part, wait + 2, f"{name}_x")', QUICK_FIR),
    ("hands over the words of two samples", FEATURES, 'delayed(m, signal, wait, f"word{k}")',
     'delayed(m, signal, wait + 1, f"word{k}")', QUICK_TAPS),
    ("conjugates the filter", f"{LOWER}/matrix.py",
     "np.stack([h_re, -h_im], 1).ravel(), np.stack([h_im, h_re], 1)",
     "np.stack([h_re, h_im], 1).ravel(), np.stack([-h_im, h_re], 1)", QUICK_FIR),
    ("looks up the next entry", f"{RTL}/table.py", "address.eq(head)", "address.eq(head + 1)", TABLE),
    ("swaps the look-ups of a ROM's two ports", f"{RTL}/table.py", "zip(rom.address, rom.data, strict=True)",
     "zip(rom.address, reversed(rom.data), strict=True)", TABLES),
    ("has one port of a ROM follow the other", f"{RTL}/rom.py", "found = pieces.read(early)", "found = pieces.read(self.address[0])", TABLES),
    ("picks the piece of the next word", f"{RTL}/pieces.py", ".bit_length() :], 2,", ".bit_length() :], 1,",
     COMPONENTS + "test_rom_holds_signed_words"),
    ("swaps the upper and the lower bits of a word", f"{RTL}/pieces.py", "for port in ports)).as_signed()",
     "for port in ports[::-1])).as_signed()", COMPONENTS + "test_rom_holds_signed_words"),
    ("writes all pieces of a memory", f"{RTL}/pieces.py", "enable & (address[self.depth_bits :] == k) if", "enable if",
     "tests/unit/test_pieces.py"),
    ("counts the table from its lowest code", f"{RTL}/table.py",
     "[*layer.values[-lo:], *layer.values[:-lo]]", "list(layer.values)", TABLE),
    ("adds without alignment", f"{RTL}/eltwise.py", "x.shift_left(frac - fmt.frac)", "x", ADD),
    ("adds the operands of two vectors", f"{RTL}/eltwise.py", "delayed(m, operand, k - 1,", "delayed(m, operand, k,", ADD),
    ("subtracts the other way round", f"{RTL}/eltwise.py", "total - late if", "late - total if", EXAMPLE.format("Sub")),
    ("adds where tensors are multiplied", f"{RTL}/eltwise.py", "operands[0][0] * operands[0][1]",
     "operands[0][0] + operands[0][1]", EXAMPLE.format("Mul")),
    ("adds where a complex product subtracts", f"{RTL}/eltwise.py", "else products[0] - products[1]",
     "else products[0] + products[1]", EXAMPLE.format("ComplexMul")),
    ("takes one part of a complex product twice", f"{RTL}/eltwise.py", "[(a_i, b_q), (a_q, b_i)] if part",
     "[(a_i, b_q), (a_i, b_q)] if part", EXAMPLE.format("ComplexMul")),
    ("swaps I and Q of a complex product", f"{RTL}/eltwise.py", "driver.put(k * pair + part, element)",
     "driver.put(k * pair + pair - 1 - part, element)", EXAMPLE.format("ComplexMul")),
    ("computes one operation on bits for the other", f"{RTL}/eltwise.py", "or_ if isinstance(layer, BitwiseOr) else xor",
     "xor if isinstance(layer, BitwiseOr) else or_", EXAMPLE.format("BitwiseXor")),
    ("ends no strobe of the adder by a reset", f"{RTL}/eltwise.py", 'plan.latency - 1, "done", reset=True',
     'plan.latency - 1, "done", reset=False', STROBES),
    ("does not extend the sign in its container", f"{RTL}/containers.py", "word.eq(payload[k])",
     "word.eq(payload[k].as_unsigned())", SIMULATED.format("Table")),
    ("turns the order of the elements on a port", f"{RTL}/containers.py", "return Cat(*words)", "return Cat(*words[::-1])",
     DENSE),
    ("shows a probe for as long as it is stalled", f"{RTL}/network.py", "strobe.eq(given.valid & given.ready)",
     "strobe.eq(given.valid)", DENSE),
    ("gives one credit too many", FLOW, CREDIT,
     "credit = Signal(range(self.depth + 2), init=self.depth + 1)", PROOF_FLOW),
    ("gives one credit too few", FLOW, CREDIT, "credit = Signal(range(self.depth + 1), init=self.depth - 1)",
     PROOF_FLOW),
    ("gives a credit back too early", FLOW, "total.eq(credit + queue.taken)", "total.eq(credit + self.done)", PROOF_FLOW),
    ("accepts a clock too early", FLOW, "wait.eq(self.interval - 2)", "wait.eq(self.interval - 3)", PROOF_FLOW),
    ("accepts a clock too late", FLOW, "wait.eq(self.interval - 2)", "wait.eq(self.interval - 1)", QUICK_DENSE),
    ("takes noise for a vector", FLOW, "delayed(m, accept, 1", "delayed(m, is_open, 1", PROOF_FLOW),
    ("loses the held word", STREAMS, "valid.eq(full | self.i.valid)", "valid.eq(self.i.valid)", STALLED_DENSE),
    ("overwrites the held word", STREAMS, "with m.If(~full):", "with m.If(1):", STALLED_DENSE),
    ("takes the output register back", STREAMS, "with m.If(self.o.ready | empty):", "with m.If(1):", PROOF_SKID),
    ("wraps a queue pointer early", QUEUE, "port.addr == last", "port.addr == last - 1", PROOF_QUEUE),
    ("overwrites the output of a queue", QUEUE, "(~valid | self.o.ready)", "1", PROOF_QUEUE),
    ("fills a queue beyond its places", QUEUE, "free = Signal(range(self.depth + 1), init=self.depth)",
     "free = Signal(range(self.depth + 2), init=self.depth + 1)", PROOF_STREAM_QUEUE),
    ("forks a word twice", STREAMS, "self.i.valid & ~served[k]", "self.i.valid", PROOF_FORK),
    ("forks without waiting for all", STREAMS, "serving.all()", "serving.any()", PROOF_FORK),
    ("queues nothing for the shorter branch", f"{RTL}/network.py", "        if not slack:\n", "        if slack >= 0:\n",
     f"{BRANCHES}[0-7]"),
    ("gives a branch too small a queue", f"{RTL}/network.py", "slack + 1)", "1)", f"{BRANCHES}[0-4]"),
]
# fmt: on

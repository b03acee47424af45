"""Mutations of the RTL leg: datapaths, streams and their flow control, and how a net is lowered onto them."""

RTL, LOWER = "rtl/bittrue_rtl", "python/bittrue/lower"
ROUND, LANE, MATRIX, FEATURES = (f"{RTL}/{name}.py" for name in ("requantise", "mac", "matrix", "features"))
FLOW, STREAMS, PRINTING = (f"{RTL}/{name}.py" for name in ("flow", "streams", "printing"))

SIMULATED = "tests/equal/test_rtl.py::test_example_of_every_layer[{}-8]"
DENSE = SIMULATED.format("Dense")
STALLED = "tests/equal/test_rtl.py::test_example_of_every_layer_under_every_stall_pattern[{}]"
STALLED_DENSE, STALLED_TAPS = map(STALLED.format, ("Dense", "MemoryTaps"))
STROBES = "tests/equal/test_rtl.py::test_a_reset_finds_every_strobe_of_a_full_pipeline[Add]"
COMPONENTS = "tests/unit/test_rtl_components.py::"
EXAMPLE = COMPONENTS + "test_examples_are_exact_and_on_schedule[{}-4]"
QUICK_DENSE, QUICK_TAPS, QUICK_FIR = map(EXAMPLE.format, ("Dense", "MemoryTaps", "ComplexFIR"))
ADD = EXAMPLE.format("Add")
TABLES = COMPONENTS + "test_tables_of_several_look_ups_a_clock_are_exact_and_on_schedule"
SHAPE = COMPONENTS + "test_matrix_is_exact_and_on_schedule[{}]"
TURNS, SEGMENTS = map(SHAPE.format, ("turns", "wide"))
SHARED = SHAPE.format("rows not divisible by rounders")
BRANCHES = COMPONENTS + "test_branches_meet_without_losing_a_clock"
DEEP = "tests/unit/test_deep_queue.py::"
BOUNDS = COMPONENTS + "test_accumulator_holds_its_bounds_and_not_a_bit_less_would[16-8-21-4]"
PROOF_ROUND = "tests/formal/test_requantise.py::test_equals_its_formula_for_all_inputs[40 to 16, shift 15]"
PROOF_FLOW = "tests/formal/test_flow.py::test_flow_by_induction[4-1]"
PROOF_FORK = "tests/formal/test_streams.py::test_fork_by_induction[2]"

FILES = "tests/unit/test_sources.py::test_large_memories_are_files_named_after_them"

# fmt: off
ROWS = [
    ("rounds half to even", ROUND, "Requantise._halves",
     "self.acc", "self.acc - ~self.acc.shift_right(shift)[0]", DENSE),
    ("drops an accumulator bit", LANE, "Lane.elaborate", "len(self.acc)", "len(self.acc) - 1", DENSE),
    ("carries a bit too few between segments", MATRIX, "Segment.__init__", "matrix.acc_bits", "matrix.acc_bits - 1",
     BOUNDS),
    ("saturates above one too low", ROUND, "Requantise.elaborate", "self.output.hi", "self.output.hi - 1", PROOF_ROUND),
    ("halves the leaky slope", ROUND, "Requantise.elaborate",
     "self.shift + self.negative_shift", "self.shift + self.negative_shift + 1", QUICK_DENSE),
    ("starts a segment a clock early", f"{LOWER}/fold.py", "Fold.skew", "self.steps + 1", "self.steps", SEGMENTS),
    ("delays by a wrong number of samples", FEATURES, "Taps.elaborate", "lines[k][delay]",
     "lines[k][max(0, delay - 1)]", QUICK_TAPS),
    ("moves the delay line under a stalled vector", FEATURES, "Taps.elaborate",
     """\
with m.If(shift):
    m.d.sync += [to.eq(source) for to, source in zip(line, [content(newest)[k], *line], strict=False)]""",
     """\
with m.If(shift | valid):
    m.d.sync += [to.eq(source) for to, source in zip(line, [content(newest)[k], *line], strict=False)]""",
     STALLED_TAPS),
    ("takes the root one too high between squares", f"{RTL}/isqrt.py", "IntegerSquareRoot.elaborate",
     "self.root.eq(root)", "self.root.eq(root + (rest != 0))", QUICK_TAPS),
    ("makes |x|^4 of a rounded |x|^2", FEATURES, "WordDatapath._exact_powers",
     '_square(m, squared, "fourth")', '_square(m, squared.shift_right(13).shift_left(13), "fourth")', QUICK_TAPS),
    ("conjugates the filter", f"{LOWER}/matrix.py", "of_complex_fir",
     "[np.stack([h_re, -h_im], 1).ravel(), np.stack([h_im, h_re], 1).ravel()]",
     "[np.stack([h_re, h_im], 1).ravel(), np.stack([-h_im, h_re], 1).ravel()]", QUICK_FIR),
    ("swaps the look-ups of a ROM's two ports", f"{RTL}/table.py", "TableLookup.elaborate", "rom.data",
     "reversed(rom.data)", TABLES),
    ("adds without alignment", f"{RTL}/eltwise.py", "ElementDatapath._sum", "x.shift_left(frac - fmt.frac)", "x", ADD),
    ("does not extend the sign in its container", f"{RTL}/containers.py", "packed", "payload[k]",
     "payload[k].as_unsigned()", SIMULATED.format("Table")),
    ("gives one credit too many", FLOW, "Flow.elaborate",
     "Signal(range(self.depth + 1), init=self.depth)", "Signal(range(self.depth + 2), init=self.depth + 1)",
     PROOF_FLOW),
    ("loses the held word", STREAMS, "SkidBuffer.elaborate",
     "valid.eq(full | self.i.valid)", "valid.eq(self.i.valid)", STALLED_DENSE),
    ("forks without waiting for all", STREAMS, "Fork.elaborate", "serving.all", "serving.any", PROOF_FORK),
]
HEAVY = [
    ("shifts logically", ROUND, "Requantise._halves", "self.acc", "self.acc.as_unsigned()", DENSE),
    ("holds the words of a memory from its end", PRINTING, "_marked.note",
     "range(len(bits) - int(width), -1, -int(width))", "range(0, len(bits), int(width))", FILES),
    ("takes any file that is listed", f"{LOWER}/sources.py", "read_sources",
     "hashlib.sha256(content).hexdigest() != found[1]", "hashlib.sha256(content).hexdigest() == found[2]",
     "tests/unit/test_sources.py::test_a_changed_byte_is_noticed"),
    ("takes the bias a clock late", MATRIX, "MatrixEngine._carries", "Rom.latency", "1 + Rom.latency", TURNS),
    ("rounds rows in the wrong order", f"{RTL}/rounders.py", "rounded",
     "[sums[k] for k in rows]", "[sums[k] for k in rows[::-1]]", SHARED),
    ("writes all pieces of a memory", f"{RTL}/pieces.py", "Pieces.write",
     "enable & (address[self.depth_bits :] == k)", "enable", "tests/unit/test_pieces.py"),
    ("ends no strobe of the adder by a reset", f"{RTL}/eltwise.py", "EltwiseStreams.elaborate",
     'delayed(m, flow.start, plan.latency - 1, "done", reset=True)',
     'delayed(m, flow.start, plan.latency - 1, "done", reset=False)', STROBES),
    ("queues nothing for the shorter branch", f"{RTL}/network.py", "Network._slack", "not slack", "True",
     f"{BRANCHES}[0-7]"),
    ("reads into a full front of a deep queue", f"{RTL}/deep_queue.py", "DeepQueue.elaborate", "some & room", "some",
     DEEP + "test_every_beat_comes_in_its_clock[one piece-1.0-0.5]"),
    ("forgets what a deep queue takes longer", f"{LOWER}/slack.py", "Slack.clocks", "self.deep", "False",
     DEEP + "test_latencies_are_those_of_the_formula"),
    ("counts no blocks of a deep queue", f"{LOWER}/schedule.py", "Step.kept_blocks", "queue.ramb18", "0",
     DEEP + "test_a_deep_queue_counts_as_block_ram_in_cost_and_schedule"),
    ("makes every queue of LUTs", f"{LOWER}/slack.py", "is_deep", "words > SHALLOW", "False",
     DEEP + "test_the_longest_queue_of_luts"),
]
# fmt: on

"""Mutations of a source behind registers: what leaves, from where settings count, what driver and demo make of it."""

RTL, BOARD = "rtl/bittrue_rtl", "python/bittrue/board"
OUTLET, SHELL = f"{RTL}/outlet.py", f"{RTL}/source_shell.py"
MANIFEST = f"{BOARD}/source_manifest.py"
STREAMING, DATA = f"{BOARD}/demo/noise/streaming.py", f"{BOARD}/demo/noise/bundle.py"
WORDS, DESIGN = "python/bittrue/lower/source_shell.py", "python/bittrue/targets/pynq_z1/source_wiring.py"

MIXED = "tests/equal/test_source_shell.py::test_interleavings"
REGISTERS = "tests/equal/test_source_shell.py::test_the_registers_of_the_hardware"
DEMO = "tests/board/test_noise_demo.py::test_"
FOLDER = "tests/vivado/test_source.py::test_"

# fmt: off
ROWS = [
    ("begins a frame before its settings are there", SHELL, "SourceShell._begin", "outlet.hold.eq(pending | again)",
     "outlet.hold.eq(0)", MIXED),
    ("compares with the samples of another frame", DATA, "Noise.due", "(first + count) * self.samples",
     "(first + count - 1) * self.samples", DEMO + "the_data_are_the_samples_of_every_setting"),
    ("keeps the DMA's sending side", DESIGN, "_kept", 'load != Pin(DMA, "m_axi_mm2s_aclk")', "True",
     FOLDER + "the_scripts_build_what_is_described"),
]
HEAVY = [
    ("lets one word too many out", OUTLET, "Outlet._last", "running.eq(~ends)", "running.eq(left != 0)", MIXED),
    ("starts again where it started first", SHELL, "SourceShell._settings",
     "Mux(reset, registers.start_value, frame)", "registers.start_value", MIXED),
    ("takes settings over at a reset only", SHELL, "SourceShell._settings", "reset | again", "reset", MIXED),
    ("keeps what is asked for through a reset", SHELL, "SourceShell.elaborate",
     '("streams", reset)', '("streams", ~self.aresetn)', MIXED),
    ("writes all bytes of a code", SHELL, "SourceShell._parameters",
     "word & ~mask | registers.parameter_data & mask", "registers.parameter_data", REGISTERS),
    ("knows a source by its net", WORDS, "source_hash", "text(source).encode()", "text(source)[:40].encode()",
     FOLDER + "the_folder_and_its_manifest"),
    ("believes any number of samples", MANIFEST, "_samples", "document.whole('samples', 1, 1 << 31) != positions",
     "False", FOLDER + "a_damaged_manifest_is_refused"),
    ("counts no sample that differs", STREAMING, "Streaming._compare", "codes != due", "codes != codes",
     DEMO + "a_sample_that_differs_is_told"),
    ("begins anew with every change", STREAMING, "Streaming._turn",
     "self._dials is None or self._next + self._frames > self.data.frames", "True",
     DEMO + "a_change_needs_no_new_signal"),
]
# fmt: on

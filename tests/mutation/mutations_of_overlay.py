"""Mutations of the PYNQ-Z1 overlay: Vivado's scripts, the mock that checks them, hand-off file and manifest."""

TARGET = "python/bittrue/targets/pynq_z1/"
BUILD, DESIGN, HWH, CLOCK = TARGET + "build.py", TARGET + "design.py", TARGET + "hwh.py", TARGET + "clock.py"
VIVADO = TARGET + "vivado.py"
SCRIPTS, MOCK = "rtl/vivado/", "tests/vivado/mock/"

SAME, REJECTS = "tests/vivado/test_scripts.py::", "tests/vivado/test_rejects.py::"
FOLDER, RUN, CLOCKS = "tests/vivado/test_overlay.py::", "tests/vivado/test_build.py::", "tests/vivado/test_clock.py"
PARAMETERS = SAME + "test_parameters_are_those_of_the_description"
CONNECTIONS = SAME + "test_connections_are_those_of_the_description"
HANDOFF = SAME + "test_the_hand_off_file_says_what_the_scripts_built"
REJECTED = REJECTS + "test_it_is_rejected"
FAILS = REJECTS + "test_a_build_that_fails_leaves_nothing"
REMOVED = FOLDER + "test_a_pair_of_another_design_is_removed"
SOURCES = FOLDER + "test_what_vivado_would_build_is_that_of_the_manifest"
OTHER = REJECTS + "test_a_pin_on_the_other_clock_is_rejected"
HALF = RUN + "test_half_a_pair_is_removed"

# fmt: off
ROWS = [
    ("lets setup fail", SCRIPTS + "implementation.tcl", "check_implementation", "STATS.WNS setup ", "", FAILS),
    ("writes the bitstream before the verdict", SCRIPTS + "build.tcl", "build_overlay",
     """\
    check_implementation $overlay
""",
     "", FAILS),
    ("swaps the interrupts", SCRIPTS + "block_design.tcl", "connect_interrupts",
     """\
dma/mm2s_introut {interrupts/In0}
    connect_driver dma/s2mm_introut {interrupts/In1}""",
     """\
dma/mm2s_introut {interrupts/In1}
    connect_driver dma/s2mm_introut {interrupts/In0}""",
     CONNECTIONS),
    ("takes the clock above", CLOCK, "fclk", "math.ceil", "math.floor", CLOCKS),
    ("keeps a pair of other hardware", BUILD, "_unchanged",
     'replace(old, files={**old.files, "bit": None, "hwh": None}) != manifest or not written.sealed()',
     'replace(old, files={**old.files, "bit": None, "hwh": None}) != manifest and not written.sealed()', REMOVED),
    ("leaves half a pair", VIVADO, "build",
     """\
if not written.sealed():
    written.clear()""",
     "pass", HALF),
    ("the mock: takes two drivers", MOCK + "design.tcl", "do_connect_bd_net", "[llength $drivers] > 1", "0", REJECTED),
]
HEAVY = [
    ("asks for bursts over 4 KiB", DESIGN, "Design.dma_config", "_AXI_BURST_BYTES * 8 // width", "256",
     SAME + "test_bursts_stay_within_4_kib"),
    ("swaps the streams' widths", DESIGN, "Design.dma_config", "self.input_bits", "self.output_bits", PARAMETERS),
    ("turns a stream in the hand-off file", HWH, "_interfaces", '(sink, "TARGET")', '(source, "TARGET")', HANDOFF),
    ("builds whatever is listed", BUILD, "OverlayFolder.check_sources",
     'file_sha256(sums) != read_any(self.manifest).files["rtl"]',
     'sums == read_any(self.manifest).files["rtl"]', SOURCES),
    ("runs scripts that the mock rejects", "python/bittrue/cli/overlay.py", "_build", "checked.error",
     'checked.error == "x"', RUN + "test_scripts_that_the_mock_rejects_are_not_run"),
    ("replaces another net's overlay", BUILD, "check_free", "found != net", "not net",
     FOLDER + "test_a_folder_holds_one_overlay"),
    ("the mock: takes any clock of an interface", MOCK + "checks.tcl", "check_interfaces", "if {!$common} {",
     "if {0} {", OTHER),
]
# fmt: on

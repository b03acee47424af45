"""Mutations of the PYNQ-Z1 overlay: Vivado's scripts, the mock that checks them, hand-off file and manifest."""

TARGET = "python/bittrue/targets/pynq_z1/"
BUILD, DESIGN, HWH, CLOCK = TARGET + "build.py", TARGET + "design.py", TARGET + "hwh.py", TARGET + "clock.py"
READER, VIVADO, WIRING = "python/bittrue/board/manifest.py", TARGET + "vivado.py", TARGET + "wiring.py"
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
ALONE = "tests/vivado/test_out_of_context.py::test_what_is_missed_ends_with_1"
OTHER = REJECTS + "test_a_pin_on_the_other_clock_is_rejected"
HALF = RUN + "test_half_a_pair_is_removed"

# fmt: off
ROWS = [
    ("lets setup fail", SCRIPTS + "implementation.tcl", "STATS.WNS setup ", "", FAILS),
    ("lets hold fail", SCRIPTS + "implementation.tcl", " STATS.WHS hold", "", FAILS),
    ("lets nets be unrouted", SCRIPTS + "implementation.tcl", "$unrouted != 0", "$unrouted < 0", FAILS),
    ("takes a missing slack for one", SCRIPTS + "implementation.tcl", "double -strict $value", "double $value", FAILS),
    ("writes the bitstream before the verdict", SCRIPTS + "build.tcl", "    check_implementation $overlay\n", "", FAILS),
    ("swaps the interrupts", SCRIPTS + "block_design.tcl",
     "dma/mm2s_introut {interrupts/In0}\n    connect_driver dma/s2mm_introut {interrupts/In1}",
     "dma/mm2s_introut {interrupts/In1}\n    connect_driver dma/s2mm_introut {interrupts/In0}", CONNECTIONS),
    ("moves the shell", SCRIPTS + "addresses.tcl", "[dict get $overlay net_base]", "0x43C10000",
     SAME + "test_addresses_are_those_of_the_description"),
    ("asks for bursts over 4 KiB", DESIGN, "_AXI_BURST_BYTES * 8 // width", "256",
     SAME + "test_bursts_stay_within_4_kib"),
    ("swaps the streams' widths", DESIGN, '("mm2s", "m_axis_mm2s", self.input_bits)',
     '("mm2s", "m_axis_mm2s", self.output_bits)', PARAMETERS),
    ("turns a stream in the hand-off file", HWH, '"INITIATOR"), (sink, "TARGET")',
     '"INITIATOR"), (source, "TARGET")', HANDOFF),
    ("forgets a wire in the hand-off file", WIRING, '    Wire("rst", Pin(PS7, "FCLK_RESET0_N"), '
     '_pins("net_reset/ext_reset_in", "bus_reset/ext_reset_in")),\n', "", HANDOFF),
    ("says the net's clock of all", HWH, "design.clock if net.driver == NET_CLOCK else BUS", "design.clock", HANDOFF),
    ("runs the buses on the net's clock", DESIGN, '"bus_mhz": BUS.asked', '"bus_mhz": self.clock.asked', PARAMETERS),
    ("makes from_net as wide as the input", DESIGN, "FROM_NET: self.output_bits", "FROM_NET: self.input_bits", PARAMETERS),
    ("resets a converter with the buses", SCRIPTS + "block_design.tcl",
     "dma/mm2s_prmry_reset_out_n {to_net", "bus_reset/peripheral_aresetn {to_net", CONNECTIONS),
    ("gives the period in us", SCRIPTS + "clock_constraint.tcl", "1000.0 / $mhz", "1000000.0 / $mhz", PARAMETERS),
    ("takes a missed clock of a net alone", SCRIPTS + "out_of_context.tcl", "$slack < 0", "$slack < -9", ALONE),
    ("has another clock than make", CLOCK, "CLOCK_MHZ = 200.0", "CLOCK_MHZ = 100.0",
     RUN + "test_the_clock_is_that_of_every_command"),
    ("gives the end for the last address", HWH, 'HIGHVALUE=f"0x{base + size - 1:08X}"',
     'HIGHVALUE=f"0x{base + size:08X}"', HANDOFF),
    ("takes the clock above", CLOCK, "math.ceil(IO_PLL_MHZ / mhz)", "math.floor(IO_PLL_MHZ / mhz)", CLOCKS),
    ("asks for a clock that is not there", CLOCK, "math.ceil(self.mhz * 100)", "math.floor(self.mhz * 100)", CLOCKS),
    ("keeps a pair of other hardware", BUILD, "!= manifest or not written.sealed()", "!= manifest and not written.sealed()",
     REMOVED),
    ("keeps a pair of other Verilog", BUILD, 'if name.startswith("rtl/") and', 'if name.startswith("x/") and',
     FOLDER + "test_a_pair_whose_seal_is_broken_is_removed"),
    ("keeps a pair that is simulated", BUILD, "return written.bit.read_bytes() != STAND_IN", "return True",
     FOLDER + "test_what_simulates_a_pair_is_removed"),
    ("builds whatever is listed", BUILD, "file_sha256(sums) != ", "sums == ", SOURCES),
    ("builds whatever lies there", BUILD, "        read_sources(self.verilog)\n", "", SOURCES),
    ("packages no memory files", SCRIPTS + "package_shell.tcl", " [dict get $overlay memories]]", "]",
     SAME + "test_the_scripts_pass"),
    ("does not miss memory files", MOCK + "ports.tcl", "            check_memory_files $file $files\n", "", REJECTED),
    ("leaves half a pair", VIVADO, "        if not written.sealed():\n            written.clear()\n", "", HALF),
    ("leaves what was being copied", VIVADO, "        written.clear_parts()\n", "", HALF),
    ("takes the old pair for the new one", VIVADO, "all(new and new != old for", "all(new for", HALF),
    ("seals what failed", VIVADO, "if code == 0 and", "if code >= 0 and", HALF),
    ("lets Vivado run on", VIVADO, "os.killpg(child.pid, signal.SIGKILL)", "child.kill()",
     RUN + "test_an_interrupt_takes_vivado_along"),
    ("runs scripts that the mock rejects", "python/bittrue/cli/overlay.py", "    elif checked.error:\n",
     '    elif checked.error == "x":\n', RUN + "test_scripts_that_the_mock_rejects_are_not_run"),
    ("reads any version of a manifest", READER, 'document.whole("version", 0, 1 << 31) != VERSION',
     'document.whole("version", 0, 1 << 31) < VERSION', FOLDER + "test_a_damaged_manifest_is_refused"),
    ("takes any hash", "python/bittrue/board/entries.py", "not re.fullmatch(pattern, value)", "not value",
     FOLDER + "test_a_damaged_manifest_is_refused"),
    ("takes any number of banks", READER, "if count & (count - 1):", "if count < 0:",
     FOLDER + "test_a_damaged_manifest_is_refused"),
    ("replaces another net's overlay", BUILD, "if found != net:", "if not net:",
     FOLDER + "test_a_folder_holds_one_overlay"),
    ("the mock: takes any option", MOCK + "commands.tcl", '{[regexp {^-[a-zA-Z]} $word]}', "{0}", REJECTED),
    ("the mock: takes any parameter", MOCK + "catalogue.tcl",
     '    error "[lindex [split $vlnv :] 2] has no parameter $name"\n', "", REJECTED),
    ("the mock: takes any value", MOCK + "catalogue.tcl", "![regexp $values $value]", "0", REJECTED),
    ("the mock: takes two drivers", MOCK + "design.tcl", "[llength $drivers] > 1", "0", REJECTED),
    ("the mock: joins what is not alike", MOCK + "design.tcl", "[llength [lsort -unique $kinds]] > 1", "0", REJECTED),
    ("the mock: takes overlapping addresses", MOCK + "checks.tcl", "$start + $size && $start < $offset",
     "$start && $start > $offset", REJECTED),
    ("the mock: takes open pins", MOCK + "checks.tcl", "    check_pins\n", "", REJECTED),
    ("the mock: takes open interfaces", MOCK + "checks.tcl", "[lindex $spec 3] && !$there", "0", REJECTED),
    ("the mock: takes streams of any width", MOCK + "checks.tcl", '$protocol eq "axis" && $width', '0 && $width', REJECTED),
    ("the mock: takes any clock of an interface", MOCK + "checks.tcl", "if {!$common} {", "if {0} {", OTHER),
    ("the mock: takes a reset of any clock", MOCK + "checks.tcl", "$domain ni [clocks_of $cell $clocks]", "0", OTHER),
    ("the mock: takes streams without TLAST", MOCK + "checks.tcl", '$protocol eq "axis" && $signals', '0 && $signals',
     REJECTED),
    ("the mock: takes any converter", MOCK + "checks.tcl", "$one ne $two && ![is", "0 && ![is", REJECTED),
    ("the mock: takes any DMA", MOCK + "checks.tcl", "] > $::highest_dma} {", "] > 1000} {", REJECTED),
    ("the mock: takes two clocks on a wire", MOCK + "package.tcl", '"out_of_context" ni', '"out_of_context" eq', REJECTED),
    ("the mock: forgets what was caught", MOCK + "commands.tcl", '        lappend ::faults "$name: $result"\n', "",
     REJECTED),
]
# fmt: on

"""Mutations of the HDMI output: its core, the video hierarchy, the hand-off file, the simulated board's and the driver."""

CORE, TARGET, SCRIPTS = "rtl/bittrue_rtl/hdmi/", "python/bittrue/targets/pynq_z1/", "rtl/vivado/"
MOCK, BOARD, DRIVER = "tests/vivado/mock/", "sim/bittrue_sim/", "python/bittrue/board/hdmi_out.py"
PINS, VIVADO, SCREEN = "tests/unit/test_hdmi.py::", "tests/vivado/test_video.py::", "tests/board/test_hdmi_out.py::"
WORDS, FRAMES = (
    PINS + "test_every_word_on_the_pins_is_that_of_the_standard",
    PINS + "test_frames_come_out_as_they_went_in",
)
LATE = PINS + "test_a_late_stream_is_black_to_the_end_of_the_picture_and_in_step_again"
SHORT = PINS + "test_frames_with_a_line_too_few_do_not_run_into_each_other"
REJECTED, BUILT = (
    VIVADO + "test_it_is_rejected",
    VIVADO + "test_the_generated_output_is_the_module_that_the_scripts_package",
)
HANDOFF, PLAIN = VIVADO + "test_the_hand_off_file_says_what_the_scripts_built", "tests/vivado/test_scripts.py::"

# fmt: off
ROWS = [
    ("brings the sum away from 0", CORE + "tmds.py", "Encoder.elaborate", "(sent > 0) == (excess > 0)",
     "(sent > 0) != (excess > 0)", WORDS),
    ("takes a first pixel anywhere", CORE + "pixels.py", "Pixels.elaborate", "self.user == self.at_first", "1", SHORT),
    ("sends the ninth bit last", CORE + "serialiser.py", "Serialiser.elaborate",
     '{"i_D3": self.word[8], "i_D4": self.word[9], "i_SHIFTIN1": Const(0), "i_SHIFTIN2": Const(0)}',
     '{"i_D3": self.word[9], "i_D4": self.word[8], "i_SHIFTIN1": Const(0), "i_SHIFTIN2": Const(0)}', FRAMES),
    ("leaves the DMA's interrupts where they were", TARGET + "layout.py", "_extended", "int(load.name[2:]) + 1",
     "int(load.name[2:])", HANDOFF),
    ("calls the device 7z02", TARGET + "hwh.py", "hwh", "PART[2:7]", "PART[2:6]",
     VIVADO + "test_the_device_is_that_of_the_board"),
    ("starts without a reset", DRIVER, "HdmiOut.start", "self._vdma.write(_CONTROL, _RESET)", "pass",
     SCREEN + "test_after_an_error_it_starts_again"),
]
HEAVY = [
    ("forgets bits 8 and 9 in the sum", CORE + "tmds.py", "Encoder.elaborate",
     "Mux(chain[8] == inverted, Mux(inverted, 1, -1), 0)", "0", WORDS),
    ("chooses XNOR by more ones", CORE + "tmds.py", "Encoder.elaborate", "ones > 4", "ones > 5", WORDS),
    ("swaps two control words", CORE + "tmds.py", "CONTROL", "(0b1101010100, 0b0010101011, 0b0101010100, 0b1010101011)",
     "(0b0010101011, 0b1101010100, 0b0101010100, 0b1010101011)", PINS + "test_timing_of_720p"),
    ("throws a first pixel away", CORE + "pixels.py", "Pixels.elaborate", "~shown & ~self.at_first & ~self.user",
     "~shown & ~self.at_first", FRAMES),
    ("takes a line's end anywhere", CORE + "pixels.py", "Pixels.elaborate", "self.last == self.at_last", "1",
     PINS + "test_a_frame_of_another_size_is_never_shown_for_the_right_one"),
    ("goes on after a late pixel", CORE + "pixels.py", "Pixels.elaborate", "shown.eq(fits)", "shown.eq(1)", LATE),
    ("has the porches the wrong way round", CORE + "raster.py", "HD", "Span(5, 20, 720, 5)", "Span(5, 5, 720, 20)",
     PINS + "test_timing_of_720p"),
    ("swaps red and blue", CORE + "core.py", "Core.elaborate", '("red", "green", "blue")', '("blue", "green", "red")',
     FRAMES),
    ("calls a cell in a hierarchy by its path", TARGET + "outside.py", "instance", 'cell.replace("/", "_")', "cell",
     HANDOFF),
    ("says the bus clock of the pixels", TARGET + "hwh_ports.py", "frequency", "PIXEL_HZ", "100_000_000", HANDOFF),
    ("says the net's clock of all", TARGET + "hwh_ports.py", "frequency",
     "design.clock if driver == NET_CLOCK else BUS", "design.clock",
     PLAIN + "test_the_hand_off_file_says_what_the_scripts_built"),
    ("turns the signals of a bus round", TARGET + "hwh_ports.py", "_buses", "out is forward", "out is not forward",
     VIVADO + "test_a_master_drives_what_a_master_drives"),
    ("packages the output for the design's clock", SCRIPTS + "package_hdmi.tcl", "package_hdmi",
     "constrain_out_of_context $core $constraint", "list", BUILT),
    ("forgets a place", SCRIPTS + "hdmi.xdc", "", "set_property -dict {PACKAGE_PIN K17 IOSTANDARD TMDS_33}", "#", BUILT),
    ("the mock: takes any place of a pin", MOCK + "video.tcl", "check_placements", " ne $ball || $level",
     " eq {} || $level", REJECTED),
    ("the mock: takes any clock out of context", MOCK + "checks.tcl", "check_periods", "- 1000) > 1", "- 1000) > 1000",
     REJECTED),
    ("the mock: finds a cell in a hierarchy by its name alone", MOCK + "hierarchy.tcl", "inside",
     "if {[dict exists $::groups [lindex $parts 0]]} {", "if {0} {", REJECTED),
    ("shows the frame store that is next", BOARD + "virtual_board/axi_vdma.py", "AxiVdma._frame",
     "self._words[PARK] & 0x1F", "(self._words[PARK] + 1) % 3", SCREEN + "test_a_frame_is_shown_when_it_was_written"),
    ("takes any mode", DRIVER, "HdmiOut.configure", "found != (*SIZE, BITS)", "False",
     SCREEN + "test_without_a_mode_that_it_has_it_is_refused"),
]

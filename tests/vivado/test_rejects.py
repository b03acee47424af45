"""The mock rejects what is wrong: one error seeded into the scripts, the settings or the Verilog at a time."""

from __future__ import annotations

import re

import pytest
from mock_vivado import changed, run

from bittrue.targets.pynq_z1.wiring import NETS

SETTINGS, SHELL, MEMORY = "rtl/overlay.tcl", "rtl/stand_in_shell.v", "rtl/stand_in_shell.rom.words.mem"

WRONG = {
    "a wrong version of an IP": ("block_design.tcl", "axi_dma:7.1", "axi_dma:7.2", "there is no IP"),
    "an IP that does not exist": ("block_design.tcl", "ip:xlconcat:2.1", "ip:xlconcatt:2.1", "there is no IP"),
    "a wrong VLNV of the shell": (SETTINGS, "net_shell:1.0", "net_shell", "not in the IP catalogue"),
    "a misspelt command": ("synthesis.tcl", "launch_runs synth_1", "launch_run synth_1", "invalid command name"),
    "an unknown option": ("addresses.tcl", "-target_address_space", "-target_space", "unknown option -target_space"),
    "a missing option": ("addresses.tcl", "-offset $offset ", "", "option -offset is missing"),
    "an argument too many": (
        "addresses.tcl",
        "    save_bd_design\n",
        "    save_bd_design now\n",
        "arguments are given",
    ),
    "an unknown parameter": (
        "ps7.tcl",
        "PCW_USE_M_AXI_GP0 1",
        "PCW_USE_MAXI_GP0 1",
        "has no parameter PCW_USE_MAXI_GP0",
    ),
    "a parameter in capitals": (
        "block_design.tcl",
        "lappend properties CONFIG.$name",
        "lappend properties CONFIG.[string toupper $name]",
        "axi_dma has no parameter C_INCLUDE_SG",
    ),
    "a value that cannot be": (SETTINGS, "c_sg_length_width 26", "c_sg_length_width 32", "cannot be '32'"),
    "a clock source that is none": (
        "ps7.tcl",
        "FCLK0_PERIPHERAL_CLKSRC {IO",
        "FCLK0_PERIPHERAL_CLKSRC {PL",
        "cannot be 'PL PLL'",
    ),
    "a clock that is too fast": (SETTINGS, "{200.00}", "{300.00}", "FCLK0 of 300.00 MHz is out of range"),
    "a DMA that is too fast": (SETTINGS, "{100.00}", "{166.67}", "dma: mm2s runs at 166.67 MHz, 150 at most"),
    "a clock that is off": ("ps7.tcl", "PCW_FPGA_FCLK1_ENABLE 1", "PCW_FPGA_FCLK1_ENABLE 0", "has no FCLK_CLK1"),
    "a clock without a port": ("ps7.tcl", "PCW_EN_CLK1_PORT 1", "PCW_EN_CLK1_PORT 0", "has no FCLK_CLK1"),
    "a stream that crosses without a converter": (
        "block_design.tcl",
        "        dma/M_AXIS_MM2S  to_net/S_AXIS\n        to_net/M_AXIS    net/s_axis\n",
        "        dma/M_AXIS_MM2S  net/s_axis\n        to_net/M_AXIS    to_net/S_AXIS\n",
        "dma/M_AXIS_MM2S is clocked by ps7/FCLK_CLK1 and net/s_axis by ps7/FCLK_CLK0",
    ),
    "a converter of related clocks": (
        SETTINGS,
        "to_net_config    {IS_ACLK_ASYNC 1",
        "to_net_config    {IS_ACLK_ASYNC 0",
        "to_net: ps7/FCLK_CLK1 and ps7/FCLK_CLK0 have no known phase",
    ),
    "a converter that drops TLAST": (
        SETTINGS,
        "TDATA_NUM_BYTES 4 HAS_TKEEP 1 HAS_TLAST 1} \\\n    from_net_config",
        "TDATA_NUM_BYTES 4 HAS_TKEEP 1 HAS_TLAST 0} \\\n    from_net_config",
        "stream dma/M_AXIS_MM2S has 'TKEEP TLAST' and to_net/S_AXIS has 'TKEEP'",
    ),
    "a SmartConnect with one clock": (
        "block_design.tcl",
        "NUM_MI 2 CONFIG.NUM_CLKS 2",
        "NUM_MI 2 CONFIG.NUM_CLKS 1",
        "as it is configured has no aclk1 (control/aclk1)",
    ),
    "a SmartConnect whose second clock is open": (
        "block_design.tcl",
        " control/aclk1",
        "",
        "clk pin control/aclk1 is not connected",
    ),
    "a reset in the other clock's domain": (
        "block_design.tcl",
        "    connect_driver bus_reset/peripheral_aresetn {dma/axi_resetn}\n"
        "    connect_driver net_reset/peripheral_aresetn {net/aresetn ",
        "    connect_driver bus_reset/peripheral_aresetn {dma/axi_resetn net/aresetn}\n"
        "    connect_driver net_reset/peripheral_aresetn {",
        "reset net/aresetn is in the clock domain of ps7/FCLK_CLK1",
    ),
    "a converter's two resets swapped": (
        "block_design.tcl",
        "{net/aresetn to_net/m_axis_aresetn from_net/s_axis_aresetn}\n"
        "    connect_driver dma/mm2s_prmry_reset_out_n {to_net/s_axis_aresetn}",
        "{net/aresetn to_net/s_axis_aresetn from_net/s_axis_aresetn}\n"
        "    connect_driver dma/mm2s_prmry_reset_out_n {to_net/m_axis_aresetn}",
        "reset to_net/s_axis_aresetn is in the clock domain of ps7/FCLK_CLK0",
    ),
    "bursts over 4 KiB": (
        SETTINGS,
        "c_m_axi_mm2s_data_width 32",
        "c_m_axi_mm2s_data_width 256",
        "bursts of mm2s go beyond 4 KiB",
    ),
    "a clock that is not connected": ("block_design.tcl", "dma/m_axi_s2mm_aclk ", "", "dma/m_axi_s2mm_aclk is not"),
    "a reset that is not connected": (
        "block_design.tcl",
        "{net/aresetn to_net/m_axis_aresetn",
        "{to_net/m_axis_aresetn",
        "net/aresetn is not connected",
    ),
    "an interrupt that is not connected": (
        "block_design.tcl",
        "    connect_driver dma/s2mm_introut {interrupts/In1}\n",
        "",
        "interrupts/In1 is not connected",
    ),
    "two drivers": (
        "block_design.tcl",
        "{net_reset/ext_reset_in ",
        "{net_reset/interconnect_aresetn net_reset/ext_reset_in ",
        "two drivers on one net",
    ),
    "a reset on a clock": (
        "block_design.tcl",
        "bus_reset/interconnect_aresetn {control/aresetn memory/aresetn}",
        "bus_reset/interconnect_aresetn {control/aresetn memory/aclk}",
        "two drivers on one net",
    ),
    "a clock on a reset": (
        "block_design.tcl",
        "bus_reset/slowest_sync_clk",
        "bus_reset/aux_reset_in",
        "pins of different kinds (clk, rstn)",
    ),
    "a reset of the wrong polarity": (
        "block_design.tcl",
        "net_reset/peripheral_aresetn",
        "net_reset/peripheral_reset",
        "pins of different kinds (rst, rstn)",
    ),
    "a reset that is not synchronised": (
        "block_design.tcl",
        "    connect_driver dma/mm2s_prmry_reset_out_n {to_net/s_axis_aresetn}\n",
        "    connect_driver ps7/FCLK_RESET0_N {to_net/s_axis_aresetn}\n",
        "to_net/s_axis_aresetn does not come from a reset block but from ps7/FCLK_RESET0_N",
    ),
    "a pin that does not exist": (
        "block_design.tcl",
        "net_reset/slowest_sync_clk",
        "net_reset/slowest_clk",
        "no slowest_clk",
    ),
    "a pin that is not configured": ("ps7.tcl", "PCW_USE_S_AXI_HP0 1", "PCW_USE_S_AXI_HP0 0", "S_AXI_HP0"),
    "a cell that does not exist": ("block_design.tcl", "control/M01_AXI", "contrl/M01_AXI", "no cell for contrl"),
    "an interface twice": ("block_design.tcl", "control/M01_AXI ", "control/M00_AXI ", "is connected already"),
    "a stream left open": (
        "block_design.tcl",
        "        dma/M_AXIS_MM2S  to_net/S_AXIS\n",
        "",
        "interface dma/M_AXIS_MM2S is not connected",
    ),
    "a stream the wrong way": ("block_design.tcl", "net/m_axis  ", "net/s_axis  ", "is connected already"),
    "a stream on a bus": ("block_design.tcl", "net/s_axi_ctrl", "net/s_axis", "is aximm and net/s_axis is axis"),
    "two masters joined": ("block_design.tcl", "ps7/S_AXI_HP0\n", "ps7/M_AXI_GP0\n", "is connected already"),
    "a SmartConnect with a free side": ("block_design.tcl", "NUM_SI 2", "NUM_SI 3", "memory/S02_AXI is not connected"),
    "streams of different widths": (
        SETTINGS,
        "c_m_axis_mm2s_tdata_width 32",
        "c_m_axis_mm2s_tdata_width 16",
        "dma/M_AXIS_MM2S has 16 bits and to_net/S_AXIS has 32",
    ),
    "overlapping addresses": (SETTINGS, "{0x43C00000}", "{0x40400000}", "overlaps dma/S_AXI_LITE/Reg"),
    "an address outside of the port": (SETTINGS, "{0x43C00000}", "{0x83C00000}", "outside of what ps7/M_AXI_GP0"),
    "an address off its range": (SETTINGS, "{0x43C00000}", "{0x43C08000}", "does not start at a multiple"),
    "a range that is too small": (SETTINGS, "{0x00010000}", "{0x00000800}", "a range of 2048 bytes is not from 4096"),
    "more memory than there is": (SETTINGS, "{0x20000000}", "{0x40000000}", "a range of 1073741824 bytes"),
    "a segment without an address": (
        "addresses.tcl",
        "    assign_segment ps7/Data net/s_axi_ctrl/reg0 [dict get $overlay net_base] $range\n",
        "",
        "net/s_axi_ctrl is assigned 0 times",
    ),
    "a segment that is not reached": (
        "addresses.tcl",
        "ps7/Data dma/S_AXI_LITE/Reg",
        "dma/Data_MM2S dma/S_AXI_LITE/Reg",
        "does not reach",
    ),
    "a missing file": ("package_shell.tcl", "[concat $module.v", "[concat ${module}s.v", "there is no file"),
    "a memory file that is not in the project": (
        "package_shell.tcl",
        " [dict get $overlay memories]]",
        "]",
        "reads stand_in_shell.rom.words.mem, which is no memory file of the project",
    ),
    "memory files that do not go into the IP": ("package_shell.tcl", "-import_files -force", "-force", "-import_files"),
    "a memory file that is missing": (SETTINGS, "rom.words.mem", "rom.word.mem", "there is no file"),
    "a memory file with a word too many": (MEMORY, "0c\n", "0c\n0d\n", "has 4 words"),
    "a memory file with a comment": (MEMORY, "0b", "0b // a comment", "is no word in hexadecimal"),
    "a memory that is read in the other order": (SHELL, "words [0:2]", "words [2:0]", "has 3 words"),
    "a wrong part": (SETTINGS, "xc7z020clg400-1", "xc7z020clg484-1", "the PYNQ-Z1 has the part"),
    "a part that does not exist": (SETTINGS, "xc7z020clg400-1", "xc7z020clg401-1", "there is no part"),
    "a wrong top": ("package_shell.tcl", "set_property top $module", "set_property top wrong", "has no module wrong"),
    "a property that does not exist": ("package_shell.tcl", "display_name", "displayname", "has no property"),
    "a name where an object is wanted": (
        "synthesis.tcl",
        "get_property STATUS [get_runs $run]",
        "get_property STATUS $run",
        "is not an object of kind",
    ),
    "an interface without a clock": (
        "package_shell.tcl",
        ":s_axis:m_axis",
        ":s_axis",
        "interface m_axis has no clock",
    ),
    "a clock without its reset": (
        "package_shell.tcl",
        "ASSOCIATED_RESET aresetn",
        "ASSOCIATED_RESET resetn",
        "does not exist",
    ),
    "a reset without polarity": ("package_shell.tcl", "POLARITY ACTIVE_LOW", "POLARITY ACTIVE_HIGH", "POLARITY"),
    "registers of another size": ("package_shell.tcl", "range 4096", "range 65536", "12 address bits make 4096"),
    "a core that is not saved": ("package_shell.tcl", "    ipx::save_core $core\n", "", "not in the IP catalogue"),
    "a project that is left open": ("package_shell.tcl", "    close_project\n", "", "project package is open"),
    "a design that is not validated": (
        "addresses.tcl",
        "    validate_bd_design\n",
        "",
        "validate_bd_design comes first",
    ),
    "a wrapper that is not the top": (
        "addresses.tcl",
        "set_property top ${design}_wrapper",
        "set_property top $design",
        "is not the design's wrapper",
    ),
    "a shell without constraints for its synthesis": (
        "package_shell.tcl",
        "    add_files -norecurse -fileset constrs_1 $constraints\n",
        "",
        "Vivado has not taken the constraints stand_in_shell_ooc.xdc into the IP",
    ),
    "constraints among the sources": ("package_shell.tcl", "-fileset constrs_1 ", "", "does not belong into fileset"),
    "constraints of a shell that hold in the design, too": (
        "package_shell.tcl",
        "{out_of_context synthesis implementation}",
        "{synthesis implementation}",
        "stand_in_shell_ooc.xdc are not for out_of_context alone: the design would have two clocks",
    ),
    "constraints of another clock": (
        "package_shell.tcl",
        "$constraints aclk",
        "$constraints clk",
        "constraints out of context are for 'clk', the core's clocks are 'aclk'",
    ),
    "a clock in MHz for one in ns": ("clock_constraint.tcl", "1000.0 / $mhz", "1.0 / $mhz", "is none that a net"),
    "a constraint that is none": ("clock_constraint.tcl", "create_clock", "create_clk", "is no clock on a port"),
    "a file that is read": ("clock_constraint.tcl", "[open $path w]", "[open $path r]", "and reads none"),
    "a file elsewhere": (
        "clock_constraint.tcl",
        "[open $path w]",
        "[open /tmp/x.xdc w]",
        "a script writes files under",
    ),
    "reports of nothing": ("implementation.tcl", "    open_run impl_1\n", "", "no design is open"),
    "no bitstream": ("build.tcl", "    write_bitstream_of_run\n", "", "there is no bitstream to include"),
    "no end": ("build.tcl", "    export_overlay $overlay\n", "", "no hardware platform was written"),
    "an error that is swallowed": (
        "synthesis.tcl",
        "    wait_on_run synth_1\n",
        "    wait_on_run synth_1\n    catch {get_runs synth_2}\n",
        "an error was caught and ignored: get_runs: no run matches synth_2",
    ),
    "a command that reaches out": (
        "project.tcl",
        "set found [version -short]",
        "set found [exec date]",
        'invalid command name "exec"',
    ),
    "a shell without TLAST": (SHELL, "input s_axis_tlast", "input s_axis_last", "interface s_axis has no port"),
    "a shell with a port too many": (SHELL, "input aclk,", "input aclk, input extra,", "port extra belongs to no"),
    "a shell whose stream turns round": (
        SHELL,
        "output m_axis_tvalid",
        "input m_axis_tvalid",
        "port m_axis_tdata is output",
    ),
    "a shell with few strobes": (SHELL, "[3:0] s_axi_ctrl_wstrb", "[1:0] s_axi_ctrl_wstrb", "wstrb is input of 2 bits"),
    "a shell with few tkeep bits": (SHELL, "[3:0] s_axis_tkeep", "[1:0] s_axis_tkeep", "tdata has 32 bits, tkeep 2"),
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_rejected(folder, what):
    file, old, new, message = WRONG[what]
    ran = run(folder, changed(folder, file, old, new))
    assert ran.code == 1, ran.output
    assert message in ran.output, ran.output
    assert ran.output.count("ERROR: ") >= 1
    assert not ran.record
    assert what in AT_THE_END or not list((folder / "overlay").iterdir())


OTHER_CLOCK = sorted(
    f"{pin.cell}/{pin.name}"
    for wire in NETS
    if wire.kind == "clk"
    for pin in wire.loads
    if pin.name != "M_AXI_GP0_ACLK"  # its partner, the SmartConnect, has both clocks
)


@pytest.mark.parametrize("pin", OTHER_CLOCK)
def test_a_pin_on_the_other_clock_is_rejected(folder, pin):
    """Moved from the list of one clock to that of the other: then both ends of an interface, or a reset, do not fit."""
    script = changed(folder, "block_design.tcl", "    connect_clocks\n", "    connect_clocks\n")
    path = script.parent / "block_design.tcl"
    path.write_text(re.sub(rf"(?<=\s){pin}(?=\s)", "", path.read_text(), count=1))
    (own,) = (wire.driver.name for wire in NETS for load in wire.loads if f"{load.cell}/{load.name}" == pin)
    other = {"FCLK_CLK0": "FCLK_CLK1", "FCLK_CLK1": "FCLK_CLK0"}[own]
    path.write_text(path.read_text().replace(f"connect_driver ps7/{other} {{", f"connect_driver ps7/{other} {{ {pin} "))
    ran = run(folder, script)
    assert ran.code == 1, ran.output
    assert re.search(r"is clocked by ps7/FCLK_CLK\d|is in the clock domain of|have no known phase", ran.output), (
        ran.output
    )


def test_a_smartconnect_of_one_clock_is_rejected(folder):
    script = changed(folder, "block_design.tcl", "NUM_MI 2 CONFIG.NUM_CLKS 2", "NUM_MI 2 CONFIG.NUM_CLKS 1")
    path = script.parent / "block_design.tcl"
    path.write_text(path.read_text().replace(" control/aclk1", ""))
    ran = run(folder, script)
    assert ran.code == 1
    assert "control/M01_AXI is clocked by ps7/FCLK_CLK1 and net/s_axi_ctrl by ps7/FCLK_CLK0" in ran.output


AT_THE_END = ("no end", "an error that is swallowed")
"""What the mock finds when the script has done everything."""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"WNS": "-0.001"}, "the setup slack is -0.001 ns"),
        ({"WHS": "-0.2"}, "the hold slack is -0.2 ns"),
        ({"FAILED_NETS": "3"}, "3 nets are not routed"),
        ({"WNS": ""}, "implementation gave no STATS.WNS"),
        ({"FAIL": "synth_design"}, "synth_1 has not finished synth_design: synth_design ERROR"),
        ({"FAIL": "route_design"}, "impl_1 has not finished route_design"),
        ({"FAIL": "write_bitstream"}, "impl_1 has not finished write_bitstream"),
    ],
)
def test_a_build_that_fails_leaves_nothing(folder, settings, message):
    ran = run(folder, **settings)
    assert ran.code == 1
    assert f"ERROR: {message}" in ran.output
    assert not list((folder / "overlay").iterdir())


def test_slack_of_nothing_passes(folder):
    assert run(folder, WNS="0.000", WHS="0").code == 0


def test_a_failed_run_leaves_the_old_pair(folder):
    for kind in ("bit", "hwh"):
        (folder / "overlay" / f"stand_in.{kind}").write_text("old")
    assert run(folder, WNS="-1").code == 1
    assert {path.read_text() for path in (folder / "overlay").iterdir()} == {"old"}


def test_no_argument_is_an_error(folder, tmp_path):
    script = changed(folder, "build.tcl", "[llength $argv] != 1", "[llength $argv] != 2")
    ran = run(folder, script)
    assert ran.code == 1
    assert "ERROR: give one argument" in ran.output

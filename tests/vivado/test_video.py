"""The overlay with HDMI: scripts, description and hand-off file say the same, and what is wrong is rejected."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from mock_vivado import MEMORY, changed, run, small_design

from bittrue.targets.pynq_z1.design import Design
from bittrue.targets.pynq_z1.hwh import hwh, parameters
from bittrue.targets.pynq_z1.layout import layout
from bittrue.targets.pynq_z1.outside import instance
from bittrue.targets.pynq_z1.video import CLOCK, CLOCK_CONFIG, INTC, INTC_CONFIG, TMDS, VDMA, VDMA_CONFIG

HDMI = """
module hdmi_out (
  input aclk, input serial_clk, input aresetn,
  input [23:0] s_axis_tdata, input [2:0] s_axis_tkeep, input s_axis_tuser, input s_axis_tlast, input s_axis_tvalid,
  output s_axis_tready,
  output hdmi_tx_clk_p, output hdmi_tx_clk_n, output [2:0] hdmi_tx_d_p, output [2:0] hdmi_tx_d_n
);
endmodule
"""


def video_design() -> Design:
    plain = small_design()
    return Design(plain.stem, plain.clock, 32, 32, video=True)


@pytest.fixture
def hdmi(folder: Path) -> Path:
    """The folder of an overlay with HDMI, whose output is hand-written."""
    (folder / "rtl" / "overlay.tcl").write_text(video_design().settings_tcl([MEMORY]))
    (folder / "rtl" / "hdmi_out.v").write_text(HDMI)
    return folder


@pytest.fixture
def record(hdmi):
    ran = run(hdmi)
    assert ran.code == 0, ran.output
    return ran.record


def test_the_scripts_build_what_is_described(record):
    plan = layout(video_design())
    assert {name: cell["vlnv"] for name, cell in record["cells"].items()} == plan.cells
    wires = {(net["driver"], load) for net in record["nets"] for load in net["loads"] if "/" in load}
    assert wires == {
        (f"{net.driver.cell}/{net.driver.name}", f"{load.cell}/{load.name}") for net in plan.nets for load in net.loads
    }
    inner = {tuple(link) for link in record["links"] if "/" in link[0] and "/" in link[1]}
    wanted = [(a, b) for a, b, _ in plan.streams] + list(plan.buses)
    assert inner == {(f"{a.cell}/{a.name}", f"{b.cell}/{b.name}") for a, b in wanted}
    spaces = {"M_AXI_GP0": "Data", "M_AXI_MM2S": "Data_MM2S", "M_AXI_S2MM": "Data_S2MM"}
    assert {(a["space"], a["segment"].lower(), a["offset"], a["range"]) for a in record["addresses"]} == {
        (
            f"{entry.master.cell}/{spaces[entry.master.name]}",
            f"{entry.slave.cell}/{entry.slave.name}/{entry.block}".lower(),
            entry.base,
            entry.size,
        )
        for entry in plan.addresses
    }


def test_the_pins_are_those_of_the_connector(record):
    pins = {load: net["driver"] for net in record["nets"] for load in net["loads"] if "/" not in load}
    assert pins == {name: f"video/hdmi_out/{name}" for name in TMDS}


def test_parameters_are_those_of_the_description(record):
    cells = record["cells"]
    assert cells[VDMA]["config"] == VDMA_CONFIG
    assert cells[CLOCK]["config"] == CLOCK_CONFIG
    assert cells[INTC]["config"] == INTC_CONFIG
    assert cells[VDMA]["widths"]["M_AXIS_MM2S"] == cells["video/hdmi_out"]["widths"]["s_axis"] == 24
    assert cells["ps7"]["config"]["PCW_USE_S_AXI_HP2"] == "1"


def test_the_hand_off_file_says_what_the_scripts_built(record):
    design = video_design()
    modules = {m.get("FULLNAME")[1:]: m for m in ElementTree.fromstring(hwh(design)).iter("MODULE")}
    assert {name: m.get("VLNV") for name, m in modules.items()} == layout(design).cells
    assert modules[VDMA].get("INSTANCE") == "video_axi_vdma"
    for name, module in modules.items():
        assert module.get("INSTANCE") == instance(name)
        given = {p.get("NAME"): p.get("VALUE") for p in module.find("PARAMETERS")}
        assert given == parameters(design, name)
        shared = given.keys() & record["cells"][name]["config"].keys()
        assert {key: given[key] for key in shared} == {key: record["cells"][name]["config"][key] for key in shared}
    by_instance = {instance(name): name for name in modules}
    wires = {
        (f"{name}/{port.get('NAME')}", f"{by_instance[to.get('INSTANCE')]}/{to.get('PORT')}")
        for name, module in modules.items()
        for port in module.iter("PORT")
        for to in port.iter("CONNECTION")
        if port.get("DIR") == "O" and (port.get("SIGIS") != "undef" or port.get("NAME") == "locked")
        if to.get("INSTANCE") in by_instance
    }
    assert wires == {(n["driver"], load) for n in record["nets"] for load in n["loads"] if "/" in load}
    clocks = {p.get("NAME"): p.get("CLKFREQUENCY") for p in modules["video/hdmi_out"].iter("PORT")}
    assert (clocks["aclk"], clocks["serial_clk"]) == ("74250000", "371250000")


def test_every_name_in_the_hand_off_file_leads_somewhere():
    """Interfaces map ports that are there, and connections are told by both ends."""
    root = ElementTree.fromstring(hwh(video_design()))
    modules = {m.get("INSTANCE"): {p.get("NAME"): p for p in m.iter("PORT")} for m in root.iter("MODULE")}
    for module in root.iter("MODULE"):
        assert {m.get("PHYSICAL") for m in module.iter("PORTMAP")} <= modules[module.get("INSTANCE")].keys()
    modules["overlay_imp"] = {p.get("NAME"): p for p in root.find("EXTERNALPORTS")}
    for name, ports in modules.items():
        for port in ports.values():
            for to in port.iter("CONNECTION"):
                back = modules[to.get("INSTANCE")][to.get("PORT")]
                ends = {(c.get("INSTANCE"), c.get("PORT")) for c in back.iter("CONNECTION")}
                assert (name, port.get("NAME")) in ends or name == "overlay_imp" or to.get("INSTANCE") == "overlay_imp"


def test_the_device_is_that_of_the_board():
    info = ElementTree.fromstring(hwh(video_design())).find("SYSTEMINFO")
    assert [info.get(key) for key in ("ARCH", "DEVICE", "PACKAGE", "SPEEDGRADE")] == ["zynq", "7z020", "clg400", "-1"]


def test_a_master_drives_what_a_master_drives():
    """Addresses, data that are written, and what is valid of them; and no slave drives these."""
    modules = {m.get("INSTANCE"): m for m in ElementTree.fromstring(hwh(video_design())).iter("MODULE")}
    ways = {p.get("NAME"): p.get("DIR") for p in modules["ps7"].iter("PORT")}
    assert [ways[f"M_AXI_GP0_{name}"] for name in ("ARADDR", "WDATA", "WSTRB", "BREADY", "RREADY")] == ["O"] * 5
    assert [ways[f"M_AXI_GP0_{name}"] for name in ("ARREADY", "RDATA", "RLAST", "BID", "BVALID")] == ["I"] * 5
    assert [ways[f"S_AXI_HP2_{name}"] for name in ("ARADDR", "ARVALID", "RREADY")] == ["I"] * 3
    assert [ways[f"S_AXI_HP2_{name}"] for name in ("ARREADY", "RDATA", "RLAST")] == ["O"] * 3
    reader = {p.get("NAME") for p in modules["video_axi_vdma"].iter("PORT")}
    assert "m_axi_mm2s_araddr" in reader and "m_axi_mm2s_awaddr" not in reader


def test_the_generated_output_is_the_module_that_the_scripts_package(hdmi):
    pytest.importorskip("amaranth")
    from bittrue_rtl.hdmi.out import verilog

    (hdmi / "rtl" / "hdmi_out.v").write_text(verilog().verilog)
    ran = run(hdmi)
    assert ran.code == 0, ran.output


SETTINGS, VERILOG = "rtl/overlay.tcl", "rtl/hdmi_out.v"
WRONG = {
    "no HDMI output": (VERILOG, "module hdmi_out (", "module hdmi (", "has no module hdmi_out"),
    "a stream without TUSER": (VERILOG, "input s_axis_tuser", "input hold", "port hold belongs to no interface"),
    "a pin that is missing": (VERILOG, "output hdmi_tx_clk_n, ", "", "has no hdmi_tx_clk_n"),
    "a pair too few": (VERILOG, "output [2:0] hdmi_tx_d_n", "output [1:0] hdmi_tx_d_n", "port hdmi_tx_d_n has 3 bits"),
    "an unknown parameter": (SETTINGS, "c_num_fstores 3", "c_num_frames 3", "axi_vdma has no parameter c_num_frames"),
    "a width that cannot be": (SETTINGS, "tdata_width 24", "tdata_width 25", "cannot be '25'"),
    "pixels of 32 bits": (SETTINGS, "tdata_width 24", "tdata_width 32", "M_AXIS_MM2S has 32 bits and"),
    "no reading channel": (SETTINGS, "s2mm 0 c_include_mm2s 1", "s2mm 0 c_include_mm2s 0", "has no M_AXI_MM2S"),
    "bursts that cannot be": (SETTINGS, "burst_length 16", "burst_length 12", "cannot be '12'"),
    "another input clock": (SETTINGS, "PRIM_IN_FREQ 100.000", "PRIM_IN_FREQ 125.000", "clk_in1 has 100.00 MHz"),
    "a clock beyond the chip": (SETTINGS, "OUT_FREQ 371.250", "OUT_FREQ 742.500", "is beyond a clock manager"),
    "a serial clock off the constraint": (
        SETTINGS,
        "serial_mhz       {371.250",
        "serial_mhz       {360.0",
        "serial_clk has 371.250 MHz",
    ),
    "a reset the other way": (SETTINGS, "RESET_TYPE ACTIVE_LOW", "RESET_TYPE ACTIVE_HIGH", "has no resetn"),
    "an interrupt as an interface": (SETTINGS, "IRQ_CONNECTION 1", "IRQ_CONNECTION 0", "has no irq"),
    "no memory port": ("video.tcl", "HP2 1 CONFIG", "HP2 0 CONFIG", "has no S_AXI_HP2"),
    "two masters too few": ("video.tcl", "NUM_MI 4", "NUM_MI 3", "has no M03_AXI"),
    "an interrupt too few": ("video.tcl", "NUM_PORTS 3", "NUM_PORTS 2", "has no In2"),
    "the pixel clock on the buses": (
        "video.tcl",
        "pixel_reset/slowest_sync_clk axi_vdma/m_axis_mm2s_aclk hdmi_out/aclk",
        "pixel_reset/slowest_sync_clk hdmi_out/aclk axi_vdma/m_axi_mm2s_aclk",
        "two drivers",
    ),
    "a stream across clocks": (
        "video.tcl",
        "{pixel_reset/slowest_sync_clk axi_vdma/m_axis_mm2s_aclk hdmi_out/aclk}",
        "{pixel_reset/slowest_sync_clk hdmi_out/aclk}\n    connect_driver ps7/FCLK_CLK1 axi_vdma/m_axis_mm2s_aclk",
        "is clocked by ps7/FCLK_CLK1 and hdmi_out/s_axis by pixel_clock/clk_out1",
    ),
    "the reset of another clock": (
        "video.tcl",
        "connect_driver pixel_reset/peripheral_aresetn {hdmi_out/aresetn}",
        "connect_driver bus_reset/peripheral_aresetn {hdmi_out/aresetn}",
        "reset hdmi_out/aresetn is in the clock domain of ps7/FCLK_CLK1",
    ),
    "a clock of the output that is open": (
        "video.tcl",
        "clk_out2 {hdmi_out/serial_clk}",
        "clk_out2 {}",
        "is not connected",
    ),
    "a cell by its old name": (
        "addresses.tcl",
        "Data video/axi_vdma/S",
        "Data axi_vdma/S",
        "is in the hierarchy video",
    ),
    "a hierarchy of another name": (
        "video.tcl",
        "group_bd_cells video",
        "group_bd_cells videos",
        "matches video/axi_vdma",
    ),
    "frames without an address": (
        "addresses.tcl",
        "assign_segment video/axi_vdma/Data_MM2S ps7/S_AXI_HP2/HP2_DDR_LOWOCM",
        "# ",
        "is assigned 0 times",
    ),
    "registers over each other": (SETTINGS, "0x41800000", "0x43000000", "overlaps"),
    "a place of another pin": ("hdmi.xdc", "PACKAGE_PIN K17", "PACKAGE_PIN K16", "hdmi_tx_d_p[0] is not at K16"),
    "a pair turned round": ("hdmi.xdc", "hdmi_tx_clk_p", "hdmi_tx_clk_n", "is not at L16"),
    "another level": ("hdmi.xdc", "J18 IOSTANDARD TMDS_33", "J18 IOSTANDARD LVCMOS33", "with LVCMOS33"),
    "a port that is none": ("hdmi.xdc", "{hdmi_tx_d_p[2]}", "{hdmi_tx_d_p[3]}", "there is no port hdmi_tx_d_p[3]"),
    "a pin without a place": ("hdmi.xdc", "set_property -dict {PACKAGE_PIN H18", "# {", "8 pins leave the design, 7"),
    "a clock in the design's constraints": ("hdmi.xdc", "# The HDMI", "create_clock x\n# The", "is no place of a port"),
    "constraints that are not taken": (
        "project.tcl",
        "        add_files -norecurse -fileset constrs_1",
        "        list",
        "0 of them",
    ),
    "an IP that is not in a repository": (
        "project.tcl",
        "lappend repositories [file join $work hdmi_ip]",
        "",
        "there is no IP",
    ),
    "an output in the design's own clock": (
        "package_hdmi.tcl",
        "        constrain_out_of_context $core $constraint\n",
        "",
        "are not for out_of_context alone",
    ),
    "a stream without a clock": ("package_hdmi.tcl", "ASSOCIATED_BUSIF s_axis", 'ASSOCIATED_BUSIF ""', "has no clock"),
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_rejected(hdmi, what):
    file, old, new, message = WRONG[what]
    ran = run(hdmi, changed(hdmi, file, old, new))
    assert ran.code == 1, ran.output
    assert message in ran.output, ran.output
    assert not ran.record and not list((hdmi / "overlay").iterdir())


def test_without_hdmi_nothing_of_it_is_built(folder):
    ran = run(folder)
    assert not {name for name in ran.record["cells"] if "/" in name or "interrupt_" in name}
    assert shutil.which("tclsh")

"""The overlay that streams weights: scripts, description and hand-off file say the same; what is wrong is rejected."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from mock_vivado import MEMORY, changed, run, small_design
from shell_stand_in import VERILOG

from bittrue.targets.pynq_z1.design import Design
from bittrue.targets.pynq_z1.hwh import hwh
from bittrue.targets.pynq_z1.layout import layout

MASTER = """
  output [31:0] m_axi_weights_araddr, output [7:0] m_axi_weights_arlen, output [2:0] m_axi_weights_arsize,
  output [1:0] m_axi_weights_arburst, output [3:0] m_axi_weights_arcache, output [2:0] m_axi_weights_arprot,
  output m_axi_weights_arvalid, input m_axi_weights_arready,
  input [63:0] m_axi_weights_rdata, input [1:0] m_axi_weights_rresp, input m_axi_weights_rlast,
  input m_axi_weights_rvalid, output m_axi_weights_rready,
"""


def streamed_design(video: bool = False) -> Design:
    plain = small_design()
    return Design(plain.stem, plain.clock, 32, 32, video=video, weights=True)


@pytest.fixture
def streamed(folder: Path) -> Path:
    """The folder of an overlay whose hand-written shell has the master."""
    (folder / "rtl" / "overlay.tcl").write_text(streamed_design().settings_tcl([MEMORY]))
    shell = folder / "rtl" / "stand_in_shell.v"
    text = shell.read_text()
    first = "module stand_in_shell ("
    assert text.count(first) == 1 and VERILOG.count(first) == 1
    shell.write_text(text.replace(first, first + MASTER))
    return folder


def test_the_scripts_build_what_is_described(streamed):
    ran = run(streamed)
    assert ran.code == 0, ran.output
    record, plan = ran.record, layout(streamed_design())
    assert {name: cell["vlnv"] for name, cell in record["cells"].items()} == plan.cells
    wires = {(net["driver"], load) for net in record["nets"] for load in net["loads"] if "/" in load}
    assert wires == {
        (f"{net.driver.cell}/{net.driver.name}", f"{load.cell}/{load.name}") for net in plan.nets for load in net.loads
    }
    inner = {tuple(link) for link in record["links"] if "/" in link[0] and "/" in link[1]}
    wanted = [(a, b) for a, b, _ in plan.streams] + list(plan.buses)
    assert inner == {(f"{a.cell}/{a.name}", f"{b.cell}/{b.name}") for a, b in wanted}
    addresses = {(a["space"], a["segment"].lower(), a["offset"], a["range"]) for a in record["addresses"]}
    assert ("net/m_axi_weights", "ps7/s_axi_hp1/hp1_ddr_lowocm", 0, 0x2000_0000) in addresses
    assert len(addresses) == len(plan.addresses)


@pytest.mark.parametrize("infer", ["0", "1"])
def test_the_master_has_an_address_space_whether_the_packager_makes_one_or_not(streamed, infer):
    ran = run(streamed, INFER=infer)
    assert ran.code == 0, ran.output


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("weights.tcl", "CONFIG.NUM_CLKS 2", "CONFIG.NUM_CLKS 1", "no pin matches weights/aclk1|aclk1"),
        ("weights.tcl", "{weights/aclk1 ps7/S_AXI_HP1_ACLK}", "{weights/aclk1}", "S_AXI_HP1_ACLK"),
        ("weights.tcl", "CONFIG.PCW_USE_S_AXI_HP1 1 ", "", "S_AXI_HP1"),
        ("weights.tcl", "range 4294967296", "range 65536", "address space m_axi_weights is not what 32 bits reach"),
        ("package_shell.tcl", "append streams :m_axi_weights", "append streams {}", "m_axi_weights has no clock"),
        ("addresses.tcl", "assign_segment net/m_axi_weights", "list net/m_axi_weights", "assigned 0 times"),
        ("rtl/stand_in_shell.v", "output [7:0] m_axi_weights_arlen,", "", "has no port m_axi_weights_arlen"),
    ],
)
def test_what_is_wrong_is_rejected(streamed, file, old, new, said):
    ran = run(streamed, changed(streamed, file, old, new))
    assert ran.code != 0
    assert any(part in ran.output for part in said.split("|")), ran.output[-500:]


@pytest.mark.parametrize("video", [False, True], ids=["plain", "with HDMI"])
def test_the_hand_off_file_has_the_port_and_what_hangs_on_it(video):
    root = ElementTree.fromstring(hwh(streamed_design(video)))
    modules = {module.get("INSTANCE"): module for module in root.iter("MODULE")}
    values = {p.get("NAME"): p.get("VALUE") for p in modules["ps7"].iter("PARAMETER")}
    assert (values["PCW_USE_S_AXI_HP1"], values["PCW_S_AXI_HP1_DATA_WIDTH"]) == ("1", "64")
    (master,) = (bus for bus in modules["net"].iter("BUSINTERFACE") if bus.get("NAME") == "m_axi_weights")
    (slave,) = (bus for bus in modules["weights"].iter("BUSINTERFACE") if bus.get("NAME") == "S00_AXI")
    assert (master.get("TYPE"), master.get("DATAWIDTH")) == ("MASTER", "64")
    assert master.get("BUSNAME") == slave.get("BUSNAME") == "net_m_axi_weights"
    plain = ElementTree.fromstring(hwh(small_design()))
    assert "weights" not in {module.get("INSTANCE") for module in plain.iter("MODULE")}

"""The scripts of rtl/vivado build the described design, and hand-off file and manifest say the same."""

from __future__ import annotations

import re
import subprocess
from xml.etree import ElementTree

import pytest
from mock_vivado import MEMORY, MOCK, SCRIPT, run, small_design

from bittrue.targets.pynq_z1.clock import fclk
from bittrue.targets.pynq_z1.design import (
    ADDRESSES,
    DDR_BASE,
    DDR_RANGE,
    DMA,
    FROM_NET,
    IP,
    PART,
    PS7,
    REGISTER_RANGE,
    STREAM_WIDTHS,
    TO_NET,
    VIVADO,
    VLNV,
    Design,
)
from bittrue.targets.pynq_z1.hwh import hwh, parameters
from bittrue.targets.pynq_z1.wiring import BUSES, NETS, STREAMS


@pytest.fixture
def record(folder):
    ran = run(folder)
    assert ran.code == 0, ran.output
    return ran.record


def test_the_scripts_pass(folder):
    ran = run(folder)
    assert ran.code == 0, ran.output
    assert sorted(path.name for path in (folder / "overlay").iterdir()) == ["stand_in.bit", "stand_in.hwh"]
    assert (folder / "vivado" / "stand_in.xsa").is_file()
    reports = {path.name for path in (folder / "vivado" / "reports").iterdir()}
    assert reports == {"utilization.rpt", "utilization_hierarchical.rpt", "timing_summary.rpt", "route_status.rpt"}


def test_the_scripts_pass_a_second_time(folder):
    assert [run(folder).code, run(folder).code] == [0, 0]


def test_the_scripts_pass_where_the_packager_infers_no_memory_map(folder):
    ran = run(folder, INFER="0")
    assert ran.code == 0, ran.output


def test_cells_and_part_are_those_of_the_description(record):
    assert {name: cell["vlnv"] for name, cell in record["cells"].items()} == VLNV
    assert record["part"] == PART


@pytest.mark.parametrize(("input_bits", "output_bits", "mhz"), [(32, 32, 100), (8, 128, 150), (1024, 64, 77.7)])
def test_parameters_are_those_of_the_description(folder, input_bits, output_bits, mhz):
    design = Design("stand_in", fclk(mhz), input_bits, output_bits)
    (folder / "rtl" / "overlay.tcl").write_text(design.settings_tcl([MEMORY]))
    text = (folder / "rtl" / "stand_in_shell.v").read_text()
    for port, bits in (("s_axis", input_bits), ("m_axis", output_bits)):
        text = text.replace(f"[31:0] {port}_tdata", f"[{bits - 1}:0] {port}_tdata")
        text = text.replace(f"[3:0] {port}_tkeep", f"[{bits // 8 - 1}:0] {port}_tkeep")
    (folder / "rtl" / "stand_in_shell.v").write_text(text)
    ran = run(folder)
    assert ran.code == 0, ran.output
    cells = ran.record["cells"]
    assert cells[DMA]["config"] == design.dma_config()
    assert cells[PS7]["config"]["PCW_FPGA0_PERIPHERAL_FREQMHZ"] == design.clock.asked
    assert cells[PS7]["config"]["PCW_FPGA1_PERIPHERAL_FREQMHZ"] == "100.00"
    assert ran.record["periods"] == {"aclk": float(f"{1000 / float(design.clock.asked):.3f}")}
    for cell, bits in ((TO_NET, input_bits), (FROM_NET, output_bits)):
        assert cells[cell]["config"] == design.converter_config(cell)
        assert cells[cell]["widths"] == {"S_AXIS": bits, "M_AXIS": bits}
    assert cells[IP]["widths"]["s_axis"] == cells[DMA]["widths"]["M_AXIS_MM2S"] == input_bits
    assert cells[IP]["widths"]["m_axis"] == cells[DMA]["widths"]["S_AXIS_S2MM"] == output_bits


@pytest.mark.parametrize("bits", STREAM_WIDTHS)
def test_bursts_stay_within_4_kib(bits):
    config = Design("x", fclk(100), bits, bits).dma_config()
    for side in ("mm2s", "s2mm"):
        size = int(config[f"c_{side}_burst_size"]) * int(config[f"c_m_axi_{side}_data_width"]) // 8
        assert size == (1024 if bits <= 32 else 4096 if bits >= 128 else 2048)


def test_connections_are_those_of_the_description(record):
    assert {(net["driver"], load) for net in record["nets"] for load in net["loads"]} == {
        (f"{net.driver.cell}/{net.driver.name}", f"{load.cell}/{load.name}") for net in NETS for load in net.loads
    }
    kinds = {"clk": "clk", "rst": "rstn", "INTERRUPT": "irq"}
    assert {net["driver"]: net["kind"] for net in record["nets"]} == {
        f"{net.driver.cell}/{net.driver.name}": kinds[net.kind] for net in NETS
    }
    inner = {tuple(link) for link in record["links"] if "/" in link[0] and "/" in link[1]}
    wanted = [(a, b) for a, b, _ in STREAMS] + list(BUSES)
    assert inner == {(f"{a.cell}/{a.name}", f"{b.cell}/{b.name}") for a, b in wanted}


def test_addresses_are_those_of_the_description(record):
    found = {(a["space"], a["segment"]): (a["offset"], a["range"]) for a in record["addresses"]}
    assert found == {
        ("ps7/Data", "dma/S_AXI_LITE/Reg"): (ADDRESSES[DMA], REGISTER_RANGE),
        ("ps7/Data", "net/s_axi_ctrl/reg0"): (ADDRESSES[IP], REGISTER_RANGE),
        ("dma/Data_MM2S", "ps7/S_AXI_HP0/HP0_DDR_LOWOCM"): (DDR_BASE, DDR_RANGE),
        ("dma/Data_S2MM", "ps7/S_AXI_HP0/HP0_DDR_LOWOCM"): (DDR_BASE, DDR_RANGE),
    }


def test_the_hand_off_file_says_what_the_scripts_built(record):
    root = ElementTree.fromstring(hwh(small_design()))
    modules = {module.get("INSTANCE"): module for module in root.iter("MODULE")}
    assert {name: module.get("VLNV") for name, module in modules.items()} == VLNV
    for name, module in modules.items():
        given = {p.get("NAME"): p.get("VALUE") for p in module.find("PARAMETERS")}
        assert given == parameters(small_design(), name)
        shared = given.keys() & record["cells"][name]["config"].keys()
        assert {key: given[key] for key in shared} == {key: record["cells"][name]["config"][key] for key in shared}
        if name in (DMA, PS7):
            assert len(shared) >= (16 if name == DMA else 12)
    for wire in NETS:
        for pin in wire.pins if wire.kind == "clk" else ():
            (port,) = (p for p in modules[pin.cell].iter("PORT") if p.get("NAME") == pin.name)
            assert port.get("CLKFREQUENCY") == {"FCLK_CLK0": "200000000", "FCLK_CLK1": "100000000"}[wire.driver.name]
    ranges = [entry for module in modules.values() for entry in module.iter("MEMRANGE")]
    spaces = {"M_AXI_GP0": "ps7/Data", "M_AXI_MM2S": "dma/Data_MM2S", "M_AXI_S2MM": "dma/Data_S2MM"}
    mapped = {
        (
            spaces[entry.get("MASTERBUSINTERFACE")],
            "/".join(entry.get(key) for key in ("INSTANCE", "SLAVEBUSINTERFACE", "ADDRESSBLOCK")),
            int(entry.get("BASEVALUE"), 16),
            int(entry.get("HIGHVALUE"), 16),
        )
        for entry in ranges
    }
    assert mapped == {
        (a["space"], a["segment"], a["offset"], a["offset"] + a["range"] - 1) for a in record["addresses"]
    }
    wires = {
        (f"{name}/{port.get('NAME')}", f"{to.get('INSTANCE')}/{to.get('PORT')}")
        for name, module in modules.items()
        for port in module.iter("PORT")
        for to in port.iter("CONNECTION")
        if port.get("DIR") == "O" and port.get("SIGIS") != "undef" and not to.get("INSTANCE").endswith("_imp")
    }
    assert wires == {(net["driver"], load) for net in record["nets"] for load in net["loads"]}
    check_interfaces(modules, record)


def check_interfaces(modules, record):
    """Interfaces have the widths and partners that the scripts gave them; their signals run the right way."""
    roles = {"MASTER": 0, "INITIATOR": 0, "SLAVE": 1, "TARGET": 1}
    found = {
        (f"{name}/{bus.get('NAME')}", roles[bus.get("TYPE")])
        for name, module in modules.items()
        for bus in module.iter("BUSINTERFACE")
    }
    assert found == {(path, k) for link in record["links"] for k, path in enumerate(link) if "/" in path}
    buses = check_bus_names(modules, record)
    signals = {
        (f"{name}/{port.get('NAME')}", f"{to.get('INSTANCE')}/{to.get('PORT')}"): port
        for name, module in modules.items()
        for port in module.iter("PORT")
        for to in port.iter("CONNECTION")
        if port.get("SIGIS") == "undef" and not to.get("INSTANCE").endswith("_imp")
    }
    streams = {ends: port for ends, port in signals.items() if re.search("axis", ends[0], re.IGNORECASE)}
    assert len(streams) == 40
    for (here, there), port in signals.items():
        other = signals[there, here]
        assert {port.get("DIR"), other.get("DIR")} == {"I", "O"}
        assert [port.get(key) for key in ("SIGNAME", "LEFT", "RIGHT")] == [
            other.get(key) for key in ("SIGNAME", "LEFT", "RIGHT")
        ]
        assert here.rpartition("_")[2].lower() == there.rpartition("_")[2].lower()
    for (here, _), port in streams.items():
        from_master = here.split("/")[1].lower().startswith("m_axis")
        assert (port.get("DIR") == "O") == (from_master is not here.endswith("tready"))
        assert port.get("LEFT") == {"tdata": "31", "tkeep": "3"}.get(here.rpartition("_")[2])
    for path, bus in buses.items():
        width = record["cells"][path.split("/")[0]]["widths"][path.split("/")[1]]
        values = {p.get("NAME"): p.get("VALUE") for p in bus.findall("PARAMETER")}
        if width:
            assert int(values.get("DATA_WIDTH", 0)) or int(values["TDATA_NUM_BYTES"]) * 8 == width


def check_bus_names(modules, record):
    """Both ends of a link have one name of a bus, that of its master, and as many signals; returns the interfaces."""
    buses = {
        f"{name}/{bus.get('NAME')}": bus for name, module in modules.items() for bus in module.iter("BUSINTERFACE")
    }
    for master, slave in (link for link in record["links"] if "/" in link[1]):
        name = master.replace("/", "_")
        assert buses[master].get("BUSNAME") == buses[slave].get("BUSNAME") == name
        assert [m.get("LOGICAL") for m in buses[master].iter("PORTMAP")] == [
            m.get("LOGICAL") for m in buses[slave].iter("PORTMAP")
        ]
    return {path: bus for path, bus in buses.items() if not path.startswith("ps7/") or "AXI" in path}


def test_every_vivado_command_in_the_scripts_is_known_to_the_mock():
    table = subprocess.run(
        ["tclsh"],
        input=f"source {MOCK.parent}/mock/commands.tcl\nputs [dict keys $commands]",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    text = "\n".join(re.sub(r"(?m)^\s*#.*", "", path.read_text()) for path in sorted(SCRIPT.parent.glob("*.tcl")))
    own = set(re.findall(r"(?m)^proc (\S+)", text))
    words = set(re.findall(r"(?:^|[\[{;])\s*((?:ipx::)?[a-z]\w*_\w+)\b", text, re.MULTILINE)) - own
    assert words & set(table)
    assert words - set(table) - VARIABLES == set()


VARIABLES = {"clock_mhz", "base_address", "s_axi_ctrl", "net_reset", "to_net", "from_net", "get_ports"} | {
    *("axi_vdma", "pixel_clock", "pixel_reset", "interrupt_controller", "hdmi_out", "package_hdmi", "block_design"),
    *("hdmi_tx_clk_p", "hdmi_tx_d_p", "serial_clk"),
}
"""Words at the beginning of a list, or in a constraint, that are no commands of the scripts."""


def test_the_version_is_the_same_everywhere():
    assert f"set expected {VIVADO}" in (SCRIPT.parent / "project.tcl").read_text()


def test_scripts_are_short():
    for path in sorted(SCRIPT.parent.glob("*.tcl")):
        lines = path.read_text().splitlines()
        assert len(lines) <= 150, f"{path.name} has {len(lines)} lines"
        assert lines[0].startswith("# "), f"{path.name} does not say what it is for"
        assert max(map(len, lines)) <= 120, path.name

"""Scripts, mock and hand-off file held against a project that Vivado 2024.2 wrote.

It is a public one, with a processing system, an AXI DMA, two SmartConnects and a reset block: ``design_1.hwh``,
``design_1.bd`` and the ``.xci`` of the IPs, read where they are: the variable BITTRUE_HANDOFF names their folder, else
it is ../shared/data/handoff beside the repository. docs/vivado.md has the table of what differs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from mock_vivado import MOCK, run, small_design

from bittrue.targets.pynq_z1.design import DMA, PS7, VLNV
from bittrue.targets.pynq_z1.hwh import hwh

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("BITTRUE_HANDOFF", ROOT.parent / "shared" / "data" / "handoff"))
pytestmark = pytest.mark.skipif(
    not (FOLDER / "design_1.hwh").is_file(), reason=f"no hand-off of Vivado in {FOLDER}; set BITTRUE_HANDOFF"
)

PAIRS = {
    PS7: "processing_system7_0",
    DMA: "axi_dma_0",
    "bus_reset": "proc_sys_reset_0",
    "control": "axi_smc_1",
    "memory": "axi_smc",
}
"""Cells of one kind, ours and theirs."""
SETTINGS = {
    VLNV[PS7]: "processing_system7_0_0",
    VLNV[DMA]: "axi_dma_0_0",
    VLNV["bus_reset"]: "proc_sys_reset_0_0",
    VLNV["control"]: "axi_smc_0",
}
"""Files with every CONFIG name of an IP."""
LEFT_OUT = {"COREREVISION"}
"""Attributes of a module that depend on the version of Vivado."""
SHORT = {
    "HAS_BRESP", "HAS_BURST", "HAS_CACHE", "HAS_LOCK", "HAS_PROT", "HAS_QOS", "HAS_REGION", "HAS_RRESP", "HAS_WSTRB",
    "ARUSER_WIDTH", "AWUSER_WIDTH", "BUSER_WIDTH", "RUSER_WIDTH", "WUSER_WIDTH", "RUSER_BITS_PER_BYTE",
    "WUSER_BITS_PER_BYTE", "INSERT_VIP", "MAX_BURST_LENGTH", "NUM_READ_OUTSTANDING", "NUM_READ_THREADS",
    "NUM_WRITE_OUTSTANDING", "NUM_WRITE_THREADS", "SUPPORTS_NARROW_BURST", "LAYERED_METADATA", "TDEST_WIDTH",
    "TID_WIDTH",
}  # fmt: skip
"""Parameters of interfaces that Vivado derives and we leave out."""
UNUSED = {"GPIO_0", "UART_0", "IIC_0", "SDIO_0", "USBIND_0", "S_AXI_HP1_FIFO_CTRL"}
"""Interfaces of their processing system that nothing is connected to: we leave such out."""


@pytest.fixture(scope="module")
def theirs() -> dict[str, ElementTree.Element]:
    """Their modules by instance."""
    return {m.get("INSTANCE", ""): m for m in ElementTree.parse(FOLDER / "design_1.hwh").iter("MODULE")}


@pytest.fixture(scope="module")
def ours() -> dict[str, ElementTree.Element]:
    """The modules of `hwh` by instance."""
    return {m.get("INSTANCE", ""): m for m in ElementTree.fromstring(hwh(small_design())).iter("MODULE")}


def settings(vlnv: str) -> set[str]:
    """Every CONFIG name of an IP in 2024.2."""
    text = (FOLDER / f"design_1_{SETTINGS[vlnv]}.xci").read_text(encoding="utf-8")
    return set(json.loads(text)["ip_inst"]["parameters"]["component_parameters"])


def named(module: ElementTree.Element, group: str, tag: str) -> dict[str, ElementTree.Element]:
    return {element.get("NAME", ""): element for element in module.iterfind(f"{group}/{tag}")}


def test_every_setting_of_the_scripts_is_one_of_the_ip(folder):
    cells, compared = run(folder).record["cells"], 0
    for cell in cells.values():
        if cell["vlnv"] in SETTINGS:
            assert cell["config"].keys() - settings(cell["vlnv"]) == set()
            compared += len(cell["config"])
    assert compared > 175


def test_every_setting_that_the_mock_knows_is_one_of_the_ip():
    """Each pattern of the mock's catalogue is the name of a setting in 2024.2: none is dead, none is made up."""
    script = f"""
        source {MOCK.parent}/mock/catalogue.tcl
        dict for {{vlnv own}} $parameters {{foreach {{name value}} $own {{puts "$vlnv $name"}}}}
    """
    out = subprocess.run(["tclsh"], input=script, capture_output=True, text=True, check=True).stdout
    compared = 0
    for line in out.splitlines():
        vlnv, pattern = line.split(" ", 1)
        if vlnv in SETTINGS:
            assert any(re.search(pattern, name) for name in settings(vlnv)), pattern
            compared += 1
    assert compared > 40


def test_values_that_vivado_gave_pass_the_mock(tmp_path):
    """What the mock has a form for, in that project, has that form."""
    values = []
    for vlnv, file in SETTINGS.items():
        found = json.loads((FOLDER / f"design_1_{file}.xci").read_text(encoding="utf-8"))["ip_inst"]["parameters"]
        for name, (entry,) in found["component_parameters"].items():
            values.append(f"{{{vlnv}}} {{{name}}} {{{entry['value']}}}")
    script = f"""
        set known_packaged {{}}
        source {MOCK.parent}/mock/catalogue.tcl
        foreach {{vlnv name value}} {{{" ".join(values)}}} {{
            if {{[catch {{check_config $vlnv $name $value}} message]}} {{
                if {{![string match "*has no parameter*" $message]}} {{puts "$name $message"}}
            }} else {{incr good}}
        }}
        puts "good $good"
    """
    out = subprocess.run(["tclsh"], input=script, capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = [line for line in out[:-1] if not _elsewhere(line)]
    assert not wrong and int(out[-1].split()[1]) > 200


def _elsewhere(line: str) -> bool:
    """Whether the mock is narrower on purpose: pins of another board, and what is not used there."""
    return bool(re.search(r"_(IO|PULLUP|SLEW|PARTNO|SELECT|CLKSRC|MEMORY_TYPE) |PERIPHERAL_FREQMHZ|FREQ_MHZ", line))


@pytest.mark.parametrize(("own", "other"), PAIRS.items())
def test_modules_have_the_same_attributes(ours, theirs, own, other):
    mine, genuine = ours[own], theirs[other]
    assert set(genuine.keys()) - set(mine.keys()) == LEFT_OUT
    assert set(mine.keys()) <= set(genuine.keys())
    for key in ("HWVERSION", "IPTYPE", "IS_ENABLE", "MODCLASS", "MODTYPE", "VLNV", "IS_PL", "BDTYPE", "DRIVERMODE"):
        assert mine.get(key) == genuine.get(key)
    assert {child.tag for child in genuine} - {child.tag for child in mine} <= {"DOCUMENTS"}


@pytest.mark.parametrize(("own", "other"), PAIRS.items())
def test_parameters_are_those_of_the_ip(ours, theirs, own, other):
    mine, genuine = (set(named(modules, "PARAMETERS", "PARAMETER")) for modules in (ours[own], theirs[other]))
    assert mine - genuine == set()
    if own in ("control", "memory"):
        assert genuine - mine == {"HAS_RESET", "TLM_COMPONENT_NAME"}  # of its simulation model
    if own == "bus_reset":
        assert genuine == mine


@pytest.mark.parametrize(("own", "other"), PAIRS.items())
def test_ports_are_those_of_the_ip(ours, theirs, own, other):
    mine, genuine = (named(modules, "PORTS", "PORT") for modules in (ours[own], theirs[other]))
    translated = {re.sub("_HP0_", "_HP1_", name): port for name, port in mine.items()}
    only = {"FCLK_CLK1", "IRQ_F2P", "aclk1", "m_axis_mm2s_tkeep", "s_axis_s2mm_tkeep"}
    extra = {name for name in translated.keys() - genuine.keys() - only if not name.startswith("M01_AXI")}
    assert not {name for name in extra if own not in ("control", "memory")}
    for name in translated.keys() & genuine.keys():
        ports = translated[name], genuine[name]
        connected = ports[1].get("SIGNAME") is not None
        keys = [set(port.keys()) - ({"SIGNAME"} if not connected else set()) for port in ports]
        assert keys[0] == keys[1], name
        for key in ("DIR", "SIGIS", "POLARITY", "SENSITIVITY", "RIGHT"):
            assert ports[0].get(key) == ports[1].get(key), (name, key)


def test_a_lite_bus_has_the_signals_of_theirs(ours, theirs):
    """Of the DMA's registers and of its memory side: the names and widths of every signal, and which way it runs."""
    kinds = ("s_axi_lite_", "m_axi_mm2s_", "m_axi_s2mm_")
    mine, genuine = (
        {name: port for name, port in named(m, "PORTS", "PORT").items() if name.startswith(kinds)}
        for m in (ours[DMA], theirs["axi_dma_0"])
    )
    assert mine.keys() == genuine.keys()
    wide = {"m_axi_s2mm_wdata", "m_axi_s2mm_wstrb"}  # theirs is as wide as their net's stream
    assert {n: p.get("LEFT") for n, p in mine.items() if n not in wide} == {
        n: p.get("LEFT") for n, p in genuine.items() if n not in wide
    }


def test_buses_of_the_processing_system_have_the_signals_of_theirs(ours, theirs):
    for name, other in (("M_AXI_GP0", "M_AXI_GP0"), ("S_AXI_HP0", "S_AXI_HP1")):
        mine, genuine = (
            {port: element.get("LEFT") for port, element in named(m, "PORTS", "PORT").items() if port.startswith(bus)}
            for m, bus in ((ours[PS7], name), (theirs["processing_system7_0"], other))
        )
        status = ("COUNT", "CAP1_EN")  # of the queue in the port; nothing is connected to it
        assert {re.sub("_HP0_", "_HP1_", port): left for port, left in mine.items()} == {
            port: left for port, left in genuine.items() if not port.endswith(status)
        }


@pytest.mark.parametrize(("own", "other"), PAIRS.items())
def test_interfaces_are_described_as_theirs(ours, theirs, own, other):
    mine, genuine = (named(modules, "BUSINTERFACES", "BUSINTERFACE") for modules in (ours[own], theirs[other]))
    translated = {name.replace("_HP0", "_HP1"): bus for name, bus in mine.items()}
    assert translated.keys() - genuine.keys() <= {"M01_AXI"}
    assert genuine.keys() - translated.keys() <= UNUSED
    for name in translated.keys() & genuine.keys():
        bus, other_bus = translated[name], genuine[name]
        assert set(bus.keys()) - {"DATAWIDTH"} == set(other_bus.keys()) - {"DATAWIDTH"}
        assert [bus.get(key) for key in ("TYPE", "VLNV")] == [other_bus.get(key) for key in ("TYPE", "VLNV")]
        parameters = [{p.get("NAME", ""): p.get("VALUE") for p in b.findall("PARAMETER")} for b in (bus, other_bus)]
        if name in ("DDR", "FIXED_IO"):
            continue
        assert parameters[0].keys() - parameters[1].keys() == set()
        assert parameters[1].keys() - parameters[0].keys() <= SHORT
        for key in ("PROTOCOL", "READ_WRITE_MODE", "ID_WIDTH", "PHASE", "ADDR_WIDTH"):
            assert parameters[0].get(key) == parameters[1].get(key), (name, key)


def test_the_address_map_is_written_as_theirs(ours, theirs):
    for own, other in ((PS7, "processing_system7_0"), (DMA, "axi_dma_0")):
        mine, genuine = (list(m.iter("MEMRANGE")) for m in (ours[own], theirs[other]))
        assert set(mine[0].keys()) == set(genuine[0].keys())
        for key in ("BASENAME", "HIGHNAME", "IS_DATA", "IS_INSTRUCTION", "MEMTYPE", "MASTERBUSINTERFACE"):
            assert mine[0].get(key) == genuine[0].get(key)
    blocks = [next(m.iter("ADDRESSBLOCK")) for m in (ours[PS7], theirs["processing_system7_0"])]
    assert {k: v.replace("HP0", "HP1") for k, v in blocks[0].attrib.items()} == dict(blocks[1].attrib)


def test_pins_of_the_chip_are_written_as_theirs():
    mine, genuine = ElementTree.fromstring(hwh(small_design())), ElementTree.parse(FOLDER / "design_1.hwh").getroot()
    assert set(mine.find("SYSTEMINFO").keys()) == set(genuine.find("SYSTEMINFO").keys())
    ports = [
        {p.get("NAME"): (p.get("DIR"), p.get("SIGIS"), p.find("CONNECTIONS/CONNECTION").get("PORT")) for p in found}
        for found in (mine.find("EXTERNALPORTS"), genuine.find("EXTERNALPORTS"))
    ]
    assert ports[0] == ports[1]
    maps = [
        {b.get("NAME"): {(m.get("LOGICAL"), m.get("PHYSICAL")) for m in b.iter("PORTMAP")} for b in found}
        for found in (mine.find("EXTERNALINTERFACES"), genuine.find("EXTERNALINTERFACES"))
    ]
    assert maps[0] == maps[1]


def test_the_scripts_say_the_names_of_the_block_design(folder):
    """Paths of address spaces and segments, and the modes of interfaces, are those in their block design."""
    design = json.loads((FOLDER / "design_1.bd").read_text(encoding="utf-8"))["design"]
    genuine = {
        (space.split("/")[-1], re.sub("HP1", "HP0", segment["address_block"].split("/", 2)[2]))
        for cell, own in design["addressing"].items()
        for space, spaces in own["address_spaces"].items()
        for segment in spaces["segments"].values()
    }
    found = {
        (entry["space"].split("/")[1], entry["segment"].split("/", 1)[1]) for entry in run(folder).record["addresses"]
    }
    assert found - {("Data", "s_axi_ctrl/reg0")} == genuine
    links = {tuple(pin.split("/")[1] for pin in net["interface_ports"]) for net in design["interface_nets"].values()
             if all("/" in pin for pin in net["interface_ports"])}  # fmt: skip
    assert ("M_AXI_MM2S", "S00_AXI") in links or ("S00_AXI", "M_AXI_MM2S") in links


def test_the_mock_has_the_pins_and_interfaces_of_theirs(theirs):
    """Of each IP as it is configured there: every clock, reset and interrupt with its direction and polarity, and every
    bus with its mode and width."""
    lines = [f"set packaged {{}}; set known_packaged {{}}; source {MOCK.parent}/mock/catalogue.tcl"]
    for own, other in PAIRS.items():
        settings = {p.get("NAME"): p.get("VALUE") or "" for p in theirs[other].iterfind("PARAMETERS/PARAMETER")}
        config = " ".join(f"{{{name}}} {{{value}}}" for name, value in settings.items())
        lines.append(f"set c {{{config}}}; set v {VLNV[own]}")
        lines.append(f'foreach {{n s}} [ip_pins $v $c] {{puts "pin {other} $n [lrange $s 0 1]"}}')
        lines.append(f'foreach {{n s}} [ip_interfaces $v $c] {{puts "bus {other} $n [lrange $s 0 1] [lindex $s 4]"}}')
    done = subprocess.run(["tclsh"], input="\n".join(lines), capture_output=True, text=True, check=True)
    pins, buses = set(), set()
    for line in done.stdout.splitlines():
        what, *rest = line.split()
        (pins if what == "pin" else buses).add(tuple(rest))
    kinds = {("clk", None): "clk", ("rst", "ACTIVE_LOW"): "rstn", ("rst", "ACTIVE_HIGH"): "rst"}
    kinds |= {("INTERRUPT", None): "irq"}
    genuine = set()
    for other in PAIRS.values():
        for port in theirs[other].iterfind("PORTS/PORT"):
            name, kind = port.get("NAME", ""), kinds.get((port.get("SIGIS"), port.get("POLARITY")))
            if kind and not name.startswith(("DDR_", "SDIO")):
                genuine.add((other, name, {"I": "input", "O": "output"}[port.get("DIR", "")], kind))
    assert pins - {("proc_sys_reset_0", "dcm_locked", "input", "data")} == genuine
    roles = {"MASTER": "master", "INITIATOR": "master", "SLAVE": "slave", "TARGET": "slave"}
    found = set()
    for other in PAIRS.values():
        for bus in theirs[other].iterfind("BUSINTERFACES/BUSINTERFACE"):
            protocol = bus.get("VLNV", "").split(":")[2]
            if bus.get("NAME") not in UNUSED and protocol in ("aximm", "axis"):
                values = {p.get("NAME"): p.get("VALUE") for p in bus.findall("PARAMETER")}
                width = values.get("DATA_WIDTH") or str(8 * int(values["TDATA_NUM_BYTES"] or 0))
                width = "0" if other.startswith("axi_smc") else width  # it adapts
                found.add((other, bus.get("NAME"), protocol, roles[bus.get("TYPE", "")], width))
    assert {bus for bus in buses if bus[2] in ("aximm", "axis")} == found

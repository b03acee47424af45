"""Names that the scripts use, held against hand-off files that Vivado has written.

The package ``pynqmetadata`` carries some. They are read where they are: the variable BITTRUE_HWH names a folder of
them, else they are looked for in the board's environment. None has a SmartConnect, an xlconcat or a stream's clock
converter: those names rest on the product guides and on public scripts.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from mock_vivado import run, small_design

from bittrue.targets.pynq_z1.design import DMA, PS7, VLNV
from bittrue.targets.pynq_z1.hwh import hwh, parameters
from bittrue.targets.pynq_z1.wiring import BUSES, NETS, STREAMS

PLACES = ".venv*/lib/python3*/site-packages/pynqmetadata/tests/hwhs"
ROOT = Path(__file__).parents[2]
NOT_IN_IT = {"IRQ_F2P", "FCLK_CLK1"}
"""Pins that exist only with settings which the public design does not have."""
LATER = {"POLARITY", "ADDRESSBLOCKS", "ADDRESSBLOCK"}
"""What Vivado 2024.2 writes of these cells and 2019.2 did not (tests/vivado/test_genuine.py)."""


@pytest.fixture(scope="module")
def genuine() -> dict[str, ElementTree.Element]:
    """Modules of a public Zynq-7000 design by VLNV."""
    given = os.environ.get("BITTRUE_HWH")
    folders = [Path(given)] if given else sorted(ROOT.glob(PLACES))
    files = [folder / "resizer.hwh" for folder in folders if (folder / "resizer.hwh").is_file()]
    if not files:
        pytest.skip("no public hand-off file: install pynqmetadata or set BITTRUE_HWH to a folder with resizer.hwh")
    return {module.get("VLNV", ""): module for module in ElementTree.parse(files[0]).iter("MODULE")}


def names(module: ElementTree.Element, tag: str) -> set[str]:
    return {element.get("NAME", "") for element in module.iter(tag)}


def test_every_parameter_that_the_scripts_set_exists(genuine, folder):
    cells, compared = run(folder).record["cells"], 0
    for cell in cells.values():
        if cell["vlnv"] in genuine:
            known = names(genuine[cell["vlnv"]].find("PARAMETERS"), "PARAMETER")
            assert cell["config"].keys() - known == set()
            compared += len(cell["config"])
    assert compared > 170


def test_every_parameter_of_the_hand_off_file_exists(genuine):
    for cell in (DMA, PS7):
        known = names(genuine[VLNV[cell]].find("PARAMETERS"), "PARAMETER")
        assert parameters(small_design(), cell).keys() - known == set()


def test_every_pin_and_interface_exists(genuine):
    compared = 0
    for pin in [pin for net in NETS for pin in net.pins]:
        if VLNV[pin.cell] in genuine and pin.name not in NOT_IN_IT:
            assert pin.name in names(genuine[VLNV[pin.cell]].find("PORTS"), "PORT")
            compared += 1
    for pin in [pin for bus in (*BUSES, *((a, b) for a, b, _ in STREAMS)) for pin in bus]:
        if VLNV[pin.cell] in genuine:
            assert pin.name in names(genuine[VLNV[pin.cell]].find("BUSINTERFACES"), "BUSINTERFACE")
            compared += 1
    assert compared == 26


def test_directions_and_kinds_are_those_of_the_public_design(genuine):
    for net in NETS:
        for pin in net.pins:
            if VLNV[pin.cell] in genuine and pin.name not in NOT_IN_IT:
                (port,) = (p for p in genuine[VLNV[pin.cell]].iter("PORT") if p.get("NAME") == pin.name)
                assert (port.get("DIR") == "O") == (pin is net.driver)
                assert port.get("SIGIS") == net.kind


def test_the_hand_off_file_is_built_like_a_genuine_one(genuine):
    """Every element and attribute that ours has, theirs has, for the cells that both have."""
    ours = {module.get("VLNV", ""): module for module in ElementTree.fromstring(hwh(small_design())).iter("MODULE")}
    theirs: dict[str, set[str]] = {}
    for vlnv in (VLNV[DMA], VLNV[PS7], VLNV["net_reset"]):
        for element in genuine[vlnv].iter():
            theirs.setdefault(element.tag, set()).update(element.keys())
    for vlnv in (VLNV[DMA], VLNV[PS7], VLNV["net_reset"]):
        for element in ours[vlnv].iter():
            if element.tag not in LATER:
                assert set(element.keys()) - LATER <= theirs[element.tag], element.tag


def test_segments_are_named_as_in_the_public_design(genuine):
    own = {entry.get("ADDRESSBLOCK") for entry in ElementTree.fromstring(hwh(small_design())).iter("MEMRANGE")}
    found = {entry.get("ADDRESSBLOCK") for module in genuine.values() for entry in module.iter("MEMRANGE")}
    assert own - {"reg0"} <= found


def test_the_registers_of_the_dma_are_those_of_the_public_design(genuine):
    def registers(module: ElementTree.Element) -> dict[str, tuple[int, dict[str, tuple[int, int]]]]:
        found = {}
        for register in module.iter("REGISTER"):
            own = {p.get("NAME"): p.get("VALUE") for p in register.findall("PROPERTY")}
            fields = {}
            for field in register.iter("FIELD"):
                place = {p.get("NAME"): int(p.get("VALUE") or 0) for p in field if p.get("NAME", "").startswith("BIT_")}
                fields[field.get("NAME", "")] = (place["BIT_OFFSET"], place["BIT_WIDTH"])
            found[register.get("NAME", "")] = (int(own["ADDRESS_OFFSET"] or "0", 16), fields)
        return found

    (module,) = (m for m in ElementTree.fromstring(hwh(small_design())).iter("MODULE") if m.get("INSTANCE") == DMA)
    theirs = registers(genuine[VLNV[DMA]])
    ours = registers(module)
    assert len(ours) == 8
    for name, (offset, fields) in ours.items():
        assert theirs[name][0] == offset
        assert {field: theirs[name][1][field] for field in fields} == fields

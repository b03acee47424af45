"""pynq's parser on a hand-off file that Vivado 2024.2 wrote, and on ours: the same things in the same form."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pynq.metadata.runtime_metadata_parser import RuntimeMetadataParser
from pynqmetadata.frontends import Metadata

from bittrue.targets.pynq_z1.clock import fclk
from bittrue.targets.pynq_z1.design import Design
from bittrue.targets.pynq_z1.dma_registers import DMA_REGISTERS
from bittrue.targets.pynq_z1.hwh import hwh

ROOT = Path(__file__).parents[2]
FILE = Path(os.environ.get("BITTRUE_HANDOFF", ROOT.parent / "shared" / "data" / "handoff")) / "design_1.hwh"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"no hand-off of Vivado at {FILE}; set BITTRUE_HANDOFF")


@pytest.fixture(scope="module")
def theirs():
    return RuntimeMetadataParser(Metadata(input=FILE))


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    path = tmp_path_factory.mktemp("hwh") / "stand_in.hwh"
    path.write_text(hwh(Design("stand_in", fclk(200), 32, 32)))
    return RuntimeMetadataParser(Metadata(input=path))


def test_both_are_read(theirs, ours):
    assert theirs.ip_dict["axi_dma_0"]["phys_addr"] == ours.ip_dict["dma"]["phys_addr"] == 0x4040_0000
    assert theirs.ip_dict["axi_dma_0"]["addr_range"] == ours.ip_dict["dma"]["addr_range"] == 0x1_0000
    assert theirs.ip_dict.keys() == {"axi_dma_0", "processing_system7_0"}
    assert ours.ip_dict.keys() == {"dma", "net", "ps7"}


def test_a_dma_is_described_alike(theirs, ours):
    genuine, own = theirs.ip_dict["axi_dma_0"], ours.ip_dict["dma"]
    assert genuine.keys() == own.keys() and genuine["type"] == own["type"]
    assert own["parameters"].keys() <= genuine["parameters"].keys()
    for name, offset, fields in DMA_REGISTERS:
        for registers in (genuine["registers"], own["registers"]):
            assert registers[name]["address_offset"] == offset
            found = {key: (f["bit_offset"], f["bit_width"]) for key, f in registers[name]["fields"].items()}
            assert {key: found[key] for key, _, _ in fields} == {key: (low, bits) for key, low, bits in fields}


def test_clocks_are_described_alike(theirs, ours):
    assert theirs.clock_dict.keys() == ours.clock_dict.keys() == {0, 1, 2, 3}
    assert all(theirs.clock_dict[k].keys() == ours.clock_dict[k].keys() for k in range(4))
    assert (theirs.clock_dict[0]["divisor0"], ours.clock_dict[0]["divisor0"]) == (13, 5)

"""What Yosys makes of a shell of frames: the block RAM in front of the net, and of its banks, is the formula's."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from bittrue.cost import cost, resources, shell_ramb18
from bittrue.lower.bram import rom_blocks
from bittrue.lower.stream_shell import end_layouts, held_words, stream_bits
from bittrue.num import Format
from bittrue.spec import Conv1d, MemoryTaps, Net, Node, ReLU, TensorType
from bittrue_rtl.framer import Framer
from bittrue_rtl.network import Network
from bittrue_rtl.printing import printed
from bittrue_sim.synth import xc7_report, xc7_use

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyosys") is None, reason="no pyosys: pip install -e '.[synth]'"
)
FMT = Format(8, 7)
INTERVAL = 48 * 60


def net() -> Net:
    """At `INTERVAL`, two lanes of 48 words, which are LUTs; 128 in two banks, which are block RAM."""
    rng = np.random.default_rng(1)
    layer = Conv1d(rng.integers(-128, 128, (4, 8, 3)), np.arange(4), FMT, FMT, ReLU(), padding=1)
    return Net("deep", TensorType((8, 60), FMT), (Node("conv", layer, ("input",)),))


LARGE = [pytest.param(*case, marks=pytest.mark.heavy) for case in ((56, 8), (505, 32), (5000, 16), (300, 1024))]


@pytest.mark.parametrize("words, bits", [(57, 8), *LARGE])
def test_a_frame_waits_in_the_blocks_of_the_formula(words: int, bits: int) -> None:
    used = xc7_use(xc7_report(printed(Framer(bits, words, words + 8), "framer"), "framer"))
    assert used["RAMB18"] == rom_blocks(words + 8, bits) and (used["RAMB18"] > 0) == (words > 56)


def test_the_shell_counts_that_memory() -> None:
    given, _ = end_layouts(net(), INTERVAL)
    blocks = rom_blocks(held_words(given), stream_bits(net().input, given))
    assert shell_ramb18(net(), INTERVAL) == blocks > 0
    plain, shell = resources(net(), INTERVAL), resources(net(), INTERVAL, shell=True)
    assert shell.ramb36 == -(-(cost(net(), INTERVAL).ramb18 + blocks) // 2) and shell.dsp == plain.dsp
    samples = Net("taps", TensorType((2,), FMT), (Node("taps", MemoryTaps((0, 1), (1,), FMT), ("input",)),))
    assert shell_ramb18(samples, 8) == 0


def test_banks_of_filters_take_the_blocks_of_the_formula() -> None:
    found, network = cost(net(), INTERVAL, banks=2), Network(net(), INTERVAL, banks=[net(), net()])
    used = xc7_use(xc7_report(printed(network, "network"), "network"))
    assert (used["RAMB18"], used["DSP48E1"]) == (found.ramb18, found.dsps)
    assert found.ramb18 == cost(net(), INTERVAL).ramb18 + found.lanes

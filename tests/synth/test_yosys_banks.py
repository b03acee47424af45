"""What Yosys makes of hardware with banks: one block a lane, memories of the kind and number of the formula."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.cost import cost
from bittrue.lower.bram import bank_depth, rom_blocks
from bittrue.num import Format
from bittrue.spec import Dense, Net, Node, TensorType
from bittrue_rtl.network import Network
from bittrue_rtl.printing import printed
from bittrue_rtl.ram import Ram
from bittrue_sim.synth import LATCHES, xc7_report, xc7_use

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyosys") is None, reason="no pyosys: pip install -e '.[synth]'"
)


class Rams(wiring.Component):
    """RAMs side by side, each ``(words, banks, bits)``."""

    def __init__(self, shapes: Sequence[tuple[int, int, int]]) -> None:
        self.rams = [Ram(bits, [range(words)] * banks) for words, banks, bits in shapes]
        super().__init__(
            {name: Out(port.shape()) if "data" in path else In(port.shape()) for name, path, port in self._ports()}
        )

    def _ports(self) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
        """Name, path and signal of every port of every RAM."""
        for k, ram in enumerate(self.rams):
            for path, _, port in ram.signature.flatten(ram):
                yield "_".join(map(str, (*path, k))), path, port

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules += self.rams
        for name, path, inner in self._ports():
            outer = getattr(self, name)
            m.d.comb += outer.eq(inner) if "data" in path else inner.eq(outer)
        return m


def test_memories_of_banks_take_the_blocks_of_the_formula() -> None:
    """Up to 64 words in all they are LUTs, deeper ones block RAM, and nothing but the read register stands beside."""
    shapes = [(8, 2, 16), (16, 4, 16), (1, 4, 36), (17, 4, 16), (400, 2, 37)]
    found = xc7_report(printed(Rams(shapes), "rams"), "rams")
    blocks = [rom_blocks(bank_depth(words) * banks, bits) for words, banks, bits in shapes]
    assert blocks == [0, 0, 0, 1, 3] and xc7_use(found)["RAMB18"] == sum(blocks)
    assert set(found) <= {"FDRE", "RAM32M", "RAM64M", "RAMB18E1", "RAMB36E1"} and found["FDRE"] == 16 + 16 + 36


def test_a_net_with_banks_takes_the_blocks_of_its_cost() -> None:
    fmt, rng = Format(12, 11), np.random.default_rng(2)
    layer = Dense(rng.integers(-99, 99, (3, 20)), rng.integers(-99, 99, 3), fmt, fmt)
    net = Net("banked", TensorType((20,), fmt), (Node("fc", layer, ("input",)),))
    found = xc7_report(printed(Network(net, 20, banks=[net] * 3), "banked"), "banked")
    assert not set(found) & set(LATCHES) and not [kind for kind in found if kind.startswith("$")]
    used, price = xc7_use(found), cost(net, 20, banks=3)
    assert (used["DSP48E1"], used["RAMB18"]) == (price.dsps, price.ramb18) == (3, 3)

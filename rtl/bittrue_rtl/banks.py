"""The nets that hardware with banks is built with, as the contents of its memories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth.lib import stream
from amaranth.lib.wiring import In

from bittrue.lower.load import LoadPlan
from bittrue.spec import Net
from bittrue_rtl.ram import Ram
from bittrue_rtl.shapes import load_bus


@dataclass(frozen=True, eq=False)
class Banks:
    """The memories of one layer.

    Parameters
    ----------
    plan : LoadPlan
    node : str
    contents : list of tuples of arrays
        Bank by bank what `LoadPlan.contents` gives: the words of all lanes of the net.
    """

    plan: LoadPlan
    node: str
    contents: list[tuple[npt.NDArray[np.int64], ...]]

    @property
    def queued(self) -> bool:
        """Whether the numbers of banks come frame by frame (`bittrue_rtl.frame_banks`), not with every payload."""
        return self.plan.schedule.streamed

    @property
    def tag_bits(self) -> int:
        """Bits of a bank's number that travel with a payload."""
        return 0 if self.queued else self.plan.bank_bits

    def rams(self, kind: str, segment: int) -> tuple[int, list[Ram]]:
        """The number of the first lane of a kind in a segment, and the memory of each row's."""
        numbers = [
            k
            for k, lane in enumerate(self.plan.lanes)
            if (lane.node, lane.kind, lane.segment) == (self.node, kind, segment)
        ]
        return numbers[0], [Ram(self.plan.lanes[k].bits, [bank[k].tolist() for bank in self.contents]) for k in numbers]


def bank_ports(banks: Banks | None) -> dict[str, Any]:
    """Ports of a layer that can be loaded: ``load``, and where the numbers of banks are queued the stream ``bank``."""
    if banks is None:
        return {}
    numbers = {"bank": In(stream.Signature(banks.plan.bank_bits))} if banks.queued else {}
    return {"load": In(load_bus(banks.plan)), **numbers}


def contents(plan: LoadPlan, nets: Sequence[Net]) -> list[tuple[npt.NDArray[np.int64], ...]]:
    """Words of every lane, bank by bank; banks beyond those given are copies of the first."""
    given = [plan.contents(net) for net in nets]
    return given + given[:1] * (plan.bank_count - len(given))

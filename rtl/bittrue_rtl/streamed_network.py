"""A net some of whose layers stream their weights."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal

from bittrue.lower.streaming import StreamPlan
from bittrue.lower.units import WindowUnit
from bittrue.spec import Net, Node
from bittrue_rtl.network import Network
from bittrue_rtl.streamed_windows import StreamedWindows


class StreamedNetwork(Network):
    """A `Network` whose layers of a `StreamPlan` have no memories of weights.

    Parameters
    ----------
    net, interval, probes, flagged
        As of `Network`.
    streaming : StreamPlan

    Attributes
    ----------
    weights : list of streams, in
        One a streamed layer, in the order of the plan. They are no members of the signature.
    starved : Signal
        High in every clock in which lanes of some layer wait for weights.
    """

    def __init__(
        self, net: Net, interval: int, streaming: StreamPlan, *, probes: bool = False, flagged: bool = False
    ) -> None:
        super().__init__(net, interval, probes=probes, flagged=flagged)
        self.streaming, self.starved = streaming, Signal(name="starved")
        self.parts: dict[str, StreamedWindows] = {}
        for layer in streaming.layers:
            (unit,) = self.steps[layer.name].units
            assert isinstance(unit, WindowUnit)
            self.parts[layer.name] = StreamedWindows(unit, layer, flagged=self.flagged)
        self.weights = [part.weights for part in self.parts.values()]

    def _component(self, node: Node) -> Any:
        return self.parts[node.name] if node.name in self.parts else super()._component(node)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = super().elaborate(platform)
        m.d.comb += self.starved.eq(Cat(part.starved for part in self.parts.values()).any())
        return m

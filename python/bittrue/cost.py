"""What a net costs in arithmetic, memory and hardware, by formula."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from bittrue.lower.schedule import Step, schedule
from bittrue.spec import ComplexFIR, Dense, Layer, Net, Table


@dataclass(frozen=True)
class NodeCost:
    """Cost of one node.

    Parameters
    ----------
    macs : int
        Real multiply-accumulates of weights a sample.
    rom_bits : int
        Bits of weights, biases and tables as the net stores them.
    lanes : int
        Multiply-accumulate lanes at the chosen interval.
    dsps : int
        DSP48E1 blocks: lanes and feature multipliers.
    latency : int
        Clocks from a vector's acceptance to its result, nothing stalling.
    """

    macs: int
    rom_bits: int
    lanes: int
    dsps: int
    latency: int


@dataclass(frozen=True)
class Cost:
    """Cost of a net at one initiation interval.

    Parameters
    ----------
    interval : int
        Clocks a sample in steady state.
    latency : int
        Clocks from a sample's first clock at the input port to its first clock at the output port.
    nodes : dict of NodeCost
    """

    interval: int
    latency: int
    nodes: dict[str, NodeCost]

    @property
    def macs(self) -> int:
        """Real multiply-accumulates of weights a sample."""
        return sum(node.macs for node in self.nodes.values())

    @property
    def rom_bits(self) -> int:
        """Bits of all weights, biases and tables."""
        return sum(node.rom_bits for node in self.nodes.values())

    @property
    def lanes(self) -> int:
        """Multiply-accumulate lanes."""
        return sum(node.lanes for node in self.nodes.values())

    @property
    def dsps(self) -> int:
        """DSP48E1 blocks."""
        return sum(node.dsps for node in self.nodes.values())

    @property
    def utilisation(self) -> float:
        """Share of lane clocks that multiply a weight of the net, in steady state; 0 for a net without lanes."""
        return self.macs / (self.lanes * self.interval) if self.lanes else 0.0


def cost(net: Net, interval: int) -> Cost:
    """`Cost` of ``net`` with one sample every ``interval`` clocks.

    Raises `BadInput` for an interval or a layer that the RTL leg does not have.
    """
    steps = schedule(net, interval)
    nodes = {node.name: _node_cost(node.layer, steps[node.name]) for node in net.nodes}
    return Cost(interval, steps[net.nodes[-1].name].arrival, nodes)


def _node_cost(layer: Layer, step: Step) -> NodeCost:
    macs = step.fold.inputs * step.fold.outputs if step.fold else 0
    lanes = step.fold.lanes if step.fold else 0
    dsps = lanes * step.matrix.dsps_per_lane if step.matrix else 0
    dsps += step.features.dsps if step.features else 0
    return NodeCost(macs, rom_bits(layer), lanes, dsps, step.latency)


@singledispatch
def rom_bits(layer: Layer) -> int:
    """Bits of a layer's constants: words times their width."""
    return 0


@rom_bits.register
def _(layer: Dense) -> int:
    widest = int(np.where(layer.bias < 0, ~layer.bias, layer.bias).max())
    return layer.weight.size * layer.weight_format.bits + layer.bias.size * (widest.bit_length() + 1)


@rom_bits.register
def _(layer: ComplexFIR) -> int:
    return layer.weight.size * layer.weight_format.bits


@rom_bits.register
def _(layer: Table) -> int:
    return layer.values.size * layer.output.bits

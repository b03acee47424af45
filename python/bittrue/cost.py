"""What a net costs in arithmetic, memory and hardware, by formula."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np

from bittrue.lower.bram import rom_blocks
from bittrue.lower.fold import INTERVAL, MAX_INTERVAL, TooShort, is_pipeline
from bittrue.lower.load import bank_count, bank_luts, bank_memories, check_luts
from bittrue.lower.pipelined import PipelinedUnit
from bittrue.lower.products import DSPS
from bittrue.lower.schedule import (
    Schedule,
    Step,
    check_hardware,
    has_frames,
    least_interval,
    queue_luts,
    queue_size,
    schedule,
)
from bittrue.lower.source import source_plan
from bittrue.lower.stored import Stored
from bittrue.lower.stream_shell import end_layouts, held_words, is_framed, stream_bits
from bittrue.module_call import callable_as
from bittrue.spec import ComplexFIR, Constant, Conv, Dense, Layer, Net, Table, TensorType, Weighted, as_net
from bittrue.spec.source import Source


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
        DSP48E1 blocks: lanes, feature multipliers, products of tensors.
    roms : int
        Memories that hold the constants: one a lane, one a lane row for the biases of several turns or banks, and as
        many copies of a table as its look-ups need, two a clock from each.
    ramb18 : int
        RAMB18E1 blocks of those deep enough (`bittrue.lower.bram`), a RAMB36E1 counted as two, of the buffers that
        hold rows of frames and images, and of deep queues.
    latency : int
        Clocks from the first transfer of a sample into the node to the first of its result, nothing stalling.
    adders : int
        Of a pipeline that takes a sample every clock: bits of the adders that weigh without DSP48E1, about a LUT each.
    """

    macs: int
    rom_bits: int
    lanes: int
    dsps: int
    roms: int
    ramb18: int
    latency: int
    adders: int = 0


@dataclass(frozen=True)
class Cost:
    """Cost of a net at one initiation interval.

    Parameters
    ----------
    interval : int
        Clocks a sample in steady state (`bittrue.lower.schedule.clocks_a_sample`).
    latency : int
        Clocks from a sample's first clock at the input ports to its first clock at the last output port.
    nodes : dict of NodeCost
    stored : Stored
        Flip-flops and memory LUTs at least.
    samples : int
        Samples that are taken side by side every ``interval`` clocks.
    """

    interval: int
    latency: int
    nodes: dict[str, NodeCost]
    stored: Stored
    samples: int = 1

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
    def ramb18(self) -> int:
        """RAMB18E1 blocks, a RAMB36E1 counted as two."""
        return sum(node.ramb18 for node in self.nodes.values())

    @property
    def adders(self) -> int:
        """Bits of the adders that weigh without a DSP48E1."""
        return sum(node.adders for node in self.nodes.values())

    @property
    def utilisation(self) -> float:
        """Share of lane clocks that multiply a weight of the net, in steady state; 0 for a net without lanes. A weight
        of zero has no lane in a pipeline that takes a sample every clock."""
        return min(1.0, self.macs * self.samples / (self.lanes * self.interval)) if self.lanes else 0.0


def cost(
    net: Net | str | os.PathLike[str],
    interval: int | None = None,
    banks: int = 0,
    *,
    dsps: int = DSPS,
    luts: int | None = None,
    samples: int = 1,
) -> Cost:
    """`Cost` of ``net``, or of that in its folder, with one sample every ``interval`` clocks (`default_interval`).

    With ``banks``, of hardware that is given so many nets alike and loads codes at run time; ``rom_bits`` are those of
    one net. ``dsps`` and ``luts`` bound what a pipeline takes, which an interval below `MIN_INTERVAL` is, and
    ``samples`` are those that it takes in a clock (`bittrue.lower.means.Means`). Raises `BadInput` for an interval or a
    layer that the RTL leg does not have, and as `bittrue.lower.schedule.schedule` does.
    """
    net = as_net(net)
    interval = default_interval(net) if interval is None else interval
    plan = schedule(net, interval, banked=banks > 0, dsps=dsps, luts=luts, samples=samples)
    held = bank_count(banks) if banks else 0
    if held:
        check_luts(net, plan, held, luts)
    nodes = {node.name: _node_cost(node.layer, net.types[node.name], plan.steps[node.name], held) for node in net.nodes}
    if is_pipeline(plan.clocks):
        queues = {name: rom_blocks(*queue_size(net, plan, name)) for name in net.outputs}
        nodes |= {name: replace(nodes[name], ramb18=nodes[name].ramb18 + blocks) for name, blocks in queues.items()}
    latency = max(plan.steps[name].arrival for name in net.outputs) + plan.behind
    return Cost(plan.clocks, latency, nodes, _stored(net, plan, held), samples)


@dataclass(frozen=True)
class Resources:
    """Blocks of an FPGA of Xilinx's 7 series: what a net takes, or what a part has.

    Parameters
    ----------
    dsp : int
        DSP48E1.
    ramb36 : int
        RAMB36E1; two RAMB18E1 share one.
    lut : int, optional
        Look-up tables: no formula gives all of them, only synthesis does.
    ff : int, optional
        Flip-flops; by formula those of words alone (`bittrue.lower.stored`), so at least so many.
    lutram : int, optional
        LUTs that are memory or shift registers, by formula at least so many.
    """

    dsp: int
    ramb36: int
    lut: int | None = None
    ff: int | None = None
    lutram: int | None = None

    def of(self, part: Resources) -> dict[str, tuple[int, int]]:
        """``(taken, there)`` of what is known on both sides, by name."""
        pairs = {name: (taken, getattr(part, name)) for name, taken in vars(self).items()}
        return {name: pair for name, pair in pairs.items() if None not in pair}

    def fits(self, part: Resources) -> bool:
        """Whether ``part`` has enough of all that is known."""
        return all(taken <= there for taken, there in self.of(part).values())


XC7Z020 = Resources(dsp=220, ramb36=140, lut=53_200, ff=106_400, lutram=17_400)
"""The part on a PYNQ-Z1."""


def shell_ramb18(net: Net, interval: int, banked: bool = False) -> int:
    """RAMB18E1 of the shell around ``net``: of the memory in which a frame waits until it is whole; 0 for samples.

    Raises `BadInput` as `bittrue.lower.stream_shell.end_layouts` and `stream_bits` do.
    """
    layouts = end_layouts(net, interval, banked)
    return rom_blocks(held_words(layouts[0]), stream_bits(net.input, layouts[0])) if is_framed(layouts) else 0


def resources(
    net: Net,
    interval: int,
    banks: int = 0,
    *,
    dsps: int = DSPS,
    luts: int | None = None,
    samples: int = 1,
    shell: bool = False,
) -> Resources:
    """`Resources` that ``net`` takes with one sample every ``interval`` clocks, by formula: ``lut`` is unknown, but for
    the adders and memories of a pipeline. With ``shell``, block RAM of the shell of an overlay counts too
    (`shell_ramb18`).

    ``resources(net, interval).fits(XC7Z020)`` tells whether DSP48E1, block RAM, and flip-flops and memory LUTs for what
    the net keeps are enough. ``banks``, the `Means` and what is raised are those of `cost`.
    """
    found = cost(net, interval, banks, dsps=dsps, luts=luts, samples=samples)
    lut = found.adders + found.stored.lutram if is_pipeline(interval) else None
    blocks = found.ramb18 + (shell_ramb18(net, interval, banks > 0) if shell else 0)
    return Resources(found.dsps, -(-blocks // 2), lut, found.stored.ff, found.stored.lutram)


def default_interval(net: Net) -> int:
    """An initiation interval for ``net`` where none is given, in clocks.

    8 for vectors. For frames and images the shortest power of two at which the net takes at most half of the DSP48E1
    and of the block RAM of an xc7z020, the longest one there is where none does. Raises `BadInput` for a net without an
    RTL leg.
    """
    check_hardware(net)
    if not has_frames(net):
        return INTERVAL
    half = Resources(XC7Z020.dsp // 2, XC7Z020.ramb36 // 2)
    interval = 1 << (least_interval(net) - 1).bit_length()
    while interval < MAX_INTERVAL and not _fits(net, interval, half):
        interval *= 2
    return interval


def default_source_interval(source: Source) -> int:
    """`default_interval` of a source's net; twice that, or more, where no generator keeps up with it."""
    interval = default_interval(source.net)
    while interval < MAX_INTERVAL:
        try:
            return source_plan(source, interval).interval
        except TooShort:
            interval *= 2
    return interval


def _fits(net: Net, interval: int, part: Resources) -> bool:
    try:
        return resources(net, interval).fits(part)
    except TooShort:
        return False


def _node_cost(layer: Layer, output: TensorType, step: Step, banks: int) -> NodeCost:
    loaded = bank_memories(step, banks) if banks else []
    memories = loaded or [memory for unit in step.parts for memory in unit.roms]
    blocks = sum(rom_blocks(*memory) for memory in memories) + step.kept_blocks
    lanes, dsps = (sum(getattr(unit, name) for unit in step.parts) for name in ("lanes", "dsps"))
    adders = sum(unit.full_adders for unit in step.parts if isinstance(unit, PipelinedUnit))
    return NodeCost(macs(layer, output), rom_bits(layer), lanes, dsps, len(memories), blocks, step.latency, adders)


def _stored(net: Net, plan: Schedule, banks: int) -> Stored:
    """What the units keep, queues where branches meet, and the register stages at the inputs."""
    total = Stored(ff=2 * sum(plan.layouts[name].lanes * net.types[name].format.bits for name in net.inputs))
    for step in plan.steps.values():
        total = sum((unit.stored for unit in step.parts), total)
        total = sum((queue.stored for queue in step.queues if queue), total)
    if is_pipeline(plan.clocks):
        total += Stored(lutram=queue_luts(net, plan) + (bank_luts(plan, banks) if banks else 0))
    return total


@singledispatch
def macs(layer: Layer, output: TensorType) -> int:
    """Real multiply-accumulates of weights a sample, for a layer whose result has the type ``output``.

    Those that meet the zeros beside a frame count, those that meet zeros between its samples do not.
    """
    return 0


@macs.register
def _(layer: Dense, output: TensorType) -> int:
    return layer.weight.size


@macs.register
def _(layer: Conv, output: TensorType) -> int:
    count: int = len(layer.weight) * layer.weight.shape[1]
    for axis, windows in zip(layer.axes, output.shape[1:], strict=True):
        count *= axis.products(windows)
    return count


@macs.register
def _(layer: ComplexFIR, output: TensorType) -> int:
    return 4 * len(layer.weight)


@singledispatch
def rom_bits(layer: Layer) -> int:
    """Bits of a layer's constants: words times their width."""
    return 0


@rom_bits.register
def _(layer: Weighted) -> int:
    widest = int(np.where(layer.bias < 0, ~layer.bias, layer.bias).max())
    return layer.weight.size * layer.weight_format.bits + layer.bias.size * (widest.bit_length() + 1)


@rom_bits.register
def _(layer: ComplexFIR) -> int:
    return layer.weight.size * layer.weight_format.bits


@rom_bits.register
def _(layer: Table) -> int:
    return layer.values.size * layer.output.bits


@rom_bits.register
def _(layer: Constant) -> int:
    return layer.values.size * layer.format.bits


callable_as(__name__, cost)

"""Words that a net keeps beside its lanes, by formula: the flip-flops and memory LUTs that hardware has at least."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bittrue.lower.bram import BUFFER
from bittrue.lower.frames import column_sources
from bittrue.lower.schedule import Step
from bittrue.spec import Net, TensorType

SHIFT = 32
"""Clocks that one LUT delays a bit by."""


@dataclass(frozen=True)
class Stored:
    """Flip-flops, and LUTs that are memory or shift registers."""

    ff: int = 0
    lutram: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(self.ff + other.ff, self.lutram + other.lutram)


def memory(words: int, bits: int) -> int:
    """LUTs of a memory that is written and read in a clock: 4 hold 6 bits of 32 words, or 3 of 64."""
    return -(-2 * bits // 3) if words <= SHIFT else -(-words // (2 * SHIFT)) * -(-4 * bits // 3)


def stored(net: Net, steps: dict[str, Step]) -> Stored:
    """What ``net`` keeps: delay lines of taps, inputs of lanes and what of them waits for its place in a chain, columns
    in buffers that are no block RAM, queues behind every datapath and where branches meet, and the register stage at
    the input."""
    carried = column_sources(net)
    total = Stored(ff=2 * _payload(net.input))
    for node in net.nodes:
        if carried[node.name] != node.name:
            continue
        step = steps[node.name]
        total += _delays(step) + _lanes(step) + _columns(step) + _queue(step, _payload(net.types[node.name]))
        for source, slack in zip(node.inputs, step.slack, strict=True):
            bits = _payload(net.types[carried[source]])
            total += Stored(2 * bits, memory(slack + 1, bits)) if slack else Stored()
    return total


def _payload(tensor: TensorType) -> int:
    """Bits of one transfer."""
    shape = tensor.shape[:1] if len(tensor.shape) == 2 else tensor.shape
    return math.prod(shape) * tensor.format.bits


def _delays(step: Step) -> Stored:
    """Delay lines start at zero, so they are flip-flops."""
    if step.features is None:
        return Stored()
    longest: dict[int, int] = {}
    for word, delay in step.features.picks:
        longest[word] = max(delay, longest.get(word, 0))
    return Stored(ff=sum(delay + 1 for delay in longest.values()) * step.features.output.bits)


def _lanes(step: Step) -> Stored:
    if step.matrix is None or step.fold is None:
        return Stored()
    bits, fold = step.matrix.given.bits, step.fold
    waits = sum(place * fold.skew // SHIFT for links in fold.links() for _, place in links)
    return Stored(fold.inputs * bits, waits * bits)


def _columns(step: Step) -> Stored:
    plan = step.filters or step.pools
    if plan is None or plan.buffer.words > BUFFER:
        return Stored()
    bits = step.filters.matrix.given.bits if step.filters else step.pools.bits if step.pools else 0
    memories = len(plan.buffer.units) * len(plan.buffer.walks)
    return Stored(lutram=memories * memory(plan.buffer.words, bits))


def _queue(step: Step, bits: int) -> Stored:
    """The queue behind a datapath holds what is under way in it."""
    parts = (step.features, step.fold, step.elementwise, step.filters or step.pools)
    latency = [part.latency for part in parts if part is not None]
    interval = step.interval
    depths = [-(-(clocks + 3) // interval) for clocks in latency]
    return Stored(bits, memory(max(2, depths[-1]), bits)) if depths else Stored(bits, memory(2, bits))

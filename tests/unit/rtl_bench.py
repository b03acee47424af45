"""Benches in Amaranth's simulator: words one a clock, and tensors in the beats of their layouts, stalled or not."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth.sim import Simulator

from bittrue import ref
from bittrue.cost import cost
from bittrue.lower.layout import NOTHING, Layout
from bittrue.num import Format
from bittrue.spec import Net
from bittrue_rtl.network import Network
from bittrue_rtl.pipeline import Pipeline
from bittrue_rtl.top import network as network_of

Codes = npt.NDArray[np.int64]


def simulate(component: Any, bench: Callable[[Any], Any]) -> None:
    """Run ``bench(ctx)`` to its end."""
    simulator = Simulator(component)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()


def pipelined(component: Any, latency: int, words: Sequence[dict[str, int]], result: str) -> list[int]:
    """``result`` for each of ``words``, one set of inputs a clock, ``latency`` clocks later."""
    found: list[int] = []

    async def bench(ctx: Any) -> None:
        for clock in range(len(words) + latency):
            for name, value in (words[clock] if clock < len(words) else {}).items():
                ctx.set(getattr(component, name), value)
            if clock >= latency:
                found.append(ctx.get(getattr(component, result)))
            await ctx.tick()

    simulate(component, bench)
    return found


@dataclasses.dataclass
class Run:
    """Beats that left a component, and the clocks in which beats went in and were offered."""

    vectors: Codes
    sent: list[int] = dataclasses.field(default_factory=list)
    offered: list[int] = dataclasses.field(default_factory=list)


def stream(
    component: Any,
    vectors: Codes,
    stall: float = 0.0,
    watch: Callable[[Any, int], None] = lambda ctx, clock: None,
    wanted: int = 0,
) -> Run:
    """Feed ``vectors (N, lanes)`` and collect as many, or ``wanted``; source and sink stall with probability
    ``stall``."""
    run, rng, results = Run(vectors), random.Random(7), []

    async def bench(ctx: Any) -> None:
        fed, offering, fresh, moved = 0, False, True, 0
        for clock in itertools.count():
            offering = offering or (fed < len(vectors) and rng.random() >= stall)
            ctx.set(component.i.valid, offering)
            ctx.set(component.i.payload, [int(word) for word in vectors[min(fed, len(vectors) - 1)]])
            ctx.set(component.o.ready, rng.random() >= stall)
            watch(ctx, clock)
            given = ctx.get(component.o.valid)
            if given:
                if fresh:
                    run.offered.append(clock)
                fresh = ctx.get(component.o.ready)
                if fresh:
                    results.append(list(ctx.get(component.o.payload)))
            taken = offering and ctx.get(component.i.ready)
            if taken:
                run.sent.append(clock)
                fed, offering = fed + 1, False
            if len(results) == (wanted or len(vectors)):
                return
            moved = clock if taken or (given and fresh) else moved
            assert clock < moved + 4000, "stuck"
            await ctx.tick()

    simulate(component, bench)
    run.vectors = np.array(results)
    return run


def full_range(fmt: Format, shape: tuple[int, ...], seed: int) -> Codes:
    """Random codes, a third of them at the ends of the format."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(fmt.lo, fmt.hi, shape, endpoint=True)
    return np.where(rng.random(shape) < 1 / 3, rng.choice([fmt.lo, fmt.hi], shape), codes)


def sent(codes: Codes, layout: Layout) -> Codes:
    """Samples ``(N, *shape)`` as the beats of a layout, one after another; 0 on a lane that carries nothing."""
    return np.where(layout.order == NOTHING, 0, codes.reshape(len(codes), -1)[:, layout.order]).reshape(
        -1, layout.lanes
    )


def gathered(beats: Codes, layout: Layout) -> Codes:
    """Samples of the beats that carried them."""
    order = layout.order.ravel()
    found = np.zeros((len(beats) // layout.transfers, order.max() + 1), np.int64)
    found[:, order[order != NOTHING]] = beats.reshape(len(found), -1)[:, order != NOTHING]
    return found.reshape(-1, *layout.shape)


def samples_through(network: Network | Pipeline, codes: Codes, stall: float = 0.0, **more: Any) -> Run:
    """`Run` of a net with one input and one output; ``vectors`` are samples, ``offered`` the clocks of all beats."""
    (given,), (result,) = network.net.inputs, network.net.outputs
    source, sink = network.layouts[given], network.layouts[result]
    run = stream(network, sent(codes, source), stall, wanted=len(codes) * sink.transfers, **more)
    run.vectors = gathered(run.vectors, sink)
    return run


def exact_and_on_schedule(net: Net, interval: int) -> None:
    """Words of the reference, the first in the clock of the formula, the last of every sample an interval apart."""
    samples = 16 if len(net.input.shape) == 1 else len(net.nodes) + 4
    codes = full_range(net.input.format, (samples, *net.input.shape), seed=3)
    network, price = network_of(net, interval), cost(net, interval)
    run = samples_through(network, codes)
    np.testing.assert_array_equal(run.vectors, ref.run(net, codes))
    assert run.offered[0] - run.sent[0] == price.latency
    transfers = network.layouts[net.outputs[0]].transfers
    ends = run.offered[transfers - 1 :: transfers]
    assert {b - a for a, b in itertools.pairwise(ends[samples // 2 :])} == {price.interval}

"""Hardware with banks: every sample by its own net, whatever stalls and whatever is loaded meanwhile."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from banked import BankedModel, Codes, loads_of
from strategies import tdnn

from bittrue import ref
from bittrue.cosim.stalls import Stalls
from bittrue.num import Format
from bittrue.spec import Add, ComplexFIR, Dense, LeakyReLU, MemoryTaps, Net, Node, ReLU, Table, TensorType, Term

Q = Format.parse
IO = Q("Q1.11")


def shuffled(net: Net, seed: int) -> Net:
    """A net like ``net`` with other codes in the whole range of its formats, but without the lowest."""
    rng, nodes = np.random.default_rng(seed), []
    for node in net.nodes:
        layer = node.layer
        if isinstance(layer, Dense | ComplexFIR):
            fmt = layer.weight_format
            layer = replace(layer, weight=rng.integers(fmt.lo + 1, fmt.hi, layer.weight.shape, endpoint=True))
        if isinstance(layer, Dense):
            reach = 1 << layer.shift(net.input_types(node)[0].format) + layer.output.bits - 3
            layer = replace(layer, bias=rng.integers(-reach, reach, layer.bias.shape))
        nodes.append(replace(node, layer=layer))
    return replace(net, nodes=tuple(nodes))


def branching() -> Net:
    """Every kind of layer, a layer with memory behind weights, a queue in front of a branch, and a narrow result."""
    zeros = lambda *shape: np.zeros(shape, np.int64)  # noqa: E731
    hidden = Format(9, 7)
    nodes = (
        Node("features", MemoryTaps((0, 2), (1, 2), Q("Q1.11"), iq_taps=(1, 3)), ("input",)),
        Node("fc1", Dense(zeros(7, 8), zeros(7), Q("Q1.7"), hidden, LeakyReLU(3)), ("features",)),
        Node("tanh", Table.tabulate(math.tanh, hidden, Q("Q1.9")), ("fc1",)),
        Node("fc2", Dense(zeros(5, 7), zeros(5), Q("Q2.8"), Q("Q2.9"), ReLU()), ("tanh",)),
        Node("fc3", Dense(zeros(2, 5), zeros(2), Q("Q1.9"), Q("Q1.10")), ("fc2",)),
        Node(
            "short", ComplexFIR((Term(0, (0, 1, 4)), Term(2, (1,))), zeros(4, 2), Q("Q1.9"), Q("Q2.10"), IO), ("input",)
        ),
        Node("sum", Add(Q("Q2.8")), ("fc3", "short", "input")),
        Node("out", ComplexFIR((Term(0, (0, 2)),), zeros(2, 2), Q("Q0.10"), Q("Q2.8"), Q("Q2.8")), ("sum",)),
    )
    return shuffled(Net("branching", TensorType((2,), IO), nodes), 0)


def samples(net: Net, count: int, seed: int, back_off: int = 0) -> Codes:
    """Codes in the whole range, or in a smaller one; some at the ends."""
    rng, fmt = np.random.default_rng(seed), net.input.format
    lo, hi = fmt.lo >> back_off, fmt.hi >> back_off
    codes = rng.integers(lo, hi, (count, *net.input.shape), endpoint=True)
    return np.where(rng.random(codes.shape) < 1 / 8, rng.choice([lo, hi], codes.shape), codes)


def check(
    model: BankedModel,
    nets: list[Net],
    x: Codes,
    banks: Codes,
    chosen: Codes,
    loads: dict[int, tuple[int, int]] | None = None,
    stalls: Stalls | None = None,
    reset_after: int | None = None,
) -> None:
    """The model's output, banks and flags against the reference; sample ``n`` belongs to ``nets[chosen[n]]``."""
    y, came, flags = model.run(x, banks, loads or {}, stalls, reset_after)
    np.testing.assert_array_equal(y, ref.run_banks(nets, x, chosen))
    np.testing.assert_array_equal(came, banks)
    expected = np.stack(list(ref.saturated(nets, x, chosen).values()), axis=1)
    np.testing.assert_array_equal(flags[-1], expected.any(axis=0))
    assert (flags >= np.logical_or.accumulate(expected, axis=0)).all(), "a flag is later than its sample"


STALLS = [None, Stalls(idle=0.3, backpressure=0.6, burst=9, seed=3)]


@pytest.mark.parametrize(
    "interval", [4, 16, pytest.param(7, marks=pytest.mark.heavy), pytest.param(64, marks=pytest.mark.heavy)]
)
def test_every_sample_runs_through_its_own_net(interval: int) -> None:
    nets = [shuffled(branching(), seed) for seed in range(3)]
    model, rng = BankedModel(nets, interval), np.random.default_rng(interval)
    assert model.plan.bank_count == 4
    x, banks = samples(nets[0], 400, 1), rng.integers(0, 4, 400)
    for stalls in STALLS:
        check(model, nets, x, banks, np.where(banks == 3, 0, banks), stalls=stalls)


@pytest.mark.parametrize("clocks", [40, 171, 500])
def test_a_reset_in_mid_stream_forgets_samples_and_keeps_banks(clocks: int) -> None:
    nets, rng = [shuffled(branching(), seed) for seed in range(3)], np.random.default_rng(clocks)
    x, banks = samples(nets[0], 60, 1), rng.integers(0, 3, 60)
    check(BankedModel(nets, 4), nets, x, banks, banks, stalls=STALLS[1], reset_after=clocks)


def under_way(model: BankedModel) -> int:
    """Samples that may be in the net at once, at most: in every layer's datapath and queues."""
    steps = model.plan.steps.values()
    return sum(2 * (step.latency // model.plan.interval + 4) + sum(step.slack) for step in steps)


def reloading(
    model: BankedModel, nets: list[Net], rounds: int, seed: int
) -> tuple[list[Net], Codes, Codes, dict[int, tuple[int, int]]]:
    """Banks, nets and load words of samples, while one bank after the other is filled with a net of its own.

    In a round, samples use the other banks only. Its words come once no sample before can use that bank any more, and
    the last of them two samples before the next round.
    """
    count, rng = model.plan.bank_count, np.random.default_rng(seed)
    holds = [k if k < len(nets) else 0 for k in range(count)]
    banks, chosen, loads, all_nets = [], [], {}, list(nets)
    wait, words = under_way(model), len(model.plan.words(nets[0])[0])
    for turn in range(rounds):
        idle, length = (turn + 1) % count, wait + words + 2
        others = [k for k in range(count) if k != idle]
        loads |= loads_of(model.plan, shuffled(nets[0], 100 + turn), idle, len(banks) + wait)
        used = rng.choice(others, length)
        banks += used.tolist()
        chosen += [holds[k] for k in used]
        holds[idle] = len(all_nets)
        all_nets.append(shuffled(nets[0], 100 + turn))
    used = rng.integers(0, count, 200)
    return all_nets, np.array([*banks, *used]), np.array([*chosen, *(holds[k] for k in used)]), loads


@pytest.mark.parametrize("given, interval", [(1, 5), (3, 16)])
def test_idle_banks_are_loaded_while_samples_stream(given: int, interval: int) -> None:
    nets = [shuffled(branching(), seed) for seed in range(given)]
    model = BankedModel(nets, interval)
    assert model.plan.bank_count == max(2, given + given % 2)
    all_nets, banks, chosen, loads = reloading(model, nets, rounds=5, seed=given)
    x = samples(nets[0], len(banks), 2)
    for stalls in STALLS:
        check(model, all_nets, x, banks, chosen, loads, stalls)


@pytest.mark.heavy
@pytest.mark.parametrize("interval", [8, 32])
def test_the_tdnn_with_four_banks(interval: int) -> None:
    nets = [shuffled(tdnn("wide", seed), seed) for seed in range(4)]
    model = BankedModel(nets, interval)
    all_nets, banks, chosen, loads = reloading(model, nets, rounds=4, seed=1)
    check(model, all_nets, samples(nets[0], len(banks), 2), banks, chosen, loads, STALLS[1])


@pytest.mark.parametrize("back_off, loud", [(0, "features fc1 fc2 fc3 short sum out"), (1, "fc3 short"), (2, "")])
def test_only_results_that_are_clamped_are_flagged(back_off: int, loud: str) -> None:
    """With garbage on the port between the samples: what a pipeline makes of it does not count."""
    nets, x = [shuffled(branching(), seed) for seed in range(3)], samples(branching(), 300, 5, back_off)
    first = np.zeros(300, np.int64)
    expected = ref.saturated(nets, x, first)
    assert [name for name, flags in expected.items() if flags.any()] == loud.split(), "choose another amplitude"
    check(BankedModel(nets, 4), nets, x, first, first, stalls=STALLS[1])

"""The simulated Verilog equals the reference on drawn nets of frames and images: every node, every clock formula."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from drawn_graphs import codes, graphs
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from bittrue import ref
from bittrue.cosim import verilator
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import Stalls
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.lower import slack
from bittrue.lower.layout import NOTHING
from bittrue.lower.schedule import least_interval, schedule
from bittrue.num import Format
from bittrue.spec import (
    Add,
    Concat,
    Constant,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Flatten,
    Linear,
    MaxPool1d,
    MaxPool2d,
    Net,
    Node,
    TensorType,
)
from bittrue_sim import runner
from bittrue_sim.cosimulate import cosimulate

pytest.importorskip("bittrue_rtl", reason="amaranth is not installed")
QUICK = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=150)
LANES = 200
"""Most multiply-accumulate lanes that are compiled here: beyond, Verilog has tens of megabytes."""


@pytest.fixture(autouse=True, scope="module")
def build_folder(tmp_path_factory: pytest.TempPathFactory):
    """Drawn nets are compiled once and never again: keep them out of the checkout's build folder."""
    try:
        verilator.find()
        runner.require("icarus")
    except BadInput as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITTRUE_BUILD", str(tmp_path_factory.mktemp("build")))
        yield


def interval_of(net: Net, times: float) -> int:
    """An interval that hardware within `LANES` can have: ``times`` the least, doubled as often as it takes."""
    interval = max(4, int(least_interval(net) * times))
    while True:
        try:
            schedule(net, interval)
            if cost(net, interval).lanes <= LANES:
                return interval
            interval *= 2
        except BadInput as error:
            if "accumulator" in str(error):
                reject()
            assert "choose a longer interval" in str(error) and interval < 10**6, str(error)
            interval *= 2


def same(net: Net, times: float, seed: int) -> None:
    interval = interval_of(net, times)
    model, x = RtlModel(net, interval), codes(net, 6, seed)
    expected, price = ref.taps(net, x), cost(net, interval)
    for stalls in (None, Stalls(seed, 0.4, 0.4, 20), Stalls(seed, 0.3, 0.9, 200)):
        trace = model.trace(x, stalls, probes=True)
        for name, wanted in expected.items():
            np.testing.assert_array_equal(trace.taps[f"tap_{name}"], wanted, err_msg=f"node {name}, {stalls}")
        for name, found in zip(net.outputs, trace.outputs.values(), strict=True):
            np.testing.assert_array_equal(found, expected[name], err_msg=f"output {name}, {stalls}")
        if stalls is None:
            gaps = [set(np.diff(clocks)[-2:].tolist()) for clocks in trace.received.values()]
            assert gaps == [{price.interval}] * len(gaps), f"clocks a sample {gaps}, by formula {price.interval}"
            if len(net.outputs) == 1 and not any(isinstance(node.layer, Constant) for node in net.nodes):
                assert trace.latency == price.latency
    again = model.trace(x, Stalls(seed, 0.4, 0.4), probes=True, reset_after=random.Random(seed).randint(1, 500))
    for name, found in zip(net.outputs, again.outputs.values(), strict=True):
        np.testing.assert_array_equal(found, expected[name], err_msg=f"output {name}, after a reset")


@QUICK
@given(net=graphs(layers=4, lengths=7), times=st.sampled_from([1, 1.5, 3, 10]), seed=st.integers(0, 1000))
def test_drawn_graphs(net: Net, times: float, seed: int) -> None:
    same(net, times, seed)


def test_the_last_requantiser_serves_fewer_rows() -> None:
    """Its lane carries nothing in beats between others, and whatever kind of layer follows minds that."""
    q, rng = Format(8, 7), np.random.default_rng(2)

    def conv(filters: int, channels: int, size: int = 1, **options: object) -> Conv1d:
        weight = rng.integers(-128, 128, (filters, channels, size))
        return Conv1d(weight, rng.integers(-99, 99, filters), q, q, Linear(), **options)  # type: ignore[arg-type]

    nodes = (
        Node("first", conv(6, 6), ("input",)),
        Node("conv", conv(6, 6, 2), ("first",)),
        Node("largest", MaxPool1d(2, 2), ("first",)),
        Node("sum", Add(q), ("first", "input")),
        Node("both", Concat(), ("first", "sum")),
        Node("flat", Flatten(), ("first",)),
        Node("dense", Dense(rng.integers(-128, 128, (3, 24)), [1, 2, 3], q, q), ("flat",)),
    )
    net = Net("fewer", TensorType((6, 4), q), nodes, outputs=("conv", "largest", "both", "dense"))
    times = 16 / least_interval(net)
    table = schedule(net, interval_of(net, times)).layouts["first"].table
    assert any(NOTHING in before and NOTHING not in after for before, after in pairwise(table)), table
    same(net, times, 1)


def test_a_branch_waits_for_beats_that_are_written_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last layer writes in 96 of 96 clocks, so what it holds back in front of the joint must find places there: 70,
    as many as the branches lie apart, cost a clock a sample. The front of a queue of block RAM has more than that."""
    monkeypatch.setattr(slack, "is_deep", lambda words, bits: False)
    q, rng = Format(14, 17), np.random.default_rng(420)

    def conv(filters: int, groups: int, shape: tuple[int, int], padding: tuple[int, int]) -> Conv2d:
        weight = rng.integers(-8, 8, (filters, filters // groups, *shape))
        return Conv2d(weight, rng.integers(-9, 9, filters), Format(4, 3), q, Linear(), padding=padding, groups=groups)

    nodes = (
        Node("long", conv(70, 7, (1, 3), (0, 1)), ("input",)),
        Node("both", Concat(), ("long", "input")),
        Node("slow", conv(140, 70, (3, 1), (1, 0)), ("both",)),
    )
    net = Net("waits", TensorType((70, 2, 1), q), nodes)
    buffer = schedule(net, 96).steps["slow"].units[0].plan.buffer  # type: ignore[attr-defined]
    assert sum(buffer.durations) * buffer.source.positions == 96
    x, expected = codes(net, 6, 420), ref.run(net, codes(net, 6, 420))
    trace = RtlModel(net, 96).trace(x)
    ((received, found),) = zip(trace.received.values(), trace.outputs.values(), strict=True)
    np.testing.assert_array_equal(found, expected)
    assert set(np.diff(received)[-5:].tolist()) == {96}


def test_constants_come_for_ever() -> None:
    """As an output, behind a layer, and to a branch that waits long for another: more often than samples do."""
    q, narrow = Format(8, 7), Format(16, 14)
    kernel = np.random.default_rng(1).integers(-128, 128, (2, 2, 4, 4))
    nodes = (
        Node("fixed", Constant(np.array([[[9]], [[-1]]]), q), ()),
        Node("wide", ConvTranspose2d(kernel, [5, -7], q, q, Linear(), (2, 2)), ("fixed",)),
        Node("sum", Add(narrow), ("input", "fixed")),
    )
    net = Net("for_ever", TensorType((2, 1, 1), q), nodes, outputs=("fixed", "wide", "sum"))
    same(net, 30, 1)
    x = codes(net, 6, 1)
    for name in ("verilator", "icarus"):
        assert cosimulate(net, interval_of(net, 30), name, x, Stalls(1, 0.4, 0.4, 20)).mismatches == 0


# ---- queues in block RAM --------------------------------------------------------------------------------------------


@pytest.fixture
def deep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues of more than two places are block RAM."""
    monkeypatch.setattr(slack, "is_deep", lambda words, bits: words > 3)


def u_shaped(seed: int) -> Net:
    """Two levels of skips, one that is added and one that is beside the other."""
    q, rng = Format(8, 7), np.random.default_rng(seed)

    def conv(filters: int, channels: int, size: int = 3) -> Conv2d:
        weight = rng.integers(-128, 128, (filters, channels, size, size))
        return Conv2d(weight, rng.integers(-99, 99, filters), q, q, Linear(), padding=size // 2)

    def up(filters: int, channels: int) -> ConvTranspose2d:
        weight = rng.integers(-128, 128, (filters, channels, 2, 2))
        return ConvTranspose2d(weight, rng.integers(-99, 99, filters), q, q, Linear(), stride=2)

    wide, inner = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    nodes = (
        Node("down0", conv(wide, 2), ("input",)),
        Node("half1", MaxPool2d(2, 2), ("down0",)),
        Node("down1", conv(inner, wide), ("half1",)),
        Node("half2", MaxPool2d(2, 2), ("down1",)),
        Node("inner", conv(inner, inner), ("half2",)),
        Node("up1", up(inner, inner), ("inner",)),
        Node("sum1", Add(q), ("up1", "down1")),
        Node("up0", up(wide, inner), ("sum1",)),
        Node("both0", Concat(), ("up0", "down0")),
        Node("out", conv(1, 2 * wide, 1), ("both0",)),
    )
    return Net("unet", TensorType((2, 8, int(rng.choice([4, 8]))), q), nodes)


@pytest.mark.parametrize(
    "times, seed", [(3, 2), *(pytest.param(*case, marks=pytest.mark.heavy) for case in ((1, 1), (10, 3)))]
)
def test_skips_in_block_ram(deep: None, times: float, seed: int) -> None:
    net = u_shaped(seed)
    steps = schedule(net, interval_of(net, times)).steps
    assert all(any(queue and queue.deep for queue in steps[name].queues) for name in ("sum1", "both0"))
    same(net, times, seed)


@pytest.mark.heavy
@LONG
@given(net=graphs(layers=8, lengths=9), times=st.sampled_from([1, 1.5, 3, 10]), seed=st.integers(0, 1000))
def test_many_drawn_graphs_with_queues_in_block_ram(net: Net, times: float, seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slack, "is_deep", lambda words, bits: words > 3)
        queues = [queue for step in schedule(net, interval_of(net, times)).steps.values() for queue in step.queues]
        if not any(queue and queue.deep for queue in queues):
            reject()
        same(net, times, seed)


@pytest.mark.heavy
@LONG
@given(net=graphs(layers=6, lengths=9), times=st.sampled_from([1, 1, 1.5, 3, 10]), seed=st.integers(0, 1000))
def test_many_drawn_graphs(net: Net, times: float, seed: int) -> None:
    same(net, times, seed)


@pytest.mark.heavy
@settings(QUICK, max_examples=10)
@given(net=graphs(layers=4, lengths=7), seed=st.integers(0, 1000))
def test_ten_drawn_graphs_on_icarus(net: Net, seed: int) -> None:
    result = cosimulate(net, interval_of(net, 1.5), "icarus", codes(net, 4, seed), Stalls(seed, 0.4, 0.4, 20))
    assert result.samples >= 4 and result.words > 0

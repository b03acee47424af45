"""Nets of frames in simulated Verilog: a net of the size of an ECG classifier, branches, and every way to fold."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from frame_nets import INT8, Chain, ecg, ecg_tiny
from strategies import corners, full_range

from bittrue import check, ref
from bittrue.cosim import verilator
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import MATRIX, Stalls
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.lower.schedule import clocks_a_sample, least_interval
from bittrue.num import Format
from bittrue.spec import (
    Abs,
    Add,
    AvgPool1d,
    Conv1d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool1d,
    Net,
    Node,
    ReLU,
    Table,
    TensorType,
)

bittrue_rtl = pytest.importorskip("bittrue_rtl", reason="amaranth is not installed")
ROUGH = Stalls(seed=5, idle=0.4, backpressure=0.4, burst=30)
SLOW = Stalls(seed=6, idle=0.1, backpressure=0.9, burst=200)


@pytest.fixture(autouse=True, scope="module")
def compiler():
    try:
        return verilator.find()
    except BadInput as error:
        pytest.skip(str(error))


@lru_cache
def model(interval: int) -> RtlModel:
    return RtlModel(ecg(), interval)


def same(rtl: RtlModel, codes, stalls: Stalls | None, **more) -> None:
    """Every tensor of every frame; and without stalls the clocks of the formulas."""
    expected = ref.taps(rtl.net, codes)
    trace = rtl.trace(codes, stalls, probes=True, **more)
    for name, values in expected.items():
        np.testing.assert_array_equal(trace.taps[f"tap_{name}"], values, err_msg=f"node {name}, {stalls}")
    np.testing.assert_array_equal(trace.outputs["m_axis"], expected[rtl.net.nodes[-1].name])
    if stalls is None:
        price = cost(rtl.net, rtl.interval)
        assert trace.latency == price.latency
        assert set(np.diff(trace.received["m_axis"])[-3:]) == {price.interval}
        assert set(np.diff(trace.sent["s_axis"])[2:]) == {price.interval}


@pytest.mark.parametrize("interval", [1024, 5000])
def test_an_ecg_net_is_equal_at_every_node_and_on_schedule(interval: int) -> None:
    net = ecg()
    frames = np.concatenate([corners(net)[::2], full_range(net, 30, seed=1)])
    saturating = ref.taps(net, frames)
    assert all(len(np.unique(values)) > 50 for values in saturating.values()), "the net would be too easy"
    for stalls in (None, ROUGH, SLOW):
        same(model(interval), frames, stalls)
    assert cost(net, interval).interval == clocks_a_sample(net, interval) == interval // 128 * 128


def test_the_shape_of_the_heartbeat_classifier() -> None:
    net = ecg_tiny()
    frames = np.concatenate([corners(net)[::2], full_range(net, 20, seed=1)])
    assert len(np.unique(ref.taps(net, frames)["n10"])) > 50, "the net would be too easy"
    for stalls in (None, ROUGH):
        same(RtlModel(net, 4096), frames, stalls)


def test_few_lanes_move_nothing_for_long_and_are_not_stuck() -> None:
    chain = Chain((1, 2), 11)
    chain.conv(2, 1)
    same(RtlModel(chain.net("slow"), 1 << 16), full_range(chain.net("slow"), 6, seed=1), None)


@pytest.mark.parametrize("stride, length, times", [(3, 4, 9), (3, 7, 9), (4, 5, 9), (5, 12, 2), (9, 19, 20)])
def test_windows_may_leave_columns_between_them(stride: int, length: int, times: int) -> None:
    """A window frees those behind it, which have not all come yet where a frame takes long."""
    net = Net("apart", TensorType((2, length), INT8), (Node("pool", MaxPool1d(1, stride), ("input",)),))
    for stalls in (None, ROUGH):
        same(RtlModel(net, times * least_interval(net)), full_range(net, 6, seed=1), stalls)


def test_the_first_word_that_differs_is_found_in_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of one weight: the layer, the sample, channel and column, and what the word is made of."""
    net = residual()
    sources = bittrue_rtl.verilog(net, least_interval(net), probes=True)
    text = sources.verilog
    at = re.compile(r"\[0\] = 8'h([0-9a-f]{2});").search(text, text.index(".n1.engine0.segment0"))
    assert at is not None
    flipped = text[: at.start(1)] + f"{int(at[1], 16) ^ 0x40:02x}" + text[at.end(1) :]
    broken = replace(sources, verilog=flipped)
    monkeypatch.setattr(bittrue_rtl, "verilog", lambda *_, **__: broken)
    legs, _ = check.runnable(net, ["ref", "rtl"], check.Options(least_interval(net)))
    verdict = check.check(net, legs, 40, 1)
    found = verdict.legs[0].divergence
    assert not verdict.equal and found is not None and (found.node, found.layer) == ("n1", "Conv1d")
    assert len(found.channel) == 2 and found.expected != found.found
    assert not verdict.legs[0].mismatches["n0"] and verdict.legs[0].mismatches["n1"]


@pytest.mark.parametrize("pattern", MATRIX)
def test_an_ecg_net_under_every_stall_pattern(pattern: str) -> None:
    same(model(1024), full_range(ecg(), 8, seed=2), MATRIX[pattern])


@pytest.mark.parametrize("clocks", [1, 100, 1023, 1500, 2600, 4000])
def test_a_reset_in_mid_frame_forgets_what_came(clocks: int) -> None:
    same(model(1024), full_range(ecg(), 5, seed=3), ROUGH, reset_after=clocks)


def test_a_reset_finds_every_counter_of_a_frame() -> None:
    rtl = RtlModel(Conv1d.example(), least_interval(Conv1d.example()))
    x = full_range(rtl.net, 6, seed=4)
    for clocks in range(100, 100 + 2 * rtl.interval):
        same(rtl, x, None, reset_after=clocks)


def test_one_frame_alone_comes_out_whole() -> None:
    """Nothing pushes it: no later frame is needed to finish one."""
    x = full_range(ecg(), 1, seed=5)
    np.testing.assert_array_equal(model(1024).run(x), ref.run(ecg(), x))
    np.testing.assert_array_equal(model(1024).run(x[0]), ref.run(ecg(), x[0]))


def test_check_compares_whole_frames() -> None:
    net = Conv1d.example()
    legs, _ = check.runnable(net, ["ref", "rtl"])
    assert check.check(net, legs, 40, 1).equal


# ---- how layers are put together ------------------------------------------------------------------------------------


def residual() -> Net:
    """The short branch waits, column by column, for one that needs columns to come."""
    chain = Chain((3, 24), 7)
    first = chain.conv(6, 3, ReLU(), padding=1)
    chain.conv(6, 5, padding=4, dilation=2)
    long = chain.add(MaxPool1d(1, 1))
    chain.add(Add(chain.type.format), first, long, first)
    chain.add(Table(np.arange(256)[::-1] % 256 - 128, Format(8, 6)))
    chain.add(AvgPool1d(4, 3))
    return chain.net("residual")


def heads() -> Net:
    """Two heads on one trunk, one a pool over all the frame and one flattened, that meet as vectors."""
    chain = Chain((2, 20), 8)
    trunk = chain.conv(7, 3, Abs())
    chain.add(AvgPool1d(18, 18), trunk)
    chain.add(Flatten())
    left = chain.dense(4)
    chain.last = trunk
    chain.add(MaxPool1d(2, 3))
    chain.add(Flatten())
    right = chain.dense(4)
    chain.add(Add(chain.type.format), left, right)
    chain.add(Table(np.arange(256) % 256 - 128, Format(8, 6)))
    chain.dense(3)
    return chain.net("heads")


def flattened() -> Net:
    """A vector side by side, because a table takes it; a Dense layer beside it takes the columns."""
    chain = Chain((3, 9), 9)
    frame = chain.conv(2, 2, stride=2)
    chain.add(Flatten(), frame)
    chain.add(Table(np.arange(256)[::-1] % 256 - 128, INT8))
    left = chain.dense(3, Format(12, 4))
    chain.last = frame
    chain.add(Flatten())
    right = chain.dense(3, Format(12, 4))
    chain.add(Add(Format(12, 4)), left, right)
    return chain.net("flattened")


def last_is_flat() -> Net:
    chain = Chain((3, 5), 10)
    chain.add(Flatten())
    return chain.net("last-is-flat")


@pytest.mark.parametrize("make", [residual, heads, flattened, last_is_flat], ids=lambda make: make.__name__)
@pytest.mark.parametrize("times", [1, 3])
def test_branches_of_frames_and_of_vectors_meet(make, times: int) -> None:
    net = make()
    rtl = RtlModel(net, times * least_interval(net))
    x = full_range(net, 20, seed=times)
    for stalls in (None, ROUGH, SLOW):
        same(rtl, x, stalls)


def drawn(seed: int) -> tuple[Net, int]:
    """Filters and pools of any shape, in chains and in residual branches, and an interval."""
    draw = random.Random(seed)
    chain = Chain((draw.randint(1, 6), draw.randint(1, 40)), seed)
    for _ in range(draw.randint(1, 4)):
        channels, length = chain.type.shape
        kind = draw.choice(["conv", "conv", "conv", "pool", "pool", "residual"])
        activation = draw.choice([Linear(), ReLU(), Abs(), LeakyReLU(2)])
        if kind == "conv":
            groups = draw.choice([g for g in range(1, channels + 1) if channels % g == 0])
            padding, dilation = draw.choice([0, 1, 2, 4]), draw.choice([1, 1, 2, 3])
            size = draw.randint(1, max(1, min(9, (length + 2 * padding - 1) // dilation + 1)))
            filters, stride = groups * draw.randint(1, 4), draw.choice([1, 1, 1, 2, 3])
            chain.conv(filters, size, activation, groups, padding=padding, dilation=dilation, stride=stride)
        elif kind == "pool":
            size = draw.randint(1, min(5, length))
            dilation = draw.choice([1, 2]) if 2 * (size - 1) < length else 1
            chain.add(draw.choice([MaxPool1d, AvgPool1d])(size, draw.randint(1, 4), dilation))
        else:
            source, size = chain.last, draw.choice([1, 3, 5])
            branch = chain.conv(channels, size, activation, padding=size // 2)
            chain.add(Add(chain.type.format), *draw.sample([source, branch], 2))
    if draw.random() < 0.5:
        chain.add(Flatten())
        chain.dense(draw.randint(1, 5), activation=draw.choice([Linear(), Abs()]))
    net = chain.net(f"drawn{seed}")
    least = least_interval(net)
    return net, draw.choice([least, least, least + draw.randint(0, 3 * least), 5 * least])


def drawn_is_equal(seed: int) -> None:
    net, interval = drawn(seed)
    rtl, x = RtlModel(net, interval), full_range(net, 12, seed)
    for stalls in (None, Stalls(seed, 0.4, 0.4, 20), Stalls(seed, 0.3, 0.9, 200)):
        same(rtl, x, stalls)
    same(rtl, x[:4], ROUGH, reset_after=random.Random(seed).randint(1, 4 * interval))


@pytest.mark.parametrize("seed", range(4))
def test_drawn_nets_of_frames(seed: int) -> None:
    drawn_is_equal(seed)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(4, 64))
def test_many_drawn_nets_of_frames(seed: int) -> None:
    drawn_is_equal(seed)

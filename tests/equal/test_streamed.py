"""Nets that stream weights: the reference's bits whatever the memory does, and nothing at all after an error."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from frame_nets import Chain, ecg

import bittrue
from bittrue import ref
from bittrue.cosim.shell_model import ShellModel
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streamed_model import StreamedModel
from bittrue.cosim.streams import HardwareFault
from bittrue.cosim.weight_memory import BASE, MemoryTiming
from bittrue.lower.registers import BY_NAME
from bittrue.lower.streaming import stream_plan, streamed_as
from bittrue.num import Format
from bittrue.spec import ConvTranspose1d, Flatten, MaxPool1d, Net, ReLU

pytest.importorskip("amaranth", reason="amaranth is not installed")
INTERVAL = 256
SWIFT = MemoryTiming()
LATE = MemoryTiming(latency=60)
UNEVEN = MemoryTiming(latency=30, stall=0.3, burst=20, seed=1)
SLOW = MemoryTiming(latency=300, stall=0.9, burst=5, seed=2)


@lru_cache
def small() -> Net:
    """Two convolutions and a Dense layer; at `INTERVAL` the second one has two segments in a chain."""
    chain = Chain((3, 16), 3)
    chain.conv(8, 3, padding=1)
    chain.add(MaxPool1d(2, 2))
    chain.conv(9, 3, ReLU())
    chain.add(Flatten())
    chain.dense(5)
    return chain.net("streamed")


def frames(net: Net, count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (count, *net.input.shape))


@pytest.fixture(scope="module")
def model() -> StreamedModel:
    plan = streamed_as(small(), INTERVAL, ["n2", "n4"])
    assert [layer.plan.fold.segments for layer in plan.layers] == [2, 1]
    return StreamedModel(small(), INTERVAL, plan)


@pytest.mark.parametrize("timing", [SWIFT, LATE, UNEVEN, SLOW], ids=["swift", "late", "uneven", "slow"])
@pytest.mark.parametrize("stalls", [None, Stalls(5, 0.3, 0.3, 10)], ids=["steady", "stalls"])
def test_results_are_the_references_whatever_the_memory_does(model, timing, stalls):
    model.timing = timing
    codes = frames(small(), 20)
    found = model.trace(codes, stalls)
    np.testing.assert_array_equal(found.outputs["m_axis"], ref.run(small(), codes))
    seen = model.simulation().seen
    assert (seen["starved"] > 1000) == (timing in (UNEVEN, SLOW)), seen
    assert not seen["error"]


def test_a_memory_that_keeps_up_costs_no_clock(model):
    """The bytes of a frame are those of the plan, and so is the interval; lanes wait before the first word only."""
    model.timing = LATE
    counts, few, many = {}, 20, 60
    for count in (few, many):
        found = model.trace(frames(small(), count))
        counts[count] = model.simulation().seen
        assert found.cycles_per_sample == INTERVAL
    assert counts[many]["starved"] == counts[few]["starved"]
    beats = counts[many]["beats"] - counts[few]["beats"]
    assert 8 * beats == pytest.approx((many - few) * model.streaming.bytes_a_frame, abs=8 * 16)  # a burst under way


@pytest.mark.parametrize("after", [3, 400, 1501])
def test_a_reset_in_the_middle_leaves_nothing_behind(model, after):
    model.timing = UNEVEN
    codes = frames(small(), 12, after)
    found = model.trace(codes, Stalls(after, 0.2, 0.2, 5), reset_after=after)
    np.testing.assert_array_equal(found.outputs["m_axis"], ref.run(small(), codes))


@pytest.mark.parametrize("fault", ["slave", "decode", "short", "long", "silent"])
def test_nothing_comes_after_a_memory_error(model, fault):
    simulation = model.simulation()
    model.timing, simulation.fault, simulation.beat = UNEVEN, fault, 1200
    try:
        with pytest.raises(HardwareFault, match="nothing moved"):
            model.trace(frames(small(), 20))
        assert simulation.seen["error"] == {"slave": 1, "decode": 2, "short": 3, "long": 3, "silent": 0}[fault]
    finally:
        simulation.fault = ""


def test_what_lies_outside_of_the_image_is_no_memory(model):
    model.timing, whole = SWIFT, model.image
    model.image = whole[:-8].copy()
    try:
        with pytest.raises(HardwareFault, match="nothing moved"):
            model.trace(frames(small(), 3))
        assert model.simulation().seen["error"] == 2
    finally:
        model.image = whole


def test_weights_come_from_memory_and_from_nowhere_else(model):
    """With another image the results are others: no lane has weights of its own."""
    model.timing, whole = SWIFT, model.image
    model.image = np.roll(whole, 1)
    codes = frames(small(), 3)
    try:
        assert (model.run(codes) != ref.run(small(), codes)).any()
    finally:
        model.image = whole


def shell_model() -> tuple[ShellModel, np.ndarray]:
    from bittrue_rtl.streamed_shell import verilog

    plan = streamed_as(small(), INTERVAL, ["n2", "n4"])
    image = np.frombuffer(plan.image, np.uint8).copy()
    return ShellModel(small(), INTERVAL, sources=verilog(small(), INTERVAL, plan)), image


def reads(shell: ShellModel, *names: str) -> list[int]:
    return [shell.read(BY_NAME[name].offset) for name in names]


def through(shell: ShellModel, codes: np.ndarray) -> np.ndarray:
    shell.send(shell.pack(codes), shell.ends(len(codes)))
    shell.run(until=len(codes) * shell.frame_words[1])
    return shell.unpack(shell.receive()[0])


def test_the_shell_gives_no_wrong_word_and_begins_anew():
    """An error at beats around the last one of a frame: what comes is the reference's, and a soft reset mends."""
    shell, image = shell_model()
    codes, control, run = frames(small(), 8), BY_NAME["CONTROL"], BY_NAME["WEIGHTS_ADDRESS"].offset
    due = ref.run(small(), codes)
    shell.memory([(BASE, image)], UNEVEN)
    shell.write(run, BASE | 1)
    assert reads(shell, "INTERVAL", "WEIGHTS_BYTES") == [INTERVAL, len(image)]
    np.testing.assert_array_equal(through(shell, codes), due)
    came = 0
    for beat in range(300, 330):
        fault = ("slave", "decode", "short", "long")[beat % 4]
        shell.memory([(BASE, image)])  # what is under way comes at once
        shell.write(run, 0)
        shell.clock(200)
        assert reads(shell, "WEIGHTS_STATUS") == [1 << 8]  # idle, no error
        shell.memory([(BASE, image)], MemoryTiming(20, 0.1, 5, beat), fault, beat)
        shell.write(run, BASE | 1)
        shell.send(shell.pack(codes), shell.ends(len(codes)))
        with pytest.raises(HardwareFault, match="nothing moved"):
            shell.run(until=len(codes) * shell.frame_words[1], patience=1000)
        words = shell.receive()[0]
        whole = len(words) // shell.frame_words[1]
        came += whole
        kept = words[: whole * shell.frame_words[1]]
        np.testing.assert_array_equal(shell.unpack(kept) if whole else due[:0], due[:whole])
        assert reads(shell, "WEIGHTS_STATUS")[0] & 3 == {"slave": 1, "decode": 2}.get(fault, 3)
        shell.drop()
        shell.write(control.offset, control.encode(reset=1))
        shell.clock(20)
        if not beat % 10:
            np.testing.assert_array_equal(through(shell, codes), due)
        assert reads(shell, "WEIGHTS_STATUS")[0] & 3 == 0
    assert 0 < came < 30, "no fault came after the last beat of the first frame, or none before"
    shell.close()


@pytest.mark.heavy
@pytest.mark.parametrize(("interval", "names"), [(1024, ["n5", "n7"]), (4096, ["n4", "n5", "n7", "n9", "n10"])])
def test_groups_dilation_and_a_chain_of_dense_layers(interval, names):
    """Layers of all kinds: two engines side by side at the shorter interval, groups one after another at the longer."""
    net = ecg()
    streaming = streamed_as(net, interval, names)
    assert max(layer.plan.engines for layer in streaming.layers) == (2 if interval == 1024 else 1)
    model = StreamedModel(net, interval, streaming, UNEVEN)
    codes = frames(net, 6)
    np.testing.assert_array_equal(model.run(codes, Stalls(2, 0.2, 0.2, 9)), ref.run(net, codes))


@pytest.mark.heavy
def test_a_transposed_convolution_streams_the_words_of_its_phases():
    rng, io = np.random.default_rng(8), Format.parse("Q1.7")
    chain = Chain((4, 8), 5)
    layer = ConvTranspose1d(rng.integers(-128, 128, (6, 4, 3)), rng.integers(-999, 999, 6), io, io, ReLU(), stride=2)
    chain.add(layer)
    chain.conv(5, 3)
    net = chain.net("phases")
    streaming = streamed_as(net, 1024, ["n0", "n1"])
    assert len(streaming.layers[0].plan.fold.steps) > 1 and streaming.layers[0].reads == 1
    model = StreamedModel(net, 1024, streaming, UNEVEN)
    codes = frames(net, 6)
    np.testing.assert_array_equal(model.run(codes, Stalls(2, 0.2, 0.2, 9)), ref.run(net, codes))


@pytest.mark.heavy
def test_the_large_classifier_keeps_the_pace_of_its_plan():
    """Two layers of 0.8 million weights from a memory that is late: bits, clocks and bytes of a beat are as planned."""
    from bittrue_rtl.streamed_shell import verilog

    net, interval, count = bittrue.load("ecg-9layer"), 262144, 20
    plan = stream_plan(net, interval)
    shell = ShellModel(net, interval, sources=verilog(net, interval, plan))
    image = np.frombuffer(plan.image, np.uint8).copy()
    shell.memory([(BASE, image)], MemoryTiming(latency=40, stall=0.02, burst=8))
    shell.write(BY_NAME["WEIGHTS_ADDRESS"].offset, BASE | 1)
    codes = frames(net, count)
    shell.send(shell.pack(codes), shell.ends(count))
    shell.run(until=count * shell.frame_words[1], patience=8 * interval)
    data, _, clocks = shell.received_at()
    np.testing.assert_array_equal(shell.unpack(data), ref.run(net, codes))
    ends = clocks.reshape(count, -1)[:, -1]
    assert set(np.diff(ends)[1:].tolist()) == {interval}
    beats, starved = reads(shell, "WEIGHTS_BEATS", "WEIGHTS_STARVED")
    assert not starved
    most = 2 * 512 + 16 * 8  # both buffers, and what is under way
    assert 0 <= 8 * beats - count * plan.bytes_a_frame <= 8 * most
    shell.close()

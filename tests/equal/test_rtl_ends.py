"""Nets with several inputs and outputs, and vectors that stream, in simulated Verilog: equal, and on schedule."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_graphs import codes

from bittrue import check, ref
from bittrue.cosim import verilator
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import Stalls
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.lower.schedule import least_interval
from bittrue.num import Format
from bittrue.spec import Add, ComplexMul, Concat, Conv2d, Dense, MaxPool2d, MemoryTaps, Net, Node, Sub, TensorType

pytest.importorskip("bittrue_rtl", reason="amaranth is not installed")
Q = Format.parse


@pytest.fixture(autouse=True, scope="module")
def compiler():
    try:
        return verilator.find()
    except BadInput as error:
        pytest.skip(str(error))


def vectors() -> Net:
    """Two inputs and two outputs, one of which looks back."""
    weight = np.array([[3, -7, 100, 20], [127, -128, 5, 1]])
    nodes = (
        Node("apart", Sub(Q("Q2.6")), ("gain", "iq")),
        Node("late", MemoryTaps((0, 2), (), Q("Q1.5")), ("iq",)),
        Node("weighed", Dense(weight, np.array([9, -9]), Q("Q1.7"), Q("Q2.6")), ("late",)),
        Node("both", Add(Q("Q3.5")), ("weighed", "gain")),
    )
    inputs = {"gain": TensorType((2,), Q("Q2.6")), "iq": TensorType((2,), Q("Q1.7"))}
    return Net("two-ends", inputs, nodes, outputs=("apart", "both"))


def images() -> Net:
    """Two images that meet, in layouts of their own; both what a pool and what a product make comes out."""
    draw = np.random.default_rng(3)
    conv = Conv2d(draw.integers(-128, 128, (4, 2, 3, 3)), draw.integers(-999, 999, 4), Q("Q1.7"), Q("Q3.5"), padding=1)
    nodes = (
        Node("wide", conv, ("left",)),
        Node("product", ComplexMul(Q("Q2.6")), ("wide", "right")),
        Node("all", Concat(), ("product", "product", "product")),
        Node("pool", MaxPool2d(2, 2), ("all",)),
    )
    inputs = {"left": TensorType((2, 4, 6), Q("Q1.7")), "right": TensorType((4, 4, 6), Q("Q1.7"))}
    return Net("two-images", inputs, nodes, outputs=("product", "pool"))


@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("make", [vectors, images], ids=lambda make: make.__name__)
def test_every_tensor_and_every_output_is_the_references(make, times: int) -> None:
    net = make()
    rtl, x = RtlModel(net, times * max(4, least_interval(net))), codes(net, 12, seed=times)
    expected, price = ref.taps(net, x), cost(net, rtl.interval)
    for stalls in (None, Stalls(5, 0.4, 0.4, 30), Stalls(6, 0.1, 0.9, 200)):
        trace = rtl.trace(x, stalls, probes=True)
        for name, wanted in expected.items():
            np.testing.assert_array_equal(trace.taps[f"tap_{name}"], wanted, err_msg=f"node {name}, {stalls}")
        assert list(trace.outputs) == [f"m_axis_{name}" for name in net.outputs]
        for name, found in zip(net.outputs, trace.outputs.values(), strict=True):
            np.testing.assert_array_equal(found, expected[name], err_msg=f"output {name}, {stalls}")
        if stalls is None:
            for clocks in (*trace.received.values(), *trace.sent.values()):
                assert set(np.diff(clocks)[-2:]) == {price.interval}


def test_legs_compare_every_output_by_its_name() -> None:
    net = vectors()
    legs, _ = check.runnable(net, ["ref", "rtl"])
    x = codes(net, 9, seed=1)
    found, expected = legs["rtl"].results(net, x), ref.outputs(net, x)
    assert list(found) == list(expected) == ["apart", "both"]
    for name, wanted in expected.items():
        np.testing.assert_array_equal(found[name], wanted)
    assert check.check(net, legs, 200, 1).equal


def test_a_vector_longer_than_a_beat_streams() -> None:
    """300 elements over few lanes, weighed by a Dense layer, beat by beat."""
    draw = np.random.default_rng(4)
    layer = Dense(draw.integers(-128, 128, (5, 300)), draw.integers(-9000, 9000, 5), Q("Q1.7"), Q("Q5.3"))
    net = Net("long", TensorType((300,), Q("Q1.7")), (Node("fc", layer, ("input",)),))
    rtl, x = RtlModel(net, 256), codes(net, 8, seed=2)["input"]
    for stalls in (None, Stalls(5, 0.4, 0.4, 30)):
        trace = rtl.trace(x, stalls, probes=True)
        np.testing.assert_array_equal(trace.outputs["m_axis"], ref.run(net, x))
        if stalls is None:
            assert trace.latency == cost(net, 256).latency and trace.cycles_per_sample == 256

"""Variants of the TDNN on every leg that can run: tanh by table, filters beside it, I/Q delays of their own."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from strategies import tdnn

from bittrue.check import Options, check, runnable
from bittrue.cosim.stalls import Stalls
from bittrue.num import Format
from bittrue.spec import Add, ComplexFIR, Dense, MemoryTaps, Net, Node, Table, TensorType, Term

IO = Format.parse("Q1.15")


def with_tanh() -> Net:
    """30-32-16-2 whose output layer rounds into the 12-bit argument of a tanh table."""
    net = tdnn("wide", 5)
    *body, last = net.nodes
    assert isinstance(last.layer, Dense)
    argument = Format.parse("Q3.9")
    layer = Dense(last.layer.weight, last.layer.bias, last.layer.weight_format, argument)
    table = Node("tanh", Table.tabulate(math.tanh, argument, IO), (last.name,))
    return Net("tdnn-tanh", net.input, (*body, Node(last.name, layer, last.inputs), table))


def with_filters() -> Net:
    """30-32-16-2 beside 80 complex taps on x, x|x| and x|x|^2, added with one rounding."""
    net = tdnn("wide", 6)
    terms = tuple(Term(power, tuple(range(taps))) for power, taps in ((0, 40), (1, 20), (2, 20)))
    weight = np.random.default_rng(6).integers(-3000, 3000, (80, 2))
    fir = Node("fir", ComplexFIR(terms, weight, IO, IO, Format.parse("Q2.20")), ("input",))
    return Net("tdnn-fir", net.input, (*net.nodes, fir, Node("sum", Add(IO), (net.nodes[-1].name, "fir"))))


def with_tanh_layers(hidden: tuple[int, ...] = (32, 20)) -> Net:
    """Envelopes of ten taps and I/Q of six, hidden layers through 14-bit tanh tables, 80 complex taps beside them."""
    rng = np.random.default_rng(7)
    narrow = Format.parse("Q3.11")
    features = MemoryTaps(tuple(range(10)), (1,), IO, iq_taps=tuple(range(6)))
    nodes = [Node("features", features, ("input",))]
    for k, (inputs, outputs) in enumerate(pairwise((len(features.features), *hidden, 2)), 1):
        last = k > len(hidden)
        weight, bias = rng.integers(IO.lo, IO.hi, (outputs, inputs)), rng.integers(-(1 << 28), 1 << 28, outputs)
        fmt = Format.parse("Q-1.17" if last else "Q1.15")
        nodes.append(Node(f"fc{k}", Dense(weight, bias, fmt, IO if last else narrow), (nodes[-1].name,)))
        if not last:
            nodes.append(Node(f"tanh{k}", Table.tabulate(math.tanh, narrow, IO), (f"fc{k}",)))
    terms = tuple(Term(power, tuple(range(taps))) for power, taps in ((0, 40), (1, 20), (2, 20)))
    fir = ComplexFIR(terms, rng.integers(-3000, 3000, (80, 2)), IO, IO, Format.parse("Q2.20"))
    nodes += [Node("fir", fir, ("input",)), Node("sum", Add(IO), (nodes[-1].name, "fir"))]
    return Net("tdnn-tanh-fir", TensorType((2,), IO), tuple(nodes))


@pytest.mark.parametrize("interval", [16, 32])
@pytest.mark.parametrize("variant", [with_tanh, with_filters, with_tanh_layers], ids=lambda make: make.__name__)
def test_all_legs_agree_on_every_tensor(variant, interval):
    net = variant()
    legs, _ = runnable(net, options=Options(interval, Stalls(3, idle=0.3, backpressure=0.3, burst=9)))
    if set(legs) == {"ref"}:
        pytest.skip("no leg besides the reference can run here")
    verdict = check(net, legs, 6000, 1)
    assert {leg.leg: (leg.fault, leg.mismatches) for leg in verdict.legs if not leg.equal} == {}
    assert all(
        leg.words == 6000 * sum(math.prod(net.types[node.name].shape) for node in net.nodes) for leg in verdict.legs
    )

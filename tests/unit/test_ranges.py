"""Ranges hold everything a net can do, are no wider than need be, and refuse what the carriers cannot hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from big_evaluator import BigNet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import corners, full_range, nets

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format, Interval
from bittrue.ranges import Range, node_range, ranges
from bittrue.spec import (
    LAYERS,
    Add,
    ComplexFIR,
    Dense,
    LeakyReLU,
    Linear,
    MemoryTaps,
    Net,
    Node,
    ReLU,
    Table,
    TensorType,
    Term,
    save,
)
from bittrue.spec.layer import Layer

Q = Format.parse
FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def alone(layer: Layer, source: TensorType) -> Net:
    return Net("alone", source, (Node("it", layer, ("input",)),))


def assert_inside(net: Net, codes, folder) -> None:
    """Every output, and every partial sum in every order of the terms, lies inside its range."""
    found = ranges(net)
    save(net, folder)
    judge = BigNet(folder)
    for sample in codes:
        tensors = judge.feed(sample.ravel().tolist())
        for name, bound in found.items():
            assert len(bound.output) == net.types[name].shape[0]
            values = np.array(tensors[name]).reshape(net.types[name].shape)
            for interval, channel in zip(bound.output, values, strict=True):
                assert interval.lo <= channel.min() and channel.max() <= interval.hi
            assert bool(bound.acc) == (name in judge.sums)
            sums = np.array(judge.sums.get(name, []), dtype=object)
            per_channel = len(sums) // max(len(bound.acc), 1)
            for k, (start, terms) in enumerate(sums):
                interval = bound.acc[k // per_channel]  # sums are in C order, intervals one a channel
                assert start + sum(t for t in terms if t < 0) in interval  # the lowest partial sum of any order
                assert start + sum(t for t in terms if t > 0) in interval


def every_input(source: TensorType):
    fmt = source.format
    return np.array(list(itertools.product(range(fmt.lo, fmt.hi + 1), repeat=source.shape[0])))


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_examples(layer, tmp_path):
    net = LAYERS[layer].example()
    assert_inside(net, np.concatenate([corners(net), full_range(net, 200, seed=1)]), tmp_path)


@FOLDER
@given(nets(), st.integers(0, 2**32 - 1))
def test_random_nets(tmp_path, net, seed):
    assert_inside(net, np.concatenate([corners(net), full_range(net, 8, seed)]), tmp_path)


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(2)])
@pytest.mark.parametrize("output", ["Q4.2", "Q8.-1", "Q2.9"])
def test_dense_over_every_input(activation, output):
    """Exhaustive: outputs and accumulators reach both ends of their range, in every channel."""
    source = TensorType((2,), Q("Q1.3"))
    weight = np.array([[3, -4], [-4, -4], [3, 3], [0, 1], [-2, 0], [1, 0]])
    bias = np.array([0, 200, -200, 5, -31, -7])  # the last sum ends at 0
    net = alone(Dense(weight, bias, Q("Q1.2"), Q(output), activation), source)
    codes, bound = every_input(source), ranges(net)["it"]
    acc, y = codes @ weight.T + bias, ref.run(net, codes)
    assert [(i.lo, i.hi) for i in bound.acc] == list(zip(acc.min(axis=0), acc.max(axis=0), strict=True))
    assert [(i.lo, i.hi) for i in bound.output] == list(zip(y.min(axis=0), y.max(axis=0), strict=True))


@given(st.integers(0, 2**32 - 1), st.integers(1, 16), st.integers(1, 16), st.integers(1, 9))
def test_the_worst_input_of_a_dense_layer_needs_every_accumulator_bit(seed, x_bits, w_bits, inputs):
    rng = np.random.default_rng(seed)
    x, w = Format(x_bits, 0), Format(w_bits, 0)
    weight = rng.integers(w.lo, w.hi, (1, inputs), endpoint=True)
    bias = rng.integers(-(2**20), 2**20, 1) >> rng.integers(0, 21)
    net = alone(Dense(weight, bias, w, Format(63, 0)), TensorType((inputs,), x))
    highest, lowest = np.where(weight > 0, x.hi, x.lo), np.where(weight > 0, x.lo, x.hi)
    reached = Interval(*ref.run(net, np.concatenate([lowest, highest]))[:, 0].tolist())  # the output is wide enough
    bound = ranges(net)["it"]
    assert bound.acc == (reached,)
    narrower = -(2 ** (bound.acc_bits - 2)), 2 ** (bound.acc_bits - 2) - 1 if bound.acc_bits > 1 else 0
    assert bound.acc_bits == 1 or not (narrower[0] <= reached.lo and reached.hi <= narrower[1])


@pytest.mark.parametrize("level", [1, -1])
@pytest.mark.parametrize("sign", [1, -1])
def test_partial_sums_count_although_the_whole_sum_is_smaller(sign, level):
    """Every term is negative, or every term is positive: the sum is at its other end before the first of them."""
    source, wide = TensorType((3,), Q("Q1.3")), Format(40, 0)
    constant = Dense(np.zeros((3, 3), np.int64), level * np.array([5, 6, 7]), Q("Q1.3"), Q("Q4.6"))
    after = Dense(np.array([[-sign, -2 * sign, -3 * sign]]), np.array([9]), Q("Q4.0"), wide)
    net = Net("n", source, (Node("constant", constant, ("input",)), Node("after", after, ("constant",))))
    assert ranges(net)["constant"].output == tuple(Interval(level * code, level * code) for code in (5, 6, 7))
    assert ranges(net)["after"].acc == (Interval(*sorted([9, 9 - sign * level * (5 + 12 + 21)])),)


@pytest.mark.parametrize("output", ["Q1.3", "Q3.5", "Q2.14", "Q5.-1"])
def test_memory_taps_are_tight(output):
    source = TensorType((2,), Q("Q1.3"))
    net = alone(MemoryTaps((0, 2), (1, 2, 3, 4), Q(output)), source)
    codes = every_input(source)
    y = ref.run(net, np.concatenate([codes, codes[:3]]))  # the first samples see the zero history
    assert [(i.lo, i.hi) for i in ranges(net)["it"].output] == list(zip(y.min(axis=0), y.max(axis=0), strict=True))


def test_history_counts_where_zero_is_not_an_input():
    """A tensor that is never zero is followed by a delay line that starts at zero."""
    source = TensorType((2,), Q("Q1.3"))
    constant = Dense(np.zeros((2, 2), np.int64), np.array([40, -40]), Q("Q1.3"), Q("Q2.6"))
    taps = MemoryTaps((1,), (1,), Q("Q2.6"))
    net = Net("n", source, (Node("constant", constant, ("input",)), Node("taps", taps, ("constant",))))
    assert ref.run(net, [[0, 0], [0, 0]]).tolist() == [[0, 0, 0], [40, -40, 56]]
    assert ranges(net)["taps"].output == (Interval(0, 40), Interval(-40, 0), Interval(0, 56))


def test_complex_fir_over_every_input(tmp_path):
    source = TensorType((2,), Q("Q1.3"))
    for power in range(5):
        layer = ComplexFIR((Term(power, (0, 1)),), np.array([[7, -8], [-8, 5]]), Q("Q1.3"), Q("Q1.5"), Q("Q2.4"))
        assert_inside(alone(layer, source), every_input(source), tmp_path)


def test_complex_fir_reaches_its_bound():
    """One tap of power 0 has independent I and Q: the bound is tight."""
    source = TensorType((2,), Q("Q1.3"))
    net = alone(ComplexFIR((Term(0, (0,)),), np.array([[7, -8]]), Q("Q1.3"), Q("Q1.3"), Format(30, 6)), source)
    y = ref.run(net, every_input(source))
    assert [(i.lo, i.hi) for i in ranges(net)["it"].acc] == list(zip(y.min(axis=0), y.max(axis=0), strict=True))


def test_table_and_add_are_tight():
    source = TensorType((2,), Q("Q1.3"))
    table = Table(np.random.default_rng(2).integers(-90, 90, 16), Q("Q2.6"))
    nodes = (Node("table", table, ("input",)), Node("sum", Add(Q("Q3.5")), ("table", "input")))
    found = ranges(Net("n", source, nodes))
    lo, hi = int(table.values.min()), int(table.values.max())
    assert found["table"] == Range((Interval(lo, hi),) * 2)
    assert found["sum"].acc == (Interval(lo - 8 * 8, hi + 7 * 8),) * 2
    assert found["sum"].acc_bits == found["sum"].acc[0].bits


def test_a_table_is_looked_up_only_where_its_input_goes():
    source = TensorType((1,), Q("Q1.3"))
    relu = Dense(np.array([[1]]), np.array([2]), Q("Q4.0"), Q("Q1.3"), ReLU())
    table = Table(np.array([-99] * 8 + list(range(8))), Q("Q8.0"))
    net = Net("n", source, (Node("relu", relu, ("input",)), Node("table", table, ("relu",))))
    assert ranges(net)["table"].output == (Interval(0, 7),)


def test_the_limit_of_int64_is_no_limit_of_a_bound():
    """Sums that leave int64 are refused with their true width, and do not wrap into one that fits."""
    wide = Format(40, 0)
    layer = Dense(np.full((1, 2), wide.lo), np.zeros(1, np.int64), wide, Q("Q1.15"))
    with pytest.raises(BadInput, match="needs 81 bits"):
        ranges(alone(layer, TensorType((2,), wide)))


@pytest.mark.parametrize(("bias", "bits"), [(2**62 - 1, 63), (2**62, 64), (-(2**62) + 1, 63), (-(2**62), 64)])
def test_the_limit_is_63_bits(bias, bits):
    net = alone(Dense(np.array([[1]]), np.array([bias]), Q("Q4.0"), Q("Q1.3")), TensorType((1,), Format(1, 0)))
    if bits == 63:
        assert ranges(net)["it"].acc_bits == 63
    else:
        with pytest.raises(BadInput, match="net alone, node it: the accumulator needs 64 bits, more than 63; narrow"):
            ranges(net)


def test_an_unknown_layer_is_named():
    class Strange(Layer):
        def output_type(self, *inputs):
            return inputs[0]

        @classmethod
        def example(cls):
            raise NotImplementedError

    with pytest.raises(BadInput, match="no rule for layer Strange"):
        node_range(Strange(), (), ())

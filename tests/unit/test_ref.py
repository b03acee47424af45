"""The reference leg, judged sample by sample by the evaluator that was written from the documentation alone."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from big_evaluator import BigNet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import corners, full_range, nets

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.ref.evaluate import evaluate
from bittrue.spec import (
    LAYERS,
    Add,
    ComplexFIR,
    Dense,
    Flatten,
    LeakyReLU,
    Linear,
    MemoryTaps,
    Net,
    Node,
    ReLU,
    Reshape,
    TensorType,
    Term,
    save,
)
from bittrue.spec.layer import Layer
from bittrue.spec.store import content_hash

Q = Format.parse
RUN = importlib.import_module("bittrue.ref.run")  # the module; the package's attribute of that name is the function
FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)


def assert_equal_to_big_integers(net, codes, folder):
    save(net, folder)
    judge = BigNet(folder)
    found = ref.taps(net, codes)
    assert list(found) == [node.name for node in net.nodes]
    expected = [judge.feed(sample.ravel().tolist()) for sample in codes]
    for name, tensor in found.items():
        assert tensor.dtype == np.int64
        assert tensor.shape == (len(codes), *net.types[name].shape)
        assert tensor.reshape(len(codes), -1).tolist() == [sample[name] for sample in expected], name
    assert np.array_equal(ref.run(net, codes), found[net.nodes[-1].name])
    assert judge.hash == content_hash(net)


def chain() -> Net:
    """Memory behind memory, and a bias that keeps the second delay line's source away from zero from the start."""
    rng = np.random.default_rng(8)
    fmt = Q("Q1.7")
    taps = MemoryTaps((1, 2), (1,), Q("Q2.8"))
    fold = Dense(rng.integers(-128, 128, (2, 6)), np.array([9000, -7000]), fmt, Q("Q2.8"), LeakyReLU(3))
    fir = ComplexFIR((Term(0, (0, 3)), Term(3, (2,))), rng.integers(-128, 128, (3, 2)), fmt, Q("Q3.9"), Q("Q2.8"))
    straight = ComplexFIR((Term(0, (4,)),), np.array([[127, -128]]), fmt, Q("Q1.7"), Q("Q1.9"))
    nodes = (
        Node("taps", taps, ("input",)),
        Node("fold", fold, ("taps",)),
        Node("fir", fir, ("fold",)),
        Node("straight", straight, ("input",)),
        Node("sum", Add(Q("Q3.7")), ("fir", "straight", "fold")),
    )
    return Net("chain", TensorType((2,), fmt), nodes)


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_examples(layer, tmp_path):
    net = LAYERS[layer].example()
    assert_equal_to_big_integers(net, np.concatenate([corners(net), full_range(net, 300, seed=1)]), tmp_path)


@FOLDER
@given(nets(), st.integers(0, 2**32 - 1))
def test_random_nets(tmp_path, net, seed):
    assert_equal_to_big_integers(net, np.concatenate([corners(net), full_range(net, 12, seed)]), tmp_path)


def test_memory_behind_memory(tmp_path):
    net = chain()
    assert net.memory == 2 + 3
    assert_equal_to_big_integers(net, np.concatenate([full_range(net, 40, seed=2), corners(net)]), tmp_path)


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(1), LeakyReLU(15)])
@pytest.mark.parametrize("output", ["Q4.4", "Q-6.14", "Q30.30", "Q14.-8"])
def test_activations_over_every_input(activation, output, tmp_path):
    fmt = Q("Q1.3")
    layer = Dense(np.array([[7, -8], [1, 0], [-8, -8]]), np.array([0, -4, 37]), fmt, Q(output), activation)
    net = Net("every", TensorType((2,), fmt), (Node("fc", layer, ("input",)),))
    codes = np.stack(np.meshgrid(np.arange(-8, 8), np.arange(-8, 8)), axis=-1).reshape(-1, 2)
    assert_equal_to_big_integers(net, codes, tmp_path)


@pytest.mark.parametrize("given_format", ["Q1.15", "Q-3.19", "Q20.-4"])
def test_envelopes_of_16_bit_words(given_format, tmp_path):
    """|x|^4 of the largest word is 2^62: the int64 carriers just hold it."""
    source = TensorType((2,), Q(given_format))
    ends = np.array([[a, b] for a in (-32768, 32767, -1, 0, 1) for b in (-32768, 32767, -1, 0, 1)])
    for frac in (source.format.frac - 9, source.format.frac * 4, source.format.frac + 20):
        taps = Net("t", source, (Node("taps", MemoryTaps((0, 1), (4, 3, 1, 2), Format(63, frac)), ("input",)),))
        assert_equal_to_big_integers(taps, np.concatenate([ends, full_range(taps, 100, seed=3)]), tmp_path)
        terms = tuple(Term(power, (0,)) for power in range(5))
        weight = np.array([[-32768, 32767], [1, -32768], [7, 9], [-1, 1], [32767, 32767]])
        fir = ComplexFIR(terms, weight, Q("Q1.15"), Format(16, frac), Format(40, frac))
        net = Net("f", source, (Node("fir", fir, ("input",)),))
        assert_equal_to_big_integers(net, np.concatenate([ends, full_range(net, 100, seed=4)]), tmp_path)


def test_accumulators_of_63_bits(tmp_path):
    wide = Format(31, 15)
    layer = Dense(np.full((2, 2), wide.lo), np.array([2**61 - 1, -(2**61)]), wide, Format(63, 0), LeakyReLU(1))
    net = Net("wide", TensorType((2,), wide), (Node("fc", layer, ("input",)),))
    assert ranges(net)["fc"].acc_bits == 63
    assert_equal_to_big_integers(net, np.concatenate([corners(net), full_range(net, 50, seed=5)]), tmp_path)


@pytest.mark.parametrize("block", [1, 2, 3, 5, 7, 22, 23, 24])
def test_blocks_do_not_show(block, monkeypatch):
    for net in (chain(), *(layer.example() for layer in LAYERS.values())):
        codes = full_range(net, 23, seed=6)
        whole = ref.taps(net, codes)[net.nodes[-1].name]
        monkeypatch.setattr(RUN, "BLOCK", block)
        assert np.array_equal(ref.run(net, codes), whole)


def test_what_comes_later_does_not_matter():
    net = chain()
    codes = full_range(net, 30, seed=7)
    assert np.array_equal(ref.run(net, codes[:17]), ref.run(net, codes)[:17])


def test_bad_input_is_refused():
    net = LAYERS["Dense"].example()
    with pytest.raises(BadInput, match=r"takes samples of shape \(N, 5\), not \(4,\)"):
        ref.run(net, np.zeros(4, np.int64))
    with pytest.raises(BadInput, match=r"sample \[1, 2\] is 128, outside -128\.\.127"):
        ref.run(net, [[0] * 5, [0, 0, 128, 0, 0]])
    with pytest.raises(BadInput, match="float64 numbers"):
        ref.run(net, np.zeros((1, 5)))
    with pytest.raises(BadInput, match="not \\(0, 5\\)"):
        ref.run(net, np.zeros((0, 5), np.int64))


def test_an_accumulator_that_does_not_fit_is_refused():
    layer = Dense(np.full((1, 2), Format(40, 0).lo), np.zeros(1, np.int64), Format(40, 0), Format(16, 0))
    net = Net("huge", TensorType((2,), Format(40, 0)), (Node("fc", layer, ("input",)),))
    with pytest.raises(BadInput, match="needs 81 bits, more than 63"):
        ref.run(net, [[1, 1]])


def test_an_unknown_layer_is_named():
    class Strange(Layer):
        def output_type(self, *inputs):
            return inputs[0]

        @classmethod
        def example(cls):
            raise NotImplementedError

    with pytest.raises(BadInput, match="the reference leg has no rule for layer Strange; register one"):
        evaluate(Strange(), (), np.zeros((1, 1), np.int64))


def test_banks_are_numbered_from_zero():
    net = LAYERS["Dense"].example()
    x = np.zeros((3, 5), np.int64)
    assert ref.run_banks([net, net], x, [0, 1, 0]).shape == (3, 3)
    for select in ([0, 1, 2], [-1, 0, 0]):
        with pytest.raises(BadInput, match=f"banks {min(select)} to {max(select)} are chosen of 2; number them from 0"):
            ref.run_banks([net, net], x, select)
    with pytest.raises(BadInput, match="give one integer a sample"):
        ref.run_banks([net, net], x, [0.0, 1.0, 0.0])
    with pytest.raises(BadInput, match="masked elements"):
        ref.run_banks([net, net], x, np.ma.masked_array([0, 1, 0], [1, 0, 0]))


def test_what_is_given_is_neither_written_nor_given_back():
    """Though int64 codes are computed with as they are."""
    source = TensorType((2, 2), Format(40, 0))
    net = Net("same", source, (Node("flat", Flatten(), ("input",)), Node("again", Reshape((2, 2)), ("flat",))))
    codes = np.arange(12).reshape(3, 2, 2)
    codes.flags.writeable = False
    for found in (ref.run(net, codes), *ref.taps(net, codes).values()):
        assert not np.shares_memory(found, codes) and found.flags.writeable
        assert np.array_equal(found.ravel(), codes.ravel())

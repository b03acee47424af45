"""The compiled C equals the reference at every node: all layers, drawn nets, full range and corners, no tolerance."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import corners, full_range, nets, tdnn

from bittrue import ref
from bittrue.cosim.c_model import CModel
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import (
    LAYERS,
    Abs,
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
)

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=1000)


@pytest.fixture(autouse=True, scope="module")
def build_folder(tmp_path_factory: pytest.TempPathFactory):
    """Drawn nets are compiled once and never again: keep them out of the checkout's build folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITTRUE_BUILD", str(tmp_path_factory.mktemp("build")))
        yield


def same(net: Net, codes) -> None:
    model = CModel(net)
    expected, found = ref.taps(net, codes), model.taps(codes)
    assert list(found) == list(expected)
    for name, code in expected.items():
        np.testing.assert_array_equal(found[name], code, err_msg=f"node {name}")
        assert found[name].dtype == np.int64
    np.testing.assert_array_equal(model.run(codes), expected[net.nodes[-1].name])


def vectors(net: Net, n: int, seed: int):
    return np.concatenate([corners(net), full_range(net, n, seed)])


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_example_of_every_layer(layer: str) -> None:
    net = LAYERS[layer].example()
    same(net, vectors(net, 3000, seed=1))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("profile", ["wide", "compat"])
def test_tdnn(profile: str, seed: int) -> None:
    net = tdnn(profile, seed)
    same(net, vectors(net, 20_000, seed))


@QUICK
@given(net=nets(), seed=st.integers(0, 1000))
def test_drawn_nets(net: Net, seed: int) -> None:
    same(net, vectors(net, 200, seed))


@pytest.mark.heavy
@LONG
@given(net=nets(max_width=40), seed=st.integers(0, 1000))
def test_many_drawn_nets(net: Net, seed: int) -> None:
    same(net, vectors(net, 1000, seed))


def chain(given: TensorType, *layers) -> Net:
    names = ["input", *(f"n{k}" for k in range(len(layers)))]
    return Net("chain", given, tuple(Node(names[k + 1], layer, (names[k],)) for k, layer in enumerate(layers)))


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(1), LeakyReLU(15), Abs()])
@pytest.mark.parametrize("shift", [-200, -64, -62, -40, -1, 0, 1, 31, 47, 62, 63, 64, 65, 120])
def test_shifts_at_and_beyond_the_carrier(shift: int, activation) -> None:
    rng = np.random.default_rng(5)
    x, w = Format(24, 30), Format(24, 30)
    if not -63 <= 60 - shift <= 126:
        x, w = Format(24, 40 if shift > 0 else -60), Format(24, 40 if shift > 0 else -60)
    output = Format(20, max(-63, min(126, x.frac + w.frac - shift)))
    layer = Dense(rng.integers(w.lo, w.hi, (4, 3)), np.array([0, 1 << 59, -(1 << 59), -1]), w, output, activation)
    net = chain(TensorType((3,), x), layer)
    same(net, vectors(net, 500, seed=3))


def test_words_of_more_than_32_bits() -> None:
    rng = np.random.default_rng(6)
    x, w, wide = Format(40, 20), Format(20, 10), Format(60, 30)
    dense = Dense(rng.integers(w.lo, w.hi, (3, 2)), np.array([w.lo, 0, 1 << 60]), w, wide)
    net = Net(
        "wide",
        TensorType((3,), x),
        (
            Node("left", Dense(rng.integers(w.lo, w.hi, (2, 3)), np.array([1, -1]), w, Format(31, 12)), ("input",)),
            Node("right", dense, ("left",)),
            Node("sum", Add(Format(60, 29)), ("right", "input")),
        ),
    )
    same(net, vectors(net, 500, seed=4))


def test_accumulator_at_the_edge_of_its_63_bits() -> None:
    x, w = Format(32, 0), Format(31, 0)
    net = chain(TensorType((1,), x), Dense(np.array([[w.lo]]), np.array([-(1 << 61)]), w, Format(63, 2)))
    assert ranges(net)["n0"].acc_bits == 63
    same(net, vectors(net, 500, seed=5))


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(1), LeakyReLU(2), Abs()])
@pytest.mark.parametrize("shift", [-1, 0, 1, 3])
def test_activations_around_zero(shift: int, activation) -> None:
    """Every accumulator from -128 to 127, one by one."""
    x = Format(8, 0)
    net = chain(TensorType((1,), x), Dense(np.array([[1]]), np.array([0]), x, Format(10, -shift), activation))
    same(net, np.arange(x.lo, x.hi + 1).reshape(-1, 1))


@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_every_power_alone(power: int) -> None:
    """The C has the helpers that one power needs, whatever it stands beside elsewhere."""
    taps = MemoryTaps((0, 1), (power,), Format(8, 6))
    fir = ComplexFIR((Term(power, (0, 2)),), np.array([[99, -5], [17, 64]]), Format(8, 7), Format(8, 7), Format(8, 6))
    for layer in (taps, fir):
        net = Net("alone", TensorType((2,), Format(8, 7)), (Node("one", layer, ("input",)),))
        same(net, vectors(net, 300, seed=power))


def test_first_delay_above_zero() -> None:
    net = chain(TensorType((2,), Format(12, 11)), MemoryTaps((3, 5), (1, 2), Format(12, 10)))
    same(net, vectors(net, 500, seed=2))


def test_sum_whose_factor_only_a_constant_zero_allows() -> None:
    """Left operand: never anything but 0, and its factor 2^100 has no C literal."""
    x = Format(8, 50)
    zero = Dense(np.zeros((2, 2), dtype=np.int64), np.zeros(2, dtype=np.int64), Format(8, 0), Format(8, -50))
    nodes = (Node("zero", zero, ("input",)), Node("sum", Add(Format(12, 52)), ("zero", "input", "zero")))
    net = Net("zeros", TensorType((2,), x), nodes)
    same(net, vectors(net, 100, seed=6))


def test_sum_whose_factor_needs_more_than_the_accumulator() -> None:
    """Products from -2^31 to 0 fit int32_t, the factor 2^31 does not."""
    x = Format(1, 0)
    zero = Dense(np.zeros((2, 2), dtype=np.int64), np.zeros(2, dtype=np.int64), Format(8, 0), Format(8, 31))
    nodes = (Node("zero", zero, ("input",)), Node("sum", Add(Format(12, 25)), ("zero", "input")))
    net = Net("factor", TensorType((2,), x), nodes)
    assert ranges(net)["sum"].acc_bits == 32
    same(net, vectors(net, 100, seed=6))


def test_envelopes_of_the_widest_words() -> None:
    """``|x|^4`` of (lo, lo) is 2^62, one more than 63 bits hold, and the shift of 63 rounds it up to 1."""
    x = Format(16, 18)
    for frac in (72 - 63, 72 - 62, 72 - 64, 126):
        same(net := chain(TensorType((2,), x), MemoryTaps((0, 2), (4, 3, 2, 1), Format(63, frac))), corners(net))
        fir = ComplexFIR((Term(4, (0, 3)),), np.array([[3, -3], [2, 1]]), Format(3, 0), Format(16, frac), Format(16, 9))
        same(net := chain(TensorType((2,), x), fir), vectors(net, 500, seed=7))


def test_long_delays() -> None:
    x, w = Format(8, 7), Format(8, 7)
    weight = np.array([[1, 2], [127, -128], [5, -7]])
    fir = ComplexFIR((Term(1, (300,)), Term(0, (0, 299))), weight, w, x, Format(10, 6))
    net = chain(TensorType((2,), x), fir, MemoryTaps((0, 70_000), (2,), Format(9, 5)))
    same(net, full_range(net, 75_000, seed=8))


def test_table_of_16_bits_and_tensors_of_several_axes() -> None:
    rng = np.random.default_rng(9)
    given, out = Format(16, 3), Format(5, 2)
    net = chain(TensorType((2, 3, 2), given), Table(rng.integers(out.lo, out.hi, 1 << 16, endpoint=True), out))
    same(net, vectors(net, 500, seed=9))


def test_every_run_starts_with_zero_history() -> None:
    net = LAYERS["ComplexFIR"].example()
    model, codes = CModel(net), full_range(net, 100, seed=10)
    first = model.run(codes)
    np.testing.assert_array_equal(model.run(codes), first)

"""The torch leg equals the reference at every node: all layers, drawn nets, full range and corners, no tolerance."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")

from drawn_graphs import codes as graph_codes  # noqa: E402
from drawn_graphs import graphs  # noqa: E402
from hypothesis import HealthCheck, given, reject, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from strategies import corners, full_range, nets, tdnn  # noqa: E402

from bittrue import qat, ref  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.num import Format  # noqa: E402
from bittrue.qat import exact  # noqa: E402
from bittrue.ranges import ranges  # noqa: E402
from bittrue.spec import (  # noqa: E402
    LAYERS,
    Add,
    AvgPool1d,
    ComplexFIR,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool1d,
    MemoryTaps,
    Net,
    Node,
    Table,
    TensorType,
    Term,
)

DRAWN = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def same(net: Net, codes) -> None:
    expected, found = ref.taps(net, codes), qat.taps(net, codes)
    assert list(found) == list(expected)
    for name, code in expected.items():
        np.testing.assert_array_equal(found[name], code, err_msg=f"node {name}")
        assert found[name].dtype == np.int64
    results = qat.outputs(net, codes)
    assert tuple(results) == net.outputs
    for name, code in results.items():
        np.testing.assert_array_equal(code, expected[name], err_msg=f"output {name}")
    if len(net.outputs) == 1:
        np.testing.assert_array_equal(qat.run(net, codes), expected[net.last])


def integers_too(net: Net, codes) -> None:
    """The int64 tensors, which compute what float64 does not carry, on any net."""
    given = {name: torch.from_numpy(array) for name, array in net.check_inputs(codes).items()}
    expected, found = ref.taps(net, codes), exact.evaluate(net, given)
    for name, code in expected.items():
        np.testing.assert_array_equal(found[name].numpy(), code, err_msg=f"node {name}")


def law(network, values) -> None:
    """`Network` on values is the reference on the codes of what it exports; values and results by name."""
    net = network.to_net()
    expected = ref.outputs(net, {name: net.types[name].format.encode(value) for name, value in values.items()})
    given = {name: torch.from_numpy(value) for name, value in values.items()}
    with torch.no_grad():
        found = network.eval()(given)
    found = found if len(net.outputs) > 1 else {net.last: found}
    assert tuple(found) == net.outputs
    for name, code in expected.items():
        np.testing.assert_array_equal(found[name].numpy(), net.types[name].format.decode(code), err_msg=name)


def off_the_grid(net: Net, seed: int, spread: float):
    """A `Network` with parameters moved by about ``spread`` steps of their grids; none for nets that have none."""
    try:
        network = qat.Network(net)
    except BadInput:  # an Add of points far apart: some weights would leave float64
        reject()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.trained.values():
            for name, grid in module.grids().items():
                value = getattr(module, name)
                value += spread * 2.0**-grid.frac * torch.randn(value.shape, generator=generator, dtype=value.dtype)
    return network


def spread_values(net: Net, n: int, seed: int) -> dict:
    """Values by input that are on no grid and sometimes outside the format."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, t.format.hi * t.format.scale, (n, *t.shape)) for name, t in net.inputs.items()}


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_example_of_every_layer(layer: str) -> None:
    net = LAYERS[layer].example()
    codes = np.concatenate([corners(net), full_range(net, 3000, seed=1)])
    same(net, codes)
    integers_too(net, codes)


@DRAWN
@given(net=nets(), seed=st.integers(0, 1000))
def test_drawn_nets(net: Net, seed: int) -> None:
    codes = np.concatenate([corners(net), full_range(net, 200, seed)])
    same(net, codes)
    integers_too(net, codes)


@DRAWN
@given(net=graphs(), seed=st.integers(0, 1000))
def test_drawn_graphs(net: Net, seed: int) -> None:
    codes = graph_codes(net, 5, seed)
    same(net, codes)
    integers_too(net, codes)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky_relu/3", "abs"])
@pytest.mark.parametrize("bias", [1 << 51, -(1 << 53), (1 << 61) - 5, -(1 << 61)])
def test_biases_that_float64_does_not_carry(bias: int, activation: str) -> None:
    dense = Dense([[100, -77], [5, 9]], [bias, 3], "Q1.7", "Q40.20", activation)
    conv = Conv1d([[[100], [-77]], [[5], [9]]], [bias, 3], "Q1.7", "Q40.20", activation)
    image = Conv2d([[[[100]], [[-77]]], [[[5]], [[9]]]], [bias, 3], "Q1.7", "Q40.20", activation, 1)
    sparse = ConvTranspose1d([[[100], [-77]], [[5], [9]]], [bias, 3], "Q1.7", "Q40.20", activation, 3)
    for shape, layer in (((2,), dense), ((2, 5), conv), ((2, 2, 3), image), ((2, 4), sparse)):
        net = Net("far", TensorType(shape, "Q1.15"), [Node("fc", layer, "input")])
        with pytest.raises(BadInput, match=r"training can carry in float64|float64 carries exactly"):
            qat.Network(net)
        same(net, np.concatenate([corners(net), full_range(net, 300, seed=2)]))


def test_words_and_sums_that_float64_does_not_carry() -> None:
    rng = np.random.default_rng(6)
    taps = MemoryTaps((0, 2), (4, 1), "Q2.56")
    fir = ComplexFIR([Term(3, [0, 1])], rng.integers(-(1 << 40), 1 << 40, (2, 2)), Format(41, 40), "Q1.15", "Q5.53")
    nodes = [Node("taps", taps, "input"), Node("fir", fir, "input"), Node("sum", Add("Q3.54"), ["fir", "input"])]
    nodes += [Node("fc", Dense(rng.integers(-1, 1, (2, 8)), [0, 1], "Q1.0", "Q5.53", "abs"), "taps")]
    net = Net("far", TensorType((2,), "Q1.15"), [*nodes, Node("all", Add("Q6.52"), ["fc", "sum", "input"])])
    codes = np.concatenate([corners(net), full_range(net, 500, seed=3)])
    same(net, codes)
    frames = [
        Node("mean", AvgPool1d(3, 2, 2), "input"),
        Node("most", MaxPool1d(2, 1), "mean"),
        Node("row", Flatten(), "most"),
    ]
    net = Net("far", TensorType((3, 20), "Q30.30"), frames)
    same(net, full_range(net, 300, seed=4))


@DRAWN
@given(net=nets(), seed=st.integers(0, 1000), spread=st.sampled_from([2.0, 100.0, 1e5]))
def test_law_with_parameters_off_the_grid(net: Net, seed: int, spread: float) -> None:
    law(off_the_grid(net, seed, spread), spread_values(net, 300, seed))


@DRAWN
@given(net=graphs(), seed=st.integers(0, 1000), spread=st.sampled_from([2.0, 100.0]))
def test_law_of_graphs_with_parameters_off_the_grid(net: Net, seed: int, spread: float) -> None:
    law(off_the_grid(net, seed, spread), spread_values(net, 4, seed))


@pytest.mark.parametrize("profile", ["wide", "compat"])
def test_tdnn(profile: str) -> None:
    net = tdnn(profile, seed=5)
    same(net, np.concatenate([corners(net), full_range(net, 20_000, seed=6)]))


@pytest.mark.heavy
@pytest.mark.parametrize("profile", ["wide", "compat"])
def test_a_million_tdnn_samples(profile: str) -> None:
    net = tdnn(profile, seed=7)
    codes = full_range(net, 1_000_000, seed=8)
    np.testing.assert_array_equal(qat.run(net, codes), ref.run(net, codes))


def test_blocks_overlap_by_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    net = tdnn("wide", seed=9)
    codes = full_range(net, 100, seed=10)
    monkeypatch.setattr("bittrue.qat.leg.BLOCK", 9)
    same(net, codes)


def test_long_words() -> None:
    """Features and sums that neither float32 nor, before their rounding, float64 holds."""
    taps = MemoryTaps((0, 1), (1, 2, 3, 4), Format(53, 52))
    net = Net("features", TensorType((2,), Format(16, 15)), (Node("taps", taps, ("input",)),))
    codes = full_range(net, 3000, seed=13)
    same(net, np.concatenate([corners(net), codes, codes // 3, codes // 50]))
    layer = Dense([[5, -7], [511, -512]], [12345, -1], Format(10, 9), Format(45, 44), LeakyReLU(3))
    net = Net("dense", TensorType((2,), Format(40, 39)), (Node("fc", layer, ("input",)),))
    same(net, np.concatenate([corners(net), full_range(net, 3000, seed=14)]))


def wide_dense(bits: int, bias: int) -> Net:
    """Eight products of 22-bit inputs and ``bits``-bit weights, all at their extreme."""
    given, weights = Format(22, 21), Format(bits, bits - 1)
    weight = np.full((3, 8), weights.lo)
    weight[1] = weights.hi
    weight[2, ::2] = 1 - weights.hi
    layer = Dense(weight, np.full(3, bias), weights, Format(50, bits + 18))
    return Net("wide", TensorType((8,), given), (Node("fc", layer, ("input",)),))


def test_accumulators_of_almost_53_bits_are_exact() -> None:
    net = wide_dense(29, bias=(1 << 50) + 1)  # 2^21 * 2^28 * 8 = 2^52
    same(net, np.concatenate([corners(net), full_range(net, 2000, seed=11)]))
    law(qat.Network(net), {"input": np.random.default_rng(12).uniform(-1, 1, (500, 8))})


def test_accumulators_beyond_53_bits_are_refused() -> None:
    net = wide_dense(30, bias=0)
    with pytest.raises(BadInput, match=r"net wide, node fc: a partial sum can reach 9007199254740992, beyond the 2"):
        qat.Network(net, trainable=False)
    same(net, corners(net))


def test_bias_counts_among_the_partial_sums() -> None:
    qat.Network(wide_dense(29, bias=(1 << 51) - 1), trainable=False)
    with pytest.raises(BadInput, match="bias of 2251799813685248 accumulator units"):
        qat.Network(wide_dense(29, bias=1 << 51), trainable=False)


def test_partial_sum_without_the_bias_counts_too() -> None:
    """The bias pulls the sum back below 2^53, but torch may add it last."""
    table = Table(np.arange(16) * 2184, Format(16, 15))
    weights = Format(36, 35)
    layer = Dense(np.full((1, 9), weights.lo), [(1 << 51) - 1], weights, Format(16, 15))
    nodes = (Node("table", table, ("input",)), Node("fc", layer, ("table",)))
    net = Net("pulled", TensorType((9,), Format(4, 3)), nodes)
    assert ranges(net)["fc"].acc[0].magnitude < 1 << 53
    with pytest.raises(BadInput, match="net pulled, node fc: a partial sum can reach"):
        qat.Network(net, trainable=False)
    same(net, corners(net))

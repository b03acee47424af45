"""Training on frames: the law, the carriers, gradients, and biases as narrow as weights."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")

from strategies import corners, full_range  # noqa: E402

from bittrue import qat, ref  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.num import Format  # noqa: E402
from bittrue.spec import Abs, AvgPool1d, Conv1d, Dense, Flatten, MaxPool1d, Net, Node, ReLU, TensorType  # noqa: E402

INT8 = Format.parse("Q1.7")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def chain(given: TensorType, *layers) -> Net:
    names = ["input", *(f"n{k}" for k in range(len(layers)))]
    return Net("chain", given, tuple(Node(names[k + 1], layer, (names[k],)) for k, layer in enumerate(layers)))


def conv(shape, seed, *, bits=8, frac=9, **more) -> Conv1d:
    rng, fmt = np.random.default_rng(seed), Format(bits, frac)
    weight = rng.integers(fmt.lo, fmt.hi, shape, endpoint=True)
    return Conv1d(weight, rng.integers(-(1 << 13), 1 << 13, shape[0]), fmt, more.pop("output", INT8), **more)


def classifier() -> Net:
    rng = np.random.default_rng(0)
    return chain(
        TensorType((2, 24), INT8),
        conv((6, 2, 5), 1, activation=ReLU(), padding=2),
        MaxPool1d(2, 2),
        conv((8, 3, 3), 2, bits=4, frac=6, activation=Abs(), groups=2, stride=2, padding=1),
        AvgPool1d(2, 1, 2),
        Flatten(),
        Dense(rng.integers(-128, 128, (3, 32)), np.zeros(3, int), Format(8, 8), Format(32, 16)),
    )


def law(network, values) -> Net:
    """``network(x)`` is the exported net on the codes of ``x``, at every node."""
    net = network.to_net()
    expected = ref.taps(net, net.input.format.encode(values.numpy()))
    with torch.no_grad():
        found = network.taps(values)
    for node in net.nodes:
        wanted = net.types[node.name].format.decode(expected[node.name])
        np.testing.assert_array_equal(found[node.name].numpy(), wanted, err_msg=node.name)
    return net


def train(network, values, steps=6, rate=0.05) -> None:
    optimiser = torch.optim.SGD(network.parameters(), lr=rate)
    labels = torch.arange(len(values)) % 3
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(network(values), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def values_of(net: Net, n: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((n, *net.input.shape), generator=generator, dtype=torch.float64) * 0.5


@pytest.mark.parametrize("narrow", [False, True])
def test_law_after_training_steps(narrow):
    net = classifier()
    network, values = qat.Network(net), values_of(net, 40)
    for name in ("n0", "n2", "n5"):
        network.layers[name].bias_in_weight_format = narrow
    before = law(network, values)
    train(network, values)
    after = law(network, values)
    assert any(not np.array_equal(before.nodes[k].layer.weight, after.nodes[k].layer.weight) for k in (0, 2, 5))
    network.fit_weight_formats()
    law(network, values)


def test_batches_in_front_of_frames():
    net = classifier()
    values = values_of(net, 12)
    network = qat.Network(net)
    assert torch.equal(network(values.reshape(3, 4, 2, 24)), network(values).reshape(3, 4, 3))
    with pytest.raises(BadInput, match=r"takes values of shape \(\.\.\., N, 2, 24\), not \(2, 24\)"):
        network(values[0])


def test_a_bias_in_the_weight_format_is_a_code_of_it():
    net = chain(TensorType((1, 5), INT8), conv((3, 1, 2), 1))
    network = qat.Network(net)
    module = network.layers["n0"]
    module.bias_in_weight_format = True
    with torch.no_grad():
        module.bias.copy_(torch.tensor([1.0, -0.1, 3.4 / 512], dtype=torch.float64))
    assert law(network, values_of(net, 20)).nodes[0].layer.bias.tolist() == [127 << 7, -51 << 7, 3 << 7]
    assert network.clamped() == {"n0": 1}
    coarse = qat.Network(chain(TensorType((1, 5), Format(8, -1)), conv((3, 1, 2), 1)))
    coarse.layers["n0"].bias_in_weight_format = True
    with pytest.raises(BadInput, match=r"inputs of Q9\.-1 are coarser than a bias in the weight format"):
        coarse.to_net()


def test_another_weight_format_by_hand():
    net = classifier()
    network, values = qat.Network(net), values_of(net, 20)
    network.layers["n0"].reformat(Format(2, 3))
    exported = law(network, values)
    assert exported.nodes[0].layer.weight_format == Format(2, 3)
    assert set(np.unique(exported.nodes[0].layer.weight)) == {-2, -1, 0, 1}


# ---- carriers -------------------------------------------------------------------------------------------------------


def edge(weight: int) -> Net:
    """One product of up to ``2**7 * weight``, seen whole."""
    layer = Conv1d(np.array([[[weight]], [[1 - weight]]]), np.array([1, -1]), Format(30, 0), Format(40, 0))
    return chain(TensorType((1, 3), Format(8, 0)), layer)


@pytest.mark.parametrize(("weight", "single"), [((1 << 17) - 1, True), (1 << 17, False), ((1 << 29) - 1, False)])
def test_float32_is_taken_below_its_limit_only(weight, single):
    net = edge(weight)
    module = qat.Network(net, trainable=False).layers["n0"]
    assert module.single(module.parameter("weight")) is single
    codes = np.concatenate([corners(net), full_range(net, 200, 1)])
    np.testing.assert_array_equal(qat.run(net, codes), ref.run(net, codes))


def test_float32_looks_at_the_present_weights():
    network = qat.Network(edge(1))
    module = network.layers["n0"]
    assert module.single(module.parameter("weight"))
    with torch.no_grad():
        module.weight[0, 0, 0] = 1 << 17
    assert not module.single(module.parameter("weight"))
    law(network, torch.tensor([[[-128.0, 127.0, 1.0]]], dtype=torch.float64))


@pytest.mark.parametrize("frac", [-60, 45, 70, 126])
def test_points_far_from_the_middle_do_not_leave_float32(frac):
    """Values of 2^-140 have no full precision in float32, those of 2^130 none at all."""
    layer = Conv1d(np.array([[[101, -77]]]), np.array([5]), Format(8, frac), Format(24, max(-63, min(126, 2 * frac))))
    net = chain(TensorType((1, 4), Format(8, frac)), layer)
    module = qat.Network(net, trainable=False).layers["n0"]
    assert module.single(module.parameter("weight")) is (frac == 45)
    codes = np.concatenate([corners(net), full_range(net, 100, 1)])
    np.testing.assert_array_equal(qat.run(net, codes), ref.run(net, codes))


def test_blocks_are_bounded_by_elements(monkeypatch):
    net = classifier()
    codes = full_range(net, 11, 1)
    monkeypatch.setattr("bittrue.qat.leg.ELEMENTS", 1)
    np.testing.assert_array_equal(qat.run(net, codes), ref.run(net, codes))


# ---- gradients ------------------------------------------------------------------------------------------------------


def slope(layer, values: list[float]) -> list[float]:
    """Gradient of the sum of the outputs with respect to one channel of input."""
    net = chain(TensorType((1, len(values)), INT8), layer)
    x = torch.tensor([[values]], dtype=torch.float64, requires_grad=True)
    qat.Network(net)(x).sum().backward()
    return x.grad.flatten().tolist()


def test_the_largest_gets_the_gradient():
    assert slope(MaxPool1d(2, 2), [0.1, 0.3, -0.2, -0.5, 0.9]) == [0.0, 1.0, 1.0, 0.0, 0.0]


def test_a_mean_passes_its_share():
    assert slope(AvgPool1d(2, 1, 2), [0.1, 0.3, -0.2, -0.5]) == [0.5, 0.5, 0.5, 0.5]
    assert slope(AvgPool1d(4, 1), [0.1, 0.3, -0.2, -0.5]) == [0.25] * 4


def test_an_absolute_value_turns_the_sign_and_stops_where_it_saturates():
    one = np.array([[[64]]])
    layer = Conv1d(one, np.array([0]), Format(8, 6), Format(7, 7), Abs())  # x -> |x|, below 1/2
    assert slope(layer, [0.1, -0.1, 0.45, -0.45, 0.75, -0.75, -0.5]) == [1.0, -1.0, 1.0, -1.0, 0.0, 0.0, 0.0]


def test_gradients_of_a_convolution_are_those_of_float64():
    net = chain(TensorType((4, 9), INT8), conv((6, 2, 3), 3, groups=2, padding=2, dilation=2, stride=2))
    found = []
    for exact in (False, True):
        network = qat.Network(net)
        module = network.layers["n0"]
        if exact:
            module.single = lambda weight: False
        x = values_of(net, 5, 1).requires_grad_()
        (network(x) ** 2).sum().backward()
        found.append((x.grad, module.weight.grad, module.bias.grad))
    for rough, sharp in zip(*found, strict=True):
        assert sharp.abs().max() > 0 and rough.dtype == torch.float64
        torch.testing.assert_close(rough, sharp, rtol=1e-5, atol=1e-6)


def test_float_mode_is_plain_arithmetic():
    net = classifier()
    network, values = qat.Network(net), values_of(net, 8, 2)
    network.enable_qat(False)
    nodes, parts = {n.name: n.layer for n in net.nodes}, dict(network.named_parameters())
    f = torch.nn.functional
    x = f.conv1d(values, parts["node_n0.weight"], parts["node_n0.bias"], padding=2).relu()
    x = f.conv1d(f.max_pool1d(x, 2, 2), parts["node_n2.weight"], parts["node_n2.bias"], 2, 1, 1, 2).abs()
    x = (x[..., :-2] + x[..., 2:]) / 2
    x = f.linear(x.flatten(1), parts["node_n5.weight"], parts["node_n5.bias"])
    assert isinstance(nodes["n3"], AvgPool1d)
    torch.testing.assert_close(network(values), x, rtol=1e-4, atol=1e-5)

"""Training on images and graphs: the law at every node after training steps, float mode, devices, gradients."""

from __future__ import annotations

import weakref
from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")

from bittrue import qat, ref  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.num import Format  # noqa: E402
from bittrue.qat import conv as conv_module  # noqa: E402
from bittrue.qat.sums import convolve, library, products  # noqa: E402
from bittrue.spec import (  # noqa: E402
    LAYERS,
    Add,
    AvgPool2d,
    Axis,
    BitwiseOr,
    BitwiseXor,
    ComplexMul,
    Concat,
    Constant,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Dense,
    Flatten,
    Interleave,
    MaxPool2d,
    Mul,
    Net,
    Node,
    ReLU,
    Reshape,
    Sub,
    TensorType,
    Upsample,
)
from bittrue.spec.conv_transpose import transposed_kernel  # noqa: E402

INT8, WEIGHT = Format.parse("Q1.7"), Format(8, 9)
F = torch.nn.functional


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(*shape: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    return rng.integers(WEIGHT.lo, WEIGHT.hi, shape, endpoint=True), rng.integers(-(1 << 13), 1 << 13, shape[0]), WEIGHT


def unet() -> Net:
    """Down, up again, branches that meet in every way, two inputs and two outputs."""
    ramp = np.arange(36).reshape(1, 6, 6) * 7 - 120
    nodes = (
        Node("down", Conv2d(*weights(4, 2, 3, 3), INT8, ReLU(), 1, 1, 2, (2, 1)), "input"),
        Node("pool", MaxPool2d(2, (1, 2)), "down"),
        Node("mean", AvgPool2d((2, 1), 1), "pool"),
        Node("up", ConvTranspose2d(*weights(4, 4, 3, 3, seed=1), INT8, "linear", 2, 1, 1), "mean"),
        Node("near", Upsample((2, 2)), "mean"),
        Node("sum", Add("Q1.6"), ("up", "near")),
        Node("less", Sub(INT8), ("up", "near", "up")),
        Node("bits", BitwiseXor(), ("up", "near")),
        Node("some", BitwiseOr(), ("bits", "up")),
        Node("shuffled", Interleave((2, 2)), "some"),
        Node("gain", Reshape((4, 1, 1)), "gains"),
        Node("wide", Upsample((6, 6)), "gain"),
        Node("ramp", Constant(ramp, INT8), ()),
        Node("product", ComplexMul("Q1.7"), ("less", "wide")),
        Node("square", Mul("Q1.7"), ("sum", "wide")),
        Node("all", Concat(), ("product", "square", "ramp")),
        Node("flat", Flatten(), "all"),
        Node("classes", Dense(*weights(3, 324, seed=2), Format(32, 14)), "flat"),
    )
    inputs = {"input": TensorType((4, 10, 6), INT8), "gains": TensorType((4,), INT8)}
    return Net("unet", inputs, nodes, outputs=("shuffled", "classes"))


def values_of(net: Net, n: int, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    return {
        name: torch.from_numpy(rng.normal(0, 0.5 * t.format.hi * t.format.scale, (n, *t.shape)))
        for name, t in net.inputs.items()
    }


def law(network, values) -> Net:
    """``network(x)`` is the exported net on the codes of ``x``, at every node."""
    net = network.to_net()
    expected = ref.taps(net, {name: net.types[name].format.encode(value.numpy()) for name, value in values.items()})
    with torch.no_grad():
        found = network.eval().taps(values)
    for node in net.nodes:
        wanted = net.types[node.name].format.decode(expected[node.name])
        np.testing.assert_array_equal(found[node.name].numpy(), wanted, err_msg=node.name)
    return net


def train(network, values, steps=4, rate=0.3) -> None:
    """Toward zero, at a rate that drives weights out of their formats."""
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    for _ in range(steps):
        found = network(values)
        loss = sum((y**2).mean() for y in (found.values() if isinstance(found, dict) else [found]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def chain(given: TensorType, *layers) -> Net:
    names = ["input", *(f"n{k}" for k in range(len(layers)))]
    return Net("chain", given, tuple(Node(names[k + 1], layer, (names[k],)) for k, layer in enumerate(layers)))


# ---- the law --------------------------------------------------------------------------------------------------------


def test_law_of_a_graph_after_training_steps():
    net = unet()
    network, values = qat.Network(net), values_of(net, 20)
    before = law(network, values)
    train(network, values)
    after = law(network, values)
    for name in ("down", "up", "classes"):
        pair = [next(node.layer.weight for node in one.nodes if node.name == name) for one in (before, after)]
        assert not np.array_equal(*pair) and network.clamped()[name], name
    network.fit_weight_formats()
    assert set(network.clamped().values()) == {0}
    law(network, values_of(net, 20, 1))


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_law_of_every_layer_after_training_steps(name):
    net = LAYERS[name].example()
    network, values = qat.Network(net), values_of(net, 30)
    if list(network.parameters()):
        train(network, values)
    law(network, values)


def test_batches_in_front_of_samples():
    net = unet()
    network, values = qat.Network(net), values_of(net, 12)
    apart = network({name: value.reshape(3, 4, *value.shape[1:]) for name, value in values.items()})
    for name, value in network(values).items():
        assert torch.equal(apart[name], value.reshape(3, 4, *value.shape[1:]))


# ---- several inputs and outputs -------------------------------------------------------------------------------------


def test_outputs_come_by_name_and_one_comes_alone():
    net = unet()
    found = qat.Network(net)(values_of(net, 3))
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "shuffled": (3, 1, 12, 12),
        "classes": (3, 3),
    }
    with pytest.raises(BadInput, match="net unet has outputs shuffled, classes; here a net with one output is needed"):
        qat.Network(net).forward_from(values_of(net, 3))


def test_rows_of_what_is_computed_once():
    net = unet()
    network, values = qat.Network(net), values_of(net, 10)
    fixed = network.precompute(values)
    assert set(fixed) == {"input", "wide", "ramp"} and all(len(value) == 10 for value in fixed.values())
    rows = torch.tensor([7, 2, 2, 5])
    found = network.evaluate({name: value[rows] for name, value in fixed.items()}, net.outputs)
    for name, value in network(values).items():
        assert torch.equal(found[name], value[rows])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x["input"], "net unet takes inputs input, gains, not input; give one tensor for each, by name"),
        (lambda x: {"input": x["input"]}, "takes inputs input, gains, not input"),
        (lambda x: x | {"gain": x["gains"]}, "takes inputs input, gains, not input, gains, gain"),
        (
            lambda x: x | {"gains": x["gains"][:, :3]},
            r"of shape \(..., N, 4\) at input gains, not \(5, 3\)",
        ),
        (lambda x: x | {"gains": x["gains"][:4]}, "samples; give as many of each"),
        (lambda x: x | {"gains": x["gains"] * torch.nan}, "is fed NaN or infinity at input gains; clean the data"),
        (lambda x: x | {"gains": x["gains"].long()}, "takes float values at input gains, not torch.int64"),
        (lambda x: x | {"gains": x["gains"].numpy()}, "takes tensors of PyTorch at input gains, not ndarray; use"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(change, message):
    net = unet()
    with pytest.raises(BadInput, match=message):
        qat.Network(net)(change(values_of(net, 5)))
    with pytest.raises(BadInput, match="net unet needs 'gains' besides input; pass it too"):
        qat.Network(net).evaluate({"input": values_of(net, 5)["input"]}, net.outputs)
    with pytest.raises(BadInput, match="net unet has no tensor 'gainz'; known are"):
        qat.Network(net).evaluate(values_of(net, 5), ("gainz",))


def test_the_windows_of_an_image_count_for_the_memory(monkeypatch):
    net = chain(TensorType((8, 32, 32), INT8), Conv2d(*weights(1, 8, 5, 5), INT8))
    codes = np.zeros((1, 8, 32, 32), int)
    assert qat.run(net, codes).shape == (1, 1, 28, 28)
    monkeypatch.setenv("BITTRUE_MEMORY", str(8 * 8 * 25 * 28 * 28 / 2**30))
    with pytest.raises(BadInput, match="all tensors of net chain for 1 samples would take"):
        qat.run(net, codes)
    monkeypatch.setenv("BITTRUE_MEMORY", str(8 * (8 * 25 * 28 * 28 + net.elements) / 2**30))
    qat.run(net, codes)


def test_no_tensor_is_held_longer_than_later_nodes_need_it():
    network = qat.Network(chain(TensorType((1, 8, 8), INT8), *[MaxPool2d(2, 1)] * 6))
    seen, held = [], []

    def note(module, given, result):
        seen.append(weakref.ref(result))
        held.append(sum(one() is not None for one in seen))

    for module in network.layers.values():
        module.register_forward_hook(note)
    with torch.no_grad():
        network(values_of(network.template, 3)["input"])
    assert held == [1, 2, 2, 2, 2, 2]


# ---- sums -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_convolutions_are_the_sums_that_they_are(seed):
    """Against `Axis.at`, place by place: any stride, dilation, padding, cropping and upsampling."""
    rng = np.random.default_rng(seed)
    groups, lengths = int(rng.integers(1, 4)), rng.integers(1, 6, int(rng.integers(1, 3)))
    axes = []
    for length in lengths:
        axis = Axis(*map(int, (*rng.integers(1, 4, 3), *rng.integers(-2, 4, 2), rng.integers(1, 4))))
        axes.append(axis if axis.padded(int(length)) >= axis.span else Axis(1, 2, 1, 0, 0, 2))
    weight = rng.integers(-9, 9, (2 * groups, 2, *(axis.size for axis in axes)))
    x = rng.integers(-9, 9, (3, 2 * groups, *lengths))
    counts = [axis.windows(int(length)) for axis, length in zip(axes, lengths, strict=True)]
    expected = np.zeros((3, 2 * groups, *counts), int)
    for n in product(*map(range, counts)):
        for k in product(*(range(axis.size) for axis in axes)):
            at = [axis.at(*place) for axis, *place in zip(axes, n, k, strict=True)]
            if all(where is not None and 0 <= where < length for where, length in zip(at, lengths, strict=True)):
                for g in range(groups):
                    rows = slice(2 * g, 2 * g + 2)
                    expected[(slice(None), rows, *n)] += x[(slice(None), rows, *at)] @ weight[(rows, slice(None), *k)].T
    given = torch.from_numpy(x), torch.from_numpy(weight)
    np.testing.assert_array_equal(convolve(*given, axes, groups, products).numpy(), expected)
    for kind in (torch.float32, torch.float64):
        for plain in (products, library):
            found = convolve(*(tensor.to(kind) for tensor in given), axes, groups, plain)
            assert found.dtype == kind
            np.testing.assert_array_equal(found.numpy(), expected)


# ---- carriers -------------------------------------------------------------------------------------------------------


def carried(monkeypatch, module, x) -> tuple:
    """Type of number and way of the sums in a forward pass."""
    seen = []

    def spy(x, weight, axes, groups, plain):
        seen.append((x.dtype, weight.dtype, plain))
        return convolve(x, weight, axes, groups, plain)

    monkeypatch.setattr(conv_module, "convolve", spy)
    assert module(x).dtype == torch.float64
    ((one, other, plain),) = seen
    assert one == other
    return one, plain


SUMS = [Conv2d(*weights(2, 3, 3, 2), INT8), ConvTranspose1d(*weights(2, 3, 3), INT8, "abs", 2)]
SUMS.append(ConvTranspose2d(*weights(2, 3, 3, 2), INT8, "abs", 2))


@pytest.mark.parametrize("layer", SUMS)
@pytest.mark.parametrize(
    ("device", "quantised", "expected"),
    [
        ("cpu", True, (torch.float32, library)),
        ("cpu", False, (torch.float32, library)),
        ("meta", True, (torch.float64, products)),
        ("meta", False, (torch.float32, library)),
    ],
)
def test_carriers_on_devices(monkeypatch, layer, device, quantised, expected):
    """`meta` is a device that is not the CPU, and computes no numbers: exact sums there are products of matrices."""
    shape = (3, *(5 for _ in layer.axes))
    module = qat.Network(chain(TensorType(shape, INT8), layer)).layers["n0"].to(device)
    module.quantised = quantised
    assert carried(monkeypatch, module, torch.zeros(2, *shape, dtype=torch.float64, device=device)) == expected


def test_float32_of_fewer_bits_is_not_trusted(monkeypatch):
    module = qat.Network(chain(TensorType((3, 5, 5), INT8), SUMS[0])).layers["n0"]
    assert module.single(module.parameter("weight"))
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "medium")
    assert not module.single(module.parameter("weight"))
    module.quantised = False
    assert module.single(module.parameter("weight"))


@pytest.mark.parametrize(
    "owner",
    [torch.backends, torch.backends.mkldnn, torch.backends.mkldnn.conv, torch.backends.mkldnn.matmul],
    ids=["all", "mkldnn", "conv", "matmul"],
)
@pytest.mark.parametrize("precision", ["bf16", "tf32"])
def test_float32_of_fewer_bits_in_one_library_is_not_trusted(owner, precision):
    network = qat.Network(chain(TensorType((3, 5, 5), INT8), SUMS[0]))
    module, values = network.layers["n0"], values_of(network.template, 6)
    expected = network(values)
    owner.fp32_precision = precision
    try:
        assert not module.single(module.parameter("weight"))
        assert torch.equal(network(values), expected)
    finally:
        owner.fp32_precision = "none"
    assert module.single(module.parameter("weight"))


@pytest.mark.parametrize("layer", SUMS)
def test_sums_of_other_devices_give_the_same_bits(monkeypatch, layer):
    network = qat.Network(chain(TensorType((3, *(5 for _ in layer.axes)), INT8), layer))
    values = values_of(network.template, 6)
    expected = network(values)
    monkeypatch.setattr(conv_module, "plain_on", lambda device: products)
    monkeypatch.setattr(conv_module.ConvModule, "single", lambda self, weight: False)
    assert torch.equal(network(values), expected)


# ---- float mode -----------------------------------------------------------------------------------------------------


def test_float_mode_is_plain_arithmetic():
    net = unet()
    network, values = qat.Network(net), values_of(net, 8, 2)
    network.enable_qat(False)
    p = dict(network.named_parameters())
    x, gains = values["input"], values["gains"][..., None, None]
    down = F.conv2d(x, p["node_down.weight"], p["node_down.bias"], (2, 1), 1, 1, 2).relu()
    mean = F.avg_pool2d(F.max_pool2d(down, 2, (1, 2)), (2, 1), 1)
    kernel = torch.from_numpy(transposed_kernel(np.arange(144).reshape(4, 4, 3, 3)).flatten())
    kernel = p["node_up.weight"].flatten()[kernel].reshape(4, 4, 3, 3)
    up, near = F.conv_transpose2d(mean, kernel, p["node_up.bias"], 2, 1, 1), F.interpolate(mean, scale_factor=2)
    taps = network.taps(values)
    bits = taps["bits"]
    assert torch.equal(bits, (bits * 128).round() / 128), "bits are those of codes in float mode too"
    torch.testing.assert_close(taps["shuffled"], F.pixel_shuffle(taps["some"], 2), rtol=0, atol=0)
    less, sums = up - near - up, up + near
    real = less[:, 0::2] * gains[:, 0::2] - less[:, 1::2] * gains[:, 1::2]
    imag = less[:, 0::2] * gains[:, 1::2] + less[:, 1::2] * gains[:, 0::2]
    ramp = (torch.arange(36.0, dtype=torch.float64).reshape(1, 6, 6) * 7 - 120) / 128
    turned = torch.stack([real, imag], 2).flatten(1, 2)
    every = torch.cat([turned, sums * gains, ramp.expand(8, 1, 6, 6)], 1)
    expected = F.linear(every.flatten(1), p["node_classes.weight"], p["node_classes.bias"])
    torch.testing.assert_close(taps["classes"], expected, rtol=1e-4, atol=1e-5)


# ---- gradients ------------------------------------------------------------------------------------------------------


def test_gradients_of_a_transposed_convolution_are_those_of_pytorch():
    layer = ConvTranspose2d(*weights(4, 3, 3, 2), INT8, "linear", (2, 3), (1, 0), (1, 2), (1, 2), 2)
    network = qat.Network(chain(TensorType((6, 4, 5), INT8), layer))
    network.enable_qat(False)
    module = network.layers["n0"]
    x = values_of(network.template, 3)["input"].requires_grad_()
    (network(x) ** 2).sum().backward()
    index = torch.from_numpy(transposed_kernel(np.arange(72).reshape(4, 3, 3, 2), 2).copy())
    weight, bias, given = (t.detach().clone().requires_grad_() for t in (module.weight, module.bias, x))
    y = F.conv_transpose2d(given, weight.flatten()[index], bias, (2, 3), (1, 0), (1, 2), 2, (1, 2))
    (y**2).sum().backward()
    for found, expected in ((module.weight, weight), (module.bias, bias), (x, given)):
        assert expected.grad.abs().max() > 0
        torch.testing.assert_close(found.grad, expected.grad, rtol=1e-4, atol=1e-5)


def slopes(layer, *values) -> list:
    """Gradients of the sum of the outputs with respect to every operand."""
    inputs = {f"x{k}": TensorType((len(value),), INT8) for k, value in enumerate(values)}
    network = qat.Network(Net("two", inputs, (Node("both", layer, tuple(inputs)),)))
    tensors = [torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in values]
    network(dict(zip(inputs, tensors, strict=True))).sum().backward()
    return [tensor.grad.flatten().tolist() for tensor in tensors]


def test_operands_get_their_gradients():
    assert slopes(Sub(INT8), [0.5, 0.875], [0.25, -0.5], [0.0, 0.0]) == [[1, 0], [-1, 0], [-1, 0]]
    assert slopes(Mul(Format(16, 14)), [0.5, 0.25], [-0.25, 0.75]) == [[-0.25, 0.75], [0.5, 0.25]]
    both = slopes(ComplexMul(Format(16, 14)), [0.5, 0.25], [-0.25, 0.75])
    assert both == [[-0.25 + 0.75, -0.75 - 0.25], [0.5 + 0.25, 0.5 - 0.25]]
    assert slopes(BitwiseXor(), [0.5, 0.25], [0.5, -0.25]) == [[1, 1], [1, 1]]


def test_what_is_copied_collects_the_gradients_of_its_copies():
    network = qat.Network(chain(TensorType((2, 1, 2), INT8), Upsample((2, 3)), Interleave((2, 1))))
    x = torch.full((1, 2, 1, 2), 0.25, dtype=torch.float64, requires_grad=True)
    network(x).sum().backward()
    assert x.grad.flatten().tolist() == [6.0] * 4


def test_a_constant_is_not_trained():
    net = LAYERS["Constant"].example()
    network = qat.Network(net)
    assert not list(network.parameters()) and not network.state_dict()
    assert torch.equal(network(values_of(net, 4))[:, 1:], network.layers["ramp"]().expand(4, 2, 5))

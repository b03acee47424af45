"""The law of the chip's training on images and graphs: the quantised model in eval is its net, bit for bit."""

import re

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num.quantile import weight_codes
from bittrue.qat import ai8x
from bittrue.spec import BitwiseOr, Concat, Conv2d, ConvTranspose2d, Sub, transposed_kernel
from bittrue.targets.max78002.checkpoint import read_checkpoint
from bittrue.targets.max78002.quantise import quantise

torch.set_num_threads(1)
SHAPE, CLASSES = (2, 8, 12), 4


class Graph(nn.Module):
    """Down and up again, branches that meet in every way, two results."""

    def __init__(self):
        super().__init__()
        self.stem = ai8x.FusedConv2dBNReLU(2, 8, 3, padding=1)
        self.down = ai8x.FusedMaxPoolConv2dBNReLU(8, 12, 3, padding=1)
        self.deep = ai8x.FusedAvgPoolDepthwiseConv2dAbs(12, 12, 3, padding=1, pool_size=(2, 3), pool_stride=1)
        self.up = ai8x.FusedConvTranspose2dBNReLU(12, 8, 3, padding=1, groups=2, bias=False)
        self.most, self.mean = ai8x.MaxPool2d((3, 5), 1), ai8x.AvgPool2d((3, 5), (1, 1))
        self.skip, self.less, self.bits, self.some = ai8x.Add(), ai8x.Sub(), ai8x.Xor(), ai8x.Or()
        self.mix = ai8x.FusedMaxPoolConv2dReLU(8 + 8 + 2, 6, 1, pool_size=(3, 2), pool_stride=(1, 2))
        self.dropout = nn.Dropout(0.1)
        self.map = ai8x.Conv2d(6, 3, 3, stride=(1, 2), wide=True)
        self.fc = ai8x.Linear(6 * 4 * 4, CLASSES, wide=True)

    def forward(self, x):
        stem = self.stem(x)
        up, most = self.up(self.deep(self.down(stem))), self.most(stem)
        less = self.less(most, up)
        some = self.some(self.bits(self.skip(up, most, most), less), up, most)
        mix = self.dropout(self.mix(torch.cat((some, less, self.mean(x)), 1)))
        return {"classes": self.fc(mix.flatten(1)), "map": self.map(mix)}


def model(seed=0):
    torch.manual_seed(seed)
    return Graph()


def images(count, seed=0, shape=SHAPE):
    """Full-range noise, constants, and waves."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-128, 128, (count, *shape))
    waves = 100 * np.sin(np.arange(shape[-1]) / 3 + rng.uniform(0, 6, (count, *shape[:-1], 1)))
    ends = [np.full((1, *shape), value) for value in (-128, 127, 0)]
    return np.concatenate([noise, waves.astype(int), *ends])


def values(codes):
    return torch.from_numpy(codes).to(torch.float32) / 128


def trained(network, policy, epochs=3, steps=8, rate=1e-2):
    """Train on random labels, with the quantisation that the policy wants."""
    x, labels = values(images(20)), torch.randint(0, CLASSES, (43,))
    optimiser = torch.optim.Adam(network.parameters(), rate)
    for epoch in range(epochs):
        if ai8x.start_qat(network, policy, epoch):
            optimiser = torch.optim.Adam(network.parameters(), rate)
        network.train()
        for _ in range(steps):
            optimiser.zero_grad()
            found = network(x)
            loss = nn.functional.cross_entropy(found["classes"].float(), labels) + found["map"].float().square().mean()
            loss.backward()
            optimiser.step()
    return network.eval()


def assert_law(network, codes=None, shape=SHAPE):
    """What the model returns in eval is what its net puts out; the net."""
    net, codes = ai8x.to_net(network, shape), images(60, 1, shape) if codes is None else codes
    with torch.inference_mode():
        found = network.eval()(values(codes))
    found = found if isinstance(found, dict) else {net.last: found}
    expected = ref.outputs(net, codes)
    results = {"classes": "fc"}
    for name, value in found.items():
        name = results.get(name, name)
        wanted = net.types[name].format.decode(expected.pop(name))
        assert np.array_equal(value.to(torch.float64).numpy(), wanted), name
    assert not expected
    return net


POLICIES = [
    {"weight_bits": 8},
    {"start_epoch": 1, "weight_bits": 8, "shift_quantile": 0.97},
    {"weight_bits": 4, "shift_quantile": 0.985, "overrides": {"fc": {"weight_bits": 8}, "up": {"weight_bits": 2}}},
    {"weight_bits": 1, "bias_bits": 1},
]


@pytest.mark.parametrize("policy", POLICIES)
def test_eval_is_the_net_after_training(policy):
    network = trained(model(), policy)
    net = assert_law(network)
    assert net.outputs == ("fc", "map")
    layers = {node.name: node.layer for node in net.nodes}
    assert isinstance(layers["up"], ConvTranspose2d) and isinstance(layers["mix_concat"], Concat)
    assert isinstance(layers["some"], BitwiseOr) and isinstance(layers["less"], Sub) and layers["deep"].groups == 12
    sources = {node.name: node.inputs for node in net.nodes}
    assert sources["skip"] == ("up", "most", "most") and sources["mix_concat"] == ("some", "less", "mean")
    assert sources["mean"] == ("input",) and sources["less"] == ("most", "up")


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 4.0, 300.0])
def test_eval_is_the_net_for_weights_of_any_size(scale):
    network = model(1)
    ai8x.initiate_qat(network, {"weight_bits": 8})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(scale)
    assert_law(network)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ai8x.MaxPool2d((2, 2, 2)), "MaxPool2d size is"),
        (lambda: ai8x.FusedAvgPoolConv2d(2, 2, 3, pool_size=0), "AvgPool2d size is 0"),
        (lambda: ai8x.FusedMaxPoolConv2d(2, 2, 3, pool_stride=(1, 0)), "MaxPool2d stride is 0"),
    ],
)
def test_pools_that_do_not_exist_are_refused(make, sentence):
    with pytest.raises(BadInput, match=sentence):
        make()


@pytest.mark.parametrize("kind", [ai8x.Conv2d, ai8x.ConvTranspose2d])
@pytest.mark.parametrize("inputs", [150, 600])
def test_sums_beyond_float32_are_exact(kind, inputs):
    layer = kind(inputs, 2, 3, padding=1, wide=True)
    with torch.no_grad():
        layer.op.weight.uniform_(0.9, 1), layer.op.bias.uniform_(-1, 1)
    ai8x.initiate_qat(layer, {"weight_bits": 8})
    codes = np.random.default_rng(0).integers(100, 128, (6, inputs, 4, 5))
    codes[::2] *= -1
    net = ai8x.to_net(layer, (inputs, 4, 5))
    with torch.inference_mode():
        given = layer.eval()(values(codes)).to(torch.float64).numpy()
    expected = ref.run(net, codes)
    assert inputs < 600 or np.abs(expected).max() > 1 << 24
    assert np.array_equal(given, net.output.format.decode(expected))


@pytest.mark.parametrize(
    "numbers", [{}, {"stride": 1, "output_padding": 0}, {"dilation": 2}, {"stride": (3, 2), "output_padding": (2, 0)}]
)
def test_transposed_convolutions_of_all_numbers(numbers):
    layer = ai8x.ConvTranspose2d(4, 6, (3, 2), groups=2, padding=(1, 2), **numbers)
    ai8x.initiate_qat(layer, {"weight_bits": 8})
    assert_law(layer, shape=(4, 3, 5))
    stage = ai8x.to_stages(layer, (4, 3, 5))[0]
    kernel = transposed_kernel(layer.op.weight.detach().numpy() * 1024, 2)
    assert np.array_equal(stage.weight, weight_codes(kernel / 1024, layer.shift(), 8))


@st.composite
def single_layers(draw):
    """A quantised layer of any numbers, and the shape of what it takes."""
    kind = draw(st.sampled_from([ai8x.Conv1d, ai8x.Conv2d, ai8x.ConvTranspose2d]))

    def numbers(least, most):
        each = st.tuples(*[st.integers(least, most)] * kind.rank)
        return draw(each | each | each.map(lambda pair: pair[0]))

    groups = draw(st.integers(1, 3))
    inputs, outputs = (groups * draw(st.integers(1, 3)) for _ in range(2))
    more = {"output_padding": 0, "stride": numbers(1, 3)} if kind is ai8x.ConvTranspose2d else {"stride": numbers(1, 3)}
    if draw(st.booleans()):
        more |= {"pooling": draw(st.sampled_from(["Max", "Avg"])), "pool_size": numbers(1, 4)}
        more |= {"pool_stride": numbers(1, 3), "pool_dilation": numbers(1, 2)}
    wide = draw(st.booleans())
    more |= {"wide": True} if wide else {"activation": draw(st.sampled_from([None, "ReLU", "Abs"]))}
    torch.manual_seed(draw(st.integers(0, 1000)))
    common = {"padding": numbers(0, 2), "dilation": numbers(1, 2), "groups": groups, "bias": draw(st.booleans())}
    layer = kind(inputs, outputs, numbers(1, 4), **common, **more)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(draw(st.sampled_from([0.1, 1.0, 30.0])))
    ai8x.initiate_qat(layer, {"weight_bits": draw(st.sampled_from([1, 2, 4, 8]))})
    return layer, (inputs, *(draw(st.integers(26, 29)) for _ in range(kind.rank)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn=single_layers())
def test_eval_is_the_net_for_drawn_layers(drawn):
    layer, shape = drawn
    assert_law(layer, images(4, 1, shape), shape)


def test_data_may_be_seen_in_another_shape():
    class Views(nn.Module):
        def __init__(self):
            super().__init__()
            self.line, self.map = ai8x.FusedConv1dReLU(3, 8, 3, padding=1), ai8x.FusedConv2dReLU(2, 4, 3)
            self.row, self.fc = ai8x.Conv1d(4, 4, 2), ai8x.Linear(4 * 15, 2)

        def forward(self, x):
            x = self.map(self.line(x).reshape(-1, 2, 6, 6))
            return self.fc(self.row(x.flatten(2)).flatten(1))

    network = Views()
    ai8x.initiate_qat(network, {})
    net = assert_law(network, shape=(3, 9))
    assert [tuple(net.types[name].shape) for name in ("map_reshape", "row_reshape")] == [(2, 6, 6), (4, 16)]


@pytest.mark.parametrize(
    "join", [lambda *t: torch.cat(t, 1), lambda *t: torch.concat(t, dim=-2), lambda *t: torch.concatenate(t, axis=1)]
)
def test_a_concatenation_has_many_spellings(join):
    class Joined(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.last = ai8x.Conv1d(2, 3, 3, padding=1), ai8x.Conv1d(5, 2, 1)

        def forward(self, x):
            return self.last(join(self.one(x), x))

    network = Joined()
    ai8x.initiate_qat(network, {})
    net = assert_law(network, shape=(2, 7))
    assert net.nodes[1].inputs == ("one", "input")


def test_folding_is_batch_norm_divided_by_four():
    network = trained(model(4), {"start_epoch": 99})
    norm = network.up.bn
    nn.init.uniform_(norm.bias, -1, 1), nn.init.uniform_(norm.weight, 0.5, 2)
    x = values(images(5, shape=(12, 3, 4)))
    expected = (norm(nn.functional.conv_transpose2d(x, network.up.weight, None, 2, 1, 1, 2)) / 4).clamp(-1, 127 / 128)
    assert torch.equal(network.up(x), expected.relu())
    before = network(values(images(5)))
    assert ai8x.fold(network) == ["stem", "down", "up"] and network.up.bn is None
    assert network.up.weight.shape == (12, 4, 3, 3)
    assert (network.up(x) - expected.relu()).abs().max() < 1e-5  # float32 before quantisation
    assert (network(values(images(5)))["map"] - before["map"]).abs().max() < 0.1


@pytest.mark.parametrize("policy", POLICIES)
def test_the_checkpoint_quantises_to_the_integers_of_the_net(policy, tmp_path):
    network = trained(model(3), policy)
    ai8x.save_checkpoint(network, tmp_path / "c.pth.tar", "graph", 3)
    state = quantise(read_checkpoint(tmp_path / "c.pth.tar")).state
    stages = [stage for stage in ai8x.to_stages(network, SHAPE) if stage.weight is not None]
    assert [stage.name for stage in stages] == ["stem", "down", "deep", "up", "mix", "fc", "map"]
    for stage in stages:
        weight = state[f"{stage.name}.op.weight"]
        weight = transposed_kernel(weight, stage.groups) if stage.name == "up" else weight
        assert np.array_equal(weight, stage.weight), stage.name
        assert state[f"{stage.name}.output_shift"].tolist() == [stage.output_shift]
        assert np.array_equal(state[f"{stage.name}.op.bias"], stage.bias << (stage.bits - 1))


def test_a_checkpoint_holds_nothing_of_branches_and_is_read_back():
    network = trained(model(5), POLICIES[1])
    state = ai8x.to_checkpoint(network)["state_dict"]
    assert not [key for key in state if key.split(".")[0] in ("skip", "less", "bits", "some")]
    assert state["up.op.weight"].shape == (12, 4, 3, 3), "as PyTorch has it, and ai8x-training"
    other = model(6)
    ai8x.initiate_qat(other, {})
    other.load_state_dict(state)
    assert not ai8x.start_qat(other, {}, 0), "branches count as quantised"
    assert torch.equal(other.eval()(values(images(3)))["map"], network(values(images(3)))["map"])


FUSED = re.compile(r"Fused(MaxPool|AvgPool)?(Depthwise)?(Conv1d|Conv2d|ConvTranspose2d|Linear)(BN)?(ReLU|Abs)?")


def test_names_say_what_is_fused():
    names = [name for name in ai8x.__all__ if name.startswith("Fused")]
    assert len(names) > 80 and {"FusedMaxPoolConv2dBNReLU", "FusedConvTranspose2dAbs", "FusedConv1dBN"} < set(names)
    for name in names:
        pool, deep, kind, norm, activation = FUSED.fullmatch(name).groups()
        layer = getattr(ai8x, name)(6, 6, *(() if kind == "Linear" else (3,)))
        assert isinstance(layer, getattr(ai8x, kind)) and type(layer).__name__ == name
        assert (layer.pool.kind if layer.pool else None) == (pool[:3].lower() if pool else None)
        assert (layer.bn is not None) == bool(norm) and type(layer.activation).__name__ == (activation or "Linear")
        assert kind == "Linear" or layer.op.groups == (6 if deep else 1)


class TestEltwise:
    x = torch.tensor([[100.0, -100.0, 5.0, -1.0]]) / 128
    y = torch.tensor([[100.0, -100.0, 3.0, 64.0]]) / 128

    def test_the_clamp_comes_once_and_last(self):
        assert (ai8x.Add()(self.x, self.y, -self.y) * 128).tolist() == [[100, -100, 5, -1]]
        assert (ai8x.Add()(self.x, self.y) * 128).tolist() == [[127, -128, 8, 63]]
        assert (ai8x.Sub()(self.x, self.y, self.y) * 128).tolist() == [[-100, 100, -1, -128]]
        assert (ai8x.Sub()(self.x, -self.y, self.y) * 128).tolist() == [[100, -100, 5, -1]]

    def test_bits_are_those_of_codes(self):
        assert (ai8x.Xor()(self.x, self.y) * 128).tolist() == [[0, 0, 5 ^ 3, -1 ^ 64]]
        assert (ai8x.Or()(self.x, self.y) * 128).tolist() == [[100, -100, 7, -1]]
        third = torch.tensor([[0.4 / 128, -0.5 / 128, 3.0, -3.0]])
        assert (ai8x.Xor()(third, third * 0, third * 0) * 128).tolist() == [[0, 0, 127, -128]]

    @pytest.mark.parametrize(
        ("kind", "slopes"), [("Add", (0, 1, 1)), ("Sub", (1, -1, -1)), ("Xor", (1, 1, 1)), ("Or", (1, 1, 1))]
    )
    def test_gradients(self, kind, slopes):
        tensors = [torch.full((1, 1), value, requires_grad=True) for value in (0.75, 0.5, 0.25)]
        getattr(ai8x, kind)()(*tensors).sum().backward()
        expected = slopes if kind != "Add" else (0, 0, 0)  # 1.5 is clamped
        assert tuple(float(tensor.grad) for tensor in tensors) == expected

    def test_tensors_of_other_shapes_are_refused(self):
        with pytest.raises(BadInput, match=r"Add takes two or more tensors of one shape, not \(1, 4\), \(1, 3\)"):
            ai8x.Add()(self.x, self.y[:, :3])
        with pytest.raises(BadInput, match=r"Or takes two or more tensors of one shape, not \(1, 4\); match them"):
            ai8x.Or()(self.x)


def test_averages_of_images_are_cut_off_toward_zero():
    pool = ai8x.AvgPool2d((2, 3), 1)
    ai8x.initiate_qat(nn.Sequential(pool), {})
    x = (torch.tensor([[[[-1.0, -2.0, -3.0], [-1.0, 0.0, 0.0]]]]) / 128).requires_grad_()
    y = pool(x)
    y.backward()
    assert y.item() * 128 == -1.0 and torch.equal(x.grad, torch.full_like(x, 1 / 6))  # -7/6


class Odd(Graph):
    """A model whose forward pass is one that the test gives."""

    def __init__(self, run):
        super().__init__()
        self.run = run

    def forward(self, x):
        return self.run(self, x)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (lambda m, x: m.skip(m.most(x), m.mean(x) * 2), "after mean the model computes something that the chip has"),
        (lambda m, x: m.down(torch.cat([m.stem(x)] * 2, 2)), "after stem the model computes"),
        (lambda m, x: m.down(torch.cat((m.stem(x)[:, :4], x, x), 1)), "after stem the model computes"),
        (lambda m, x: torch.cat((m.most(x), m.mean(x)), 1), "after its last layer; return the results of layers"),
        (lambda m, x: (m.most(x), x), "after its last layer; return the results of layers"),
        (lambda m, x: [m.most(x)] * 2, "return the result of every layer once"),
        (lambda m, x: (m.stem(x), m.most(x))[1], "nothing uses node stem"),
        (lambda m, x: m.down(m.stem(x).relu_()), "after stem the model computes"),
        (lambda m, x: m.down(m.stem(x.add_(1))), "before the first layer the model computes"),
        (lambda m, x: m.down(x), r"does not take frames of shape \(2, 8, 12\)"),
        (lambda m, x: m.bits(*[m.map(m.mix(torch.cat([m.stem(x)] * 2 + [x], 1)))] * 2), "bits follows a wide layer"),
    ],
)
def test_models_that_are_no_graph_are_refused(run, sentence):
    network = Odd(run)
    ai8x.initiate_qat(network, {"weight_bits": 8})
    with pytest.raises(BadInput, match=sentence):
        ai8x.to_net(network, SHAPE)


def test_a_single_layer_is_a_net():
    layer = ai8x.FusedConv2dReLU(2, 3, 3, padding=1)
    ai8x.initiate_qat(layer, {})
    net = assert_law(layer)
    assert [type(node.layer) for node in net.nodes] == [Conv2d]

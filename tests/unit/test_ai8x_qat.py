"""The law of the chip's training: what the quantised model gives in eval is what its net gives, bit for bit."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num.quantile import weight_codes
from bittrue.qat import ai8x
from bittrue.spec.stages import stage_net
from bittrue.targets.max78002.archive import read_archive
from bittrue.targets.max78002.checkpoint import Checkpoint, read_checkpoint
from bittrue.targets.max78002.folding import fold as fold_checkpoint
from bittrue.targets.max78002.quantise import quantise

torch.set_num_threads(1)
SHAPE, CLASSES = (2, 40), 5


class Small(nn.Module):
    """Every kind of layer, and what may stand between layers."""

    def __init__(self, wide=True):
        super().__init__()
        self.conv1 = ai8x.FusedConv1dBNReLU(2, 8, 5, padding=2)
        self.conv2 = ai8x.FusedMaxPoolConv1dBNReLU(8, 12, 3, padding=1)
        self.deep = ai8x.FusedAvgPoolConv1d(12, 12, 3, padding=1, groups=12, activation="Abs", pool_size=3)
        self.pool = ai8x.AvgPool1d(2)
        self.spread = ai8x.FusedConv1dBN(12, 10, 2, dilation=2, bias=False)
        self.dropout = nn.Dropout(0.1)
        self.hidden = ai8x.FusedLinearReLU(20, 6)
        self.fc = ai8x.Linear(6, CLASSES, wide=wide)

    def forward(self, x):
        x = self.pool(self.deep(self.conv2(self.conv1(x))))
        x = self.dropout(self.spread(x))
        return self.fc(self.hidden(x.view(x.size(0), -1)))


def model(seed=0, **options):
    torch.manual_seed(seed)
    return Small(**options)


def frames(count, seed=0):
    """Full-range noise, constants, and beats: slow waves with a spike."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-128, 128, (count, *SHAPE))
    waves = 60 * np.sin(np.arange(SHAPE[1]) / 6 + rng.uniform(0, 6, (count, SHAPE[0], 1)))
    waves[..., 15:18] += rng.uniform(30, 120, (count, SHAPE[0], 1))
    ends = [np.full((1, *SHAPE), value) for value in (-128, 127, 0)]
    return np.concatenate([noise, np.clip(waves, -128, 127).astype(int), *ends])


def values(codes):
    return torch.from_numpy(codes).to(torch.float32) / 128


def trained(network, policy, epochs=3, steps=15, rate=1e-2):
    """Train on random labels, with the quantisation that the policy wants."""
    x, labels = values(frames(30)), torch.randint(0, CLASSES, (63,))
    optimiser = torch.optim.Adam(network.parameters(), rate)
    for epoch in range(epochs):
        if ai8x.start_qat(network, policy, epoch):
            optimiser = torch.optim.Adam(network.parameters(), rate)
        network.train()
        for _ in range(steps):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(x).float(), labels).backward()
            optimiser.step()
    return network.eval()


def assert_law(network):
    """``network.eval()(x / 128) == ref.run(net, x)``; the net."""
    net, codes = ai8x.to_net(network, SHAPE), frames(200, 1)
    with torch.inference_mode():
        given = network.eval()(values(codes)).to(torch.float64).numpy()
    assert np.array_equal(given, net.output.format.decode(ref.run(net, codes)))
    return net


POLICIES = [
    {"weight_bits": 8},
    {"start_epoch": 1, "weight_bits": 8, "shift_quantile": 0.97},
    {"weight_bits": 4, "shift_quantile": 0.985, "overrides": {"fc": {"weight_bits": 8}, "conv1": {"weight_bits": 2}}},
    {"weight_bits": 1, "bias_bits": 1},
    {"weight_bits": 8, "overrides": {"conv2": {"weight_bits": 2}, "hidden": {"shift_quantile": 0.9}}},
]


@pytest.mark.parametrize("policy", POLICIES)
def test_eval_is_the_net_after_training(policy):
    network = trained(model(), policy)
    net = assert_law(network)
    stages = ai8x.to_stages(network, SHAPE)
    overrides = policy.get("overrides", {})
    for stage in stages:
        if stage.weight is not None:
            assert stage.bits == overrides.get(stage.name, policy).get("weight_bits", policy["weight_bits"])
    assert net.nodes[-1].name == "fc"


@pytest.mark.parametrize("seed", range(3))
def test_eval_is_the_net_before_any_step(seed):
    network = model(seed)
    ai8x.initiate_qat(network, {"weight_bits": 8})
    assert_law(network)


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 4.0, 300.0])
def test_eval_is_the_net_for_weights_of_any_size(scale):
    network = model(1)
    ai8x.initiate_qat(network, {"weight_bits": 8})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(scale)
    assert_law(network)


def test_a_narrow_output_and_a_model_in_float64():
    network = model(2, wide=False).double()
    ai8x.initiate_qat(network, {"weight_bits": 4})
    net, codes = ai8x.to_net(network, SHAPE), frames(50, 2)
    with torch.inference_mode():
        given = network.eval()(values(codes).double()).numpy()
    assert np.array_equal(given, net.output.format.decode(ref.run(net, codes)))


def test_weights_just_below_the_middle_are_rounded_as_the_vendor_rounds_them():
    """One half is added in float32, where the sum with 0.49999997 is 1."""
    layer = ai8x.Linear(3, 1, wide=True)
    ai8x.initiate_qat(layer, {"weight_bits": 8})
    below = float(np.nextafter(np.float32(0.5), np.float32(0))) / 128
    with torch.no_grad():
        layer.op.weight.copy_(torch.tensor([[0.9, below, -below]])), layer.op.bias.zero_()
    net, codes = ai8x.to_net(layer, (3,)), np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert ref.run(net, codes).ravel().tolist() == [1, 0, 115]
    with torch.no_grad():
        for mode in (True, False):
            found = layer.train(mode)(values(codes)).double().numpy()
            assert np.array_equal(found, net.output.format.decode(ref.run(net, codes)))


def test_training_sums_in_the_type_of_its_values():
    """Where evaluation takes float64 training does not."""
    layer = ai8x.Conv1d(600, 1, 9, wide=True)
    with torch.no_grad():
        layer.op.weight.fill_(0.9)
    ai8x.initiate_qat(layer, {})
    x = torch.ones(1, 600, 9)
    assert layer.train()(x).dtype == torch.float32 and layer.eval()(x).dtype == torch.float64


def test_layers_go_back_to_those_of_the_net():
    network = trained(model(7), {"weight_bits": 4}, epochs=1)
    layers = {node.name: node.layer for node in ai8x.to_net(network, SHAPE).nodes}
    for name, module in ai8x.layers_of(network).items():
        found, expected = vars(module.to_layer()), vars(layers[name])
        assert type(module.to_layer()) is type(layers[name]) and found.keys() == expected.keys()
        assert all(np.array_equal(found[key], expected[key]) for key in found), name
        assert module.op is None or np.abs(expected["weight"]).max() > 1


def test_sums_beyond_float32_are_exact():
    network = nn.Sequential(ai8x.Conv1d(600, 3, 9), nn.Flatten(), ai8x.Linear(3 * 4, 2, wide=True))
    with torch.no_grad():
        network[0].op.weight.uniform_(0.9, 1), network[0].op.bias.uniform_(-1, 1)
        network[2].op.weight.uniform_(-0.01, 0.01)
    ai8x.initiate_qat(network, {"weight_bits": 8})
    codes = np.random.default_rng(0).integers(100, 128, (20, 600, 12))
    codes[::2] *= -1
    wide = ai8x.Conv1d(600, 3, 9, wide=True)
    wide.load_state_dict(network[0].state_dict())
    net = ai8x.to_net(wide, (600, 12))
    with torch.inference_mode():
        given = wide.eval()(values(codes)).to(torch.float64).numpy()
    expected = ref.run(net, codes)
    assert np.abs(expected).max() > 1 << 24
    assert np.array_equal(given, net.output.format.decode(expected))


@pytest.mark.parametrize("policy", POLICIES)
def test_the_checkpoint_quantises_to_the_integers_of_the_net(policy, tmp_path):
    network = trained(model(3), policy)
    ai8x.save_checkpoint(network, tmp_path / "c.pth.tar", "small", 3)
    done = quantise(read_checkpoint(tmp_path / "c.pth.tar"))
    assert (done.arch, done.epoch) == ("small", 3)
    ai8x.save_checkpoint(network, tmp_path / "c.npz")
    with pytest.raises(BadInput, match=r"y\.csv names no format of checkpoints; end it in .npz or .pth.tar"):
        ai8x.save_checkpoint(network, tmp_path / "y.csv")
    plain = quantise(read_checkpoint(tmp_path / "c.npz")).state
    assert list(plain) == list(done.state)
    assert all(np.array_equal(plain[name], done.state[name]) for name in plain)
    for stage in ai8x.to_stages(network, SHAPE):
        if stage.weight is not None:
            assert np.array_equal(done.state[f"{stage.name}.op.weight"], stage.weight)
            assert done.state[f"{stage.name}.output_shift"].tolist() == [stage.output_shift]
            assert np.array_equal(done.state[f"{stage.name}.op.bias"], stage.bias << (stage.bits - 1))


def test_a_checkpoint_of_batch_norm_folds_as_the_model_does(tmp_path):
    network = trained(model(4), {"start_epoch": 99})
    state = {key: value.numpy() for key, value in ai8x.to_checkpoint(network)["state_dict"].items()}
    folded = fold_checkpoint(Checkpoint("c.npz", state)).state
    before = network(values(frames(5)))
    assert ai8x.fold(network) == ["conv1", "conv2", "spread"]
    assert (network(values(frames(5))) - before).abs().max() < 1e-4  # float32 before quantisation
    for key, value in network.state_dict().items():
        assert np.array_equal(folded[key], value.numpy()), key


def test_keys_and_order_of_the_state_are_those_of_ai8x():
    ai8x.initiate_qat(network := model(), {"weight_bits": 8})
    keys = [key for key in network.state_dict() if key.startswith("conv1.")]
    assert keys == [
        f"conv1.{key}"
        for key in (
            "output_shift", "weight_bits", "bias_bits", "quantize_activation", "adjust_output_shift", "shift_quantile",
            "op.weight", "op.bias",
        )
    ]  # fmt: skip
    other = Small()
    ai8x.initiate_qat(other, {"weight_bits": 1})
    other.load_state_dict(network.state_dict())
    assert all(
        layer.quantised and int(layer.weight_bits) == 8 for name, layer in ai8x.layers_of(other).items() if layer.op
    )


def test_float_layers_pool_first_and_divide_batch_norm_by_four():
    layer = ai8x.FusedMaxPoolConv1dBNReLU(2, 3, 3, pool_size=3, pool_stride=2).eval()
    norm = layer.bn
    assert norm.momentum == 0.05 and norm.eps == 1e-5
    nn.init.uniform_(norm.bias, -3, 3), norm.running_mean.uniform_(-1, 1)
    x = values(frames(4))
    pooled = nn.functional.max_pool1d(x, 3, 2)
    expected = (norm(layer.op(pooled)) / 4).clamp(-1, 127 / 128).relu()
    assert torch.equal(layer(x), expected)


class TestGradients:
    def test_weights_that_saturate_get_none_and_the_others_the_plain_one(self):
        layer = ai8x.Linear(4, 1, bias=False, wide=True)
        ai8x.initiate_qat(layer, {"weight_bits": 8, "shift_quantile": 0.5})
        with torch.no_grad():
            layer.op.weight.copy_(torch.tensor([[0.3, 0.4, -0.45, 3.0]]))
        assert layer.shift() == -1
        layer(torch.tensor([[0.5, 0.25, -0.5, 1.0]])).sum().backward()
        assert layer.op.weight.grad.tolist() == [[1.0, 0.5, -1.0, 0.0]]  # twice the input: 2**1 of the shift

    def test_a_narrow_layer_has_the_gradient_of_the_float_layer(self):
        layer = ai8x.Linear(2, 1)
        ai8x.initiate_qat(layer, {"weight_bits": 8})
        with torch.no_grad():
            layer.op.weight.copy_(torch.tensor([[0.2, 0.1]])), layer.op.bias.fill_(0.05)
        x = torch.tensor([[0.5, 0.25]], requires_grad=True)
        layer(x).sum().backward()
        assert layer.op.weight.grad.tolist() == [[0.5, 0.25]] and layer.op.bias.grad.tolist() == [1.0]
        assert torch.allclose(x.grad, torch.tensor([[0.2, 0.1]]), atol=1 / 256)

    def test_a_saturated_output_gets_none(self):
        layer = ai8x.Linear(1, 2)
        ai8x.initiate_qat(layer, {"weight_bits": 8})
        with torch.no_grad():
            layer.op.weight.copy_(torch.tensor([[3.0], [0.5]])), layer.op.bias.zero_()
        layer(torch.tensor([[0.9]])).sum().backward()
        assert layer.op.weight.grad.flatten().tolist() == [0.0, pytest.approx(0.9)]

    def test_an_output_that_is_rounded_to_zero_gets_none_behind_relu(self):
        layer = ai8x.FusedLinearReLU(1, 3, bias=False)
        ai8x.initiate_qat(layer, {"weight_bits": 8})
        with torch.no_grad():
            layer.op.weight.copy_(torch.tensor([[0.25], [0.75], [-0.75]]))
        layer(torch.tensor([[1 / 128]])).sum().backward()
        assert layer.op.weight.grad.flatten().tolist() == [0.0, 1 / 128, 0.0]

    def test_averages_pass_the_gradient_of_the_mean(self):
        pool = ai8x.AvgPool1d(4)
        ai8x.initiate_qat(nn.Sequential(pool), {})
        x = (torch.tensor([[[-1.0, -2.0, -3.0, -1.0]]]) / 128).requires_grad_()
        y = pool(x)
        y.backward()
        assert y.item() * 128 == -1.0 and x.grad.flatten().tolist() == [0.25] * 4  # -7/4 is cut off toward zero


class TestPolicy:
    def test_nothing_happens_before_the_start_and_only_once(self):
        network = model()
        assert not ai8x.start_qat(network, {"start_epoch": 2}, 1) and network.conv1.bn is not None
        assert ai8x.start_qat(network, {"start_epoch": 2}, 2) and network.conv1.bn is None
        assert not ai8x.start_qat(network, {"start_epoch": 2}, 3)

    def test_defaults_and_overrides(self):
        policy = ai8x.Policy.of({"shift_quantile": 0.9, "overrides": {"fc": {"weight_bits": 4}}})
        assert policy.start_epoch == 0 and policy.layer == ai8x.LayerPolicy(8, 0.9)
        assert policy.overrides == {"fc": ai8x.LayerPolicy(4, 0.9)}
        assert ai8x.Policy.of(policy) is policy

    @pytest.mark.parametrize(
        ("policy", "sentence"),
        [
            ({"weight_bits": 3}, "weights of 3 bits do not exist"),
            ({"weight_bits": 8, "bias_bits": 4}, "wants 4 bits of bias and 8 of weights"),
            ({"shift_quantile": 0.0}, "shift_quantile is 0.0; choose more than 0"),
            ({"shift_quantile": "high"}, "shift_quantile is 'high'"),
            ({"start_epoch": -1}, "start_epoch is -1"),
            ({"start": 3}, "the policy has unknown key 'start'"),
            ({"overrides": ["fc"]}, r"overrides is \['fc'\]"),
            ({"overrides": {"fc": 4}}, "the override of fc is 4; give a mapping"),
            ({"overrides": {"fc": {"bits": 4}}}, "the override of fc has unknown key 'bits'"),
            ({"overrides": {"fc": {"weight_bits": 4, "bias_bits": 8}}}, "the override of fc wants 8 bits of bias"),
            ({"overrides": {"fc9": {"weight_bits": 4}}}, "overrides layer 'fc9'; the model has conv1, conv2"),
        ],
    )
    def test_a_wrong_policy_is_refused_and_changes_nothing(self, policy, sentence):
        network = model()
        with pytest.raises(BadInput, match=sentence):
            ai8x.initiate_qat(network, policy)
        assert network.conv1.bn is not None and not network.conv1.quantised


class Odd(Small):
    """A model whose forward pass is one that the test gives."""

    def __init__(self, run):
        super().__init__()
        self.run = run

    def forward(self, x):
        return self.run(self, x)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (lambda m, x: m.conv2(m.conv1(x) * 2), "after conv1 the model computes something that the chip has not"),
        (lambda m, x: m.conv1(x + 1), "before the first layer the model computes something"),
        (lambda m, x: m.conv1(x).softmax(1), "computes something after its last layer"),
        (lambda m, x: m.conv2(m.conv1(x)) + m.conv2(m.conv1(x)), "runs layer conv1 twice|branches"),
        (lambda m, x: m.hidden(m.conv1(x).transpose(1, 2).flatten(1)), "after conv1 the model computes|does not take"),
        (lambda m, x: m.conv2(x), r"does not take frames of shape \(2, 40\)"),
        (lambda m, x: x, "computes something after its last layer"),
    ],
)
def test_models_that_are_no_chain_are_refused(run, sentence):
    network = Odd(run)
    ai8x.initiate_qat(network, {"weight_bits": 8})
    with pytest.raises(BadInput, match=sentence):
        ai8x.to_net(network, SHAPE)


def test_models_that_cannot_be_exported_say_why():
    with pytest.raises(BadInput, match=r"layer conv1 is not quantised; call bittrue.qat.ai8x.initiate_qat"):
        ai8x.to_net(model(), SHAPE)
    with pytest.raises(BadInput, match=r"Linear has no layer of bittrue.qat.ai8x"):
        ai8x.to_net(nn.Linear(2, 2), SHAPE)
    ai8x.initiate_qat(network := model(), {})
    with torch.no_grad():
        network.fc.op.bias[0] = float("nan")
    with pytest.raises(BadInput, match=r"finite|NaN"):
        ai8x.to_net(network, SHAPE)
    with pytest.raises(BadInput, match="batch norm must be folded before quantisation starts"):
        model().conv1.quantise(ai8x.LayerPolicy())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ai8x.Linear(2, 2, wide=True, activation="ReLU"), "a wide layer has no activation"),
        (lambda: ai8x.Conv1d(2, 2, 3, activation="GELU"), "unknown activation 'GELU'"),
        (lambda: ai8x.Conv1d(2, 2, 3, pooling="Min"), "unknown pooling 'Min'"),
        (lambda: ai8x.Conv1d(2, 2, 3, batchnorm="Full"), "unknown batchnorm 'Full'"),
    ],
)
def test_options_that_do_not_exist_are_refused(make, sentence):
    with pytest.raises(BadInput, match=sentence):
        make()


def test_the_net_knows_its_name_and_training_goes_on_after_export():
    ai8x.initiate_qat(network := model(), {})
    network.train()
    assert ai8x.to_net(network, SHAPE, "ecg").name == "ecg" and network.training
    assert stage_net("x", SHAPE, ai8x.to_stages(network, SHAPE)).types.keys() >= {"conv1", "fc"}
    code = weight_codes(network.fc.op.weight.detach().numpy(), network.fc.shift(), 8)
    assert np.array_equal(ai8x.to_stages(network, SHAPE)[-1].weight, code)


def test_the_file_that_is_saved_holds_what_ai8x_expects(tmp_path):
    ai8x.initiate_qat(network := model(), {})
    ai8x.save_checkpoint(network, tmp_path / "c.pth.tar", "small", 12)
    document = read_archive(tmp_path / "c.pth.tar")
    assert (document["arch"], document["epoch"], document["extras"]) == ("small", 12, {})
    assert torch.load(tmp_path / "c.pth.tar", weights_only=True)["state_dict"].keys() == document["state_dict"].keys()

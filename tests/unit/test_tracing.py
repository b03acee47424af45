"""Modules of PyTorch's as nets: every construct that is taken, the law of training, formats, what `ptq` finds."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F
from traced_modules import Calls

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.qat import Formats, Network, prepare, ptq


class Two(nn.Module):
    """Two inputs, two outputs."""

    def __init__(self):
        super().__init__()
        self.gain, self.conv = nn.Linear(3, 4), nn.Conv1d(2, 4, 3, padding=1)

    def forward(self, wave, knobs, verbose=False):
        gains = torch.sigmoid(self.gain(knobs)).unsqueeze(-1)
        y = self.conv(wave)
        return {"wave": y * gains, "mean": y.mean(-1)}


def conv(**options):
    return nn.Conv1d(4, 4, 3, padding=1, **options)


def shaped(s, x):
    """Shapes in Python, and a decision by them."""
    if x.size(0) != x.shape[0] or x.dim() != 3:
        raise ValueError
    x = s.a(x)
    return s.b(x.view(x.size(0), -1).reshape(len(x), 2, -1).flatten(start_dim=1))


torch.manual_seed(7)
FRAME, IMAGE, VECTOR = (4, 12), (3, 6, 8), (5,)
CASES = {
    "batch norm": (nn.Sequential(conv(bias=False), nn.BatchNorm1d(4), nn.ReLU()), FRAME, "Conv1d"),
    "batch norm behind a matrix": (nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6)), VECTOR, "Dense"),
    "batch norm first": (nn.Sequential(nn.BatchNorm1d(4), conv()), FRAME, "Conv1d Conv1d"),
    "batch norm of vectors first": (nn.BatchNorm1d(5), VECTOR, "Reshape Conv1d Flatten"),
    "batch norm behind a ReLU": (nn.Sequential(conv(), nn.ReLU(), nn.BatchNorm1d(4)), FRAME, "Conv1d Conv1d"),
    "a ReLU behind a maximum": (nn.Sequential(conv(), nn.MaxPool1d(2), nn.ReLU()), FRAME, "Conv1d MaxPool1d"),
    "a ReLU behind a mean": (nn.Sequential(conv(), nn.AvgPool1d(2), nn.ReLU()), FRAME, "Conv1d AvgPool1d Conv1d"),
    "a ReLU of what is used twice": (
        Calls(lambda s, x: (y := s.a(x)) + torch.relu(y), a=conv()),
        FRAME,
        "Conv1d Conv1d Add",
    ),
    "a residual branch in place": (Calls(lambda s, x: F.relu_(s.a(x).add_(x)), a=conv()), FRAME, "Conv1d Add Conv1d"),
    "an input in place": (Calls(lambda s, x: s.a(x.mul_(2).add_(1)), a=conv()), FRAME, "Conv1d Conv1d"),
    "slopes": (nn.Sequential(conv(), nn.LeakyReLU(0.125), conv(), nn.LeakyReLU(0.3)), FRAME, "Conv1d Conv1d Table"),
    "absolute values": (Calls(lambda s, x: s.a(x).abs(), a=conv()), FRAME, "Conv1d"),
    "tables": (Calls(lambda s, x: F.gelu(torch.tanh(s.a(x))), a=conv()), FRAME, "Conv1d Table Table"),
    "a clamp with numbers": (Calls(lambda s, x: s.a(x).clamp(-0.5, max=0.25), a=conv()), FRAME, "Conv1d Table"),
    "numbers": (Calls(lambda s, x: 1 - (s.a(x) * 3 + 0.5) / 4, a=conv()), FRAME, "Conv1d"),
    "numbers of channels": (
        Calls(lambda s, x: -x * torch.arange(4.0)[:, None] - torch.ones(4, 1)),
        FRAME,
        "Conv1d",
    ),
    "numbers at every place": (Calls(lambda s, x: x + torch.arange(12.0) / 12), FRAME, "Constant Add"),
    "a difference from numbers": (
        Calls(lambda s, x: torch.linspace(0, 1, 12) - s.a(x), a=conv()),
        FRAME,
        "Conv1d Constant Sub",
    ),
    "products": (Calls(lambda s, x: s.a(x) * x - x**2, a=conv()), FRAME, "Conv1d Mul Mul Sub"),
    "channels joined": (Calls(lambda s, x: torch.cat([8 * s.a(x), x], dim=-2), a=conv()), FRAME, "Conv1d Concat"),
    "channels weighed": (Calls(lambda s, x: x * x.mean(-1, keepdim=True)), FRAME, "AvgPool1d Upsample Mul"),
    "same, strided, dilated, groups": (
        nn.Sequential(nn.Conv1d(4, 8, 4, padding="same", groups=2), nn.Conv1d(8, 4, 3, stride=2, dilation=2)),
        FRAME,
        "Conv1d Conv1d",
    ),
    "transposed": (
        nn.Sequential(nn.ConvTranspose1d(4, 6, 4, 2, 1, groups=2, bias=False), nn.BatchNorm1d(6), nn.ReLU()),
        FRAME,
        "ConvTranspose1d",
    ),
    "upsampled": (nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv1d(4, 1, 1)), FRAME, "Upsample Conv1d"),
    "dropout": (nn.Sequential(nn.Dropout(), conv(), nn.Identity(), nn.ReLU(), nn.Dropout1d()), FRAME, "Conv1d"),
    "shapes": (Calls(shaped, a=conv(), b=nn.Linear(48, 3)), FRAME, "Conv1d Flatten Dense"),
    "images": (
        nn.Sequential(
            nn.Conv2d(3, 4, (3, 2), padding=(1, 0), stride=(1, 2), bias=False), nn.BatchNorm2d(4), nn.MaxPool2d(2, 1),
            nn.ReLU(), nn.ConvTranspose2d(4, 4, 3, 2, 1, 1), nn.AdaptiveAvgPool2d((5, 2)), nn.Flatten(),
            nn.Linear(40, 2),
        ),
        IMAGE,
        "Conv2d MaxPool2d ConvTranspose2d AvgPool2d Flatten Dense",
    ),
    "pixels": (
        nn.Sequential(nn.Conv2d(3, 8, 1), nn.PixelShuffle(2), nn.Conv2d(2, 4, 3, padding="same"), nn.AvgPool2d(2)),
        IMAGE,
        "",
    ),
    "pools of images": (
        Calls(lambda s, x: F.adaptive_max_pool2d(F.avg_pool2d(F.max_pool2d(x, 2, 1), (1, 7)), 1).amax((2, 3)) + 1),
        IMAGE,
        "",
    ),
    "pools with zeros": (
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, padding=(0, 1))),
        IMAGE,
        "Conv2d Conv2d MaxPool2d Conv2d AvgPool2d",
    ),
    "zeros": (Calls(lambda s, x: s.a(F.pad(x, (2, 0))), a=nn.Conv1d(4, 4, 3)), FRAME, "Conv1d Conv1d"),
    "zeros of images": (nn.Sequential(nn.ZeroPad2d((1, 2, 3, 4)), nn.Conv2d(3, 1, 2)), IMAGE, "Conv2d Conv2d"),
    "axes of one place": (
        Calls(lambda s, x: s.a(x[:, None].permute(0, 2, 1, 3)).transpose(1, -1), a=nn.Conv2d(4, 1, (1, 12))),
        FRAME,
        "Reshape Conv2d",
    ),
    "the same layer twice": (Calls(lambda s, x: s.a(torch.relu(s.a(x))), a=conv()), FRAME, "Conv1d Conv1d"),
}  # fmt: skip


def made(case):
    module, shape, layers = CASES[case]
    torch.manual_seed(1)
    x = torch.randn(40, *shape)
    module.train()(x[:8].clone())  # batch norm has seen something
    return module.eval(), x, layers


def law(network, x):
    """Whether a network equals the reference, on values far beyond the formats too."""
    net = network.to_net()
    x = torch.cat([x, 40 * x, torch.zeros_like(x[:1])])
    found, wanted = network(x).detach().numpy(), ref.run(net, net.input.format.encode(x.numpy()))
    return (found == net.output.format.decode(wanted)).all()


TAKEN = [case for case in CASES if case != "the same layer twice"]


@pytest.mark.parametrize("case", TAKEN)
def test_a_module_becomes_a_net(case):
    module, x, layers = made(case)
    network = prepare(module, x, {"bits": 16, "weight_bits": 16, "table_bits": 16})
    assert isinstance(network, Network) and not module.training
    kinds = [type(node.layer).__name__ for node in network.to_net().nodes]
    assert " ".join(kinds) == layers or not layers
    assert law(network.eval(), x)
    wanted = module(x.clone()).detach()
    assert (network(x) - wanted).abs().max() < 2e-3 * wanted.abs().max()
    assert law(ptq(module, x, 8, search=False), x)


def test_the_law_holds_while_it_is_trained():
    for case in ("images", "slopes", "batch norm of vectors first", "a residual branch in place"):
        module, x, _ = made(case)
        network = prepare(module, x, 8)
        optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.5)
        before = network.to_net()
        for _ in range(3):
            optimiser.zero_grad()
            network.train()(x).square().sum().backward()
            optimiser.step()
        assert law(network.eval(), x)
        after = network.to_net()
        assert any(
            (a.layer.weight != b.layer.weight).any()
            for a, b in zip(before.nodes, after.nodes, strict=True)
            if hasattr(a.layer, "weight")
        )


def test_what_is_no_parameter_of_the_module_is_not_trained():
    module, x, _ = made("a residual branch in place")
    network = prepare(module, x, 8)
    assert [p.requires_grad for p in network.layers["add_"].parameters()] == []
    assert {p.requires_grad for p in network.layers["a"].parameters()} == {True}
    assert {p.requires_grad for p in network.layers["relu_"].parameters()} == {False}
    network = prepare(nn.Sequential(conv(bias=False)).eval(), x, 8)
    assert [p.requires_grad for p in network.parameters()] == [True, False]


def test_a_layer_that_runs_twice_is_two_without_training_and_refused_with():
    module, x, layers = made("the same layer twice")
    first, second = (node.layer for node in ptq(module, x, 16).to_net().nodes)
    assert first.weight.tolist() == second.weight.tolist() and layers == "Conv1d Conv1d"
    with pytest.raises(BadInput, match=r"a \(Conv1d\) at .*test_tracing.py:\d+ uses parameters a second time"):
        prepare(module, x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_modules_of_any_float_type_become_the_same_kind_of_net(dtype):
    torch.manual_seed(0)
    module, x = nn.Sequential(nn.Linear(7, 5), nn.Tanh(), nn.Linear(5, 3)).to(dtype).eval(), torch.randn(20, 7)
    network = ptq(module, x.to(dtype), 12, search=False)
    assert float((network(x).detach() - module(x.to(dtype)).double().detach()).abs().max()) < 0.01
    assert module[0].weight.dtype == dtype


def test_several_inputs_and_outputs():
    torch.manual_seed(0)
    module, wave, knobs = Two().eval(), torch.randn(20, 2, 9), torch.rand(20, 3)
    network = prepare(module, (wave, knobs), 16, name="two")
    net = network.to_net()
    assert list(net.inputs) == ["wave", "knobs"] and len(net.outputs) == 2
    codes = {name: net.inputs[name].format.encode(x.numpy()) for name, x in (("wave", wave), ("knobs", knobs))}
    found, wanted = network({"wave": wave, "knobs": knobs}), ref.outputs(net, codes)
    for name in net.outputs:
        assert (found[name].detach().numpy() == net.types[name].format.decode(wanted[name])).all()
    y = {name: value.detach() for name, value in module(wave, knobs).items()}
    found = {name: value.detach() for name, value in found.items()}
    assert all(
        min(float((found[n] - v).abs().max()) for n in net.outputs if found[n].shape == v.shape) < 2e-3
        for v in y.values()
    )
    batches = [(wave[:7], knobs[:7], "labels"), (wave[7:], knobs[7:], "labels")]
    assert (
        ptq(module, batches, 16, name="two").to_net().types == ptq(module, (wave, knobs), 16, name="two").to_net().types
    )


def test_formats_by_hand():
    module, x, _ = made("shapes")
    formats = {"bits": 10, "weight_bits": 6, "tensors": {"input": "Q5.11", "b": 14}, "weights": {"b": "Q1.9"}}
    net = prepare(module, x, formats).to_net()
    assert net.input.format == Format.parse("Q5.11") and net.output.format.bits == 14
    assert net.types["a"].format.bits == 10 and net.types["a"] is not None
    assert [str(node.layer.weight_format) for node in net.nodes if node.name == "b"] == ["Q1.9"]
    assert [node.layer.weight_format.bits for node in net.nodes if node.name == "a"] == [6]
    assert prepare(module, x, Formats(12, 12)).to_net().types == prepare(module, x, 12).to_net().types


def test_formats_hold_what_the_samples_reach():
    x = torch.zeros(4, 4, 12)
    x[0, 0, 0], x[1, 0, 0] = 3.0, -3.9
    module = nn.Sequential(nn.Conv1d(4, 4, 1, bias=False)).eval()
    with torch.no_grad():
        module[0].weight.copy_(torch.eye(4)[..., None] * 8)
    net = prepare(module, x, 8).to_net()
    assert (str(net.input.format), str(net.output.format)) == ("Q3.5", "Q6.2")
    assert str(prepare(module, x, 8, calibration=10 * x).to_net().input.format) == "Q7.1"


def test_without_training_a_sample_far_away_may_be_clamped():
    x = 0.04 * torch.randn(4, 4, 12)
    x[1, 0, 0] = 0.3
    module = nn.Sequential(nn.Conv1d(4, 4, 1)).eval()
    assert str(prepare(module, x, 4).to_net().input.format) == "Q0.4"
    assert str(ptq(module, x, 4, search=False).to_net().input.format) == "Q-1.5"


@pytest.mark.parametrize(("case", "bits", "gain"), [("images", 8, 1.0), ("tables", 4, 0.2), ("batch norm", 8, 0.0)])
def test_ptq_finds_no_worse_formats(case, bits, gain):
    module, x, _ = made(case)
    plain, found = ptq(module, x, bits, search=False).report, ptq(module, x, bits).report
    assert found.snr >= plain.snr + gain


def test_ptq_reports_what_it_lost():
    module, x, _ = made("images")
    found = ptq(module, x, 6, search=False)
    with torch.no_grad():
        y, y_net = module(x).double(), found(x)
    assert found.report.snr == pytest.approx(10 * math.log10(y.square().sum() / (y - y_net).square().sum()), abs=0.01)
    assert found.report.agreement == (y.argmax(1) == y_net.argmax(1)).double().mean()
    assert min(row.snr for row in found.report.rows) > found.report.snr - 3
    lines = str(found.report).splitlines()
    assert lines[0].split()[:3] == ["tensor", "layer", "format"] and len(lines) == 2 + len(found.report.rows)
    assert re.fullmatch(
        r"all together: [\d.]+ dB on 40 samples, largest error [\d.]+, the same .* in [\d.]+%", lines[-1]
    )


def test_the_chip_has_the_same_codes_under_other_names():
    module, x, _ = made("images")
    module, x = nn.Sequential(*list(module)[:4], nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval(), x / 5
    with torch.no_grad():
        module[-1].weight.mul_(20)
    chip = ptq(module, x.clamp(-1, 1), "max78002")
    net = chip.to_net()
    assert {str(tensor.format) for tensor in net.types.values()} == {"Q1.7"}
    assert chip.exponents["input"] == 0 and max(chip.exponents.values()) > 0
    for node in net.nodes:
        if hasattr(node.layer, "bias"):
            assert not (node.layer.bias % 128).any() and abs(node.layer.bias).max() <= 128 * 128
    y, y_net = module(x.clamp(-1, 1)), chip(x.clamp(-1, 1)) * 2.0 ** chip.exponents[net.last]
    assert (y - y_net).abs().max() < 0.1 * y.abs().max() and law(chip, x)


def test_weights_of_the_chip_are_fitted_with_their_biases():
    module, x, _ = made("batch norm behind a matrix")
    network = prepare(module, x / x.abs().max(), "max78002")
    with torch.no_grad():
        for module in network.trained.values():
            module.weight *= 0.01
            module.bias.fill_(1.3)
    assert network.clamped() != dict.fromkeys(network.trained, 0)
    network.fit_weight_formats()
    assert network.clamped() == dict.fromkeys(network.trained, 0) and law(network, x)
    assert {str(node.layer.weight_format) for node in network.to_net().nodes} == {"Q2.6"}


def test_a_module_is_not_changed():
    module, x, _ = made("numbers at every place")
    before = set(vars(module))
    prepare(module, x)
    assert set(vars(module)) == before
    module, x, _ = made("images")
    state = {name: value.clone() for name, value in module.state_dict().items()}
    prepare(module, x.numpy(), calibration=[x[:10], x[10:]])
    assert all(torch.equal(value, module.state_dict()[name]) for name, value in state.items())
    assert np.isfinite(x.numpy()).all()

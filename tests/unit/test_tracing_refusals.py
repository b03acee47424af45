"""What of a module, of samples and of formats is refused: one sentence, with the place in the source."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F
from traced_modules import Calls

from bittrue.errors import BadInput
from bittrue.qat import Formats, prepare, ptq
from bittrue.qat.tracing.standins import STAND_INS

HERE = r"test_tracing_refusals\.py:\d+"


class Parameter(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.shift = nn.Conv1d(4, 4, 3), nn.Parameter(torch.zeros(4, 1))

    def forward(self, x):
        return self.conv(x) + self.shift


def frames(function, **layers):
    return Calls(function, **layers), (4, 12)


def in_place(s, x):
    y = s.a(x)
    z = F.relu(y, inplace=True)
    return torch.cat([torch.tanh(z), y], 1)  # y is z


def sequence(*layers, shape=(4, 12)):
    return nn.Sequential(*layers), shape


CONV = nn.Conv1d(4, 4, 3)
MODULES = [
    (
        *frames(lambda s, x: x if x.sum() > 0 else -x),
        rf"Calls\.forward at \S*{HERE} decides or loops by the values of a",
    ),
    (
        *frames(lambda s, x: torch.stack(list(s.a(x))), a=CONV),
        rf"Calls\.forward at \S*{HERE} decides or loops by the values of a",
    ),
    (
        *frames(lambda s, x: x.permute(0, 2, 1)),
        rf"net Calls: permute at \S*{HERE} moves, or leaves out, samples; what could",
    ),
    (*frames(lambda s, x: x.transpose(1, 2)), "so give the data channels first"),
    (*frames(lambda s, x: s.a(x).chunk(2, 1)[0], a=CONV), "chunk at .* a convolution with a kernel of 1 for each part"),
    (*frames(lambda s, x: x[:, :2]), "getitem at .* F.pad with two numbers pads one end"),
    (*frames(lambda s, x: torch.softmax(s.a(x), 1), a=CONV), "softmax at .* return what goes into it"),
    (
        *frames(lambda s, x: x / x.mean(-1, keepdim=True)),
        "div at .* divides by a tensor; what could stand in: a product",
    ),
    (*frames(lambda s, x: x**3), "pow at .* is a power other than 2; what could stand in: products"),
    (*frames(lambda s, x: torch.cat([x, x], 2)), "cat at .* joins axis 2; what could stand in: dim=1"),
    (*frames(lambda s, x: x.mean(1)), "mean at .* reduces samples or channels"),
    (*frames(lambda s, x: x.mean()), "mean at .* reduces samples or channels|axis 0"),
    (*frames(lambda s, x: s.a(x.flatten(1)).squeeze(1), a=nn.Linear(48, 1)), r"squeeze at .* gives shape \(2,\) for 2"),
    (
        *frames(lambda s, x: s.a(x), a=nn.Linear(12, 3)),
        r"a \(Linear\) at .* weighs the last axis of \(4, 12\); .* flatten",
    ),
    (
        *frames(lambda s, x: F.linear(x.flatten(1), s.a.weight), a=nn.Linear(48, 1)),
        "linear at .* the module of torch.nn",
    ),
    (*frames(lambda s, x: torch.add(x, x, alpha=2)), "add at .* has alpha; what could stand in: a product of its own"),
    (*frames(lambda s, x: x.view(4, -1)), r"view at .* gives shape \(4, 24\) for 2 samples"),
    (*frames(lambda s, x: (s.a(x), x), a=CONV), "forward returns .*; let it return results of layers, each once"),
    (*frames(lambda s, x: [s.a(x)] * 2, a=CONV), "forward returns .*; let it return results of layers, each once"),
    (*frames(lambda s, x: s.a(x) + torch.rand(4, 1), a=CONV), "differs from the module's by .* drawing numbers"),
    (*frames(in_place, a=CONV), "differs from the module's by .* writing into a tensor in place"),
    (
        *frames(lambda s, x: s.b(x), a=CONV),
        r"Calls.forward at .* fails on samples of shape \(4, 12\) \('Calls' object",
    ),
    (
        *frames(lambda s, x: s.a(x).item(), a=CONV),
        r"Calls.forward at .* fails on samples of shape \(4, 12\)",
    ),
    (*frames(lambda s, x: x + torch.arange(2.0)[:, None, None]), "differs from sample to sample"),
    (Parameter(), (4, 12), r"shift at .* is a parameter outside of a layer; .*: requires_grad_\(False\), or a buffer"),
    (*sequence(nn.LSTM(12, 3)), r"net Sequential: 0 \(LSTM\).* a net has no state from one step to the next"),
    (*sequence(nn.LayerNorm(12)), r"net Sequential: 0 \(LayerNorm\) is no operation .* BatchNorm behind"),
    (
        *sequence(nn.Upsample(scale_factor=2, mode="linear")),
        r"makes \(24,\) of \(12,\) in mode 'linear'; .* 'nearest' and",
    ),
    (
        *sequence(nn.MaxPool1d(3, 2, 1)),
        r"0 \(MaxPool1d\) pads samples that may be negative by 1; what could stand in: a ReLU",
    ),
    (*sequence(nn.MaxPool1d(5, ceil_mode=True)), r"gives shape \(4, 3\) where a layer gives \(4, 2\)"),
    (
        *sequence(nn.AdaptiveAvgPool1d(5)),
        r"pools \(12,\) to \(5,\), by windows of several sizes; .*: sizes that divide",
    ),
    (*sequence(nn.Conv1d(4, 4, 3, padding=1, padding_mode="circular")), "pads by padding_mode 'circular'; .*: zeros"),
    (*sequence(nn.BatchNorm1d(4, track_running_stats=False)), "keeps no running statistics"),
    (*sequence(nn.PReLU()), r"0 \(PReLU\) is no operation .* nn.LeakyReLU\(2\*\*-k\)"),
    (
        *sequence(nn.Conv1d(3, 4, 3)),
        r"Sequential.forward at 0 \(Conv1d\) fails on samples of shape \(4, 12\) .*; give samples ",
    ),
    (*sequence(nn.AvgPool2d(2, divisor_override=3), shape=(3, 6, 8)), "divides by divisor_override"),
    (
        *frames(lambda s, x: torch.permute(input=x, dims=(0, 2, 1))),
        "permute at .* is called by .*: the tensor first, then",
    ),
    (*sequence(nn.AvgPool1d(2, padding=1, count_include_pad=False)), "counts no zeros at the ends"),
    (*frames(lambda s, x: F.avg_pool1d(x, 2, padding=1, count_include_pad=False)), "counts no zeros at the ends"),
    (
        *frames(lambda s, x: F.pad(x, (1, 1), value=2.0)),
        r"pads \(4, 12\) by \(1, 1\) with 2.0; what could stand in: zeros",
    ),
    (*frames(lambda s, x: F.pad(x, (0, 0, 1, 1))), r"pads \(4, 12\) by \(0, 0, 1, 1\) with 0"),
    (*frames(lambda s, x: F.pad(x, (1, 1), "reflect")), "pads in mode 'reflect'; what could stand in: zeros"),
    (*sequence(nn.Softplus(), shape=(2, 2, 2, 2, 2)), None),
    (*sequence(nn.ReLU(), shape=(2, 2, 2, 2)), r"stands behind a tensor of shape \(2, 2, 2, 2\)"),
]


@pytest.mark.parametrize(("module", "shape", "message"), MODULES)
def test_modules(module, shape, message):
    torch.manual_seed(0)
    x = torch.randn(5, *shape)
    if message is None:  # a table takes every shape
        assert prepare(module.eval(), x).to_net().output.shape == shape
        return
    for quantise in (prepare, ptq):
        with pytest.raises(BadInput, match=message) as found:
            quantise(module.eval(), x)
        assert "\n" not in str(found.value)


X = torch.randn(6, 4, 12)
SAMPLES = [
    (X[0], r"fails on samples of shape \(12,\) .*; give samples \(N, ...\) of the shape that the module takes"),
    (X[:, :, 0].long(), "example_input holds torch.int64 numbers; give the float values that the module takes"),
    (X[:0], r"example_input has shape \(0, 4, 12\); give samples along axis 0"),
    (X[0, 0], r"example_input has shape \(12,\); give samples along axis 0"),
    (X * float("nan"), "example_input holds NaN or infinity; clean the data"),
    ((X, X), r"Sequential.forward takes \(input.*\), and examples of 2 are given"),
    (((X, X[:2]),), "example_input holds a tuple"),
    ((X, X[:2]), r"example_input has \[2, 6\] samples by input; give as many of each"),
    (3, "example_input is 3; give a tensor"),
    ([], "example_input has no batches"),
    ([3], "example_input has a batch 'int'; give 1 tensors"),
    ([X, X[:, :2]], "example_input has batches that do not fit each other"),
]


@pytest.mark.parametrize(("given", "message"), SAMPLES)
def test_samples(given, message):
    with pytest.raises(BadInput, match=message):
        prepare(nn.Sequential(nn.Conv1d(4, 4, 3)).eval(), given)


def test_calibration_of_another_shape():
    with pytest.raises(
        BadInput, match=r"net Conv1d takes samples of \[\(4, 12\)\], and is given \(4, 13\); match them"
    ):
        prepare(nn.Conv1d(4, 4, 3).eval(), X, calibration=torch.randn(3, 4, 13))


FORMATS = [
    (1, "bits is 1; give a word length of 2 to 24 bits"),
    (25, "bits is 25"),
    (True, "formats is True; give bits such as 8 or 16, 'max78002', or a mapping of bits, weight_bits"),
    ("int8", "formats is 'int8'"),
    ({"bit": 8}, "formats is {'bit': 8}"),
    ({"tensors": {"nowhere": 8}}, "formats.tensors names 'nowhere'; the net has input, conv1d_0, maxpool1d_1, tanh_2"),
    ({"weights": {"input": 8}}, "formats.weights names 'input'; the net has conv1d_0"),
    ({"tensors": {"input": "Q1"}}, r"formats.tensors\['input'\]: unknown format 'Q1'"),
    ({"tensors": {"input": 99}}, r"formats.tensors\['input'\] is 99; give a word length of 2 to 24"),
    ({"tensors": 8}, "formats.tensors is 8; give a mapping"),
    ({"tensors": {"conv1d_0": 8, "maxpool1d_1": 9}}, "tensors that have one format are given several: conv1d_0 8, max"),
    (
        {"tensors": {"conv1d_0": 20}},
        r"tanh_2.*: 2 \(Tanh\)|a table of .* words has 2\^20 entries; give its input 16 bits",
    ),
    ({"table_bits": 17}, "table_bits is 17; give a word length of 2 to 16 bits"),
    ({"chip": True, "bits": 16}, "the MAX78002 has words of 8 bits in Q1.7; leave the other formats out"),
    ("max78002", r"2 \(Tanh\): the MAX78002 has no tables; use ReLU"),
]


@pytest.mark.parametrize(("formats", "message"), FORMATS)
def test_formats(formats, message):
    module = nn.Sequential(nn.Conv1d(4, 4, 3), nn.MaxPool1d(2), nn.Tanh()).eval()
    with pytest.raises(BadInput, match=message):
        prepare(module, X / 10, formats)


CHIP = [
    (lambda s, x: s.a(x) * s.a(x), 1.0, "mul at .*: the MAX78002 has no products of tensors and no constants"),
    (lambda s, x: F.leaky_relu(s.a(x), 0.5), 1.0, r"a \(Conv1d\) at .*: the MAX78002 has ReLU, Abs and no other"),
    (lambda s, x: s.a(x), 3.5, "samples of input reach 3.5, and the MAX78002 takes -1..1; divide them by 4"),
    (lambda s, x: s.a(x), 4.0, "samples of input reach 4, and the MAX78002 takes -1..1; divide them by 4"),
]


@pytest.mark.parametrize(("function", "largest", "message"), CHIP)
def test_what_the_chip_lacks(function, largest, message):
    with pytest.raises(BadInput, match=message):
        ptq(Calls(function, a=nn.Conv1d(4, 4, 3)).eval(), largest * X / X.abs().max(), Formats(chip=True))


def test_modules_in_training_and_with_nan():
    module = nn.Sequential(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4))
    with pytest.raises(BadInput, match=r"Sequential is in training mode; call eval\(\) first"):
        prepare(module, X)
    with torch.no_grad():
        module[1].running_var[2] = float("inf")
    with pytest.raises(BadInput, match=r"Sequential: 1\.running_var holds NaN or infinity"):
        ptq(module.eval(), X)
    for other in (lambda x: x, torch.jit.trace(nn.Conv1d(4, 4, 3).eval(), X)):
        with pytest.raises(BadInput, match=r"is no module that can be traced; give the nn\.Module itself"):
            prepare(other, X)  # type: ignore[arg-type]


def test_stand_ins_are_phrases():
    assert all(text and not text.endswith(".") for text in STAND_INS.values())

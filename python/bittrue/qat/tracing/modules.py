"""Rules for the modules of `torch.nn`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import fx, nn

from bittrue.qat.tracing.operations import Kept, Pointwise, Real, Sum
from bittrue.qat.tracing.reader import Reader, Rule, numbers
from bittrue.spec import (
    AvgPool1d,
    AvgPool2d,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Dense,
    Interleave,
    LeakyReLU,
    MaxPool1d,
    MaxPool2d,
    ReLU,
    Upsample,
    transposed_kernel,
)

NO_BIAS = frozenset({"bias"})


def source(reader: Reader, node: fx.Node) -> str:
    """The tensor that a call takes first."""
    given = node.args[0] if node.args else next(iter(node.kwargs.values()))
    return reader.tensor(given)


def _parameters(module: Any, outputs: int) -> tuple[Real, Real, frozenset[str]]:
    bias = np.zeros(outputs) if module.bias is None else numbers(module.bias)
    return numbers(module.weight), bias, NO_BIAS if module.bias is None else frozenset()


def linear(reader: Reader, node: fx.Node, module: nn.Linear) -> str:
    """``nn.Linear`` of vectors."""
    taken = source(reader, node)
    if len(reader.graph.shapes[taken]) != 1:
        reader.refuse(
            node, f"weighs the last axis of {reader.graph.shapes[taken]}", "flatten before it, or a Conv with kernel 1"
        )
    weight, bias, frozen = _parameters(module, module.out_features)
    return reader.add(node, Sum(Dense, weight, bias, frozen=frozen), taken)


def conv(reader: Reader, node: fx.Node, module: Any) -> str:
    """``nn.Conv1d`` and ``nn.Conv2d``, zeros for padding."""
    if module.padding_mode != "zeros":
        reader.refuse(node, f"pads by padding_mode {module.padding_mode!r}", "zeros")
    kind: Any = Conv1d if len(module.kernel_size) == 1 else Conv2d
    weight, bias, frozen = _parameters(module, module.out_channels)
    padding = module.padding
    if padding == "valid":
        padding = (0,) * len(module.kernel_size)
    elif padding == "same":
        spans = [apart * (size - 1) for size, apart in zip(module.kernel_size, module.dilation, strict=True)]
        padding = tuple((span // 2, span - span // 2) for span in spans)
    options = {"dilation": module.dilation, "groups": module.groups, "stride": module.stride}
    options["padding"] = padding if kind is Conv2d else padding[0]
    return reader.add(node, Sum(kind, weight, bias, options, frozen=frozen), source(reader, node))


def transposed(reader: Reader, node: fx.Node, module: Any) -> str:
    """``nn.ConvTranspose1d`` and ``nn.ConvTranspose2d``."""
    if module.padding_mode != "zeros" or len(node.args) + len(node.kwargs) > 1:
        reader.refuse(node, "has an output_size", "output_padding=")
    kind: Any = ConvTranspose1d if len(module.kernel_size) == 1 else ConvTranspose2d
    weight, bias, frozen = _parameters(module, module.out_channels)
    names = ("stride", "padding", "output_padding", "dilation", "groups")
    options = {name: getattr(module, name) for name in names}
    kernel = np.array(transposed_kernel(weight, module.groups), np.float64, order="C")
    return reader.add(node, Sum(kind, kernel, bias, options, frozen=frozen), source(reader, node))


def batch_norm(reader: Reader, node: fx.Node, module: Any) -> str:
    """``factor = gamma / sqrt(variance + eps)``, ``offset = beta - mean * factor``, folded into the layer before."""
    if module.running_mean is None:
        reader.refuse(node, "keeps no running statistics", "track_running_stats=True")
    variance, mean = numbers(module.running_var), numbers(module.running_mean)
    gamma = np.ones_like(mean) if module.weight is None else numbers(module.weight)
    beta = np.zeros_like(mean) if module.bias is None else numbers(module.bias)
    factor = gamma / np.sqrt(variance + module.eps)
    return reader.scaled(node, source(reader, node), factor, beta - mean * factor, trained=True)


def relu(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """A ReLU."""
    return reader.activated(node, source(reader, node), ReLU())


def leaky(reader: Reader, node: fx.Node, slope: float) -> str:
    """A leaky ReLU: a shift where the slope is ``2**-k``, else a table."""
    taken, exponent = source(reader, node), -math.log2(slope) if 0 < slope < 1 else 0.0
    if exponent.is_integer() and 1 <= exponent <= 15:
        return reader.activated(node, taken, LeakyReLU(int(exponent)))
    return reader.add(node, Pointwise(nn.LeakyReLU(slope)), taken)


def same(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """What changes nothing in evaluation."""
    return source(reader, node)


def reshape(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """The same numbers in the same order under the shape that the call gave them."""
    taken, shape = source(reader, node), reader.shape(node)
    if math.prod(reader.graph.shapes[taken]) != math.prod(shape):
        reader.refuse(node, f"makes {shape} of {reader.graph.shapes[taken]}", "shapes that keep the axis of samples")
    return reader.reshaped(node, taken, shape)


def pointwise(reader: Reader, node: fx.Node, module: Any) -> str:
    """A function of one number: a table."""
    return reader.add(node, Pointwise(module), source(reader, node))


def pool(
    reader: Reader, node: fx.Node, kind: str, size: Any, stride: Any = None, dilation: Any = 1, padding: Any = 0
) -> str:
    """A pool whose windows are all whole."""
    taken = source(reader, node)
    shape = reader.graph.shapes[taken]
    if len(shape) not in (2, 3):
        reader.refuse(node, f"pools a tensor of shape {shape}", "frames (channels, length) or images")
    if any(np.ravel(padding)):
        taken = _pool_padding(reader, node, taken, kind, padding)
    made: Any = {"max": (MaxPool1d, MaxPool2d), "avg": (AvgPool1d, AvgPool2d)}[kind][len(shape) - 2]
    numbers = [_number(value, len(shape) - 1) for value in (size, stride or size, dilation)]
    return reader.add(node, Kept(made(*numbers)), taken)


def _pool_padding(reader: Reader, node: fx.Node, taken: str, kind: str, padding: Any) -> str:
    """Zeros around a tensor. Those of a maximum count less than any sample, which 0 does where nothing is negative."""
    part = reader.graph.part(taken)
    rectified = part is not None and isinstance(part.operation, Sum) and part.operation.activation == ReLU()
    if kind == "max" and not rectified:
        reader.refuse(node, f"pads samples that may be negative by {padding}", "a ReLU before it")
    return reader.same(node, taken, padding=_number(padding, len(reader.graph.shapes[taken]) - 1))


def padded(reader: Reader, node: fx.Node, pads: Sequence[int], value: float | None = None) -> str:
    """``F.pad`` with zeros behind and before the axes after the channels; ``pads`` begins with the last axis."""
    taken = source(reader, node)
    shape, pairs = reader.graph.shapes[taken], [tuple(pads[k : k + 2]) for k in range(0, len(pads), 2)]
    wanted = reversed([*pairs, *[(0, 0)] * (len(shape) - 1 - len(pairs))])
    if value or min(pads) < 0 or not 2 <= len(shape) <= 3 or len(pairs) >= len(shape):
        reader.refuse(node, f"pads {shape} by {tuple(pads)} with {value or 0}", "zeros behind the channels' axis")
    ends = tuple(wanted)
    return reader.same(node, taken, padding=ends if len(shape) == 3 else ends[0])


def _number(value: Any, axes: int) -> Any:
    """One number for a frame, one for each axis of an image."""
    found = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    return found[0] if axes == 1 else found


def max_pool(reader: Reader, node: fx.Node, module: Any) -> str:
    """``nn.MaxPool1d`` and ``nn.MaxPool2d``; a window that ``ceil_mode`` adds does not fit the shape that follows."""
    return pool(reader, node, "max", module.kernel_size, module.stride, module.dilation, module.padding)


def avg_pool(reader: Reader, node: fx.Node, module: Any) -> str:
    """``nn.AvgPool1d`` and ``nn.AvgPool2d``."""
    if not module.count_include_pad and any(np.ravel(module.padding)):
        reader.refuse(node, "counts no zeros at the ends", "count_include_pad=True")
    if getattr(module, "divisor_override", None):
        reader.refuse(node, "divides by divisor_override", "the mean, and another scale of the weights behind it")
    return pool(reader, node, "avg", module.kernel_size, module.stride, 1, module.padding)


def adaptive(reader: Reader, node: fx.Node, kind: str) -> str:
    """A pool to a size that divides the one before."""
    before, after = reader.graph.shapes[source(reader, node)][1:], reader.shape(node)[1:]
    if any(a % b for a, b in zip(before, after, strict=True)):
        reader.refuse(node, f"pools {before} to {after}, by windows of several sizes", "sizes that divide")
    return pool(reader, node, kind, [a // b for a, b in zip(before, after, strict=True)])


def upsample(reader: Reader, node: fx.Node, mode: str) -> str:
    """Nearest neighbours, by whole factors."""
    taken = source(reader, node)
    before, after = reader.graph.shapes[taken][1:], reader.shape(node)[1:]
    if mode not in ("nearest", "nearest-exact") or any(b % a for a, b in zip(before, after, strict=True)):
        reader.refuse(node, f"makes {after} of {before} in mode {mode!r}")
    factors = tuple(b // a for a, b in zip(before, after, strict=True))
    return reader.add(node, Kept(Upsample(factors)), taken)


def shuffle(reader: Reader, node: fx.Node, factor: int) -> str:
    """``pixel_shuffle``."""
    return reader.add(node, Kept(Interleave((factor, factor))), source(reader, node))


_POINTWISE = (
    nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.ELU, nn.SELU, nn.CELU, nn.Softplus, nn.Softsign, nn.Mish, nn.Hardtanh,
    nn.ReLU6, nn.Hardswish, nn.Hardsigmoid, nn.LogSigmoid, nn.Tanhshrink, nn.Softshrink, nn.Hardshrink, nn.Threshold,
)  # fmt: skip
_NOTHING = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout)

MODULES: dict[type, Rule] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d), conv),
    **dict.fromkeys((nn.ConvTranspose1d, nn.ConvTranspose2d), transposed),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d), batch_norm),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d), max_pool),
    **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d), avg_pool),
    **dict.fromkeys((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d), lambda r, n, m: adaptive(r, n, "avg")),
    **dict.fromkeys((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d), lambda r, n, m: adaptive(r, n, "max")),
    **dict.fromkeys((nn.Flatten, nn.Unflatten), reshape),
    **dict.fromkeys(_POINTWISE, pointwise),
    **dict.fromkeys(_NOTHING, same),
    **dict.fromkeys((nn.ZeroPad1d, nn.ZeroPad2d), lambda r, n, m: padded(r, n, m.padding)),
    **dict.fromkeys((nn.ConstantPad1d, nn.ConstantPad2d), lambda r, n, m: padded(r, n, m.padding, m.value)),
    nn.Linear: linear,
    nn.ReLU: relu,
    nn.LeakyReLU: lambda r, n, m: leaky(r, n, m.negative_slope),
    nn.Upsample: lambda r, n, m: upsample(r, n, m.mode),
    nn.PixelShuffle: lambda r, n, m: shuffle(r, n, m.upscale_factor),
}
"""The rule by type of module."""

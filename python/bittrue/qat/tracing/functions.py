"""Rules for functions of PyTorch's, operators and methods of tensors, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from bittrue.qat.tracing.modules import (
    adaptive,
    leaky,
    padded,
    pointwise,
    pool,
    relu,
    reshape,
    same,
    shuffle,
    source,
    upsample,
)
from bittrue.qat.tracing.operations import Combined, Kept
from bittrue.qat.tracing.reader import Reader, Rule, numbers
from bittrue.spec import Abs, Add, Concat, Eltwise, Mul, Sub, Upsample

_POOL = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_MEAN = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")


def arguments(node: fx.Node, *names: str) -> dict[str, Any]:
    """What a call gives behind its first argument, by name."""
    return {**dict(zip(names, node.args[1:], strict=False)), **node.kwargs}


def add(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """``x + y``: two tensors, or one and numbers."""
    _unscaled(reader, node)
    a, b = _operands(node)
    if reader.fixed(a):
        a, b = b, a
    if reader.fixed(b) and (offset := _each_channel(reader, a, b)) is not None:
        return reader.scaled(node, reader.tensor(a), np.ones_like(offset), offset)
    return _combined(reader, node, Add, a, b)


def sub(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """``x - y``."""
    _unscaled(reader, node)
    a, b = _operands(node)
    other, sign = (a, -1.0) if reader.fixed(a) else (b, 1.0)
    taken = b if other is a else a
    if reader.fixed(other) and (offset := _each_channel(reader, taken, other)) is not None:
        return reader.scaled(node, reader.tensor(taken), np.full_like(offset, sign), -sign * offset)
    return _combined(reader, node, Sub, a, b)


def mul(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """``x * y``."""
    a, b = _operands(node)
    if reader.fixed(a):
        a, b = b, a
    if reader.fixed(b) and (factor := _each_channel(reader, a, b)) is not None:
        return reader.scaled(node, reader.tensor(a), factor, np.zeros_like(factor))
    return _combined(reader, node, Mul, a, b)


def div(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """``x / y`` by numbers."""
    a, b = _operands(node)
    factor = _each_channel(reader, a, b) if reader.fixed(b) and not reader.fixed(a) else None
    if factor is None or not factor.all() or node.kwargs:
        reader.refuse(node, "divides by a tensor", "a product with a table of 1 / x")
    return reader.scaled(node, reader.tensor(a), 1 / factor, np.zeros_like(factor))


def neg(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """``-x``."""
    taken = source(reader, node)
    channels = reader.graph.shapes[taken][0]
    return reader.scaled(node, taken, -np.ones(channels), np.zeros(channels))


def square(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """``x ** 2``, ``x * x``."""
    if [*node.args[1:], *node.kwargs.values()] not in ([], [2], [2.0]):
        reader.refuse(node, "is a power other than 2", "products")
    taken = source(reader, node)
    return reader.add(node, Combined(Mul), taken, taken)


def cat(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """Tensors joined by their channels."""
    found = {"dim": 0, **arguments(node, "dim")}
    given: Any = node.args[0] if node.args else found["tensors"]
    axes, axis = node.meta["value"].ndim, found.get("axis", found["dim"])
    if axis % axes != 1:
        reader.refuse(node, f"joins axis {axis}", "dim=1, the channels")
    names = [reader.tensor(part) for part in given]
    return names[0] if len(names) == 1 else reader.add(node, Kept(Concat()), *names)


def reduced(reader: Reader, node: fx.Node, kind: str) -> str:
    """``x.mean(dim)`` or ``x.amax(dim)`` over all of one or several axes behind the channels."""
    found, taken = arguments(node, "dim", "keepdim"), source(reader, node)
    shape, given = reader.graph.shapes[taken], found.get("dim", found.get("axis"))
    axes = {axis % (len(shape) + 1) for axis in ([given] if isinstance(given, int) else given or [0])}
    if not axes or min(axes) < 2:
        reader.refuse(node, "reduces samples or channels", "axes behind the channels, or a Conv with kernel 1")
    sizes = [length if axis in axes else 1 for axis, length in enumerate(shape[1:], start=2)]
    return reader.reshaped(node, pool(reader, node, kind, sizes), reader.shape(node))


def moved(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """A permutation of axes, or an index, that leaves all numbers in their order."""
    given: Any = node.args[0]
    value = given.meta["value"]
    places = torch.arange(value.numel()).reshape(value.shape)
    target: Any = getattr(Tensor, node.target) if isinstance(node.target, str) else node.target
    found = target(places, *node.args[1:], **node.kwargs).flatten()
    if not torch.equal(found, places.flatten()):
        reader.refuse(node, "moves, or leaves out, samples")
    return reshape(reader, node)


def _pad(reader: Reader, node: fx.Node, module: Any = None) -> str:
    found = {"mode": "constant", "value": None, **arguments(node, "pad", "mode", "value")}
    if found["mode"] != "constant":
        reader.refuse(node, f"pads in mode {found['mode']!r}", "zeros")
    return padded(reader, node, found["pad"], found["value"])


def _max_pool(reader: Reader, node: fx.Node, module: Any = None) -> str:
    found = {"stride": None, "padding": 0, "dilation": 1, **arguments(node, *_POOL)}
    return pool(reader, node, "max", *(found[name] for name in ("kernel_size", "stride", "dilation", "padding")))


def _avg_pool(reader: Reader, node: fx.Node, module: Any = None) -> str:
    found = {"stride": None, "padding": 0, "count_include_pad": True, **arguments(node, *_MEAN)}
    if not found["count_include_pad"] and any(np.ravel(found["padding"])):
        reader.refuse(node, "counts no zeros at the ends", "count_include_pad=True")
    if found.get("divisor_override"):
        reader.refuse(node, "divides by divisor_override", "the mean, and another scale of the weights behind it")
    return pool(reader, node, "avg", found["kernel_size"], found["stride"], 1, found["padding"])


def _leaky(reader: Reader, node: fx.Node, module: Any = None) -> str:
    return leaky(reader, node, arguments(node, "negative_slope").get("negative_slope", 0.01))


def _interpolate(reader: Reader, node: fx.Node, module: Any = None) -> str:
    return upsample(reader, node, arguments(node, "size", "scale_factor", "mode").get("mode", "nearest"))


def _call(reader: Reader, node: fx.Node, module: Any = None) -> str:
    """A function of one number, with the numbers that the call gives it."""
    options = {name: value for name, value in node.kwargs.items() if name not in ("input", "inplace", "out")}
    rest = node.args[1:]
    if not all(map(reader.fixed, (*rest, *options.values()))):
        reader.refuse(node, "takes several tensors", "functions of one")
    rest, options = tuple(map(reader.value, rest)), {name: reader.value(value) for name, value in options.items()}

    target: Any = getattr(Tensor, node.target) if isinstance(node.target, str) else node.target
    return pointwise(reader, node, lambda x: target(x, *rest, **options))


def _operands(node: fx.Node) -> tuple[Any, Any]:
    found = [*node.args, *(node.kwargs[name] for name in ("input", "other") if name in node.kwargs)]
    return found[0], found[1]


def _unscaled(reader: Reader, node: fx.Node) -> None:
    if node.kwargs.get("alpha", 1) != 1:
        reader.refuse(node, "has alpha", "a product of its own")


def _each_channel(reader: Reader, tensor: Any, other: Any) -> Any:
    """A fixed number, or one for each channel of ``tensor``, as a vector; nothing where it is more than that."""
    shape = reader.graph.shapes[reader.tensor(tensor)]
    value = numbers(reader.value(other))
    if not value.ndim or value.size == 1:
        return np.full(shape[0], float(value.reshape(-1)[0]))
    spread = np.broadcast_to(value, (2, *shape))
    rows = spread.reshape(2, shape[0], -1)
    return rows[0, :, 0].copy() if (rows == rows[:1, :, :1]).all() else None


def _combined(reader: Reader, node: fx.Node, kind: type[Eltwise], *operands: Any) -> str:
    """Tensors of one shape; what has one place along an axis stands at all places of it."""
    shape = reader.shape(node)
    names = [_spread(reader, node, reader.tensor(part, shape), shape) for part in operands]
    return reader.add(node, Combined(kind), *names)


def _spread(reader: Reader, node: fx.Node, name: str, shape: tuple[int, ...]) -> str:
    found = reader.graph.shapes[name]
    if found == shape:
        return name
    fits = len(found) == len(shape) and len(shape) in (2, 3) and found[0] == shape[0]
    if not fits or any(a not in (1, b) for a, b in zip(found[1:], shape[1:], strict=True)):
        reader.refuse(node, f"spreads {found} to {shape}", "tensors of one shape, or one number for each channel")
    factors = tuple(b // a for a, b in zip(found[1:], shape[1:], strict=True))
    return reader.add(node, Kept(Upsample(factors)), name, suffix="spread")


_POINTWISE = (
    "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "celu", "softplus", "softsign", "mish", "hardtanh", "relu6",
    "hardswish", "hardsigmoid", "logsigmoid", "tanhshrink", "sin", "cos", "exp", "expm1", "erf", "atan", "clamp",
    "clip", "asinh", "arctan", "sinh", "hardshrink", "softshrink", "threshold",
)  # fmt: skip
_NOTHING = (
    "contiguous", "clone", "detach", "float", "double", "dropout", "dropout1d", "dropout2d", "feature_dropout",
    "alpha_dropout", "type_as", "to",
)  # fmt: skip
_SHAPES = ("reshape", "view", "flatten", "unflatten", "squeeze", "unsqueeze", "ravel")

FUNCTIONS: dict[str, Rule] = {
    **dict.fromkeys(_POINTWISE, _call),
    **dict.fromkeys(_NOTHING, same),
    **dict.fromkeys(_SHAPES, reshape),
    **dict.fromkeys(("max_pool1d", "max_pool2d"), _max_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), _avg_pool),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d"), lambda r, n, m: adaptive(r, n, "avg")),
    **dict.fromkeys(("adaptive_max_pool1d", "adaptive_max_pool2d"), lambda r, n, m: adaptive(r, n, "max")),
    **dict.fromkeys(("cat", "concat", "concatenate"), cat),
    **dict.fromkeys(("pow", "square"), square),
    **dict.fromkeys(("add", "__add__", "__radd__"), add),
    **dict.fromkeys(("mul", "multiply"), mul),
    **dict.fromkeys(("abs", "absolute"), lambda r, n, m: r.activated(n, source(r, n), Abs())),
    **dict.fromkeys(("permute", "transpose", "swapaxes", "movedim", "getitem"), moved),
    "pad": _pad,
    "sub": sub,
    "div": div,
    "neg": neg,
    "relu": relu,
    "leaky_relu": _leaky,
    "mean": lambda r, n, m: reduced(r, n, "avg"),
    "amax": lambda r, n, m: reduced(r, n, "max"),
    "interpolate": _interpolate,
    "pixel_shuffle": lambda r, n, m: shuffle(r, n, arguments(n, "upscale_factor")["upscale_factor"]),
}
"""The rule by name of function, operator or method, without the underscore of those in place."""

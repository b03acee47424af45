"""Operators that move codes, pools, and what joins tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bittrue.errors import BadInput, listed, shown
from bittrue.num import Format
from bittrue.spec import (
    Add,
    AvgPool1d,
    AvgPool2d,
    Concat,
    Eltwise,
    Flatten,
    Linear,
    MaxPool1d,
    MaxPool2d,
    Mul,
    Reshape,
    Sub,
    Upsample,
)
from bittrue.targets.qonnx.importing.layers import convolution, numbers
from bittrue.targets.qonnx.importing.model import Operation
from bittrue.targets.qonnx.importing.net import Building
from bittrue.targets.qonnx.importing.values import Array, Coded, Known, Mean, Sums

JOINS: dict[str, type[Eltwise]] = {"Add": Add, "Sub": Sub, "Mul": Mul}
"""Layers that join tensors, by their operator."""


def reshaped(net: Building, node: Operation, x: Coded, shape: Sequence[int]) -> Coded:
    """The same elements under another shape, given with the samples in front (0 keeps a length, -1 finds one)."""
    given = x.type.shape
    lengths = [given[k - 1] if each == 0 and 0 < k <= len(given) else int(each) for k, each in enumerate(shape)][1:]
    if not lengths or lengths.count(-1) > 1 or any(each < -1 or each == 0 for each in lengths):
        raise BadInput(f"{node} gives the shape {shown(list(shape))}; keep the samples in front, and one axis behind")
    if -1 in lengths:
        rest = -math.prod(lengths)
        lengths[lengths.index(-1)] = x.type.elements // rest if rest else 0
    if math.prod(lengths) != x.type.elements:
        raise BadInput(
            f"{node} gives {x.type.elements} elements a sample the shape {shown(list(shape))}; keep the samples apart"
        )
    if tuple(lengths) == given:
        return x
    layer = Flatten() if len(lengths) == 1 else Reshape(tuple(lengths))
    return net.add(layer, (x,), node.result)


def concatenated(net: Building, node: Operation, parts: tuple[Coded, ...]) -> Coded:
    """``Concat`` of channels."""
    axis, rank = int(node.attributes.get("axis", 1)), len(parts[0].type.shape) + 1
    if axis % rank != 1:
        raise BadInput(f"{node} joins along axis {axis}; a net joins channels, axis 1")
    formats = {str(part.type.format) for part in parts}
    if len(formats) != 1:
        raise BadInput(f"{node} joins tensors of {listed(sorted(formats))}; quantise them alike")
    return parts[0] if len(parts) == 1 else net.add(Concat(), parts, node.result)


def upsampled(net: Building, node: Operation, x: Coded, scales: Array) -> Coded:
    """``Resize`` and ``Upsample`` to the nearest by whole factors."""
    have = node.attributes
    place = have.get("coordinate_transformation_mode", "asymmetric" if node.operator == "Upsample" else "half_pixel")
    near = have.get("nearest_mode", "floor" if node.operator == "Upsample" else "round_prefer_floor")
    factors = [float(each) for each in scales.reshape(-1)]
    whole = len(factors) == len(x.type.shape) + 1 and all(
        1 <= each <= 1 << 20 and each == int(each) for each in factors
    )
    kept = whole and factors[:2] == [1.0, 1.0]
    if have.get("mode", "nearest") != "nearest" or (place, near) != ("asymmetric", "floor") or not kept:
        raise BadInput(f"{node} is not the nearest sample by whole factors (asymmetric, floor); export it so")
    return net.add(Upsample(tuple(int(each) for each in factors[2:])), (x,), node.result)


def largest(net: Building, node: Operation, x: Coded) -> Coded:
    """``MaxPool`` without padding."""
    rank = len(x.type.shape) - 1
    kind = {1: MaxPool1d, 2: MaxPool2d}.get(rank)
    if kind is None:
        raise BadInput(f"{node} takes a tensor of shape {x.type.shape}; frames and images have pools")
    size, stride, dilation = _window(node, rank)
    return net.add(kind(_each(size), _each(stride), _each(dilation)), (x,), node.result)  # type: ignore[arg-type]


def mean(node: Operation, x: Coded) -> Mean:
    """``AveragePool`` and ``GlobalAveragePool``: cut off, or exactly where a window has ``2**k`` places."""
    rank = len(x.type.shape) - 1
    kind = {1: AvgPool1d, 2: AvgPool2d}.get(rank)
    if kind is None:
        raise BadInput(f"{node} takes a tensor of shape {x.type.shape}; frames and images have pools")
    if node.operator == "GlobalAveragePool":
        size, stride, dilation = x.type.shape[1:], (1,) * rank, (1,) * rank
    else:
        size, stride, dilation = _window(node, rank)
    places, channels = math.prod(size), x.type.shape[0]
    pool = kind(_each(size), _each(stride), _each(dilation))  # type: ignore[arg-type]
    pool.output_type(x.type)
    if places & (places - 1):
        return Mean(pool, x, None)
    exponent = places.bit_length() - 1
    weight = Known(np.full((channels, 1, *size), 2.0**-exponent), Format(2, exponent))
    window = {"strides": list(stride), "dilations": list(dilation), "group": channels}
    return Mean(pool, x, convolution(Operation(node.name, "Conv", (), node.outputs, window), x, weight, None))


def joined(node: Operation, first: Coded | Sums, second: Coded | Sums) -> Sums:
    """``Add``, ``Sub`` and ``Mul`` of tensors; sums of sums are one sum."""
    kind = JOINS[node.operator]
    sources: tuple[Coded, ...] = ()
    for place, part in enumerate((first, second)):
        if isinstance(part, Coded):
            sources += (part,)
            continue
        same = part.weight is None and part.build is kind
        plain = isinstance(part.activation, Linear) and not part.after
        if not (same and plain and kind is not Mul and (kind is Add or place == 0)):
            raise BadInput(f"{node} takes a sum that is not quantised; put a Quant node before it")
        sources += part.sources
    shapes, fracs = {part.type.shape for part in sources}, [part.type.format.frac for part in sources]
    if len(shapes) != 1:
        raise BadInput(f"{node} takes tensors of shapes {shown(sorted(shapes))} a sample; match them")
    frac = sum(fracs) if kind is Mul else max(fracs)
    return Sums(kind, sources, sources[0].type.shape, frac)


def _window(node: Operation, rank: int) -> tuple[tuple[int, ...], ...]:
    have = node.attributes
    pads = have.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID")
    if pads or any(have.get("pads", [])) or have.get("ceil_mode", 0):
        raise BadInput(f"{node} pads or rounds its length up; pools have neither, so pad or cut before")
    if "kernel_shape" not in have:
        raise BadInput(f"{node} has no kernel_shape; export it again")
    size = numbers(node, "kernel_shape", rank, 1)
    return size, numbers(node, "strides", rank, 1), numbers(node, "dilations", rank, 1)


def _each(numbers: Sequence[int]) -> int | tuple[int, ...]:
    return tuple(numbers) if len(numbers) > 1 else numbers[0]

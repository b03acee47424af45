"""Operators with weights: matrix products and convolutions, and what is folded into them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import (
    Activation,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Dense,
    Layer,
    Linear,
    transposed_kernel,
)
from bittrue.spec.window import RANKS
from bittrue.targets.qonnx.importing.model import Operation
from bittrue.targets.qonnx.importing.values import Array, Coded, Known, Sums


def product(node: Operation, x: Coded, weight: Known) -> Sums:
    """``MatMul``: ``x (N, I)`` times ``(I, O)``."""
    if len(x.type.shape) != 1 or weight.array.ndim != 2 or weight.array.shape[0] != x.type.shape[0]:
        raise BadInput(
            f"{node} multiplies a tensor of shape {x.type.shape} a sample by {weight.array.shape}; it needs a vector "
            f"and a matrix (inputs, outputs)"
        )
    return _sums(Dense, x, weight.array.T, weight, np.zeros(weight.array.shape[1]), (weight.array.shape[1],))


def gemm(node: Operation, x: Coded, weight: Known, bias: Known | None) -> Sums:
    """``Gemm`` of a vector, its matrix and its bias."""
    have = node.attributes
    if have.get("transA", 0) or float(have.get("alpha", 1.0)) != 1.0 or float(have.get("beta", 1.0)) != 1.0:
        raise BadInput(f"{node} has transA, alpha or beta; export it without")
    turned = Known(weight.array.T, weight.format) if have.get("transB", 0) else weight
    return added(node, product(node, x, turned), bias.array if bias else np.zeros(()))


def convolution(node: Operation, x: Coded, weight: Known, bias: Known | None) -> Sums:
    """``Conv`` and ``ConvTranspose`` along one axis or two."""
    rank, have = weight.array.ndim - 2, node.attributes
    if rank not in RANKS or len(x.type.shape) != rank + 1 or have.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise BadInput(
            f"{node} has weights of shape {weight.array.shape} for a tensor of shape {x.type.shape}, or pads by "
            f"itself; it slides along one axis or two with the pads given"
        )
    if "output_shape" in have:
        raise BadInput(f"{node} has an output_shape; export it with pads and output_padding")
    stride, dilation = (numbers(node, key, rank, 1) for key in ("strides", "dilations"))
    pads, group = numbers(node, "pads", 2 * rank, 0), int(have.get("group", 1))
    turned = node.operator == "ConvTranspose"
    if turned and pads[:rank] != pads[rank:]:
        raise BadInput(f"{node} pads the ends of an axis differently; pad both alike")
    array = transposed_kernel(weight.array, group) if turned else weight.array
    parameters: dict[str, Any] = {"stride": stride, "dilation": dilation, "groups": group}
    if turned:
        kind: type[Layer] = (ConvTranspose1d, ConvTranspose2d)[rank - 1]
        parameters |= {"padding": pads[:rank], "output_padding": numbers(node, "output_padding", rank, 0)}
    else:
        kind = (Conv1d, Conv2d)[rank - 1]
        ends = tuple(zip(pads[:rank], pads[rank:], strict=True))
        parameters["padding"] = ends if rank > 1 else ends[0]
    if rank == 1:
        parameters = {
            key: each[0] if key in ("stride", "dilation", "output_padding") or (turned and key == "padding") else each
            for key, each in parameters.items()
        }
    build = partial(_build, kind, parameters)
    trial = build(np.zeros(array.shape, np.int64), np.zeros(len(array), np.int64), Format(2, 0), Format(2, 0), None)
    shape = trial.output_type(x.type).shape
    found = _sums(build, x, np.asarray(array), weight, np.zeros(len(array)), shape)
    return added(node, found, bias.array.reshape(-1, *[1] * rank)) if bias else found


def numbers(node: Operation, key: str, count: int, default: int) -> tuple[int, ...]:
    """An attribute that is a list of numbers, one an axis or an end."""
    found = node.attributes.get(key, [default] * count)
    if not isinstance(found, list) or len(found) != count or not all(isinstance(each, int) for each in found):
        raise BadInput(f"{node} has {key} {found}; give {count} whole numbers")
    return tuple(found)


def added(node: Operation, sums: Sums, values: Array) -> Sums:
    """A constant added: to the bias, or behind the activation."""
    number = _per_channel(node, sums, values)
    if isinstance(sums.activation, Linear) and sums.weight is not None:
        return sums.but(bias=sums.bias + number)
    if np.unique(number).size != 1:
        raise BadInput(f"{node} adds {number.size} different numbers where there are no biases; add one, or add before")
    return sums.but(after=sums.after + float(number.reshape(-1)[0]))


def multiplied(node: Operation, sums: Sums, values: Array) -> Sums:
    """A constant factor of each channel."""
    factor = _per_channel(node, sums, values)
    if sums.weight is None:
        raise BadInput(f"{node} multiplies a sum of tensors by a number; quantise the sum before")
    if not isinstance(sums.activation, Linear) and (not (factor > 0).all() or sums.after):
        raise BadInput(f"{node} multiplies what an activation gave by a number that is not positive; do it before")
    across = np.broadcast_to(factor, sums.weight.shape[:1]).reshape(-1, *[1] * (sums.weight.ndim - 1))
    keeps = sums.format if (factor == 1).all() else None
    return sums.but(weight=sums.weight * across, bias=sums.bias * factor, format=keeps)


def normalised(node: Operation, sums: Sums, parameters: Sequence[Array]) -> Sums:
    """``BatchNormalization`` folded: ``(y - mean) * gamma / sqrt(variance + eps) + beta``."""
    if sums.weight is None or any(each.shape != sums.weight.shape[:1] for each in parameters) or len(parameters) != 4:
        raise BadInput(f"{node} stands behind no layer with weights of as many channels; fold it before the export")
    gamma, beta, mean, variance = (each.astype(np.float64) for each in parameters)
    factor = gamma / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    if not np.isfinite(factor).all():
        raise BadInput(f"{node} has a negative variance; export it again")
    column = [1] * (len(sums.shape) - 1)
    found = multiplied(node, sums, factor.reshape(-1, *column))
    return added(node, found, (beta - mean * factor).reshape(-1, *column))


def _sums(build: Any, x: Coded, array: Array, weight: Known, bias: Array, shape: tuple[int, ...]) -> Sums:
    return Sums(build, (x,), shape, x.type.format.frac, array.astype(np.float64), weight.format, bias)


def _build(
    kind: type[Layer],
    parameters: dict[str, Any],
    weight: Array,
    bias: Array,
    fmt: Format,
    output: Format,
    activation: Activation | None,
) -> Layer:
    more = {} if activation is None else {"activation": activation}
    return kind(weight=weight, bias=bias, weight_format=fmt, output=output, **parameters, **more)  # type: ignore[call-arg]


def _per_channel(node: Operation, sums: Sums, values: Array) -> Array:
    """A constant that meets ``(N, *shape)``, as one number or one a channel."""
    shape = values.shape[-len(sums.shape) :]
    channels = (sums.shape[0], *[1] * (len(sums.shape) - 1))
    if values.size == 1:
        return values.astype(np.float64).reshape(())
    if values.size != sums.shape[0] or (shape != channels):
        raise BadInput(
            f"{node} has a constant of shape {values.shape} for channels {sums.shape}; give one, or one a channel"
        )
    return values.astype(np.float64).reshape(-1)

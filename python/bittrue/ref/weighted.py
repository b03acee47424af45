"""The integer functions of weighted sums: matrices, and convolutions along any number of axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.ref.activate import activate
from bittrue.ref.products import carrier, matrix_product
from bittrue.spec import Axis, Conv, Dense, TensorType

Codes = npt.NDArray[np.int64]
COLUMNS = 1 << 20
"""Numbers of unrolled windows that are multiplied at a time: they stay in the cache."""


def dense(layer: Dense, types: Sequence[TensorType], x: Codes) -> Codes:
    """Codes of `Dense`."""
    acc = matrix_product(x, layer.weight, types[0].format) + layer.bias
    return activate(acc, layer.shift(types[0].format), layer.activation, layer.output)


def conv(layer: Conv, types: Sequence[TensorType], x: Codes) -> Codes:
    """Phase by phase where zeros lie between the inputs; what is in no phase is made of the bias alone."""
    shift, (filters, *lengths) = layer.shift(types[0].format), layer.output_type(*types).shape
    kind = carrier(layer.weight.reshape(filters, -1), types[0].format)
    bias, carried = layer.bias.reshape(filters, *(1 for _ in lengths)), x.astype(kind)
    result = np.empty((len(x), filters, *lengths), np.int64)
    if any(axis.upsampling > 1 for axis in layer.axes):
        result[:] = activate(bias, shift, layer.activation, layer.output)
    phases = (axis.phases(length) for axis, length in zip(layer.axes, types[0].shape[1:], strict=True))
    for phase in product(*phases):
        weight = layer.weight[(slice(None), slice(None), *(along.weights for along in phase))].astype(kind)
        part = result[(slice(None), slice(None), *(along.outputs for along in phase))]
        for where, acc in sums(weight, layer.groups, [along.axis for along in phase], carried, part.shape[2:]):
            part[where] = activate(acc + bias, shift, layer.activation, layer.output)
    return result


def sums(weight: Any, groups: int, axes: Sequence[Axis], x: Any, counts: Sequence[int]) -> Any:
    """``sum_{c, k} weight[o, c, k] * x[first + c, at(n, k)]``, some samples and windows of the first axis at a time.

    Every window becomes a column, and every filter a row, of one matrix product a group.

    Parameters
    ----------
    weight, x : arrays (O, C / groups, *K) and (N, C, *lengths) of one type of number
    groups : int
    axes : one `Axis` an axis, without upsampling
    counts : windows along each axis

    Yields
    ------
    where : slices of the results ``(N, O, *counts)``
    acc : int64 array of their shape
    """
    filters, channels = weight.shape[:2]
    rows = weight.reshape(groups, filters // groups, -1)
    least = math.prod(counts[1:]) * groups * rows.shape[2]  # numbers of the windows at one place of the first axis
    most = max(1, min(counts[0], COLUMNS // least))
    block = max(1, COLUMNS // (least * counts[0]))
    for start in range(0, len(x), block):
        for first in range(0, counts[0], most):
            count = min(most, counts[0] - first)
            part = x[start : start + block]
            for k, along in enumerate(axes):
                begin = (first * along.stride if k == 0 else 0) - along.before
                last = ((count if k == 0 else counts[k]) - 1) * along.stride + along.span
                part = cut(part, k + 2, begin, begin + last)
            seen = windows(part, axes)
            seen = seen.reshape(len(part), groups, channels, *seen.shape[2:])
            n = len(axes)
            order = (1, 2, *range(3 + n, 3 + 2 * n), 0, *range(3, 3 + n))
            columns = seen.transpose(order).reshape(groups, rows.shape[2], -1)
            acc = (rows @ columns).reshape(filters, len(part), count, *counts[1:])
            where = (slice(start, start + len(part)), slice(None), slice(first, first + count))
            yield where, np.moveaxis(acc, 1, 0).astype(np.int64)


def cut(x: Any, axis: int, begin: int, end: int) -> Any:
    """``x[begin:end]`` along an axis, with zeros for what lies outside."""
    length = x.shape[axis]
    index = [slice(None)] * x.ndim
    index[axis] = slice(min(max(begin, 0), length), max(min(end, length), 0))
    inside = x[tuple(index)]
    missing = max(0, min(-begin, end - begin)), max(0, end - max(begin, length))
    if not any(missing):
        return inside
    return np.pad(inside, [missing if k == axis else (0, 0) for k in range(x.ndim)])


def windows(x: Any, axes: Sequence[Axis]) -> Any:
    """``x[..., n * stride + k * dilation]`` as a view ``(N, C, *windows, *sizes)``."""
    where = tuple(range(2, 2 + len(axes)))
    seen = np.lib.stride_tricks.sliding_window_view(x, tuple(axis.span for axis in axes), axis=where)
    strides = tuple(slice(None, None, axis.stride) for axis in axes)
    return seen[(slice(None), slice(None), *strides, *(slice(None, None, axis.dilation) for axis in axes))]

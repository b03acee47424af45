"""The integer function of the layers that slide along frames, on codes ``(N, channels, length)``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from bittrue.ref.activate import activate
from bittrue.ref.layers import evaluate
from bittrue.ref.products import carrier
from bittrue.spec import AvgPool1d, Conv1d, Flatten, MaxPool1d, TensorType
from bittrue.spec.pool1d import Pool1d

Codes = npt.NDArray[np.int64]
COLUMNS = 1 << 20
"""Numbers of unrolled windows that are multiplied at a time: they stay in the cache."""


def windows(x: Codes, span: int, stride: int, dilation: int) -> Codes:
    """``x[..., n * stride + k * dilation]`` as a view: ``(..., windows, size)``."""
    return np.lib.stride_tricks.sliding_window_view(x, span, axis=-1)[..., ::stride, ::dilation]


@evaluate.register
def _(layer: Conv1d, types: Sequence[TensorType], x: Codes) -> Codes:
    """Every window becomes a row and every filter a column of one matrix product a group."""
    filters, channels, size = layer.weight.shape
    weight = layer.weight.reshape(layer.groups, filters // layer.groups, channels * size)
    kind = carrier(weight, types[0].format)
    columns = np.ascontiguousarray(weight.transpose(0, 2, 1), kind)
    (_, length), shift = layer.output_type(*types).shape, layer.shift(types[0].format)
    result = np.empty((len(x), filters, length), np.int64)
    most = max(1, COLUMNS // (layer.groups * channels * size))  # windows at a time
    block = max(1, most // length)
    for start in range(0, len(x), block):
        part = x[start : start + block].astype(kind)
        part = np.pad(part, ((0, 0), (0, 0), (layer.padding, layer.padding)))
        all_seen = windows(part, layer.span, layer.stride, layer.dilation)
        for first in range(0, length, most):
            seen = all_seen[:, :, first : first + most]
            count = seen.shape[2]
            seen = seen.reshape(len(part), layer.groups, channels, count, size).transpose(1, 0, 3, 2, 4)
            sums = seen.reshape(layer.groups, -1, channels * size) @ columns
            acc = sums.reshape(layer.groups, len(part), count, -1).transpose(1, 0, 3, 2).astype(np.int64)
            acc = acc.reshape(len(part), filters, count) + layer.bias[:, np.newaxis]
            done = activate(acc, shift, layer.activation, layer.output)
            result[start : start + block, :, first : first + most] = done
    return result


def places(layer: Pool1d, x: Codes) -> list[Codes]:
    """``x[..., n * stride + k * dilation]`` for all windows ``n``, one view a place ``k`` in the window."""
    last = x.shape[-1] - layer.span + 1
    return [x[..., k * layer.dilation : k * layer.dilation + last : layer.stride] for k in range(layer.size)]


@evaluate.register
def _(layer: MaxPool1d, types: Sequence[TensorType], x: Codes) -> Codes:
    return reduce(np.maximum, places(layer, x))


@evaluate.register
def _(layer: AvgPool1d, types: Sequence[TensorType], x: Codes) -> Codes:
    total = sum(places(layer, x), np.int64(0))
    return np.asarray(np.sign(total) * (np.abs(total) // layer.size))


@evaluate.register
def _(layer: Flatten, types: Sequence[TensorType], x: Codes) -> Codes:
    return x.reshape(len(x), -1)

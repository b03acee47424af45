"""The integer function of pools, and of layers that only move codes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from bittrue.ref.words import Words
from bittrue.spec import Axis, Concat, Constant, Flatten, Interleave, Pool, Reshape, TensorType, Upsample

Codes = npt.NDArray[np.int64]


def pool(layer: Pool, types: Sequence[TensorType], x: Words) -> Words:
    """Axis by axis: the largest of the largest is the largest, and sums of integers may be taken in any order."""
    combine = np.maximum if layer.kind == "max" else np.add
    if layer.kind == "avg":
        x = x.astype(np.int32 if -types[0].format.lo * layer.places < 1 << 31 else np.int64)
    for k, axis in enumerate(layer.axes):
        x = reduce(combine, places(axis, x, k + 2))
    if layer.kind == "max":
        return x
    return np.asarray(np.sign(x) * (np.abs(x) // layer.places))


def places(axis: Axis, x: Words, k: int) -> list[Words]:
    """``x[n * stride + place * dilation]`` along axis ``k`` for all windows ``n``, one view a place of the window."""
    index, last = (slice(None),) * k, x.shape[k] - axis.span + 1
    starts = (place * axis.dilation for place in range(axis.size))
    return [x[(*index, slice(start, start + last, axis.stride))] for start in starts]


def flatten(layer: Flatten, types: Sequence[TensorType], x: Codes) -> Codes:
    """Codes of `Flatten`."""
    return x.reshape(len(x), -1)


def reshape(layer: Reshape, types: Sequence[TensorType], x: Codes) -> Codes:
    """Codes of `Reshape`."""
    return x.reshape(len(x), *layer.shape)


def concat(layer: Concat, types: Sequence[TensorType], *inputs: Codes) -> Codes:
    """Codes of `Concat`."""
    return np.concatenate(inputs, axis=1)


def upsample(layer: Upsample, types: Sequence[TensorType], x: Codes) -> Codes:
    """Codes of `Upsample`."""
    for k, factor in enumerate(layer.factors):
        x = x.repeat(factor, axis=k + 2)
    return x


def interleave(layer: Interleave, types: Sequence[TensorType], x: Codes) -> Codes:
    """Codes of `Interleave`."""
    rank, (channels, *lengths) = len(layer.factors), layer.output_type(*types).shape
    apart = x.reshape(len(x), channels, *layer.factors, *x.shape[2:])
    order = [axis for k in range(rank) for axis in (2 + rank + k, 2 + k)]
    return apart.transpose(0, 1, *order).reshape(len(x), channels, *lengths)


def constant(layer: Constant, types: Sequence[TensorType]) -> Codes:
    """One sample, which stands for all."""
    return layer.values[np.newaxis]

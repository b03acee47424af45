"""The integer functions of weighted sums: matrices, and convolutions along any number of axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.ref.activate import activate
from bittrue.ref.finish import Finish
from bittrue.ref.words import Words, words
from bittrue.spec import Axis, Conv, Dense, TensorType

Codes = npt.NDArray[np.int64]
Parts = Iterator[tuple[tuple[slice, ...], Any]]
COLUMNS = 1 << 18
"""Numbers of unrolled windows that are multiplied at a time: they stay in the cache."""


def dense(layer: Dense, types: Sequence[TensorType], x: Words) -> Words:
    """Codes of `Dense`: one matrix product."""
    finish = Finish.of(layer, types[0].format)
    acc = x.astype(finish.kind) @ np.ascontiguousarray(finish.weights(layer.weight).T)
    return finish.codes(acc, finish.biases(layer.bias)).astype(words(layer.output))


def conv(layer: Conv, types: Sequence[TensorType], x: Words) -> Words:
    """Codes of `Conv`, phase by phase where zeros lie between the inputs; what is in none is made of the bias alone."""
    (given,) = types
    filters, *lengths = layer.output_type(given).shape
    finish, bias = Finish.of(layer, given.format), layer.bias.reshape(-1, *(1 for _ in lengths))
    weights, biases = finish.weights(layer.weight), finish.biases(bias)
    result = np.empty((len(x), filters, *lengths), words(layer.output))
    if any(axis.upsampling > 1 for axis in layer.axes):
        result[:] = activate(bias, finish.shift, layer.activation, layer.output)
    phases = (axis.phases(length) for axis, length in zip(layer.axes, given.shape[1:], strict=True))
    for phase in product(*phases):
        some = weights[(slice(None), slice(None), *(along.weights for along in phase))]
        part = result[(slice(None), slice(None), *(along.outputs for along in phase))]
        for where, acc in sums(some, layer.groups, [along.axis for along in phase], x, part.shape[2:]):
            part[where] = finish.codes(acc, biases[where[1]])
    return result


def sums(weight: Any, groups: int, axes: Sequence[Axis], x: Words, counts: Sequence[int]) -> Parts:
    """``sum_{c, k} weight[o, c, k] * x[first + c, at(n, k)]``, some samples, windows and groups at a time.

    Every window becomes a column, and every filter a row, of one matrix product a group.

    Parameters
    ----------
    weight : array (O, C / groups, *K)
        In the type that carries the sums.
    groups : int
    axes : one `Axis` an axis, without upsampling
    x : integer array (N, C, *lengths)
    counts : windows along each axis

    Yields
    ------
    where : slices of the results ``(N, O, *counts)``
    acc : array of their shape, of the type of the weights
    """
    channels, each, rank = weight.shape[1], len(weight) // groups, len(axes)
    rows, memory = weight.reshape(groups, each, -1), np.empty(0, weight.dtype)
    order = (1, 2, *range(3 + rank, 3 + 2 * rank), 0, *range(3, 3 + rank))
    for where, part in blocks(axes, x, counts, rows.shape[2]):
        seen = windows(part, axes)
        seen = seen.reshape(len(part), groups, channels, *seen.shape[2:]).transpose(order)
        most = max(1, COLUMNS // seen[0].size)
        for first in range(0, groups, most):
            some = seen[first : first + most]
            if memory.size < some.size:
                memory = np.empty(some.size, weight.dtype)
            columns = memory[: some.size].reshape(some.shape)
            columns[...] = some
            acc = rows[first : first + most] @ columns.reshape(len(some), rows.shape[2], -1)
            made = slice(first * each, (first + len(some)) * each)
            yield (where[0], made, *where[2:]), np.moveaxis(acc.reshape(-1, *columns.shape[-1 - rank :]), 1, 0)


def blocks(axes: Sequence[Axis], x: Words, counts: Sequence[int], each: int) -> Parts:
    """Some results, and the part of ``x`` that they see, with its zeros; ``each`` numbers are made of a window."""
    least = math.prod(counts[1:]) * each  # of the windows at one place of the first axis
    most = max(1, min(counts[0], COLUMNS // least))
    samples = max(1, COLUMNS // (least * counts[0]))
    for start in range(0, len(x), samples):
        part = padded(x[start : start + samples], axes, counts)
        for first in range(0, counts[0], most):
            count = min(most, counts[0] - first)
            begin = first * axes[0].stride
            rows = part[:, :, begin : begin + (count - 1) * axes[0].stride + axes[0].span]
            yield (slice(start, start + len(part)), slice(None), slice(first, first + count)), rows


def padded(x: Words, axes: Sequence[Axis], counts: Sequence[int]) -> Words:
    """The places ``-before .. `` of every axis that so many windows cover: zeros lie where ``x`` has none."""
    lengths = [(count - 1) * axis.stride + axis.span for axis, count in zip(axes, counts, strict=True)]
    result = np.zeros((*x.shape[:2], *lengths), x.dtype)
    to: list[slice] = [slice(None)] * 2
    of: list[slice] = [slice(None)] * 2
    for axis, length, there in zip(axes, lengths, x.shape[2:], strict=True):
        first, last = max(-axis.before, 0), min(length - axis.before, there)
        of.append(slice(first, max(first, last)))
        to.append(slice(first + axis.before, max(first, last) + axis.before))
    result[tuple(to)] = x[tuple(of)]
    return result


def windows(x: Any, axes: Sequence[Axis]) -> Any:
    """``x[..., n * stride + k * dilation]`` as a view ``(N, C, *windows, *sizes)``."""
    where = tuple(range(2, 2 + len(axes)))
    seen = np.lib.stride_tricks.sliding_window_view(x, tuple(axis.span for axis in axes), axis=where)
    strides = tuple(slice(None, None, axis.stride) for axis in axes)
    return seen[(slice(None), slice(None), *strides, *(slice(None, None, axis.dilation) for axis in axes))]

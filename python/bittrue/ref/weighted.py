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
COLUMNS = 1 << 19
"""Numbers of unrolled windows that are multiplied at a time: they stay in the cache."""


def dense(layer: Dense, types: Sequence[TensorType], x: Words) -> Words:
    """Codes of `Dense`: one matrix product."""
    finish = Finish.of(layer, types[0].format)
    acc = x.astype(finish.kind) @ np.ascontiguousarray(finish.weights(layer.weight).T)
    result: Words = finish.codes(acc, finish.biases(layer.bias)).astype(words(layer.output))
    return result


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
    rows, unrolled, made = weight.reshape(groups, each, -1), Memory(weight.dtype), Memory(weight.dtype)
    order = (1, 2, *range(3 + rank, 3 + 2 * rank), 0, *range(3, 3 + rank))
    for where, seen in blocks(axes, x, counts, rows.shape[2]):
        seen = seen.reshape(len(seen), groups, channels, *seen.shape[2:]).transpose(order)
        most = max(1, COLUMNS // seen[0].size)
        for first in range(0, groups, most):
            some = seen[first : first + most]
            columns = unrolled.array(some.shape)
            columns[...] = some
            acc = made.array((len(some) * each, *some.shape[-1 - rank :]))
            flat = columns.reshape(len(some), rows.shape[2], -1)
            np.matmul(rows[first : first + most], flat, out=acc.reshape(len(some), each, -1))
            filters = slice(first * each, (first + len(some)) * each)
            yield (where[0], filters, *where[2:]), np.moveaxis(acc, 1, 0)


class Memory:
    """Room for arrays of which each is done with before the next: taken once, it need not be mapped again."""

    def __init__(self, kind: Any) -> None:
        self._held = np.empty(0, kind)

    def array(self, shape: Sequence[int]) -> Any:
        """An array of a shape, holding anything."""
        size = math.prod(shape)
        if self._held.size < size:
            self._held = np.empty(size, self._held.dtype)
        return self._held[:size].reshape(shape)


def blocks(axes: Sequence[Axis], x: Words, counts: Sequence[int], each: int) -> Parts:
    """Some results, and the windows of ``x`` that they see (`windows`); ``each`` numbers are made of a window."""
    least = math.prod(counts[1:]) * each  # of the windows at one place of the first axis
    most = max(1, min(counts[0], COLUMNS // least))
    samples = max(1, COLUMNS // (least * counts[0]))
    for start in range(0, len(x), samples):
        seen = windows(padded(x[start : start + samples], axes, counts), axes, counts)
        for first in range(0, counts[0], most):
            some = seen[:, :, first : first + most]
            yield (slice(start, start + len(some)), slice(None), slice(first, first + some.shape[2])), some


def padded(x: Words, axes: Sequence[Axis], counts: Sequence[int]) -> Words:
    """What so many windows cover along every axis, from the zeros before it on."""
    inside, to, lengths = x, [slice(None)] * 2, []
    for k, (axis, count) in enumerate(zip(axes, counts, strict=True)):
        lengths.append((count - 1) * axis.stride + axis.span)
        first = max(-axis.before, 0)
        inside = inside[(slice(None),) * (k + 2) + (slice(first, max(first, lengths[k] - axis.before)),)]
        to.append(slice(first + axis.before, first + axis.before + inside.shape[k + 2]))
    if inside.shape[2:] == tuple(lengths):
        return inside
    result = np.zeros((*x.shape[:2], *lengths), x.dtype)
    result[tuple(to)] = inside
    return result


def windows(x: Words, axes: Sequence[Axis], counts: Sequence[int]) -> Words:
    """``x[..., n * stride + k * dilation]`` as a view ``(N, C, *counts, *sizes)``."""
    steps = [step * axis.stride for axis, step in zip(axes, x.strides[2:], strict=True)]
    steps += [step * axis.dilation for axis, step in zip(axes, x.strides[2:], strict=True)]
    shape = (*x.shape[:2], *counts, *(axis.size for axis in axes))
    return np.lib.stride_tricks.as_strided(x, shape, (*x.strides[:2], *steps), writeable=False)

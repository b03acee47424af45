"""The integer function of every layer on int64 tensors: for nets whose words or sums float64 does not carry.

Nothing here is trained. A valid net keeps every partial sum within 63 bits, in any order of the terms, so int64 holds
them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch

import torch
from torch import Tensor
from torch.nn.functional import pad

from bittrue.errors import BadInput
from bittrue.qat.features import delay, envelope_codes, requantise
from bittrue.ranges import ranges
from bittrue.spec import (
    Abs,
    Add,
    AvgPool1d,
    ComplexFIR,
    Conv1d,
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool1d,
    MemoryTaps,
    Net,
    ReLU,
    Table,
    TensorType,
)
from bittrue.spec.net import INPUT
from bittrue.spec.pool import Pool1d


def evaluate(net: Net, x: Tensor) -> dict[str, Tensor]:
    """Codes of every tensor of ``net`` by name, input included, of int64 input codes ``(N, *input.shape)``."""
    ranges(net)  # refuses a net whose accumulators int64 does not carry
    known = {INPUT: x}
    for node in net.nodes:
        known[node.name] = exact(node.layer, net.input_types(node), *(known[source] for source in node.inputs))
    return known


@singledispatch
def exact(layer: Layer, types: Sequence[TensorType], *inputs: Tensor) -> Tensor:
    """Output codes of one layer for int64 codes ``(N, ...)`` of the given types."""
    raise BadInput(f"{type(layer).__name__}: no torch leg; register one in bittrue.qat.exact")


def _activated(layer: Dense | Conv1d, given: TensorType, acc: Tensor) -> Tensor:
    shift, fmt, activation = layer.shift(given.format), layer.output, layer.activation
    y = requantise(acc.clamp(min=0) if isinstance(activation, ReLU) else acc, shift, fmt)
    if isinstance(activation, LeakyReLU):
        return torch.where(acc < 0, requantise(acc, shift + activation.shift, fmt), y)
    return y.abs().clamp(max=fmt.hi) if isinstance(activation, Abs) else y


@exact.register
def _(layer: Dense, types: Sequence[TensorType], x: Tensor) -> Tensor:
    acc = x @ torch.tensor(layer.weight).T + torch.tensor(layer.bias)
    return _activated(layer, types[0], acc)


@exact.register
def _(layer: Conv1d, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """One matrix product a group and a place in the window."""
    weight, (filters, channels, size) = torch.tensor(layer.weight), layer.weight.shape
    padded, (_, length) = pad(x, (layer.padding, layer.padding)), layer.output_type(*types).shape
    acc = torch.tensor(layer.bias)[:, None].repeat(len(x), 1, length)
    each = filters // layer.groups
    for g in range(layer.groups):
        rows, part = slice(g * each, (g + 1) * each), padded[:, g * channels : (g + 1) * channels]
        for k in range(size):
            first = k * layer.dilation
            seen = part[..., first : first + (length - 1) * layer.stride + 1 : layer.stride]
            acc[:, rows] += weight[rows, :, k] @ seen
    return _activated(layer, types[0], acc)


def _places(layer: Pool1d, x: Tensor) -> Tensor:
    """``x[..., n * stride + k * dilation]``: ``(..., windows, size)``."""
    return x.unfold(-1, layer.axes[0].span, layer.stride)[..., :: layer.dilation]


@exact.register
def _(layer: MaxPool1d, types: Sequence[TensorType], x: Tensor) -> Tensor:
    return _places(layer, x).amax(-1)


@exact.register
def _(layer: AvgPool1d, types: Sequence[TensorType], x: Tensor) -> Tensor:
    return torch.div(_places(layer, x).sum(-1), layer.size, rounding_mode="trunc")


@exact.register
def _(layer: Flatten, types: Sequence[TensorType], x: Tensor) -> Tensor:
    return x.flatten(-2)


@exact.register
def _(layer: MemoryTaps, types: Sequence[TensorType], iq: Tensor) -> Tensor:
    frac, fmt = types[0].format.frac, layer.output
    parts: Mapping[int | str, Tensor] = {
        **{p: envelope_codes(iq, p, frac, fmt) for p in layer.powers},
        **{c: requantise(iq[..., k], frac - fmt.frac, fmt) for k, c in enumerate("IQ")},
    }
    return torch.stack([delay(parts[part], tap) for tap, part in layer.features], dim=-1)


@exact.register
def _(layer: ComplexFIR, types: Sequence[TensorType], iq: Tensor) -> Tensor:
    frac, basis = types[0].format.frac, layer.basis
    acc, row = torch.zeros_like(iq), iter(layer.weight.tolist())
    for term in layer.terms:
        if term.power:
            b = requantise(iq * envelope_codes(iq, term.power, frac, basis)[..., None], frac, basis)
        else:
            b = requantise(iq, frac - basis.frac, basis)
        for tap in term.taps:
            h_re, h_im = next(row)
            b_re, b_im = delay(b[..., 0], tap), delay(b[..., 1], tap)
            acc[..., 0] += h_re * b_re - h_im * b_im
            acc[..., 1] += h_re * b_im + h_im * b_re
    return requantise(acc, basis.frac + layer.weight_format.frac - layer.output.frac, layer.output)


@exact.register
def _(layer: Table, types: Sequence[TensorType], x: Tensor) -> Tensor:
    return torch.tensor(layer.values)[x - types[0].format.lo]


@exact.register
def _(layer: Add, types: Sequence[TensorType], *inputs: Tensor) -> Tensor:
    frac = max(given.format.frac for given in types)
    acc = torch.zeros_like(inputs[0])
    for x, given in zip(inputs, types, strict=True):
        acc += x << min(frac - given.format.frac, 62)  # beyond that x is 0, or the sum would not fit
    return requantise(acc, frac - layer.output.frac, layer.output)

"""The integer function of every layer, on arrays of codes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format, isqrt, requantise
from bittrue.ref.activate import activate
from bittrue.ref.products import matrix_product
from bittrue.spec import Add, ComplexFIR, Dense, Layer, MemoryTaps, Table, TensorType

Codes = npt.NDArray[np.int64]


@singledispatch
def evaluate(layer: Layer, types: Sequence[TensorType], *inputs: Codes) -> Codes:
    """Output codes ``(N, ...)`` of one layer for input codes ``(N, ...)`` of the given types."""
    raise BadInput(f"{type(layer).__name__}: no reference leg; register one in bittrue.ref.layers")


def delay(x: Codes, samples: int) -> Codes:
    """``x[n - samples]`` along axis 0, zero before the first sample."""
    delayed = np.zeros_like(x)
    if samples < len(x):
        delayed[samples:] = x[: len(x) - samples]
    return delayed


def envelope(iq: Codes, power: int, frac: int, output: Format) -> Codes:
    """``|x|**power`` of ``(N, 2)`` codes with ``frac`` fractional bits, requantised into ``output``: ``(N,)``."""
    squared = iq[:, 0] ** 2 + iq[:, 1] ** 2
    exact = squared ** (power // 2) * (isqrt(squared) if power % 2 else 1)
    return requantise(exact, power * frac - output.frac, output)


@evaluate.register
def _(layer: MemoryTaps, types: Sequence[TensorType], iq: Codes) -> Codes:
    frac, fmt = types[0].format.frac, layer.output
    parts: dict[int | str, Codes] = {p: envelope(iq, p, frac, fmt) for p in layer.powers}
    parts |= {name: requantise(iq[:, k], frac - fmt.frac, fmt) for k, name in enumerate("IQ")}
    return np.stack([delay(parts[part], tap) for tap, part in layer.features], axis=1)


@evaluate.register
def _(layer: Dense, types: Sequence[TensorType], x: Codes) -> Codes:
    acc = matrix_product(x, layer.weight, types[0].format) + layer.bias
    return activate(acc, layer.shift(types[0].format), layer.activation, layer.output)


@evaluate.register
def _(layer: ComplexFIR, types: Sequence[TensorType], iq: Codes) -> Codes:
    frac, basis = types[0].format.frac, layer.basis
    acc = np.zeros_like(iq)
    row = iter(layer.weight)
    for term in layer.terms:
        if term.power:
            b = requantise(iq * envelope(iq, term.power, frac, basis)[:, None], frac, basis)
        else:
            b = requantise(iq, frac - basis.frac, basis)
        for tap, (h_re, h_im) in zip(term.taps, row, strict=False):
            d = delay(b, tap)
            acc[:, 0] += h_re * d[:, 0] - h_im * d[:, 1]
            acc[:, 1] += h_re * d[:, 1] + h_im * d[:, 0]
    return requantise(acc, basis.frac + layer.weight_format.frac - layer.output.frac, layer.output)


@evaluate.register
def _(layer: Table, types: Sequence[TensorType], x: Codes) -> Codes:
    return layer.values[x - types[0].format.lo]


@evaluate.register
def _(layer: Add, types: Sequence[TensorType], *inputs: Codes) -> Codes:
    frac = max(t.format.frac for t in types)
    acc = sum((x << (frac - t.format.frac) for x, t in zip(inputs, types, strict=True)), np.int64(0))
    return requantise(acc, frac - layer.output.frac, layer.output)

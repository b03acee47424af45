"""The integer functions of layers on I/Q samples, and of tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bittrue.num import Format, isqrt, requantise
from bittrue.spec import ComplexFIR, MemoryTaps, Table, TensorType

Codes = npt.NDArray[np.int64]


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


def memory_taps(layer: MemoryTaps, types: Sequence[TensorType], iq: Codes) -> Codes:
    """Codes of `MemoryTaps`."""
    frac, fmt = types[0].format.frac, layer.output
    parts: dict[int | str, Codes] = {p: envelope(iq, p, frac, fmt) for p in layer.powers}
    parts |= {name: requantise(iq[:, k], frac - fmt.frac, fmt) for k, name in enumerate("IQ")}
    return np.stack([delay(parts[part], tap) for tap, part in layer.features], axis=1)


def complex_fir(layer: ComplexFIR, types: Sequence[TensorType], iq: Codes) -> Codes:
    """Codes of `ComplexFIR`."""
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
    return requantise(acc, layer.shift, layer.output)


def table(layer: Table, types: Sequence[TensorType], x: Codes) -> Codes:
    """Codes of `Table`."""
    return layer.values[x - types[0].format.lo]

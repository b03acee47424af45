"""The integer functions of layers on I/Q samples, and of tables, on int64 tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bittrue.qat.features import delay, envelope_codes, requantise
from bittrue.spec import ComplexFIR, MemoryTaps, Table, TensorType


def memory_taps(layer: MemoryTaps, types: Sequence[TensorType], iq: Tensor) -> Tensor:
    """Of `bittrue.spec.MemoryTaps`."""
    frac, fmt = types[0].format.frac, layer.output
    parts: Mapping[int | str, Tensor] = {
        **{p: envelope_codes(iq, p, frac, fmt) for p in layer.powers},
        **{c: requantise(iq[..., k], frac - fmt.frac, fmt) for k, c in enumerate("IQ")},
    }
    return torch.stack([delay(parts[part], tap) for tap, part in layer.features], dim=-1)


def complex_fir(layer: ComplexFIR, types: Sequence[TensorType], iq: Tensor) -> Tensor:
    """Of `bittrue.spec.ComplexFIR`."""
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
    return requantise(acc, layer.shift, layer.output)


def table(layer: Table, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """Of `bittrue.spec.Table`."""
    return torch.tensor(layer.values)[x - types[0].format.lo]

"""Delays and envelope powers of I/Q tensors: exact in int64, and as differentiable float formulas.

Tensors have shape ``(..., N, 2)`` with time on axis -2, or ``(..., N)`` for one component.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from bittrue.num import Format


def delay(x: Tensor, samples: int) -> Tensor:
    """``x[..., n - samples]`` along the last axis, zero before the first sample."""
    samples = min(samples, x.shape[-1])
    return pad(x[..., : x.shape[-1] - samples], (samples, 0))


def isqrt(values: Tensor) -> Tensor:
    """``floor(sqrt(v))`` of int64 ``0 <= v <= 2**62``.

    The float64 root of ``v`` is never below the integer root, and above it by at most one: an integer comparison
    settles it.
    """
    root = values.to(torch.float64).sqrt().to(torch.int64)
    return root - (root * root > values).to(torch.int64)


def requantise(acc: Tensor, shift: int, fmt: Format) -> Tensor:
    """``clamp(floor(acc * 2**-shift + 1/2), fmt.lo, fmt.hi)`` in int64, for every format.

    Half up by two shifts: ``floor(a / 2**s + 1/2) = (floor(a / 2**(s-1)) + 1) >> 1``.
    """
    if shift > 0:
        rounded = ((acc >> min(shift - 1, 63)) + 1) >> 1
    else:
        left = min(-shift, 62)  # saturates before the shift, so that no bit leaves int64
        rounded = acc.clamp((fmt.lo >> left) - 1, (fmt.hi >> left) + 1) << left
    return rounded.clamp(fmt.lo, fmt.hi)


def envelope_codes(iq: Tensor, power: int, frac: int, fmt: Format) -> Tensor:
    """``|x|**power`` of int64 codes ``(..., N, 2)`` with ``frac`` fractional bits, in codes of ``fmt``: ``(..., N)``.

    The words have at most 16 bits, so ``|x|**4`` is at most ``2**62``.
    """
    squared = iq[..., 0] ** 2 + iq[..., 1] ** 2
    if power in (1, 3):
        exact = isqrt(squared) * squared if power == 3 else isqrt(squared)
    else:
        exact = squared**2 if power == 4 else squared
    return requantise(exact, power * frac - fmt.frac, fmt)


def envelope(iq: Tensor, power: int) -> Tensor:
    """``|x|**power`` of float values ``(..., N, 2)``: ``(..., N)``. The gradient at ``x = 0`` is zero."""
    if power % 2 == 0:
        return (iq * iq).sum(-1).pow(power // 2)
    norm: Tensor = torch.linalg.vector_norm(iq, dim=-1)
    return norm.pow(power)

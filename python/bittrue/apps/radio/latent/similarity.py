"""Structural similarity of batches in PyTorch, for a loss; `bittrue.apps.radio.ssim` is what results are judged by."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from bittrue.apps.radio.ssim import HALF, K1, K2, SIGMA


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Of pictures (N, 1, H, W) whose values span 1, 11 x 11 pixels or more: (N,), as `bittrue.apps.radio.ssim.ssim`."""
    stacked = torch.cat([a, b, a * a, b * b, a * b])
    smooth = _smoothing(a.shape[2]) @ stacked @ _smoothing(a.shape[3]).T
    ma, mb, aa, bb, ab = smooth.chunk(5)
    va, vb, vab = aa - ma * ma, bb - mb * mb, ab - ma * mb
    c1, c2 = K1**2, K2**2
    each = (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    return each.mean((1, 2, 3))


@cache
def _smoothing(side: int) -> Tensor:
    """The window along one axis as a matrix (side - 10, side); windows lie within the picture."""
    x = torch.arange(-HALF, HALF + 1, dtype=torch.float64)
    window = torch.exp(-(x**2) / (2 * SIGMA**2))
    found = torch.zeros(side - 2 * HALF, side, dtype=torch.float64)
    for row in range(len(found)):
        found[row, row : row + len(window)] = window / window.sum()
    return found.to(torch.float32)

"""Latent vectors of the generators: uniform, Gaussian, or Gaussian cut off at one standard deviation."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

_AT_ONE = math.erf(math.sqrt(0.5))
"""Probability that a Gaussian is within one standard deviation."""


def drawn(kind: str, count: int, size: int, generator: Generator) -> Tensor:
    """Vectors ``(count, size)``, float32 on the CPU.

    ================  ====================================================================
    uniform           from -1 to 1
    gaussian          mean 0, variance 1
    truncated_normal  the same within -1 to 1: ``sqrt(2) erfinv(u erf(sqrt(1/2)))``, u uniform
    ================  ====================================================================
    """
    if kind == "gaussian":
        return torch.randn(count, size, generator=generator)
    uniform = 2 * torch.rand(count, size, generator=generator) - 1
    return uniform if kind == "uniform" else math.sqrt(2) * torch.erfinv(uniform * _AT_ONE)

"""A drift in PyTorch, behind a differentiable amplifier model."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bittrue.apps.dpd.thermal.drift import Drift


class Cascade(nn.Module):
    """`bittrue.apps.dpd.thermal.drift.Drift` of what ``inner`` puts out, frozen: float ``(B, N, 2)`` both.

    Parameters
    ----------
    inner : Module
        The amplifier at its captured temperature.
    drift : Drift
    peak : float
        Largest amplitude of its output.
    """

    def __init__(self, inner: nn.Module, drift: Drift, peak: float) -> None:
        super().__init__()
        self.inner, self.drift, self.peak = inner, drift, peak

    def forward(self, u: Tensor) -> Tensor:
        """Output ``(B, N, 2)`` for drives ``(B, N, 2)``."""
        y: Tensor = self.inner(u)
        drift = self.drift
        if not drift.kelvin:
            return y
        level = y.square().sum(-1, keepdim=True) / self.peak**2
        z = y + times(y, drift.curve) * level
        before = nn.functional.pad(z, (0, 0, 1, 0))[..., :-1, :]
        return times((1 - drift.memory) * z + drift.memory * before, drift.gain)


def times(iq: Tensor, factor: complex) -> Tensor:
    """I/Q values ``(..., 2)`` times a complex number."""
    i, q = iq.unbind(-1)
    return torch.stack([factor.real * i - factor.imag * q, factor.imag * i + factor.real * q], dim=-1)

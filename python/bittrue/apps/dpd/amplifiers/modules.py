"""Amplifier models as PyTorch modules: differentiable, frozen, float ``(B, N, 2)`` to ``(B, N, 2)``."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.metrics import Complex


def amplitude(iq: Tensor) -> Tensor:
    """``|x|`` of I/Q values ``(..., 2)``: ``(...)``. Its gradient at zero is zero, not NaN."""
    squared = iq.square().sum(-1)
    zero = squared == 0
    return torch.where(zero, squared, torch.where(zero, torch.ones_like(squared), squared).sqrt())


class Limited(nn.Module):
    """``inner(u * min(1, peak / |u|))``: the transmitter's limit in front of an amplifier.

    Parameters
    ----------
    inner : Module
        Frozen here: its parameters take no gradient. Recurrent layers stay in training mode, which changes nothing
        they compute and lets cuDNN differentiate them.
    peak : float
    """

    def __init__(self, inner: nn.Module, peak: float) -> None:
        super().__init__()
        self.inner, self.peak = inner, peak
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> Limited:
        """Leave everything as it is but the recurrent layers."""
        super().train(False)
        for module in self.modules():
            if isinstance(module, nn.RNNBase):
                module.training = True
        return self

    def forward(self, u: Tensor) -> Tensor:
        """Output ``(B, N, 2)`` for drives ``(B, N, 2)``."""
        scale = torch.clamp(self.peak / amplitude(u).clamp_min(1e-12), max=1.0)
        output: Tensor = self.inner(u * scale[..., None])
        return output


class Single(nn.Module):
    """A network that computes in float32, whatever comes in; its output is converted back.

    The wrapped network keeps its mode and place; it is not copied.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, u: Tensor) -> Tensor:
        """Output ``(B, N, 2)`` for drives ``(B, N, 2)``, in the type of the drives."""
        output: Tensor = self.network(u.float())
        return output.to(u.dtype)


class Polynomial(nn.Module):
    """`bittrue.apps.dpd.amplifiers.gmp.Structure.evaluate` in PyTorch.

    ``y[n] = sum_t c_t * u[n-m_t] * |u[n-m_t-l_t]|**p_t``.

    Terms of one power ``p`` and one offset ``l`` share the product ``u[n] * |u[n-l]|**p``; the delays ``m`` are the
    taps of one convolution over all products. Every row starts from zero history.

    Parameters
    ----------
    structure : Structure
    coefficients : complex array (terms,)
    """

    def __init__(self, structure: Structure, coefficients: Complex) -> None:
        super().__init__()
        self.products = sorted({(p, k) for p, _, k in structure.terms})
        self.taps = max(m for _, m, _ in structure.terms) + 1
        kernel = torch.zeros(2, 2 * len(self.products), self.taps, dtype=torch.float64)
        for (p, m, k), c in zip(structure.terms, coefficients, strict=True):
            row, tap = 2 * self.products.index((p, k)), self.taps - 1 - m
            kernel[:, row, tap] += torch.tensor([c.real, c.imag], dtype=torch.float64)
            kernel[:, row + 1, tap] += torch.tensor([-c.imag, c.real], dtype=torch.float64)
        self.register_buffer("kernel", kernel)

    def forward(self, u: Tensor) -> Tensor:
        """Output ``(B, N, 2)`` for drives ``(B, N, 2)``, computed in the type of the drives."""
        envelope = amplitude(u)
        products = [u * shifted(envelope, k)[..., None] ** p if p else u for p, k in self.products]
        stacked = torch.cat(products, dim=-1).transpose(1, 2)
        padded = nn.functional.pad(stacked, (self.taps - 1, 0))
        return nn.functional.conv1d(padded, self.get_buffer("kernel").to(u.dtype)).transpose(1, 2)


def shifted(signal: Tensor, samples: int) -> Tensor:
    """``signal[:, n - samples]`` of ``(B, N)``, zero where that does not exist; negative ``samples`` look ahead."""
    length = signal.shape[1]
    if samples >= 0:
        return nn.functional.pad(signal, (samples, 0))[:, :length]
    return nn.functional.pad(signal, (0, -samples))[:, -samples:]

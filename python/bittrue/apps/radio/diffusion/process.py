"""The process const_sde with objective pred_KC: signal that fades linearly, noise that grows with the root of time.

``z_t = z_0 + C t + sqrt(t) n`` with ``C = -z_0``, so ``z_t = (1 - t) z_0 + sqrt(t) n``, t from ``eps`` to 1 and n unit
normal. The net says C and n. (DDM, arXiv:2306.13720; RadioDiff, arXiv:2408.08593, section IV.)
"""

from __future__ import annotations

import torch
from torch import Tensor


def noised(z0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
    """``z_t`` of latents (B, C, h, w) at times (B,)."""
    t = t.view(-1, 1, 1, 1)
    return (1 - t) * z0 + t.sqrt() * noise


def loss(signal: Tensor, noise_found: Tensor, z0: Tensor, noise: Tensor, t: Tensor, weighted: bool, l1: bool) -> Tensor:
    """``mean of 0.5 (w1 e(C) + w2 e(n))`` over the batch; e is the mean square error, plus the mean error with ``l1``.

    Parameters
    ----------
    signal, noise_found : tensor (B, C, h, w)
        C and n as the net says.
    z0, noise : tensor
        Latent and noise that made ``z_t``.
    weighted : bool
        ``w1 = 2 exp(1 - t)``, ``w2 = exp(sqrt(t))``; else 1.
    """
    w1, w2 = (2 * (1 - t).exp(), t.sqrt().exp()) if weighted else (torch.ones_like(t), torch.ones_like(t))
    return (0.5 * (w1 * _error(signal, -z0, l1) + w2 * _error(noise_found, noise, l1))).mean()


def _error(found: Tensor, wanted: Tensor, l1: bool) -> Tensor:
    difference = (found - wanted).float()
    square = (difference**2).mean((1, 2, 3))
    return square + difference.abs().mean((1, 2, 3)) if l1 else square

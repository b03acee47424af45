"""Losses of a Wasserstein GAN with gradient penalty.

Source: Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017 (two-sided penalty, weight 10).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Critic = Callable[[Tensor], Tensor]
"""Scores ``(N,)`` of signals ``(N, ...)``."""

PENALTY = 10.0
"""Weight of the gradient penalty."""


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """``E (|grad_w D(w)| - 1)^2`` at ``w = mix * real + (1 - mix) * fake``, the norm over all values of a signal.

    Parameters
    ----------
    critic : callable
        Each score depends on its own signal only.
    real, fake : tensors (N, ...)
    mix : tensor (N,)
        Uniform in 0 to 1.
    """
    share = mix.view(-1, *[1] * (real.dim() - 1))
    between = (share * real + (1 - share) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    steepness: Tensor = torch.linalg.vector_norm(slope.flatten(1), dim=1)
    return (steepness - 1).square().mean()

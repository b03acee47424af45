"""Losses of a conditional Wasserstein GAN with gradient penalty.

Source: Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017 (two-sided penalty, weight 10).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Critic = Callable[[Tensor, Tensor], Tensor]
"""Scores ``(...)`` of drives for inputs, both ``(..., 2)``, as `bittrue.apps.dpd.training.discriminator` makes them."""


@dataclass(frozen=True)
class WassersteinLoss:
    """``D`` is the critic, ``x`` the condition, ``u`` the real drive, ``v`` the generated one.

    Parameters
    ----------
    penalty : float
        Weight of the gradient penalty.
    """

    penalty: float = 10.0

    def critic(self, critic: Critic, x: Tensor, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
        """``E D(x, v) - E D(x, u) + penalty * gradient_penalty``: what the critic descends; a scalar.

        Parameters
        ----------
        x, real, fake : tensors (N, 2)
        mix : tensor (N, 1)
            Uniform in 0..1: where between real and generated the gradient is looked at.
        """
        loss = critic(x, fake).mean() - critic(x, real).mean()
        if not self.penalty:
            return loss
        return loss + self.penalty * self.gradient_penalty(critic, x, real, fake, mix)

    def generator(self, critic: Critic, x: Tensor, fake: Tensor) -> Tensor:
        """``-E D(x, v)``: what the generator descends; a scalar."""
        return -critic(x, fake).mean()

    def gradient_penalty(self, critic: Critic, x: Tensor, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
        """``E (|grad_w D(x, w)| - 1)^2`` at ``w = mix * u + (1 - mix) * v``: two-sided, a slope below 1 costs too."""
        between = (mix * real + (1 - mix) * fake).detach().requires_grad_()
        scores = critic(x, between)
        (slope,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
        steepness: Tensor = torch.linalg.vector_norm(slope, dim=-1)
        return (steepness - 1).square().mean()

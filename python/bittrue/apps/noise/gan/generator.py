"""Generator: a linear layer and transposed convolutions from a latent vector to a waveform or a spectrogram."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bittrue.apps.noise.gan import geometry
from bittrue.apps.noise.gan.initialise import initialise
from bittrue.apps.noise.gan.plan import Plan

CONVOLUTION: dict[int, Any] = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d}
NORM: dict[int, Any] = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}


class ScaledTanh(nn.Module):
    """``limit * tanh(x)``."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Of any shape."""
        y = torch.tanh(x)
        return y if self.limit == 1 else self.limit * y


class Generator(nn.Module):
    """``z -> Linear -> (channels, *base) -> levels x (ConvTranspose, [BatchNorm], ReLU) -> tanh``.

    The linear layer has no activation. A net on waveforms has biases where ``gan_bias`` says so; one on spectrograms
    has one at its linear layer and, by ``gan_bias``, at its convolutions. The last level has neither normalisation nor
    ReLU, but ``limit * tanh`` where ``use_tanh`` says so, and nothing otherwise (a ReLU in the origin, which leaves
    no negative value).

    Parameters
    ----------
    plan : Plan
    limit : float
        Largest magnitude of the outputs: 1, or that of normal quantiles.
    """

    def __init__(self, plan: Plan, limit: float = 1.0) -> None:
        super().__init__()
        specs, axes = plan.settings.model_specs, len(plan.sizes)
        counts = geometry.channels(specs, plan.channels)
        self.start = (counts[0], *plan.base)
        self.latent_dim = specs.latent_dim
        self.input = nn.Linear(specs.latent_dim, torch.Size(self.start).numel(), bias=specs.gan_bias or axes == 2)
        self.levels = nn.ModuleList()
        for level, steps in enumerate(plan.levels()):
            last = level == specs.model_levels - 1
            convolution = CONVOLUTION[axes](
                counts[level],
                counts[level + 1],
                tuple(step.kernel for step in steps),
                tuple(step.scale for step in steps),
                tuple(step.padding for step in steps),
                tuple(step.output_padding for step in steps),
                dilation=tuple(step.dilation for step in steps),
                bias=specs.gan_bias,
            )
            parts: list[nn.Module] = [convolution]
            if specs.gen_batch_norm and not last:
                parts.append(NORM[axes](counts[level + 1]))
            if not last:
                parts.append(nn.ReLU())
            elif specs.use_tanh:
                parts.append(ScaledTanh(limit))
            self.levels.append(nn.Sequential(*parts))
        initialise(self, specs.weight_init)

    def forward(self, z: Tensor) -> Tensor:
        """Signals ``(N, channels, *sizes)`` of latent vectors ``(N, latent_dim)``."""
        x: Tensor = self.input(z).view(-1, *self.start)
        for level in self.levels:
            x = level(x)
        return x

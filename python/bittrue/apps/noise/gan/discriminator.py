"""Discriminator (critic): the generator's mirror image, from a waveform or a spectrogram to one score."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bittrue.apps.noise.gan import geometry, phase_shuffle
from bittrue.apps.noise.gan.initialise import initialise
from bittrue.apps.noise.gan.plan import Plan

CONVOLUTION: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d}
SLOPE = 0.2
"""Of LeakyReLU below zero."""


class Discriminator(nn.Module):
    """``levels x (Conv, LeakyReLU 0.2, [phase shuffle]) -> Linear -> score``.

    A critic of waveforms has biases where ``gan_bias`` says so, one of spectrograms always. It has no batch norm: the
    gradient penalty is of single signals.

    Attributes
    ----------
    shuffled : tuple of int
        Levels whose outputs are shuffled: those of more than 4 samples, where ``phase_shuffle`` is on.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        specs, axes = plan.settings.model_specs, len(plan.sizes)
        counts = geometry.channels(specs, plan.channels)
        biased = specs.gan_bias or axes == 2
        self.levels, shuffled, sizes = nn.ModuleList(), [], plan.sizes
        for level, steps in reversed(list(enumerate(plan.levels()))):
            self.levels.append(
                CONVOLUTION[axes](
                    counts[level + 1],
                    counts[level],
                    tuple(step.kernel for step in steps),
                    tuple(step.scale for step in steps),
                    tuple(step.padding for step in steps),
                    dilation=tuple(step.dilation for step in steps),
                    bias=biased,
                )
            )
            sizes = tuple(size // step.scale for size, step in zip(sizes, steps, strict=True))
            if specs.phase_shuffle and axes == 1 and sizes[0] > phase_shuffle.SHORTEST:
                shuffled.append(len(self.levels) - 1)
        self.shuffled = tuple(shuffled)
        self.output = nn.Linear(counts[0] * torch.Size(plan.base).numel(), 1, bias=biased)
        initialise(self, specs.weight_init)

    def forward(self, x: Tensor, shifts: Tensor | None = None) -> Tensor:
        """Scores ``(N,)`` of signals ``(N, channels, *sizes)``, shuffled by ``shifts`` ``(N, shuffled levels)``."""
        for number, level in enumerate(self.levels):
            x = nn.functional.leaky_relu(level(x), SLOPE)
            if shifts is not None and number in self.shuffled:
                x = phase_shuffle.shuffled(x, shifts[:, self.shuffled.index(number)])
        scores: Tensor = self.output(x.flatten(1)).flatten()
        return scores

"""The critic of the adversarial stage: how much does this drive look like the ideal one for this sample?"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (4, 64, 32, 16, 1)
SLOPE = 0.2


class Discriminator(nn.Module):
    """``(x_I, x_Q, u_I, u_Q) -> score``: dense 4-64-32-16-1, LeakyReLU(0.2) between, conditional on the input ``x``.

    The higher the score, the more the critic takes the drive ``u`` for the ideal one; it has no upper end. With
    spectral normalisation of every layer (Miyato et al., "Spectral Normalization for Generative Adversarial Networks",
    ICLR 2018) the score is 1-Lipschitz.

    Parameters
    ----------
    normalise : bool
        Whether the layers are spectrally normalised.
    seed : int
        Of the weights and of the power iterations' first vectors. float64.
    """

    def __init__(self, normalise: bool = True, seed: int = 0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for inputs, outputs in pairwise(WIDTHS):
                dense = nn.Linear(inputs, outputs, dtype=torch.float64)
                layers += [spectral_norm(dense) if normalise else dense, nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor, u: Tensor) -> Tensor:
        """Scores ``(...)`` of drives ``u`` for inputs ``x``, both I/Q ``(..., 2)``."""
        score: Tensor = self.layers(torch.cat([x, u], dim=-1))
        return score[..., 0]

"""Latents of an integer autoencoder in PyTorch: of batches of maps, and how much each value matters to the streets."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bittrue.apps.radio.hardware.twin import Twin, twin_of
from bittrue.apps.radio.latent.autoencoder import LATENT
from bittrue.apps.radio.latent.latent_nets import decoder, encoder
from bittrue.spec import Net

NUDGE = 8
"""Codes that a value is changed by, to see what it does."""


class Latents:
    """The two halves of an autoencoder, with the integer net's bits.

    Raises `BadInput` for a net that is none (`bittrue.apps.radio.latent.latent_nets.check_autoencoder`).
    """

    def __init__(self, net: Net) -> None:
        self.net = net
        self.encoder: Twin = twin_of(encoder(net))
        self.decoder: Twin = twin_of(decoder(net))
        self.values = net.types[LATENT].shape[0]

    @torch.no_grad()
    def encoded(self, maps: np.ndarray) -> Tensor:
        """Codes ``(N, values, 32, 32)`` as float32 of folded codes ``(N, 4, 128, 128)``."""
        found: Tensor = self.encoder(_channels_last(maps)) * 128
        return found

    @torch.no_grad()
    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """Codes of folded maps, int64 ``(N, 4, 128, 128)``, of codes ``(N, values, 32, 32)``."""
        found: np.ndarray = (self.decoder(_channels_last(codes)) * 128).to(torch.int64).numpy()
        return found

    def weights(self, codes: Tensor) -> Tensor:
        """How much an error of each value matters, ``(values,)``, of mean 1: the mean square of half the difference
        between the maps where one value of every square is `NUDGE` codes larger and smaller.
        """
        found = []
        for k in range(self.values):
            nudge = torch.zeros_like(codes)
            nudge[:, k] = NUDGE
            pair = [self.decoded((codes + sign * nudge).clamp(-128, 127).numpy()) for sign in (1, -1)]
            found.append(float(np.square((pair[0] - pair[1]) / 2).mean()))
        weights = torch.tensor(found, dtype=torch.float32)
        return weights / weights.mean()


def _channels_last(codes: np.ndarray) -> Tensor:
    return torch.from_numpy(codes).to(torch.float32).contiguous(memory_format=torch.channels_last) / 128

"""Latent diffusion: the trained first stage, the U-Net in its latent, and the scale between them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bittrue.apps.radio.configuration import DiffusionFile
from bittrue.apps.radio.diffusion.sampler import sample
from bittrue.apps.radio.models.autoencoder import AutoencoderKL
from bittrue.apps.radio.models.unet import Unet


class LatentDiffusion(nn.Module):
    """``first_stage_model``, ``model`` and ``scale_factor``, as published files name them.

    The first stage is not trained. Latents are multiplied by ``scale_factor``: that of the configuration, or with
    ``default_scale: false`` 1 over the deviation of the first batch.

    Parameters
    ----------
    configuration : DiffusionFile
    side : int
        Pixels of a map's side.
    """

    scale_factor: Tensor

    def __init__(self, configuration: DiffusionFile, side: int) -> None:
        super().__init__()
        keys = configuration.model
        self.keys, self.side = keys, side
        self.first_stage_model = AutoencoderKL(keys.first_stage).requires_grad_(False).eval()
        latent = side // keys.first_stage.ddconfig.factor
        self.model = Unet(keys.unet, (latent, latent), "skip" in configuration.origin_compatible)
        self.register_buffer("scale_factor", torch.tensor(keys.scale_factor))

    def train(self, mode: bool = True) -> LatentDiffusion:
        """As a module's; the first stage stays in evaluation."""
        super().train(mode)
        self.first_stage_model.eval()
        return self

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a latent: channels, height, width."""
        return self.keys.first_stage.embed_dim, *self.model.latent

    @torch.no_grad()
    def encoded(self, images: Tensor, noise: Tensor) -> Tensor:
        """A scaled sample of the posterior of maps (B, 1, H, W)."""
        return self.scale_factor * self.first_stage_model.encode(images).sample(noise)

    @torch.no_grad()
    def maps(self, cond: Tensor, generators: Sequence[torch.Generator], count: int | None = None) -> Tensor:
        """Maps (B, 1, H, W), levels from 0 to 1, drawn for conditions (B, 3, H, W) in ``count`` steps."""
        keys = self.keys
        z = sample(self.model, cond, self.shape, count or keys.sampling_timesteps, keys.eps, generators)
        return ((self.first_stage_model.decode(z / self.scale_factor) + 1) / 2).clamp(0, 1)

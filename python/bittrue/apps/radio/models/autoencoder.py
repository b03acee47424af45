"""The first stage: a variational autoencoder of radio maps (Rombach et al., CVPR 2022, as RadioDiff configures it)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bittrue.apps.radio.configuration_keys import DdConfig, FirstStage
from bittrue.apps.radio.models.residual import Downsample, Level, Middle, Upsample, norm

LEAST, MOST = -30.0, 20.0
"""Bounds of the log variance."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """A normal distribution with independent entries.

    Attributes
    ----------
    mean, log_variance : tensor (B, embed_dim, h, w)
    """

    mean: Tensor
    log_variance: Tensor

    @classmethod
    def of(cls, moments: Tensor) -> Posterior:
        """From the encoder's channels: the first half is the mean, the second the log variance, which is clamped."""
        mean, log_variance = moments.chunk(2, dim=1)
        return cls(mean, log_variance.clamp(LEAST, MOST))

    def sample(self, noise: Tensor) -> Tensor:
        """``mean + exp(log_variance / 2) noise``."""
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def kl(self) -> Tensor:
        """Divergence from the unit normal, nats an image: ``sum (m^2 + v - 1 - log v) / 2``, (B,)."""
        terms = self.mean**2 + self.log_variance.exp() - 1 - self.log_variance
        return 0.5 * terms.sum((1, 2, 3))


class Encoder(nn.Module):
    """Levels of blocks, each halved but the last, the middle, and a 3x3 to twice ``z_channels``."""

    def __init__(self, dd: DdConfig) -> None:
        super().__init__()
        widths = [dd.ch * mult for mult in dd.ch_mult]
        self.conv_in = nn.Conv2d(dd.in_channels, dd.ch, 3, padding=1)
        self.down = nn.ModuleList()
        before = dd.ch
        for index, width in enumerate(widths):
            resampler = Downsample(width) if index < dd.levels - 1 else None
            chain = [before, *[width] * dd.num_res_blocks]
            self.down.append(Level(chain, dd.dropout, _attends(dd, index), resampler, "downsample"))
            before = width
        self.mid = Middle(before, dd.dropout)
        self.norm_out, self.conv_out = norm(before), nn.Conv2d(before, 2 * dd.z_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, in_channels, H, W): (B, 2 z_channels, H / f, W / f), f = 2^(levels - 1)."""
        h = self.conv_in(x)
        for level in self.down:
            h = level(h)
        out: Tensor = self.conv_out(functional.silu(self.norm_out(self.mid(h))))
        return out


class Decoder(nn.Module):
    """The middle, then levels of one block more than the encoder's, each doubled but the last."""

    def __init__(self, dd: DdConfig) -> None:
        super().__init__()
        widths = [dd.ch * mult for mult in dd.ch_mult]
        self.conv_in = nn.Conv2d(dd.z_channels, widths[-1], 3, padding=1)
        self.mid = Middle(widths[-1], dd.dropout)
        levels: list[Level] = []
        before = widths[-1]
        for index in reversed(range(dd.levels)):
            resampler = Upsample(widths[index]) if index else None
            chain = [before, *[widths[index]] * (dd.num_res_blocks + 1)]
            levels.insert(0, Level(chain, dd.dropout, _attends(dd, index), resampler, "upsample"))
            before = widths[index]
        self.up = nn.ModuleList(levels)
        self.norm_out, self.conv_out = norm(before), nn.Conv2d(before, dd.out_ch, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Of (B, z_channels, h, w): (B, out_ch, f h, f w)."""
        h = self.mid(self.conv_in(z))
        for index in reversed(range(len(self.up))):
            h = self.up[index](h)
        out: Tensor = self.conv_out(functional.silu(self.norm_out(h)))
        return out


class AutoencoderKL(nn.Module):
    """Encoder, decoder, and a 1x1 on either side of the latent.

    At the published sizes: 22,348,934 and 32,958,465 parameters, and 42 and 12 of the 1x1s.

    Parameters
    ----------
    stage : FirstStage
    """

    def __init__(self, stage: FirstStage) -> None:
        super().__init__()
        dd = stage.ddconfig
        self.encoder, self.decoder = Encoder(dd), Decoder(dd)
        self.quant_conv = nn.Conv2d(2 * dd.z_channels, 2 * stage.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(stage.embed_dim, dd.z_channels, 1)

    def encode(self, x: Tensor) -> Posterior:
        """The posterior of maps (B, 1, H, W), levels from -1 to 1."""
        return Posterior.of(self.quant_conv(self.encoder(x)))

    def decode(self, z: Tensor) -> Tensor:
        """Maps of latents (B, embed_dim, h, w); they are not clamped."""
        out: Tensor = self.decoder(self.post_quant_conv(z))
        return out

    def forward(self, x: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Posterior]:
        """Reconstruction from a sample by ``noise``, or from the mean without; and the posterior."""
        posterior = self.encode(x)
        return self.decode(posterior.mean if noise is None else posterior.sample(noise)), posterior

    @property
    def last_layer(self) -> Tensor:
        """The weight that the adaptive adversarial weight is measured at."""
        found = self.decoder.conv_out.weight
        assert isinstance(found, torch.Tensor)
        return found


def _attends(dd: DdConfig, level: int) -> bool:
    return dd.resolution[0] >> level in dd.attn_resolutions

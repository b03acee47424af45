"""The conditional U-Net: one encoder, two decoders, which say by how much a noisy latent is signal and noise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from bittrue.apps.radio.configuration_keys import Unet as Keys
from bittrue.apps.radio.models.conditioner import conditioner
from bittrue.apps.radio.models.relation import Relation
from bittrue.apps.radio.models.unet_blocks import (
    Fourier,
    FullAttention,
    LinearAttention,
    PreNorm,
    Residual,
    ResnetBlock,
    SpectralFilter,
    wide_norm,
)
from bittrue.errors import BadInput

CAR_CHANNELS = 5
"""Channels of the condition with cars and k2 (``DPMCARK``)."""


class Unet(nn.Module):
    """``C`` and ``n`` of a latent ``z_t = (1 - t) z_0 + sqrt(t) n``, ``C = -z_0``.

    ``C = s_1 z_t + o_1 F_1`` and ``n = s_2 z_t + o_2 F_2`` with the nets' outputs F. With d = (1 - t)^2 + t,
    ``s_1 = -(1 - t) / d``, ``o_1 = sqrt(t / d)``, ``s_2 = sqrt(t) / d``, ``o_2 = (1 - t) / sqrt(d)``: what a unit
    normal latent makes best, so that F has to have variance 1. Published (``origin_compatible``): ``s_1 = 1 - t``,
    ``o_1 = t / sqrt(t^2 + 1)``, ``s_2 = sqrt(t)``, ``o_2 = sqrt(1 - t) / sqrt(t^2 + 1)``; the first has the wrong
    sign, and F_1 must reach 20,000 at t = 1e-4.

    At the published sizes and a latent of 64 x 64: 224,869,496 parameters.

    Parameters
    ----------
    keys : Unet
        Section ``model.unet``.
    latent : (int, int)
        Sides of the latent; multiples of 2^(levels - 1). Its filters of frequencies are made for these.
    origin_compatible : bool
    """

    def __init__(self, keys: Keys, latent: Sequence[int], origin_compatible: bool = False) -> None:
        super().__init__()
        check(keys, latent)
        self.keys, self.latent, self.origin_compatible = keys, (latent[0], latent[1]), origin_compatible
        dims = [keys.dim, *(keys.dim * mult for mult in keys.dim_mults)]
        time, levels = 4 * keys.dim, len(keys.dim_mults)
        self.init_conv_mask = conditioner(keys)
        widths = self.init_conv_mask.widths
        self.init_conv = nn.Sequential(
            nn.Conv2d(keys.channels + widths[0], keys.dim, 7, padding=3), wide_norm(keys.dim)
        )
        self.init_conv_carK = nn.Conv2d(CAR_CHANNELS, 3, 1)
        self.projects = nn.ModuleList(nn.Conv2d(widths[level], dims[level], 1) for level in range(levels))
        self.time_mlp = nn.Sequential(
            Fourier(keys.dim // 2, keys.fourier_scale), nn.Linear(keys.dim, time), nn.GELU(), nn.Linear(time, time)
        )
        self.downs, self.relation_layers_down = _down_path(keys, dims, time)
        middle = dims[-1]
        self.mid_block1 = ResnetBlock(middle, middle, time)
        self.mid_attn = Residual(PreNorm(middle, FullAttention(middle)))
        self.mid_block2 = ResnetBlock(middle, middle, time)
        sides = [side >> (levels - 1) for side in latent]
        self.decouple1, self.decouple2 = (_decouple(middle, sides) for _ in range(2))
        self.ups, self.relation_layers_up = _up_path(keys, dims, time)
        self.ups2, self.relation_layers_up2 = _up_path(keys, dims, time)
        self.final_res_block, self.final_res_block2 = (ResnetBlock(2 * keys.dim, keys.dim, time) for _ in range(2))
        self.final_conv, self.final_conv2 = (nn.Conv2d(keys.dim, keys.channels, 1) for _ in range(2))
        if keys.fix_bb:
            self.init_conv_mask.requires_grad_(False)

    def forward(self, z: Tensor, t: Tensor, cond: Tensor) -> tuple[Tensor, Tensor]:
        """Of (B, channels, h, w), times (B,) above 0 and conditions (B, 3, H, W): C and n, shaped as the first.

        Raises `BadInput` for a latent of other sides than the filters were made for.
        """
        if tuple(z.shape[-2:]) != self.latent:
            raise BadInput(
                f"a latent has {z.shape[-2]} x {z.shape[-1]} values and the U-Net's filters are for "
                f"{self.latent[0]} x {self.latent[1]}; build it for that size, or sample in windows"
            )
        if self.keys.DPMCARK:
            cond = self.init_conv_carK(cond)
        conds = self.init_conv_mask(cond)
        near = functional.interpolate(conds[0], size=z.shape[-2:], mode="bilinear")
        x = self.init_conv(torch.cat([z, near], dim=1))
        first, time = x, self.time_mlp(t.log() / 4)
        conds = [project(part) for project, part in zip(self.projects, conds, strict=False)]
        skips: list[Tensor] = []
        for level, relation, part in zip(self.downs, self.relation_layers_down, conds, strict=True):
            block1, block2, attention, down = level.children()
            x = block1(x, time)
            skips.append(x)
            x = attention(block2(relation(part, x), time))
            skips.append(x)
            x = down(x)
        x = self.mid_block2(self.mid_attn(self.mid_block1(x, time)), time)
        signal = self._up(self.ups, self.relation_layers_up, x + self.decouple1(x), skips, conds, time)
        noise = self._up(self.ups2, self.relation_layers_up2, x + self.decouple2(x), skips, conds, time)
        signal = self.final_conv(self.final_res_block(torch.cat([signal, first], dim=1), time))
        noise = self.final_conv2(self.final_res_block2(torch.cat([noise, first], dim=1), time))
        s1, o1, s2, o2 = factors(t.view(-1, 1, 1, 1), self.origin_compatible)
        return s1 * z + o1 * signal, s2 * z + o2 * noise

    def _up(
        self,
        ups: nn.ModuleList,
        relations: nn.ModuleList,
        x: Tensor,
        skips: list[Tensor],
        conds: list[Tensor],
        t: Tensor,
    ) -> Tensor:
        """One decoder; skips and conditions are taken from the last to the first."""
        left = list(skips)
        for level, relation, part in zip(ups, relations, reversed(conds), strict=True):
            block1, block2, attention, up = level.children()
            x = relation(part, block1(torch.cat([x, left.pop()], dim=1), t))
            x = up(attention(block2(torch.cat([x, left.pop()], dim=1), t)))
        return x


def factors(t: Tensor, origin_compatible: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """s_1, o_1, s_2, o_2 of `Unet` at times ``t``."""
    if origin_compatible:
        root = (t**2 + 1).sqrt()
        return 1 - t, t / root, t.sqrt(), (1 - t).sqrt() / root
    d = (1 - t) ** 2 + t
    return -(1 - t) / d, (t / d).sqrt(), t.sqrt() / d, (1 - t) / d.sqrt()


def check(keys: Keys, latent: Sequence[int]) -> None:
    """Raises `BadInput` for what the published net has no such form of."""
    step = 1 << (len(keys.dim_mults) - 1)
    if any(side % step or side < step for side in latent):
        raise BadInput(
            f"the latent has {latent[0]} x {latent[1]} values; {len(keys.dim_mults)} levels of unet.dim_mults need "
            f"multiples of {step}"
        )
    if keys.dim % 8 or keys.dim < 8:
        raise BadInput(f"unet.dim is {keys.dim}; heads and group norms need a multiple of 8")
    for key, wanted in (("out_mul", 1), ("cond_pe", False)):
        if getattr(keys, key) != wanted:
            raise BadInput(
                f"unet.{key} is {getattr(keys, key)}, which the published net cannot use; set it to {wanted}"
            )


def _down_path(keys: Keys, dims: list[int], time: int) -> tuple[nn.ModuleList, nn.ModuleList]:
    levels, relations = nn.ModuleList(), nn.ModuleList()
    last = len(dims) - 2
    for index, (before, after) in enumerate(pairwise(dims)):
        resampled = nn.Conv2d(before, after, 4, 2, 1) if index < last else nn.Conv2d(before, after, 3, padding=1)
        levels.append(_level(before, before, time, resampled))
        relations.append(Relation(before, before, before, keys.window_sizes1[index], keys.window_sizes2[index]))
    return levels, relations


def _up_path(keys: Keys, dims: list[int], time: int) -> tuple[nn.ModuleList, nn.ModuleList]:
    levels, relations = nn.ModuleList(), nn.ModuleList()
    for index in reversed(range(len(dims) - 1)):
        inner, outer = dims[index + 1], dims[index]
        resampled: nn.Module = nn.Conv2d(inner, outer, 3, padding=1)
        if index:
            resampled = nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), resampled)
        levels.append(_level(inner + outer, inner, time, resampled))
        relations.append(Relation(outer, inner, inner, keys.window_sizes1[index], keys.window_sizes2[index]))
    return levels, relations


def _level(inputs: int, width: int, time: int, resampled: nn.Module) -> nn.ModuleList:
    blocks = [ResnetBlock(inputs, width, time) for _ in range(2)]
    return nn.ModuleList([*blocks, Residual(PreNorm(width, LinearAttention(width))), resampled])


def _decouple(width: int, sides: Sequence[int]) -> nn.Sequential:
    return nn.Sequential(
        wide_norm(width), nn.Conv2d(width, width, 3, padding=1), SpectralFilter(width, sides[0], sides[1])
    )

"""Blocks of the conditional U-Net, with the names of the published code."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS, HEAD = 4, 32
"""Heads of attention, and channels of one."""
GROUPS = 8


def wide_norm(channels: int) -> nn.GroupNorm:
    """Group norm of at most 8 groups, with at least four channels each."""
    return nn.GroupNorm(max(1, min(channels // 4, GROUPS)), channels)


class StandardisedConv2d(nn.Conv2d):
    """A convolution whose filters are brought to mean 0 and variance 1 before use (arXiv:1903.10520)."""

    def forward(self, x: Tensor) -> Tensor:
        """As a convolution."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, unbiased=False)
        out: Tensor = self._conv_forward(x, (self.weight - mean) * (variance + 1e-5).rsqrt(), self.bias)
        return out


class ChannelNorm(nn.Module):
    """Layer norm over the channels of a pixel, with one factor a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        variance, mean = torch.var_mean(x, dim=1, keepdim=True, unbiased=False)
        return (x - mean) * (variance + 1e-5).rsqrt() * self.g


class PreNorm(nn.Module):
    """``fn(norm(x))``."""

    def __init__(self, channels: int, fn: nn.Module) -> None:
        super().__init__()
        self.fn, self.norm = fn, ChannelNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """As ``fn``."""
        out: Tensor = self.fn(self.norm(x))
        return out


class Residual(nn.Module):
    """``x + fn(x)``."""

    def __init__(self, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        out: Tensor = self.fn(x) + x
        return out


class Fourier(nn.Module):
    """``sin`` and ``cos`` of ``2 pi W u`` with fixed random frequencies ``W``."""

    def __init__(self, frequencies: int, scale: float) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(frequencies) * scale, requires_grad=False)

    def forward(self, u: Tensor) -> Tensor:
        """Of (B,): (B, 2 frequencies)."""
        turned = u[:, None] * self.W[None, :] * 2 * math.pi
        return torch.cat([turned.sin(), turned.cos()], dim=-1)


class Block(nn.Module):
    """``silu((scale + 1) norm(conv(x)) + shift)``."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.proj, self.norm = StandardisedConv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(GROUPS, outputs)

    def forward(self, x: Tensor, scale_shift: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Of (B, inputs, H, W): (B, outputs, H, W)."""
        x = self.norm(self.proj(x))
        if scale_shift is not None:
            x = x * (scale_shift[0] + 1) + scale_shift[1]
        return functional.silu(x)


class ResnetBlock(nn.Module):
    """Two blocks, the first scaled and shifted by the time; plus ``x``, through a 1x1 where channels change."""

    def __init__(self, inputs: int, outputs: int, time: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(time, 2 * outputs))
        self.block1, self.block2 = Block(inputs, outputs), Block(outputs, outputs)
        self.res_conv = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Of (B, inputs, H, W) and (B, time): (B, outputs, H, W)."""
        scale, shift = self.mlp(t)[:, :, None, None].chunk(2, dim=1)
        out: Tensor = self.block2(self.block1(x, (scale, shift))) + self.res_conv(x)
        return out


class LinearAttention(nn.Module):
    """``q softmax(k) v`` with the product of keys and values first, so that pixels cost linearly."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_qkv = nn.Conv2d(channels, 3 * HEADS * HEAD, 1, bias=False)
        self.to_out = nn.Sequential(nn.Conv2d(HEADS * HEAD, channels, 1), ChannelNorm(channels))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        batch, _, height, width = x.shape
        q, k, v = (part.reshape(batch, HEADS, HEAD, -1) for part in self.to_qkv(x).chunk(3, dim=1))
        q, k, v = q.softmax(-2) * HEAD**-0.5, k.softmax(-1), v / (height * width)
        mixed = (k @ v.transpose(-1, -2)).transpose(-1, -2) @ q
        out: Tensor = self.to_out(mixed.reshape(batch, -1, height, width))
        return out


class FullAttention(nn.Module):
    """``softmax(q k / sqrt(32)) v`` over all pixels, four heads."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_qkv = nn.Conv2d(channels, 3 * HEADS * HEAD, 1, bias=False)
        self.to_out = nn.Conv2d(HEADS * HEAD, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        batch, _, height, width = x.shape
        q, k, v = (part.reshape(batch, HEADS, HEAD, -1).transpose(2, 3) for part in self.to_qkv(x).chunk(3, dim=1))
        mixed = functional.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.to_out(mixed.transpose(2, 3).reshape(batch, -1, height, width))
        return out


class SpectralFilter(nn.Module):
    """Every spatial frequency of every channel times a learnt complex number.

    ``complex_weight`` is float32 (C, h, w // 2 + 1, 2) for a plane of h x w.
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.complex_weight = nn.Parameter(torch.randn(channels, height, width // 2 + 1, 2) * 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape; the plane must have the sides that the filter was made for."""
        spectrum = torch.fft.rfft2(x.float(), norm="ortho") * torch.view_as_complex(self.complex_weight)
        out: Tensor = torch.fft.irfft2(spectrum, s=x.shape[-2:], norm="ortho").to(x.dtype)
        return out

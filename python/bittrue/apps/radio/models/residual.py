"""Residual blocks, attention and resampling of the first stage, named as in the code of latent diffusion."""

from __future__ import annotations

from itertools import pairwise
from math import gcd

from torch import Tensor, nn
from torch.nn import functional

GROUPS, LEAST = 32, 4
"""Of a group norm, and the fewest channels of a group: where there are below 128 channels, there are fewer groups."""


def norm(channels: int) -> nn.GroupNorm:
    """Group norm with two numbers a channel."""
    return nn.GroupNorm(gcd(GROUPS, max(1, channels // LEAST)), channels, eps=1e-6)


class Block(nn.Module):
    """``x + conv(drop(silu(norm(conv(silu(norm(x)))))))``, both 3x3; ``x`` through a 1x1 where channels change."""

    def __init__(self, inputs: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.nin_shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, inputs, H, W): (B, outputs, H, W)."""
        h = self.conv1(functional.silu(self.norm1(x)))
        h = self.conv2(self.dropout(functional.silu(self.norm2(h))))
        out: Tensor = (x if self.nin_shortcut is None else self.nin_shortcut(x)) + h
        return out


class Attention(nn.Module):
    """``x + out(softmax(q k / sqrt(C)) v)`` of one head over all pixels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v = (nn.Conv2d(channels, channels, 1) for _ in range(3))
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, C, H, W): the same shape."""
        h = self.norm(x)
        q, k, v = (part(h).flatten(2).transpose(1, 2) for part in (self.q, self.k, self.v))
        h = functional.scaled_dot_product_attention(q, k, v)
        out: Tensor = x + self.proj_out(h.transpose(1, 2).reshape(x.shape))
        return out


class Downsample(nn.Module):
    """A 3x3 of stride 2 after a zero column at the right and a zero row at the bottom."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, C, H, W): (B, C, H / 2, W / 2)."""
        out: Tensor = self.conv(functional.pad(x, (0, 1, 0, 1)))
        return out


class Upsample(nn.Module):
    """Every pixel twice in both directions, then a 3x3."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, C, H, W): (B, C, 2 H, 2 W)."""
        out: Tensor = self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        return out


class Middle(nn.Module):
    """Block, attention, block."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.block_1, self.attn_1 = Block(channels, channels, dropout), Attention(channels)
        self.block_2 = Block(channels, channels, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        out: Tensor = self.block_2(self.attn_1(self.block_1(x)))
        return out


class Level(nn.Module):
    """Blocks of one resolution, each followed by attention where the level has some; then resampling, or none."""

    def __init__(
        self, widths: list[int], dropout: float, attends: bool, resampler: nn.Module | None, name: str
    ) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.block = nn.ModuleList(Block(a, b, dropout) for a, b in pairs)
        self.attn = nn.ModuleList(Attention(b) for _, b in pairs if attends)
        self.resampler = name
        if resampler is not None:
            self.add_module(name, resampler)

    def forward(self, x: Tensor) -> Tensor:
        """The blocks, then the resampling."""
        for index, block in enumerate(self.block):
            x = block(x)
            if len(self.attn):
                x = self.attn[index](x)
        resampler = self._modules.get(self.resampler)
        return x if resampler is None else resampler(x)

"""Swin transformer (Liu et al., ICCV 2021) as the conditioner: the features of its four stages.

Names of parameters are those of RadioDiff's files; `of_torchvision` renames the files of ImageNet weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH, WINDOW = 4, 7
EXCLUDED = -100.0
"""Added to the scores of pixels that the shift brought together and that are no neighbours."""


class WindowAttention(nn.Module):
    """Attention within windows of 7 x 7 tokens, shifted by ``shift``, with a learnt bias by relative position."""

    relative_position_index: Tensor

    def __init__(self, dim: int, heads: int, shift: int) -> None:
        super().__init__()
        self.heads, self.shift = heads, shift
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 2, heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        at = torch.arange(WINDOW * WINDOW)
        rows, columns = at // WINDOW, at % WINDOW
        down, right = (part[:, None] - part[None, :] + WINDOW - 1 for part in (rows, columns))
        self.register_buffer("relative_position_index", (down * (2 * WINDOW - 1) + right).flatten())

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, H, W, C): the same shape; sides are padded with zeros to multiples of the window."""
        _, height, width, _ = x.shape
        x = functional.pad(x, (0, 0, 0, -width % WINDOW, 0, -height % WINDOW))
        batch, high, wide, dim = x.shape
        shifts = tuple(self.shift if side > WINDOW else 0 for side in (high, wide))
        if any(shifts):
            x = x.roll((-shifts[0], -shifts[1]), (1, 2))
        windows = x.view(batch, high // WINDOW, WINDOW, wide // WINDOW, WINDOW, dim).transpose(2, 3)
        tokens = windows.reshape(-1, WINDOW * WINDOW, dim)
        q, k, v = self.qkv(tokens).view(len(tokens), -1, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[self.relative_position_index]
        bias = bias.view(WINDOW * WINDOW, WINDOW * WINDOW, self.heads).permute(2, 0, 1)[None]
        if any(shifts):
            mask = _excluded(high, wide, shifts, x.device)[:, None]
            bias = (bias + mask).repeat(batch, 1, 1, 1)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        tokens = self.proj(mixed.transpose(1, 2).reshape(tokens.shape))
        windows = tokens.view(batch, high // WINDOW, wide // WINDOW, WINDOW, WINDOW, dim).transpose(2, 3)
        x = windows.reshape(batch, high, wide, dim)
        if any(shifts):
            x = x.roll(shifts, (1, 2))
        return x[:, :height, :width].contiguous()


def _excluded(high: int, wide: int, shifts: tuple[int, ...], device: torch.device) -> Tensor:
    """What is added by window to the scores (windows, 49, 49): 0 within a part of the picture, else `EXCLUDED`."""
    part = torch.zeros(high, wide, device=device)
    for axis, side in enumerate((high, wide)):
        edge = torch.zeros(side, device=device)
        edge[side - WINDOW :] = 1
        if shifts[axis]:
            edge[side - shifts[axis] :] = 2
        else:
            edge[:] = 0
        part += edge[:, None] * 3 if axis == 0 else edge[None, :]
    part = part.view(high // WINDOW, WINDOW, wide // WINDOW, WINDOW).transpose(1, 2).reshape(-1, WINDOW * WINDOW)
    return (part[:, None, :] != part[:, :, None]) * EXCLUDED


class Drop(nn.Module):
    """Leaves the branch of a whole sample out with probability ``p`` in training, and scales the others."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        if not self.training or self.p == 0:
            return x
        kept = torch.empty(len(x), *[1] * (x.ndim - 1), dtype=x.dtype, device=x.device).bernoulli_(1 - self.p)
        return x * kept / (1 - self.p)


class SwinBlock(nn.Module):
    """``x += drop(attention(norm(x)))``, ``x += drop(mlp(norm(x)))``."""

    def __init__(self, dim: int, heads: int, shift: int, p: float) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(dim), WindowAttention(dim, heads, shift)
        self.stochastic_depth = Drop(p)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Dropout(0.0), nn.Linear(4 * dim, dim), nn.Dropout(0.0)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, H, W, C): the same shape."""
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        out: Tensor = x + self.stochastic_depth(self.mlp(self.norm2(x)))
        return out


class PatchMerging(nn.Module):
    """Four neighbours become one token of twice the channels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.reduction, self.norm = nn.Linear(4 * dim, 2 * dim, bias=False), nn.LayerNorm(4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, H, W, C): (B, ceil(H / 2), ceil(W / 2), 2 C)."""
        x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        four = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        out: Tensor = self.reduction(self.norm(torch.cat(four, -1)))
        return out


class Permute(nn.Module):
    """Channels last."""

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, C, H, W): (B, H, W, C)."""
        return x.permute(0, 2, 3, 1)


class Swin(nn.Module):
    """Features after each of the stages; ``norm`` and ``head`` are in the files and do nothing here.

    The defaults are Swin-B: 87,768,224 parameters.

    Parameters
    ----------
    dim : int
        Channels of the first stage; each later one has twice as many.
    depths, heads : tuple of int
        Blocks of a stage, and heads of its attention.
    drop : float
        Probability that the last block is left out in training; it rises linearly from 0.
    """

    def __init__(
        self,
        dim: int = 128,
        depths: tuple[int, ...] = (2, 2, 18, 2),
        heads: tuple[int, ...] = (4, 8, 16, 32),
        drop: float = 0.5,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.first_coonv = nn.Sequential(nn.Conv2d(3, dim, PATCH, PATCH), Permute(), nn.LayerNorm(dim))
        self.features = nn.ModuleList()
        self.widths = tuple(dim << stage for stage in range(len(depths)))
        number = 0
        for stage, depth in enumerate(depths):
            blocks = nn.Sequential()
            for index in range(depth):
                p = drop * number / max(1, sum(depths) - 1)
                blocks.append(SwinBlock(self.widths[stage], heads[stage], index % 2 * (WINDOW // 2), p))
                number += 1
            self.features.append(blocks)
            if stage < len(depths) - 1:
                self.features.append(PatchMerging(self.widths[stage]))
        self.norm, self.head = nn.LayerNorm(self.widths[-1]), nn.Linear(self.widths[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Of (B, 3, H, W): (B, 128, H / 4, W / 4), (B, 256, H / 8, W / 8) and so on."""
        x, found = self.first_coonv(x), []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index % 2 == 0:
                found.append(x.permute(0, 3, 1, 2).contiguous())
        return found


def of_torchvision(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """ImageNet weights under the names of `Swin`: ``features.0.*`` is ``first_coonv.*``, ``features.k`` one less."""
    found = {}
    for name, value in weights.items():
        first, _, rest = name.partition(".")
        number, _, below = rest.partition(".")
        if first == "features" and number == "0":
            name = f"first_coonv.{below}"
        elif first == "features" and number.isdigit():
            name = f"features.{int(number) - 1}.{below}"
        found[name] = value
    return found

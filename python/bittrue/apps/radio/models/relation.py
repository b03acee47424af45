"""Relation of condition and features: attention of pooled condition to pooled features, in a level of the U-Net."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS, DROPOUT, TEMPERATURE = 8, 0.1, 10_000.0


def sine_positions(height: int, width: int, channels: int, device: torch.device) -> Tensor:
    """(h, w, channels): sines and cosines of row, then of column, both counted from 1, at falling frequencies."""
    half = channels // 2
    power = 2 * (torch.arange(half, device=device, dtype=torch.float32) // 2) / half
    periods = TEMPERATURE**power
    rows, columns = (
        torch.arange(1, n + 1, device=device, dtype=torch.float32)[:, None] / periods for n in (height, width)
    )
    rows, columns = (torch.stack((p[:, 0::2].sin(), p[:, 1::2].cos()), dim=2).flatten(1) for p in (rows, columns))
    return torch.cat((rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)), dim=2)


class Mlp(nn.Module):
    """1x1, ReLU, 1x1, with dropout behind the last two."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(width, hidden, 1), nn.Conv2d(hidden, width, 1)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        out: Tensor = self.drop(self.fc2(self.drop(functional.relu(self.fc1(x)))))
        return out


class Attention(nn.Module):
    """Queries from the condition, keys and values from the features, each averaged over windows.

    Scores are not divided by the root of the channels, as published.

    Parameters
    ----------
    width : int
        Channels, a multiple of 8.
    window1, window2 : (int, int)
        Of condition and features.
    """

    def __init__(self, width: int, window1: tuple[int, ...], window2: tuple[int, ...]) -> None:
        super().__init__()
        self.window1, self.window2 = (window1[0], window1[1]), (window2[0], window2[1])
        self.q_lin, self.k_lin, self.v_lin = (nn.Linear(width, width) for _ in range(3))
        self.mlp = Mlp(width, 2 * width)
        self.concat_conv, self.gn = nn.Conv2d(2 * width, width, 1), nn.GroupNorm(8, width)
        self.out_conv = nn.Conv2d(width, width, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                draw = nn.init.kaiming_normal_ if isinstance(module, nn.Conv2d) else nn.init.xavier_normal_
                draw(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, cond: Tensor, x: Tensor) -> Tensor:
        """Of (B, width, H1, W1) and (B, width, H2, W2): the shape of the second."""
        size, batch, width = x.shape[-2:], len(x), x.shape[1]
        near = functional.interpolate(cond, size=size, mode="bilinear", align_corners=True)
        shortcut = self.gn(x + self.concat_conv(torch.cat([near, x], dim=1)))
        asked, answered = _pooled(cond, self.window1), _pooled(x, self.window2)
        q, k = _tokens(asked), _tokens(answered)
        heads = [part.view(batch, -1, HEADS, width // HEADS).transpose(1, 2) for part in (self.q_lin(q), self.k_lin(k))]
        values = self.v_lin(k).view(batch, -1, HEADS, width // HEADS).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(heads[0], heads[1], values, scale=1.0)
        asked = asked + mixed.transpose(1, 2).reshape(batch, -1, width).transpose(1, 2).reshape(asked.shape)
        asked = asked + self.mlp(asked)
        asked = functional.interpolate(asked, size=size, mode="bilinear", align_corners=True)
        out: Tensor = shortcut + self.out_conv(asked)
        return out


def _pooled(x: Tensor, window: tuple[int, int]) -> Tensor:
    x = functional.pad(x, (0, -x.shape[3] % window[1], 0, -x.shape[2] % window[0]))
    return functional.avg_pool2d(x, window)


def _tokens(x: Tensor) -> Tensor:
    """(B, h w, C) with positions added."""
    places = sine_positions(x.shape[2], x.shape[3], x.shape[1], x.device)
    return (x.permute(0, 2, 3, 1) + places).flatten(1, 2).to(x.dtype)


class Relation(nn.Module):
    """1x1 and batch norm on condition and features, then the attention."""

    def __init__(
        self, cond: int, features: int, width: int, window1: tuple[int, ...], window2: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.input_conv1, self.input_conv2 = _entry(cond, width), _entry(features, width)
        self.attentions = nn.ModuleList([Attention(width, window1, window2)])

    def forward(self, cond: Tensor, x: Tensor) -> Tensor:
        """Of (B, cond, H1, W1) and (B, features, H2, W2): (B, width, H2, W2)."""
        out: Tensor = self.attentions[0](self.input_conv1(cond), self.input_conv2(x))
        return out


def _entry(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03))

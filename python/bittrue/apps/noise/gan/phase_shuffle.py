"""Phase shuffle: every signal moved by a few samples at random, its ends reflected, so that phase tells nothing.

Source: Donahue, McAuley, Puckette, "Adversarial Audio Synthesis", ICLR 2019, section 3.3 (n = 2).
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

SHIFT = 2
"""Most samples."""
SHORTEST = 4
"""Layers with so many samples or fewer are left as they are."""


def drawn(layers: int, signals: int, generator: Generator) -> Tensor:
    """Shifts ``(signals, layers)`` from -2 to 2, int64."""
    return torch.randint(-SHIFT, SHIFT + 1, (signals, layers), generator=generator)


def shuffled(x: Tensor, shifts: Tensor) -> Tensor:
    """``y[n] = x[reflect(n - shift)]`` for signals ``(N, channels, L)`` and shifts ``(N,)``; 0 and L - 1 reflect."""
    length = x.shape[-1]
    places = torch.arange(length, device=x.device) - shifts.to(x.device)[:, None]
    places = places.abs()
    places = torch.where(places > length - 1, 2 * (length - 1) - places, places)
    return x.gather(-1, places[:, None, :].expand_as(x))

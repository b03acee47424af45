"""The perceptual part of the first stage's loss: LPIPS with the user's files, or a substitute that is named as such.

LPIPS (Zhang et al., CVPR 2018): features of VGG16 behind five of its ReLUs, each pixel's divided by their norm, squared
differences weighted by learnt heads, averaged over pixels and summed. The weights of VGG16 are no part of this project.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from bittrue.apps.radio.configuration_keys import LossConfig
from bittrue.apps.radio.models.public_files import fill, weights
from bittrue.apps.radio.published import draws

SUBSTITUTE = "bittrue-random-perceptual"
"""Name of what stands in for LPIPS: its features are those of a small net whose weights are drawn and never trained."""
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and convolutions of VGG16 between two poolings."""
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
WIDTHS = (16, 32, 64)
"""Channels of the substitute."""


def distance(a: Tensor, b: Tensor) -> Tensor:
    """Squared difference of features whose pixels have norm 1: (B, C, h, w)."""
    return (functional.normalize(a, dim=1, eps=1e-10) - functional.normalize(b, dim=1, eps=1e-10)) ** 2


class Lpips(nn.Module):
    """LPIPS of pairs of maps, by the published names of its two files."""

    shift: Tensor
    scale: Tensor

    def __init__(self, backbone: str, heads: str) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        before = 3
        for width, count in BLOCKS:
            for _ in range(count):
                layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
                before = width
            self.taps.append(len(layers))
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.heads = nn.ParameterList(nn.Parameter(torch.zeros(1, width, 1, 1)) for width, _ in BLOCKS)
        found = weights(backbone, False)
        fill(self.features, {n.removeprefix("features."): v for n, v in found.items() if "features." in n}, backbone)
        found = weights(heads, False)
        fill(
            self.heads,
            {str(k): found[f"lin{k}.model.1.weight"] for k in range(5) if f"lin{k}.model.1.weight" in found},
            heads,
        )
        for name, values in (("shift", SHIFT), ("scale", SCALE)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))
        self.requires_grad_(False).eval()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Of maps (B, 1, H, W) from -1 to 1: (B, 1, 1, 1)."""
        x, y = ((part - self.shift) / self.scale for part in (x, y))
        total = torch.zeros(len(x), 1, 1, 1, device=x.device)
        for head, (first, last) in zip(self.heads, pairwise([0, *self.taps]), strict=True):
            x, y = self.features[first:last](x), self.features[first:last](y)
            total = total + (head * distance(x, y)).sum(1, keepdim=True).mean((2, 3), keepdim=True)
        return total


class Substitute(nn.Module):
    """The same over three strided 3x3 with random filters of fixed seed, every channel counting alike.

    It compares edges and textures of several sizes, and its figures are none of LPIPS.
    """

    def __init__(self) -> None:
        super().__init__()
        with draws.layers(0, draws.START):
            self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise((1, *WIDTHS)))
        self.requires_grad_(False).eval()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Of maps (B, 1, H, W): (B, 1, 1, 1)."""
        total = torch.zeros(len(x), 1, 1, 1, device=x.device)
        for layer in self.layers:
            x, y = functional.relu(layer(x)), functional.relu(layer(y))
            total = total + distance(x, y).sum(1, keepdim=True).mean((2, 3), keepdim=True) / len(self.layers)
        return total


def perceptual(loss: LossConfig) -> tuple[nn.Module | None, str]:
    """The one of a configuration, and its name; none where its weight is 0.

    Raises `BadInput` where a file cannot be read or is not that of VGG16, or of the heads.
    """
    if loss.perceptual_weight == 0:
        return None, "none"
    if loss.perceptual_backbone and loss.perceptual_heads:
        return Lpips(loss.perceptual_backbone, loss.perceptual_heads), "LPIPS"
    return Substitute(), SUBSTITUTE

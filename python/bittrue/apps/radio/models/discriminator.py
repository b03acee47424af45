"""The patch discriminator of the first stage (Isola et al., CVPR 2017): one score for every patch of 70 x 70 pixels."""

from __future__ import annotations

from torch import Tensor, nn

WIDTH, LAYERS, SIDE = 64, 3, 4


class Discriminator(nn.Module):
    """4x4 convolutions: 64 channels of stride 2, then 128, 256, 512 with batch norm, the last of stride 1, then 1.

    With one input channel 2,763,585 parameters. Filters begin normal (0, 0.02), norms (1, 0.02).

    Parameters
    ----------
    channels : int
        Of the pictures that are judged.
    """

    def __init__(self, channels: int = 1, width: int = WIDTH) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, SIDE, 2, 1), nn.LeakyReLU(0.2)]
        before = width
        for number in range(1, LAYERS + 1):
            after = width * min(1 << number, 8)
            stride = 2 if number < LAYERS else 1
            layers += [nn.Conv2d(before, after, SIDE, stride, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
            before = after
        layers.append(nn.Conv2d(before, 1, SIDE, 1, 1))
        self.main = nn.Sequential(*layers)
        for module in self.main:
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1.0, 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (B, 1, h, w) of pictures (B, channels, H, W); sides of 32 pixels or more."""
        out: Tensor = self.main(x)
        return out

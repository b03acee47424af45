"""Conditioners of the U-Net: what makes features of buildings and transmitter at a quarter of the side and below."""

from __future__ import annotations

from torch import Tensor, nn

from bittrue.apps.radio.configuration_keys import Unet as Keys
from bittrue.apps.radio.models.swin import Swin
from bittrue.errors import BadInput


class ConvConditioner(nn.Module):
    """Two 3x3 of stride 2, then one a level, each with group norm and SiLU, and a 3x3 more a level: small and plain.

    Parameters
    ----------
    inputs, width, levels : int
        Channels of the condition, of the first level (later ones have twice as many each), and levels.
    """

    def __init__(self, inputs: int, width: int, levels: int) -> None:
        super().__init__()
        self.widths = tuple(width << level for level in range(levels))
        self.stem = _strided(inputs, width)
        self.levels = nn.ModuleList()
        before = width
        for after in self.widths:
            self.levels.append(nn.Sequential(_strided(before, after), _plain(after)))
            before = after

    def forward(self, x: Tensor) -> list[Tensor]:
        """Of (B, inputs, H, W): (B, width, H / 4, W / 4), (B, 2 width, H / 8, W / 8) and so on."""
        x, found = self.stem(x), []
        for level in self.levels:
            x = level(x)
            found.append(x)
        return found


def _strided(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, 2, 1), nn.GroupNorm(8, outputs), nn.SiLU())


def _plain(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width, width, 3, 1, 1), nn.GroupNorm(8, width), nn.SiLU())


def conditioner(keys: Keys) -> Swin | ConvConditioner:
    """The one of a configuration.

    Raises `BadInput` for one that is not built here, and for levels or channels that it does not have.
    """
    levels = len(keys.dim_mults)
    if keys.cond_net == "conv":
        if keys.cond_dim % 8:
            raise BadInput(f"unet.cond_dim is {keys.cond_dim}; its group norms need a multiple of 8")
        return ConvConditioner(keys.cond_in_dim, keys.cond_dim, levels)
    if keys.cond_net != "swin":
        raise BadInput(f"unet.cond_net is {keys.cond_net!r}, which is not built here; choose swin, or conv (small)")
    if levels > 4:
        raise BadInput(f"unet.cond_net swin has four levels and dim_mults {levels}; choose conv")
    return Swin()

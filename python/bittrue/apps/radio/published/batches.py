"""Batches of radio maps: shuffled anew in every epoch, mirrored at random, brought to the side that is trained at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from bittrue.apps.radio.configuration import Configuration, DiffusionFile
from bittrue.apps.radio.data.maps import RadioMaps
from bittrue.apps.radio.data.png import SIDE
from bittrue.apps.radio.published import draws
from bittrue.errors import BadInput

KEPT = 1 << 29
"""Bytes of maps that are kept in memory once read; a larger set is read again in every epoch."""


def side_of(configuration: Configuration) -> int:
    """Pixels of a side that maps are trained at: 256, or what the configuration says where that is less.

    The published files say 320, and maps have 256. A smaller side must divide 256. Raises `BadInput` where it does not.
    """
    is_diffusion = isinstance(configuration, DiffusionFile)
    key = "model.image_size" if is_diffusion else "model.ddconfig.resolution"
    sides = configuration.model.image_size if is_diffusion else configuration.model.ddconfig.resolution  # type: ignore[union-attr]
    side = min(SIDE, sides[0])
    if sides[0] != sides[1] or SIDE % side or side < 32:
        raise BadInput(f"{key} is {list(sides)}; give a square of 32, 64, 128, or 256 and more")
    factor = configuration.first_stage.ddconfig.factor
    if side % factor:
        raise BadInput(
            f"{key} is {list(sides)}; {side} pixels are no multiple of {factor}, by which latents are shorter"
        )
    return side


def brought(image: Tensor, cond: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """A map (1, 256, 256) and its condition (3, 256, 256) at another side.

    Map and buildings are averaged over squares of pixels; of transmitter and third channel the largest counts, so that
    a single pixel does not fade.
    """
    step = SIDE // side
    if step == 1:
        return image, cond
    small = torch.cat([functional.avg_pool2d(cond[:1], step), functional.max_pool2d(cond[1:], step)])
    return functional.avg_pool2d(image, step), small


class Batches:
    """Maps of a folder as tensors.

    Parameters
    ----------
    maps : RadioMaps
    side : int
        Pixels.
    seed : int
    flip : bool
        Mirror half of what `at` gives, left to right.
    """

    def __init__(self, maps: RadioMaps, side: int, seed: int, flip: bool) -> None:
        self.maps, self.side, self.seed, self.flip = maps, side, seed, flip
        self.kept: dict[int, tuple[Tensor, Tensor]] = {}
        self.keeps = len(maps) * 16 * side * side <= KEPT
        self.epoch, self.order = -1, torch.empty(0, dtype=torch.int64)

    def at(self, position: int, count: int, own: slice = slice(None)) -> tuple[Tensor, Tensor]:
        """Maps (B, 1, H, W) and conditions (B, 3, H, W) number ``position`` and after, of which the part ``own``."""
        pairs = [self._one(number) for number in range(position, position + count)[own]]
        return torch.stack([image for image, _ in pairs]), torch.stack([cond for _, cond in pairs])

    def plain(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Maps by their place in the folder, not mirrored."""
        pairs = [self._read(index) for index in indices]
        return torch.stack([image for image, _ in pairs]), torch.stack([cond for _, cond in pairs])

    def _one(self, number: int) -> tuple[Tensor, Tensor]:
        epoch, place = divmod(number, len(self.maps))
        if epoch != self.epoch:
            self.epoch = epoch
            self.order = torch.randperm(len(self.maps), generator=draws.generator(self.seed, draws.ORDER, epoch))
        image, cond = self._read(int(self.order[place]))
        if self.flip and torch.rand((), generator=draws.generator(self.seed, draws.FLIPS, number)) < 0.5:
            return image.flip(-1), cond.flip(-1)
        return image, cond

    def _read(self, index: int) -> tuple[Tensor, Tensor]:
        found = self.kept.get(index)
        if found is None:
            one = self.maps[index]
            found = brought(torch.from_numpy(one["image"]), torch.from_numpy(one["cond"]), self.side)
            if self.keeps:
                self.kept[index] = found
        return found

    def digest(self) -> str:
        """Of the names of all maps, and of the first and the last."""
        digest = hashlib.sha256(repr(self.maps.keys).encode())
        for index in (0, len(self.maps) - 1):
            for part in self._read(index):
                digest.update(part.numpy().tobytes())
        return digest.hexdigest()

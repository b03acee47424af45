"""Maps drawn by a trained diffusion model, for the scenes of a split: whole, or in windows that slide over them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bittrue.apps.radio.configuration import DiffusionFile
from bittrue.apps.radio.configuration_keys import Sampler
from bittrue.apps.radio.data import png
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.data.png import SIDE, Levels
from bittrue.apps.radio.diffusion.latent import LatentDiffusion
from bittrue.apps.radio.models.public_files import load_diffusion
from bittrue.apps.radio.published import draws, run_folder
from bittrue.apps.radio.published.batches import brought, side_of
from bittrue.apps.radio.published.sizes import built, check_batch
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.errors import BadInput
from bittrue.files import made_folder, read_bytes, write_whole
from bittrue.kit.training.threads import one_thread

Step = Callable[[str, int, int], None]
DRAWN_BY = "drawn-by.json"
"""What drew the maps of a folder."""


class Drawer:
    """A trained model that draws maps.

    Parameters
    ----------
    configuration : DiffusionFile
    checkpoint : path
        Its file of weights.
    steps : int, optional
        N of the sampler; else ``sampling_timesteps`` of the configuration.
    """

    def __init__(self, configuration: DiffusionFile, checkpoint: str | os.PathLike[str], steps: int | None) -> None:
        self.configuration, self.steps = configuration, steps or configuration.model.sampling_timesteps
        eps = configuration.model.eps
        if 1 / self.steps <= eps:
            raise BadInput(f"{self.steps} steps are asked for, each no longer than eps {eps:g}; take fewer")
        self.sampler: Sampler = configuration.sampler
        self.side = side_of(configuration)
        self.model = built(lambda: LatentDiffusion(configuration, self.side))
        load_diffusion(self.model, checkpoint, self.sampler.use_ema)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model.to(self.device).eval()

    def levels(self, conds: Tensor, keys: Sequence[tuple[int, int]], seed: int) -> list[Levels]:
        """Grey levels (256, 256) for conditions (B, 3, 256, 256) of the maps ``keys``.

        A map depends on the seed, its own numbers and its condition alone.
        """
        small = torch.stack([brought(cond[:1], cond, self.side)[1] for cond in conds]).to(self.device)
        maps = self._slide(small, keys, seed) if self.sampler.sample_type == "slide" else self._whole(small, keys, seed)
        if self.side != SIDE:
            maps = functional.interpolate(maps, size=(SIDE, SIDE), mode="bilinear")
        levels = np.floor(maps[:, 0].clamp(0, 1).cpu().numpy() * 255 + 0.5).astype(np.uint8)
        built = (conds[:, 0] > 0).numpy()
        return [np.where(black, 0, one).astype(np.uint8) for black, one in zip(built, levels, strict=True)]

    def _whole(self, conds: Tensor, keys: Sequence[tuple[int, int]], seed: int, place: int = 0) -> Tensor:
        each = [draws.generator(seed, draws.SAMPLE, *key, place) for key in keys]
        return self.model.maps(conds, each, self.steps)

    def _slide(self, conds: Tensor, keys: Sequence[tuple[int, int]], seed: int) -> Tensor:
        """The mean of all windows over a pixel; the last ones end at the border."""
        _, _, height, width = conds.shape
        crop = [min(self.side, side) for side in self.sampler.crop_size]
        if crop != [self.side, self.side]:
            raise BadInput(
                f"sampler.crop_size is {list(self.sampler.crop_size)} and the model draws {self.side} x {self.side} "
                "pixels; give that size or more"
            )
        total, count = torch.zeros(len(conds), 1, height, width, device=conds.device), torch.zeros(height, width)
        count = count.to(conds.device)
        for place, (top, left) in enumerate(
            (top, left)
            for top in starts(height, crop[0], self.sampler.stride[0])
            for left in starts(width, crop[1], self.sampler.stride[1])
        ):
            window = slice(top, top + crop[0]), slice(left, left + crop[1])
            total[:, :, window[0], window[1]] += self._whole(conds[:, :, window[0], window[1]], keys, seed, place)
            count[window] += 1
        return total / count


def starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows begin so that they cover a length; the last ends with it."""
    return [*range(0, length - window, stride), length - window]


def draw(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    step: Step = lambda doing, done, total: None,
    *,
    data: str | os.PathLike[str] | None = None,
    split: str = "test",
    most: int = 200,
    steps: int | None = None,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
) -> int:
    """Draw a map for each scene of a split, and write ``<map>_<transmitter>.png`` as ``bittrue report radio`` reads it.

    Maps that are there already are not drawn again; `DRAWN_BY` beside them says what drew them. Buildings are black.

    Parameters
    ----------
    folder : path
        Results folder of a diffusion model.
    output : path
    data : path, optional
        Folder of the maps, else that it was trained on.
    most : int
        Most maps, evenly taken.
    checkpoint : path, optional
        Another file of weights than the last one.

    Returns
    -------
    int
        Maps that were drawn.

    Raises
    ------
    BadInput
        Where the folder is none of a diffusion model, maps or weights cannot be read, or ``output`` holds maps of
        other weights, steps, seed or data.
    """
    configuration = run_folder.load(Path(folder))
    if not isinstance(configuration, DiffusionFile):
        raise BadInput(f"{folder} holds a first stage, which draws no maps; name the folder of a diffusion model")
    view = View(configuration.data.name, split, origin_compatible="divisor" in configuration.origin_compatible)
    maps = RadioMaps(data or configuration.data.folder, view)
    path = Path(checkpoint or configuration.sampler.ckpt_path or run_folder.latest(Path(folder)))
    drawer = Drawer(configuration, path, steps)
    with made_folder(output) as where, one_thread():
        sign(where, origin(path, drawer.steps, seed, maps))
        names = [f"{number}_{transmitter}.png" for number, transmitter in maps.keys]
        left = [index for index in evenly(len(maps), most) if not (where / names[index]).exists()]
        size = min(configuration.sampler.batch_size, max(1, len(left)))
        check_batch(configuration, drawer.side, size)
        for at in range(0, len(left), size):
            step("drawing maps", at, len(left))
            chosen = left[at : at + size]
            conds = torch.stack([torch.from_numpy(maps[index]["cond"]) for index in chosen])
            made = drawer.levels(conds, [maps.keys[index] for index in chosen], seed)
            for index, levels in zip(chosen, made, strict=True):
                write_whole(where / names[index], png.encoded(levels))
    return len(left)


def origin(weights: Path, steps: int, seed: int, maps: RadioMaps) -> dict[str, str | int]:
    """All on which a drawn map depends, but for its numbers."""
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    return {"weights": digest, "steps": steps, "seed": seed, "data": maps.view.name, "folder": str(maps.root.resolve())}


def sign(folder: Path, settings: Mapping[str, str | int]) -> None:
    """Note in a folder what draws its maps; `BadInput` where there are some that something else drew, or nobody knows.

    Parameters
    ----------
    folder : path
    settings : mapping
        As of `origin`.
    """
    note, asked = folder / DRAWN_BY, json.dumps(settings, indent=2) + "\n"
    if note.exists() and any(folder.glob("*_*.png")):
        if read_bytes(note, "what drew the maps") != asked.encode():
            raise BadInput(f"{folder} holds maps that were drawn by other settings ({note}); name another folder")
    elif any(folder.glob("*_*.png")):
        raise BadInput(f"{folder} holds maps without {DRAWN_BY}, so of unknown origin; name another folder")
    else:
        write_whole(note, asked, renew=True)

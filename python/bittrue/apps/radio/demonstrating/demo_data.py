"""Writes ``demo.npz``, which `bittrue.board.demo.radio.bundle` reads: scenes, what the net sees, expected codes."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np

from bittrue import ref
from bittrue.apps.radio.demonstrating.scenes import held_out
from bittrue.apps.radio.hardware.inputs import Inputs
from bittrue.apps.radio.hardware.kind import SIDE, side_of
from bittrue.apps.radio.hardware.recipe import Recipe
from bittrue.apps.radio.propagation.grey import PL_MAX, PL_TRUNC
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.limits import take
from bittrue.spec import Net
from bittrue.spec.store import content_hash

FILE = "demo.npz"
FORMAT, VERSION = "bittrue-demo-radio", 1


def write(folder: str | os.PathLike[str], net: Net, recipe: Recipe, count: int) -> tuple[Path, str]:
    """Write ``demo.npz`` into an overlay folder: its path, and which scenes are in it.

    Parameters
    ----------
    folder : path
        Exists.
    net : Net
        A radio net; one for tiles gets tiles.
    recipe : Recipe
        Says which synthetic cities were held out.
    count : int
        Scenes.

    Raises
    ------
    BadInput
        For another net, a file that cannot be written, or scenes that do not fit into memory.
    """
    side = side_of(net)
    if side is None:
        raise BadInput(f"net {net.name} draws no radio maps; name a radio net, such as radio-map")
    take(9 * net.elements + 40 * count * side * side, f"{count:,} scenes of {side} x {side} pixels")
    scenes = list(held_out(recipe.cities, count, side))
    codes = np.stack([Inputs(one.built, side).channels(one.row, one.column) for one in scenes])
    cities = len({one.city for one in scenes})
    what = "maps" if side == SIDE else f"tiles of {side} x {side} m"
    title = f"{count} {what} of {cities} synthetic cities that were held out, seed {recipe.cities.seed}"
    about = {
        "format": FORMAT,
        "version": VERSION,
        "net": net.name,
        "hash": content_hash(net),
        "title": title,
        "black": PL_TRUNC,
        "white": PL_MAX,
    }
    arrays = {
        "about": np.array(json.dumps(about)),
        "codes": codes,
        "expected": np.concatenate([ref.run(net, one[None].astype(np.int64)) for one in codes]).astype(np.int16),
        "truth": np.stack([one.truth for one in scenes]),
        "built": np.stack([one.built for one in scenes]).astype(np.uint8),
        "places": np.array([(one.row, one.column) for one in scenes]),
        "numbers": np.array([(one.city, one.transmitter) for one in scenes]),
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    path = Path(folder) / FILE
    write_whole(path, content.getvalue())
    return path, title

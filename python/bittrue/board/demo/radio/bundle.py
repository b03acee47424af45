"""``demo.npz`` of a net that draws radio maps: what the net sees of each scene, what it must draw, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.reading import FIX, check_codes, read
from bittrue.errors import BadInput

FORMAT, VERSION = "bittrue-demo-radio", 1
_AXES = {"codes": 4, "expected": 4, "truth": 3, "built": 3, "places": 2, "numbers": 2}
"""Axes of the arrays of integers in the file."""
FOLD = 4
"""Channels that a picture of twice the size is folded into: channel ``2 i + j`` has rows ``2 r + i``, columns
``2 s + j``."""
SIGHT = slice(8, 12)
"""Channels of the input that say what the transmitter sees."""
_DECIBELS = 1000.0
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RadioScenes:
    """The content of ``demo.npz``.

    Parameters
    ----------
    net, hash : str
        Name and content hash of the net.
    title : str
        Which scenes they are.
    black, white : float
        Gain in dB of grey levels 0 and 255.
    codes : int array (N, channels, H, W)
        What the net sees.
    expected : int array (N, 4, H, W)
        What the reference makes of it; level ``code - lo`` of a folded map.
    truth : int array (N, 2 H, 2 W)
        Grey levels, 0 to 255.
    built : bool array (N, 2 H, 2 W)
    places : int array (N, 2)
        Row and column of the transmitter.
    numbers : int array (N, 2)
        City and transmitter, as they are called.
    """

    net: str
    hash: str
    title: str
    black: float
    white: float
    codes: Codes
    expected: Codes
    truth: Codes
    built: npt.NDArray[np.bool_]
    places: Codes
    numbers: Codes

    @property
    def side(self) -> int:
        """Pixels of a side of the maps."""
        return int(self.truth.shape[-1])


def load(path: str | Path) -> RadioScenes:
    """Read ``demo.npz``. Raises `BadInput` where it is missing, damaged, of another demo, or cannot be played."""
    about, arrays = read(path, (FORMAT, VERSION), {name: ("iu", axes) for name, axes in _AXES.items()})
    found = RadioScenes(
        net=about.text("net"),
        hash=about.text("hash"),
        title=about.text("title"),
        black=about.number("black", -_DECIBELS, _DECIBELS),
        white=about.number("white", -_DECIBELS, _DECIBELS),
        built=arrays["built"] != 0,
        **{name: arrays[name].astype(np.int64) for name in _AXES if name != "built"},
    )
    _check(found, f"demo data {path}")
    return found


def check(found: RadioScenes, manifest: Any) -> None:
    """Raise `BadInput` unless the demo data were made for the net of an overlay's manifest, and are codes of its."""
    check_codes(found, manifest)


def draws_maps(manifest: Any) -> bool:
    """Whether the net of an overlay's manifest gives a folded map."""
    shape = manifest.output.shape
    return len(shape) == len(manifest.input.shape) == 3 and shape[0] == FOLD


def unfolded(channels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Pictures ``(..., 2 H, 2 W)`` of channels ``(..., 4, H, W)``."""
    *more, _, rows, columns = channels.shape
    picture = np.empty((*more, 2 * rows, 2 * columns), channels.dtype)
    for k in range(FOLD):
        picture[..., k // 2 :: 2, k % 2 :: 2] = channels[..., k, :, :]
    return picture


def _check(found: RadioScenes, what: str) -> None:
    """Raise `BadInput` where the arrays do not belong together."""
    count, channels, rows, columns = found.codes.shape
    shapes = {
        "expected": (found.expected.shape, (count, FOLD, rows, columns)),
        "truth": (found.truth.shape, (count, 2 * rows, 2 * columns)),
        "built": (found.built.shape, (count, 2 * rows, 2 * columns)),
        "places": (found.places.shape, (count, 2)),
        "numbers": (found.numbers.shape, (count, 2)),
    }
    wrong = [f"{name} {have}" for name, (have, wanted) in shapes.items() if have != wanted]
    if wrong or not count or not rows or rows != columns or channels < SIGHT.stop:
        raise BadInput(
            f"{what}: codes {found.codes.shape} and {', '.join(wrong) or 'the rest'} do not belong together; {FIX}"
        )
    inside = found.places.min() >= 0 and found.places.max() < found.side
    if not inside or found.truth.min() < 0 or found.truth.max() > 255 or found.white <= found.black:
        raise BadInput(f"{what}: transmitters, levels or decibels lie outside of the map or the scale; {FIX}")

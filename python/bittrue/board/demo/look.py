"""Colours and letters of the frames.

The colours are Okabe and Ito's, told apart with any colour vision ("Color Universal Design", 2008), on a dark ground;
nothing is said by colour alone.
"""

from __future__ import annotations

import contextlib
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

from bittrue.errors import BadInput

Colour = tuple[int, int, int]

SIZE = (1280, 720)
"""Width and height of a frame in pixels."""
ABOUT = "Description"
"""What a frame's ``info`` and a PNG's text are called that say where the frame comes from."""

GROUND: Colour = (13, 18, 28)
PANEL: Colour = (22, 30, 44)
LINE: Colour = (44, 56, 76)
TEXT: Colour = (236, 241, 248)
DIM: Colour = (158, 172, 194)
WITHOUT: Colour = (240, 158, 20)
WITH: Colour = (86, 180, 233)
WANTED: Colour = (200, 208, 220)
BAND: Colour = (204, 121, 167)
GOOD: Colour = (46, 190, 146)
BAD: Colour = (240, 100, 40)

FONTS = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
FOLDERS = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu-sans-fonts", "/usr/share/fonts/TTF")


@lru_cache(maxsize=64)
def font(size: int, bold: bool = False) -> Any:
    """A sans-serif font: DejaVu of matplotlib or of the system, else the one inside Pillow.

    Raises `BadInput` where there is none.
    """
    for folder in _folders():
        path = folder / FONTS[bold]
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    try:
        return ImageFont.load_default(size)
    except TypeError:  # Pillow before 10.1 has no scalable font of its own
        raise BadInput("no font to write with; run: apt install fonts-dejavu-core") from None


def _folders() -> list[Path]:
    found = None
    with contextlib.suppress(ImportError):
        found = importlib.util.find_spec("matplotlib")  # found, not imported: that takes seconds on the board
    places = list(found.submodule_search_locations or ()) if found else []
    return [*(Path(place) / "mpl-data" / "fonts" / "ttf" for place in places), *map(Path, FOLDERS)]

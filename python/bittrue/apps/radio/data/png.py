"""Pictures of one byte a pixel: PNG files of 256 x 256 grey levels, read within bounds and written."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.readers import refusing

SIDE = 256
"""Pixels of a side."""
BYTES = 1 << 20
"""Most bytes of a file: the levels alone are 65,536."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
Levels = npt.NDArray[np.uint8]


def read(path: Path, what: str) -> Levels:
    """The grey levels of a file, uint8 (256, 256), row 0 at the top.

    Raises `BadInput` for a file that cannot be read, is damaged or cut off, has colours, or another size.
    """
    content = read_bytes(path, what, BYTES)
    if not content.startswith(SIGNATURE) or content[12:16] != b"IHDR":
        raise BadInput(f"{what} {path} is no PNG file; restore it")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    if (width, height) != (SIDE, SIDE):
        raise BadInput(f"{what} {path} has {width} x {height} pixels; maps have {SIDE} x {SIDE}, so crop or scale it")
    with refusing(f"{what} {path}"):
        picture = Image.open(io.BytesIO(content), formats=("PNG",))
        if picture.mode not in ("L", "1"):
            raise BadInput(f"{what} {path} has pixels of mode {picture.mode}; save it as 8-bit grey")
        return np.array(picture.convert("L"), np.uint8)


def encoded(levels: npt.NDArray[np.uint8]) -> bytes:
    """A picture as PNG."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(levels, np.uint8)).save(stream, "PNG", compress_level=4)
    return stream.getvalue()

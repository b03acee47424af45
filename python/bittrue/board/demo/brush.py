"""Smooth curves and clouds of points, drawn into pixels by NumPy: some ten array operations each.

Pillow draws lines without smoothing, and a picture drawn twice as large costs a second on the board.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.look import Colour

Pixels = npt.NDArray[np.uint8]
Real = npt.NDArray[np.float64]


def blend(pixels: Pixels, cover: npt.NDArray[np.float32], colour: Colour) -> None:
    """``p += cover * (colour - p)`` for a part of an image ``(H, W, 3)`` and a cover ``(H, W)`` from 0 to 1."""
    for channel, level in enumerate(colour):
        part = pixels[..., channel]
        part[:] = part + cover * (level - part.astype(np.float32))


def curve(pixels: Pixels, heights: Real, colour: Colour, thickness: float = 2.0, fill: float = 0.0) -> None:
    """A curve from left to right, one height a column, drawn into a part of an image.

    Parameters
    ----------
    pixels : uint8 array (H, W, 3)
        Changed in place.
    heights : float array (W,)
        Row of the curve's middle, 0 at the upper edge; outside 0..H it is cut off.
    colour : three levels
    thickness : float
        In pixels.
    fill : float
        How much of the colour covers the area below, 0 to 1.
    """
    rows = len(pixels)
    middle = (heights[1:] + heights[:-1]) / 2
    before, after = np.concatenate([heights[:1], middle]), np.concatenate([middle, heights[-1:]])
    top = np.minimum(heights, np.minimum(before, after)) - thickness / 2
    bottom = np.maximum(heights, np.maximum(before, after)) + thickness / 2
    first, last = int(np.clip(np.floor(top.min()), 0, rows)), rows
    if not fill:
        last = int(np.clip(np.ceil(bottom.max()) + 1, 0, rows))
    if first >= last:
        return
    row = np.arange(first, last, dtype=np.float32)[:, None]
    upper, lower = (limit.astype(np.float32)[None, :] for limit in (top, bottom))
    cover = np.clip(np.minimum(row + 1, lower) - np.maximum(row, upper), 0, 1)
    if fill:
        np.maximum(cover, fill * np.clip(row + 1 - upper, 0, 1), out=cover)
    blend(pixels[first:last], cover, colour)


def cloud(pixels: Pixels, columns: Real, rows: Real, colour: Colour, strength: float = 0.5) -> None:
    """Points into a part of an image, darker where many fall: each covers a pixel and its right and lower neighbours.

    Parameters
    ----------
    pixels : uint8 array (H, W, 3)
        Changed in place.
    columns, rows : float arrays (N,)
        Where the points lie, in pixels from the upper left; those outside are not drawn.
    colour : three levels
    strength : float
        Cover of a single point, 0 to 1.
    """
    height, width = pixels.shape[:2]
    x, y = columns.astype(np.int64), rows.astype(np.int64)
    inside = (columns >= 0) & (x < width - 1) & (rows >= 0) & (y < height - 1)
    place = y[inside] * width + x[inside]
    count = np.bincount(place, minlength=height * width).reshape(height, width)
    count[:, 1:] += count[:, :-1]
    count[1:] += count[:-1]
    cover = (1 - (1 - strength) ** np.minimum(count, 8)).astype(np.float32)
    blend(pixels, cover, colour)

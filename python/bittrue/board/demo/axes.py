"""A rectangle of a frame with two scales: where values lie in it, and its grid, ticks and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from bittrue.board.demo.brush import Pixels
from bittrue.board.demo.look import DIM, LINE, TEXT, font

Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Axes:
    """Plot area ``left, top, right, bottom`` in pixels of the frame, and the values at its edges."""

    box: tuple[int, int, int, int]
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    @property
    def width(self) -> int:
        """In pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """In pixels."""
        return self.box[3] - self.box[1]

    def columns(self, x: npt.ArrayLike) -> Real:
        """Pixels from the left edge."""
        low, high = self.x_range
        return (np.asarray(x, dtype=np.float64) - low) * (self.width / (high - low))

    def rows(self, y: npt.ArrayLike) -> Real:
        """Pixels from the upper edge."""
        low, high = self.y_range
        return (high - np.asarray(y, dtype=np.float64)) * (self.height / (high - low))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the frame."""
        return self.box[0] + float(self.columns(x)), self.box[1] + float(self.rows(y))

    def values(self) -> Real:
        """The value of ``x`` in the middle of every column: ``(width,)``."""
        low, high = self.x_range
        return np.asarray(low + (np.arange(self.width) + 0.5) * ((high - low) / self.width), dtype=np.float64)

    def part(self, pixels: Pixels) -> Pixels:
        """The plot area of an image ``(720, 1280, 3)``, as a view."""
        left, top, right, bottom = self.box
        return pixels[top:bottom, left:right]

    def draw(
        self, image: Image.Image, x_ticks: Sequence[float], y_ticks: Sequence[float], x_label: str, y_label: str
    ) -> None:
        """Grid, frame, ticks and labels; the label of ``y`` stands upright on the left."""
        pen = ImageDraw.Draw(image)
        left, top, right, bottom = self.box
        for value in x_ticks:
            x, _ = self.at(value, self.y_range[0])
            pen.line([(x, top), (x, bottom)], fill=LINE)
            pen.text((x, bottom + 6), f"{value:g}", fill=DIM, font=font(14), anchor="mt")
        for value in y_ticks:
            _, y = self.at(self.x_range[0], value)
            pen.line([(left, y), (right, y)], fill=LINE)
            pen.text((left - 8, y), f"{value:g}", fill=DIM, font=font(14), anchor="rm")
        pen.rectangle([left, top, right, bottom], outline=DIM)
        pen.text(((left + right) / 2, bottom + 26), x_label, fill=TEXT, font=font(15), anchor="mt")
        upright = Image.new("L", (bottom - top, 22), 0)
        ImageDraw.Draw(upright).text(((bottom - top) / 2, 11), y_label, fill=255, font=font(15), anchor="mm")
        image.paste(TEXT, (left - 62, top), upright.rotate(90, expand=True))

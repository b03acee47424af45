"""A frame of the demo of heartbeats: strip chart, confusion so far, latency, comparison with the reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from bittrue.board.demo import brush, sheet
from bittrue.board.demo.axes import Axes
from bittrue.board.demo.heartbeats.bundle import Heartbeats
from bittrue.board.demo.heartbeats.streaming import State
from bittrue.board.demo.look import ABOUT, BAD, BAND, DIM, GOOD, LINE, TEXT, WITH, WITHOUT, Colour, font
from bittrue.board.demo.panels import Box
from bittrue.board.demo.view import Texts

STRIP: Box = (24, 92, 1256, 396)
CONFUSION: Box = (24, 412, 628, 654)
FIGURES: Box = (644, 412, 938, 654)
CODES: Box = (954, 412, 1256, 654)
SECONDS = 10.0
"""Of the record that the strip shows."""
COLOURS: tuple[Colour, ...] = (GOOD, WITH, BAD, BAND, DIM)
"""Of the classes in their order; later ones are grey. The letter says the class, the colour only helps."""


class Painter:
    """Draws frames; what is alike in all of them is drawn once.

    Parameters
    ----------
    data : Heartbeats
    texts : Texts
    latency : str
        What is said of the time that a beat takes, two lines.
    """

    def __init__(self, data: Heartbeats, texts: Texts, latency: Sequence[str]) -> None:
        self.data, self.texts, self.latency = data, texts, latency
        titles = {
            STRIP: f"Last {SECONDS:g} s of the record, microvolts",
            CONFUSION: "Beats so far: annotated (rows), the net's (columns)",
            FIGURES: "Latency",
            CODES: "Against the reference",
        }
        self._ground = sheet.ground(texts, data.title, titles)

    def paint(self, state: State) -> Image.Image:
        """The frame of a state, RGB; its ``info`` has the fixed texts, too."""
        image = self._strip(self._ground.copy(), state)
        pen = ImageDraw.Draw(image)
        self._confusion(pen, state)
        self._latency(pen, state)
        self._codes(pen, state)
        image.info[ABOUT] = sheet.about(self.texts, self.data.title)
        return image

    def _strip(self, image: Image.Image, state: State) -> Image.Image:
        """The record up to a second behind the batch's last beat, and the class of every beat in it."""
        data, (left, top, right, bottom) = self.data, STRIP
        span = int(SECONDS * data.rate)
        end = min(len(data.signal), max(span, int(data.positions[state.last - 1] + data.rate / 2)))
        start = max(0, end - span)
        part = data.signal[start:end].astype(np.float64)
        low, high = float(np.percentile(part, 0.2)), float(np.percentile(part, 99.8))
        margin = 0.15 * max(high - low, 100.0)
        seconds = start / data.rate, end / data.rate
        axes = Axes((left + 76, top + 70, right - 20, bottom - 48), seconds, (low - margin, high + margin))
        ticks = [float(s) for s in range(int(np.ceil(seconds[0])), int(seconds[1]) + 1)]
        step = 10.0 ** np.floor(np.log10(max(high - low, 100.0)))
        levels = np.arange(np.ceil((low - margin) / step), np.floor((high + margin) / step) + 1) * step
        axes.draw(image, ticks, [float(v) for v in levels], "seconds", "")
        pixels = np.array(image)
        at = np.clip((axes.values() * data.rate).astype(np.int64) - start, 0, len(part) - 1)
        brush.curve(axes.part(pixels), axes.rows(part[at]), TEXT)
        image = Image.fromarray(pixels)
        pen = ImageDraw.Draw(image)
        shown = np.flatnonzero((data.positions[: state.last] >= start) & (data.positions[: state.last] < end))
        for beat in shown.tolist():
            self._mark(pen, axes, beat, int(state.said[beat]))
        return image

    def _mark(self, pen: ImageDraw.ImageDraw, axes: Axes, beat: int, said: int) -> None:
        """The net's class above a beat; the annotated one beside it where that is another."""
        data = self.data
        x, label = axes.at(data.positions[beat] / data.rate, 0)[0], int(data.labels[beat])
        y = axes.box[1] - 16
        pen.line([(x, axes.box[1]), (x, axes.box[1] + 8)], fill=_colour(said), width=2)
        pen.text((x, y), data.classes[said], fill=_colour(said), font=font(18, bold=True), anchor="mm")
        if label not in (said, -1):
            half = pen.textlength(data.classes[said], font=font(18, bold=True)) / 2 + 2
            place, side = (x + half, "lm") if x < axes.box[2] - 40 else (x - half, "rm")
            pen.text((place, y), f"({data.classes[label]})", fill=WITHOUT, font=font(13), anchor=side)

    def _confusion(self, pen: ImageDraw.ImageDraw, state: State) -> None:
        left, top, right, bottom = CONFUSION
        names, count = self.data.classes, len(self.data.classes)
        width, height = (right - left - 90) / count, (bottom - top - 76) / count
        for k, name in enumerate(names):
            y = top + 66 + (k + 0.5) * height
            for place in ((left + 70 + (k + 0.5) * width, top + 52), (left + 42, y)):
                pen.text(place, name, fill=_colour(k), font=font(16, bold=True), anchor="mm")
            for j in range(count):
                beats, x = int(state.confusion[k, j]), left + 70 + j * width
                pen.rectangle([x + 2, y - height / 2 + 2, x + width - 2, y + height / 2 - 2], outline=LINE)
                fill = (TEXT if j == k else WITHOUT) if beats else DIM
                pen.text((x + width - 12, y), f"{beats:,}", fill=fill, font=font(16, bold=beats > 0), anchor="rm")

    def _latency(self, pen: ImageDraw.ImageDraw, state: State) -> None:
        x = FIGURES[0] + 16
        sheet.stated(pen, FIGURES, self.latency[0], tuple(self.latency[1:]))
        right, known = state.right
        share = f"{100 * right / known:.1f} %" if known else "unknown"
        pen.text((x, FIGURES[3] - 60), share, fill=TEXT, font=font(24, bold=True), anchor="lm")
        pen.text((x, FIGURES[3] - 24), f"of {known:,} beats as annotated", fill=DIM, font=font(14), anchor="lm")

    def _codes(self, pen: ImageDraw.ImageDraw, state: State) -> None:
        sheet.differing(pen, CODES, state.count, "codes")
        pen.text((CODES[0] + 16, CODES[3] - 60), f"{state.last:,}", fill=TEXT, font=font(24, bold=True), anchor="lm")
        pen.text(
            (CODES[0] + 16, CODES[3] - 24), f"of {len(self.data.codes):,} beats", fill=DIM, font=font(14), anchor="lm"
        )


def _colour(number: int) -> Colour:
    return COLOURS[number] if number < len(COLOURS) else DIM

"""A frame of the demo of radio maps: what the net sees, truth, map and error, figures so far, latency, comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from bittrue.board.demo import sheet
from bittrue.board.demo.look import ABOUT, BAND, DIM, GROUND, LINE, TEXT, WITH, WITHOUT, Colour, font
from bittrue.board.demo.panels import Box
from bittrue.board.demo.radio.bundle import SIGHT, RadioScenes, unfolded
from bittrue.board.demo.radio.streaming import WHITE, State
from bittrue.board.demo.view import Texts

SCENE, TRUTH, DRAWN, ERROR = ((24 + 312 * k, 92, 320 + 312 * k, 444) for k in range(4))
ERRORS: Box = (24, 460, 632, 654)
LATENCY: Box = (648, 460, 944, 654)
CODES: Box = (960, 460, 1256, 654)
PIXELS = 256
"""Of a side of a map in the frame."""
REACH = 10.0
"""dB either way that the colours of the error tell apart."""
BUILT: Colour = (104, 110, 120)
STREET: Colour = (28, 38, 56)
SEEN: Colour = (74, 92, 124)
SCALE: tuple[Colour, ...] = (GROUND, (38, 62, 128), (52, 132, 178), (96, 196, 148), (240, 228, 96))
"""Colours of grey levels from black to white, ever lighter."""
SIGNS: tuple[Colour, ...] = (WITH, STREET, WITHOUT)
"""Of an error: too little, none, too much power."""
Pixels = npt.NDArray[np.uint8]


class Painter:
    """Draws frames; what is alike in all of them is drawn once.

    Parameters
    ----------
    data : RadioScenes
    texts : Texts
    latency : sequence of str
        What is said of the time that a map takes: a figure, and lines about it.
    """

    def __init__(self, data: RadioScenes, texts: Texts, latency: Sequence[str]) -> None:
        self.data, self.texts, self.latency = data, texts, latency
        titles = {
            SCENE: "Buildings and transmitter",
            TRUTH: "Truth",
            DRAWN: "Map from the hardware",
            ERROR: "Error",
            ERRORS: "Error so far",
            LATENCY: "Latency",
            CODES: "Against the reference",
        }
        self._ground = sheet.ground(texts, data.title, titles)
        power = f"{data.black:.0f} dB", "received power", f"{data.white:.0f} dB"
        for box, colours, labels in (
            (TRUTH, SCALE, power),
            (DRAWN, SCALE, power),
            (ERROR, SIGNS, (f"-{REACH:g} dB", "too little, too much", f"+{REACH:g} dB")),
        ):
            _bar(self._ground, box, colours, labels)
        _legend(ImageDraw.Draw(self._ground))

    def paint(self, state: State) -> Image.Image:
        """The frame of a state, RGB; its ``info`` has the fixed texts, too."""
        image, data, k = self._ground.copy(), self.data, state.scene
        built, truth = data.built[k], data.truth[k]
        seen = unfolded(data.codes[k, SIGHT]) > 0
        scene = np.where(seen[..., None], SEEN, STREET).astype(np.uint8)
        power = coloured(np.stack([truth, state.drawn]) / WHITE, SCALE)
        decibels = (state.drawn - truth) * (data.white - data.black) / WHITE
        error = coloured(0.5 + decibels / (2 * REACH), SIGNS)
        error[state.wrong] = BAND
        for box, pixels in ((SCENE, scene), (TRUTH, power[0]), (DRAWN, power[1]), (ERROR, error)):
            hidden = built & ~state.wrong if box == ERROR else built
            pixels[hidden] = BUILT
            image.paste(enlarged(pixels), (box[0] + 20, box[1] + 42))
        pen = ImageDraw.Draw(image)
        for box in (SCENE, TRUTH, DRAWN, ERROR):
            self._transmitter(pen, box, k)
        self._errors(pen, state)
        sheet.stated(pen, LATENCY, self.latency[0], tuple(self.latency[1:]))
        sheet.differing(pen, CODES, state.count, "codes")
        x = CODES[0] + 16
        pen.text((x, CODES[3] - 48), f"{len(state.all)}", fill=TEXT, font=font(24, bold=True), anchor="lm")
        pen.text((x, CODES[3] - 22), f"of {len(data.codes)} maps", fill=DIM, font=font(14), anchor="lm")
        image.info[ABOUT] = sheet.about(self.texts, data.title)
        return image

    def _transmitter(self, pen: ImageDraw.ImageDraw, box: Box, scene: int) -> None:
        """A ring around the transmitter's pixel; in the first panel also its city's number."""
        row, column = ((self.data.places[scene] + 0.5) * (PIXELS / self.data.side)).tolist()
        x, y = box[0] + 20 + column, box[1] + 42 + row
        pen.ellipse([x - 7, y - 7, x + 7, y + 7], outline=GROUND, width=5)
        pen.ellipse([x - 6, y - 6, x + 6, y + 6], outline=WITHOUT, width=2)
        if box == SCENE:
            city, number = self.data.numbers[scene].tolist()
            text = f"city {city}, transmitter {number}"
            pen.text((box[0] + 20, box[3] - 18), text, fill=DIM, font=font(13), anchor="lm")

    def _errors(self, pen: ImageDraw.ImageDraw, state: State) -> None:
        """This map's figures and the means on the left, a bar of NMSE a map on the right."""
        left, top, right, bottom = ERRORS
        columns, mean = (left + 190, left + 290), state.mean
        count = len(state.all)
        for x, text in zip(columns, ("this map", f"mean of {count}"), strict=True):
            pen.text((x, top + 50), text, fill=DIM, font=font(14), anchor="rm")
        for k, (name, own, over) in enumerate(
            (
                ("NMSE", f"{state.errors.nmse:.4f}", f"{mean.nmse:.4f}"),
                ("RMSE", f"{state.errors.rmse:.4f}", f"{mean.rmse:.4f}"),
                ("streets, dB", f"{state.errors.street:.1f}", f"{mean.street:.1f}"),
            )
        ):
            y = top + 84 + 36 * k
            pen.text((left + 16, y), name, fill=DIM, font=font(14), anchor="lm")
            for x, text in zip(columns, (own, over), strict=True):
                pen.text((x, y), text, fill=TEXT, font=font(18, bold=True), anchor="rm")
        highest = max((one.nmse for one in state.all), default=0.0) or 1.0
        x0, x1, y0, y1 = left + 330, right - 16, top + 50, bottom - 32
        pen.line([(x0, y1), (x1, y1)], fill=LINE)
        pen.text((x0, bottom - 16), "NMSE of each map", fill=DIM, font=font(13), anchor="lm")
        pen.text((x1, y0 - 14), f"{highest:.4f}", fill=DIM, font=font(13), anchor="rm")
        width = (x1 - x0) / len(self.data.codes)
        for k, one in enumerate(state.all):
            height = (y1 - y0) * one.nmse / highest
            colour = TEXT if k == state.scene else WITH
            pen.rectangle([x0 + k * width, y1 - height, x0 + (k + 0.7) * width, y1], fill=colour)


def coloured(shares: npt.NDArray[np.float64], colours: Sequence[Colour]) -> Pixels:
    """Colours ``(..., 3)`` of shares from 0 to 1 of the way along ``colours``, which lie evenly."""
    steps = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(shares, steps, part) for part in zip(*colours, strict=True)], -1).astype(np.uint8)


def enlarged(pixels: Pixels) -> Image.Image:
    """A picture ``(side, side, 3)`` as `PIXELS` a side, each of its pixels a square."""
    nearest = np.arange(PIXELS) * len(pixels) // PIXELS
    return Image.fromarray(pixels[nearest][:, nearest])


def _bar(image: Image.Image, box: Box, colours: Sequence[Colour], labels: Sequence[str]) -> None:
    """The colours under a map, and what they stand for."""
    left, y = box[0] + 20, box[1] + 308
    strip = coloured(np.tile(np.linspace(0, 1, PIXELS), (10, 1)), colours)
    image.paste(Image.fromarray(strip), (left, y))
    pen = ImageDraw.Draw(image)
    for x, text, anchor in zip((left, left + PIXELS // 2, left + PIXELS), labels, ("lm", "mm", "rm"), strict=True):
        pen.text((x, y + 26), text, fill=DIM, font=font(13), anchor=anchor)


def _legend(pen: ImageDraw.ImageDraw) -> None:
    """What the colours of the first panel are."""
    x, y = SCENE[0] + 20.0, SCENE[1] + 312
    for text, colour in (("built", BUILT), ("in its sight", SEEN)):
        pen.rectangle([x, y - 6, x + 12, y + 6], fill=colour, outline=LINE)
        pen.text((x + 18, y), text, fill=TEXT, font=font(13), anchor="lm")
        x += 18 + pen.textlength(text, font=font(13)) + 18
    pen.ellipse([x, y - 6, x + 12, y + 6], outline=WITHOUT, width=2)
    pen.text((x + 18, y), "transmitter", fill=TEXT, font=font(13), anchor="lm")

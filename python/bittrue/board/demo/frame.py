"""A frame: 1280x720 pixels of header, plots, figures and notes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bittrue.board.demo import cards
from bittrue.board.demo.look import ABOUT, BAD, DIM, GROUND, PANEL, SIZE, TEXT, WITH, WITHOUT, Colour, font
from bittrue.board.demo.measuring import Channel
from bittrue.board.demo.panels import AmplitudePanel, SpectrumPanel
from bittrue.board.demo.view import Texts, View

TOP = 1.1
"""Largest amplitude of the AM/AM plot; a drive and the captured amplifier end at 1."""


class Painter:
    """Draws frames; what is alike in all of them is drawn once.

    Parameters
    ----------
    channel : Channel
    top : float
        Largest amplitude of the AM/AM plot.
    texts : Texts
    """

    def __init__(self, channel: Channel, top: float, texts: Texts) -> None:
        self.texts = texts
        self.spectrum, self.amplitude = SpectrumPanel(channel), AmplitudePanel(top)
        ground = Image.new("RGB", SIZE, GROUND)
        self.spectrum.ground(ground)
        self.amplitude.ground(ground)
        cards.ground(ground)
        self._fixed_texts(ImageDraw.Draw(ground))
        self._ground = np.array(ground)

    def paint(self, view: View) -> Image.Image:
        """The frame of a view, RGB; its ``info`` has the fixed texts, too."""
        pixels = self._ground.copy()
        self.spectrum.paint(pixels, view)
        self.amplitude.paint(pixels, view)
        image = Image.fromarray(pixels)
        self.spectrum.write(image, view)
        self.amplitude.write(image, view)
        cards.write(image, view)
        self._header(ImageDraw.Draw(image), view)
        image.info[ABOUT] = "\n".join((self.texts.title, self.texts.device, *self.texts.notes))
        return image

    def _fixed_texts(self, pen: ImageDraw.ImageDraw) -> None:
        pen.text((24, 14), self.texts.title, fill=TEXT, font=font(26, bold=True))
        for k, note in enumerate(self.texts.notes):
            pen.text((24, 662 + 18 * k), note, fill=DIM, font=font(13))

    def _header(self, pen: ImageDraw.ImageDraw, view: View) -> None:
        settings = view.settings
        x = SIZE[0] - 24.0
        drift = f"amplifier {settings.kelvin:+g} K" if settings.kelvin else "amplifier as captured"
        for text, colour in (
            (drift, WITHOUT if settings.kelvin else PANEL),
            (f"bank {settings.bank}", WITH if settings.dpd else PANEL),
            ("DPD on" if settings.dpd else "DPD off (bypass)", WITH if settings.dpd else BAD),
        ):
            x = _pill(pen, x, text, colour) - 10
        pen.text((24, 56), settings.caption, fill=WITH, font=font(18))
        pen.text((SIZE[0] - 24, 60), f"{view.signal}; {self.texts.device}", fill=DIM, font=font(14), anchor="rt")


def _pill(pen: ImageDraw.ImageDraw, right: float, text: str, colour: Colour) -> float:
    """A rounded label that ends at ``right``; returns where it begins."""
    left = right - pen.textlength(text, font=font(16, bold=True)) - 28
    pen.rounded_rectangle([left, 12, right, 44], radius=16, fill=colour)
    dark = sum(colour) > 300
    pen.text(((left + right) / 2, 28), text, fill=GROUND if dark else TEXT, font=font(16, bold=True), anchor="mm")
    return left

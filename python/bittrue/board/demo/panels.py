"""The two plots of a frame: spectra, and amplitude out over amplitude in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from bittrue.board.demo import brush
from bittrue.board.demo.axes import Axes
from bittrue.board.demo.look import BAND, PANEL, TEXT, WANTED, WITH, WITHOUT, Colour, font
from bittrue.board.demo.measuring import Channel, drawn_spectrum
from bittrue.board.demo.view import View

Box = tuple[int, int, int, int]

SPECTRUM_BOX: Box = (24, 92, 828, 520)
AMPLITUDE_BOX: Box = (844, 92, 1256, 520)
LOWEST, HIGHEST = -80, 10
"""Decibel relative to the signal's density in its channel."""

REACH = 2.25
"""Half the frequency range that is drawn, in half bandwidths."""


def panel(image: Image.Image, box: Box, title: str = "") -> None:
    """A plain rounded ground with a title."""
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle(box, radius=10, fill=PANEL)
    pen.text((box[0] + 16, box[1] + 12), title, fill=TEXT, font=font(16, bold=True))


class SpectrumPanel:
    """Power density over frequency; the adjacent channels are shaded.

    Parameters
    ----------
    channel : Channel
    """

    def __init__(self, channel: Channel) -> None:
        left, top, right, bottom = SPECTRUM_BOX
        edge = channel.bandwidth / 2e6
        self.channel = channel
        self.axes = Axes(
            (left + 76, top + 66, right - 20, bottom - 56), (-REACH * edge, REACH * edge), (LOWEST, HIGHEST)
        )

    def ground(self, image: Image.Image) -> None:
        """What is alike in all frames."""
        panel(image, SPECTRUM_BOX, "Spectrum at the amplifier's output")
        edge, width = self.channel.bandwidth / 2e6, self.channel.width / 1e6
        pen = ImageDraw.Draw(image)
        _, top, _, bottom = self.axes.box
        for low, high in ((-edge - width, -edge), (edge, edge + width)):
            x0, x1 = self.axes.at(low, 0)[0], self.axes.at(high, 0)[0]
            shade = tuple((3 * ground + tone) // 4 for ground, tone in zip(PANEL, BAND, strict=True))
            pen.rectangle([x0, top, x1, bottom], fill=shade)
            pen.text(((x0 + x1) / 2, top + 8), "adjacent", fill=TEXT, font=font(13), anchor="mt")
        step = nice_step(2 * REACH * edge)
        ticks = np.arange(-np.floor(REACH * edge / step), np.floor(REACH * edge / step) + 1) * step
        decibels = range(LOWEST, HIGHEST + 1, 10)
        self.axes.draw(
            image,
            [float(t) for t in ticks],
            decibels,
            "frequency from the carrier (MHz)",
            "power density (dB, signal at 0)",
        )

    def paint(self, pixels: brush.Pixels, view: View) -> None:
        """The curves, into the frame's pixels; 0 dB is the wanted signal's median density in its channel."""
        part, rate = self.axes.part(pixels), self.channel.sample_rate
        frequencies, wanted = drawn_spectrum(view.wanted, rate)
        zero = np.median(wanted[abs(frequencies) < self.channel.bandwidth / 2e6])
        curves = [(wanted, WANTED, 1.4, 0.0), (drawn_spectrum(view.before, rate)[1], WITHOUT, 2.0, 0.10)]
        if view.settings.dpd:
            curves.append((drawn_spectrum(view.after, rate)[1], WITH, 2.0, 0.22))
        for power, colour, thickness, fill in curves:
            heights = self.axes.rows(np.interp(self.axes.values(), frequencies, power - zero))
            brush.curve(part, heights, colour, thickness, fill)

    def write(self, image: Image.Image, view: View) -> None:
        """Legend, and the figures in the adjacent channels."""
        pen = ImageDraw.Draw(image)
        entries = [("wanted signal", WANTED), ("without predistortion", WITHOUT)]
        legend(pen, (SPECTRUM_BOX[0] + 16, SPECTRUM_BOX[1] + 46), [*entries, *_now(view)])
        edge, width = self.channel.bandwidth / 2e6, self.channel.width / 1e6
        rows = [(view.figures_before, WITHOUT)] + ([(view.figures_after, WITH)] if view.settings.dpd else [])
        for k, (figures, colour) in enumerate(rows):
            for side, value in ((-1, figures.aclr_left), (1, figures.aclr_right)):
                x, _ = self.axes.at(side * (edge + width / 2), 0)
                text = f"{value:.1f}"
                pen.text((x, self.axes.box[1] + 28 + 22 * k), text, fill=colour, font=font(18, bold=True), anchor="mt")


class AmplitudePanel:
    """Amplitude out over amplitude in, a point a sample: a straight line is what is wanted.

    Parameters
    ----------
    top : float
        Largest amplitude of either.
    """

    def __init__(self, top: float) -> None:
        left, upper, right, bottom = AMPLITUDE_BOX
        self.axes = Axes((left + 72, upper + 66, right - 20, bottom - 56), (0, top), (0, top))

    def ground(self, image: Image.Image) -> None:
        """What is alike in all frames."""
        panel(image, AMPLITUDE_BOX, "AM/AM")
        step = nice_step(self.axes.x_range[1])
        ticks = [float(t) for t in np.arange(0, self.axes.x_range[1], step)]
        self.axes.draw(image, ticks, ticks, "amplitude in", "amplitude out")

    def paint(self, pixels: brush.Pixels, view: View) -> None:
        """The points and the wanted line, into the frame's pixels."""
        part = self.axes.part(pixels)
        x = self.axes.columns(abs(view.wanted))
        brush.cloud(part, x, self.axes.rows(abs(view.before)), WITHOUT, 0.3)
        gain = abs(np.vdot(view.wanted, view.after)) / np.vdot(view.wanted, view.wanted).real
        brush.curve(part, self.axes.rows(gain * self.axes.values()), WANTED, 1.4)
        if view.settings.dpd:
            brush.cloud(part, x, self.axes.rows(abs(view.after)), WITH, 0.5)

    def write(self, image: Image.Image, view: View) -> None:
        """The legend."""
        pen = ImageDraw.Draw(image)
        where = AMPLITUDE_BOX[0] + 16, AMPLITUDE_BOX[1] + 46
        legend(pen, where, [("linear", WANTED), ("without", WITHOUT), *_now(view, short=True)])


def legend(pen: ImageDraw.ImageDraw, where: tuple[float, float], entries: Sequence[tuple[str, Colour]]) -> None:
    """Swatches and names from left to right; ``where`` is the middle of the first swatch's left edge."""
    x, y = where
    for text, colour in entries:
        pen.rounded_rectangle([x, y - 3, x + 24, y + 3], radius=3, fill=colour)
        pen.text((x + 32, y), text, fill=TEXT, font=font(14), anchor="lm")
        x += 32 + pen.textlength(text, font=font(14)) + 26


def nice_step(span: float) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten that cuts a span into at most ten parts."""
    for exponent in range(-6, 13):
        for digit in (1, 2, 5):
            if span / (digit * 10.0**exponent) <= 10:
                return float(digit * 10.0**exponent)
    return span


def _now(view: View, short: bool = False) -> list[tuple[str, Colour]]:
    if not view.settings.dpd:
        return []
    return [("with" if short else f"with predistortion, bank {view.settings.bank}", WITH)]

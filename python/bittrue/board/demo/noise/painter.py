"""A frame of the demo of a noise source: spectrum, histogram, waveform, settings, comparison with the reference."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bittrue.board.demo import brush, sheet
from bittrue.board.demo.axes import Axes
from bittrue.board.demo.look import ABOUT, DIM, LINE, TEXT, WANTED, WITH, WITHOUT, font
from bittrue.board.demo.noise.bundle import Noise
from bittrue.board.demo.noise.streaming import GAINS, UNIT, State, density
from bittrue.board.demo.panels import Box, legend
from bittrue.board.demo.view import Texts

SPECTRUM: Box = (24, 92, 828, 490)
HISTOGRAM: Box = (844, 92, 1256, 490)
WAVE: Box = (24, 506, 628, 654)
DIALS: Box = (644, 506, 938, 654)
CODES: Box = (954, 506, 1256, 654)
SEGMENT = 1024
"""Samples of a segment of the spectrum."""
DECIBELS = 24.0
"""Above and below the mean density of the unit-gain signal that the spectrum shows, at least."""
REACH = 5.0
"""Of the histogram, in standard deviations of the unit-gain signal."""
BINS, DRAWN = 64, 512
"""Of the histogram; samples of the waveform."""


class Painter:
    """Draws frames; what is alike in all of them is drawn once.

    Parameters
    ----------
    data : Noise
    texts : Texts
    rate : str
        What is said of the sample rate.
    """

    def __init__(self, data: Noise, texts: Texts, rate: str) -> None:
        self.data, self.texts, self.rate = data, texts, rate
        plain = self._values(data.expected)
        self.sigma = float(plain.std()) or 1.0
        self.references = [density(row, SEGMENT) for row in plain]
        titles = {
            SPECTRUM: "Spectrum",
            HISTOGRAM: "Histogram",
            WAVE: f"Last {DRAWN} samples",
            DIALS: "",
            CODES: "Against the reference",
        }
        self._ground = sheet.ground(texts, f"net {data.net}, seed {data.seed}", titles)
        self._plots(self._ground)

    def paint(self, state: State) -> Image.Image:
        """The frame of a state, RGB; its ``info`` has the fixed texts, too."""
        pixels = np.array(self._ground)
        samples = self._values(state.together)
        self._spectrum(pixels, state, samples)
        self._histogram(pixels, samples)
        self._wave(pixels, self._values(state.codes))
        image = Image.fromarray(pixels)
        pen = ImageDraw.Draw(image)
        self._legends(pen, len(samples), float(samples.std()))
        self._dials(pen, state)
        sheet.differing(pen, CODES, state.count, "samples")
        image.info[ABOUT] = sheet.about(self.texts, self.data.net)
        return image

    def _values(self, codes: np.ndarray) -> np.ndarray:
        return np.asarray(np.ldexp(codes.astype(np.float64), -self.data.frac))

    def _plots(self, ground: Image.Image) -> None:
        """Axes, grids and labels."""
        left, top, right, bottom = SPECTRUM
        low, high = np.log10(1 / SEGMENT), np.log10(0.5)
        every = np.concatenate([power for _, power in self.references])
        middle = 10 * np.log10(self.sigma**2)
        floor, ceiling = min(middle - DECIBELS, float(every.min())), max(middle + DECIBELS, float(every.max()))
        self.spectrum = Axes((left + 76, top + 66, right - 20, bottom - 56), (low, high), (floor - 4, ceiling + 20))
        levels = [float(v) for v in np.arange(np.ceil((floor - 4) / 10), np.floor((ceiling + 20) / 10) + 1) * 10]
        self.spectrum.draw(ground, [], levels, "frequency (cycles a sample)", "power density (dB)")
        pen = ImageDraw.Draw(ground)
        for tick in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5):
            x = self.spectrum.at(np.log10(tick), 0)[0]
            pen.line([(x, self.spectrum.box[1]), (x, self.spectrum.box[3])], fill=LINE)
            pen.text((x, self.spectrum.box[3] + 6), f"{tick:g}", fill=DIM, font=font(14), anchor="mt")
        left, top, right, bottom = HISTOGRAM
        self.histogram = Axes((left + 30, top + 66, right - 20, bottom - 56), (-REACH, REACH), (0, 1.0))
        ticks = [float(v) for v in range(-4, 5, 2)]
        self.histogram.draw(ground, ticks, [], "value (standard deviations at gain 1)", "")
        left, top, right, bottom = WAVE
        self.wave = Axes((left + 16, top + 36, right - 16, bottom - 12), (0, DRAWN), (-REACH, REACH))
        y = self.wave.at(0, 0)[1]
        pen.line([(self.wave.box[0], y), (self.wave.box[2], y)], fill=LINE)

    def _spectrum(self, pixels: brush.Pixels, state: State, samples: np.ndarray) -> None:
        """The reference of this setting on average over all its samples, and the hardware's samples so far."""
        part, places = self.spectrum.part(pixels), self.spectrum.values()
        gain = 20 * np.log10(GAINS[state.dials.gain] / GAINS[UNIT])
        reference = self.references[state.dials.value]
        now = density(samples, SEGMENT)
        for (frequencies, power), colour, thickness, fill in (
            (now, WITH, 2.0, 0.18),
            ((reference[0], reference[1] + gain), WANTED, 1.3, 0.0),
        ):
            heights = self.spectrum.rows(np.interp(places, np.log10(frequencies), power))
            brush.curve(part, heights, colour, thickness, fill)

    def _histogram(self, pixels: brush.Pixels, samples: np.ndarray) -> None:
        """Counts in bars; the normal distribution of the same mean and standard deviation as a line."""
        part = self.histogram.part(pixels)
        counts, edges = np.histogram(samples / self.sigma, BINS, (-REACH, REACH))
        width = edges[1] - edges[0]
        heights = counts / (max(1, len(samples)) * width)
        top = max(float(heights.max()) * 1.15, 0.1)
        at = np.clip(((self.histogram.values() + REACH) / width).astype(np.int64), 0, BINS - 1)
        brush.curve(part, self.histogram.rows(heights[at] / top), WITH, 1.2, 0.35)
        spread = float(samples.std()) / self.sigma
        if spread:
            away = (self.histogram.values() - float(samples.mean()) / self.sigma) / spread
            normal = np.exp(-(away**2) / 2) / (spread * np.sqrt(2 * np.pi))
            brush.curve(part, self.histogram.rows(np.minimum(normal / top, 1.0)), WANTED, 1.3)

    def _wave(self, pixels: brush.Pixels, samples: np.ndarray) -> None:
        part, last = self.wave.part(pixels), samples[-DRAWN:] / self.sigma
        heights = self.wave.rows(np.interp(self.wave.values(), np.arange(len(last)) + 0.5, last))
        brush.curve(part, np.clip(heights, 0, self.wave.height), TEXT, 1.2)

    def _legends(self, pen: ImageDraw.ImageDraw, count: int, spread: float) -> None:
        x, y = SPECTRUM[0] + 120.0, SPECTRUM[1] + 22.0
        legend(
            pen, (x, y), [(f"hardware, last {count:,} samples", WITH), ("reference, average of this setting", WANTED)]
        )
        legend(pen, (HISTOGRAM[0] + 120, HISTOGRAM[1] + 22), [("hardware", WITH), ("normal", WANTED)])
        text = f"standard deviation {spread:.3g}"
        pen.text((HISTOGRAM[2] - 24, HISTOGRAM[1] + 50), text, fill=DIM, font=font(13), anchor="rm")

    def _dials(self, pen: ImageDraw.ImageDraw, state: State) -> None:
        data, x, y = self.data, DIALS[0] + 16, DIALS[1] + 34
        gain = GAINS[state.dials.gain] / 4096
        turned = state.dials.gain != UNIT
        what = f"{data.parameter} = {data.values[state.dials.value]:.3g}" if data.parameter else "no parameter"
        pen.text((x, y), what, fill=TEXT, font=font(30, bold=True), anchor="lm")
        text = f"gain {gain:.4g}"
        pen.text((x, y + 40), text, fill=WITHOUT if turned else TEXT, font=font(20, bold=True), anchor="lm")
        pen.text((x, DIALS[3] - 42), self.rate, fill=DIM, font=font(14), anchor="lm")
        pen.text((x, DIALS[3] - 20), "the settings are registers", fill=DIM, font=font(14), anchor="lm")

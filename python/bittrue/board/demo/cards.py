"""The row of figures below the plots: ACLR, EVM, how the ACLR went, and the comparison with the reference."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from bittrue.board.demo.look import BAD, DIM, GOOD, LINE, TEXT, WITH, WITHOUT, font
from bittrue.board.demo.panels import Box, panel
from bittrue.board.demo.view import View

TOP, BOTTOM = 536, 654
BOXES: tuple[Box, ...] = (
    (24, TOP, 318, BOTTOM),
    (334, TOP, 628, BOTTOM),
    (644, TOP, 938, BOTTOM),
    (954, TOP, 1256, BOTTOM),
)
TITLES = (
    "Leakage beside the channel (ACLR)",
    "Error vector (EVM)",
    "ACLR, frame by frame (dBc)",
    "Against the reference",
)
SHOWN = 40
"""Frames of history that are drawn."""

WORST, BEST = -20.0, -60.0
"""Range of the history in dBc."""


def ground(image: Image.Image) -> None:
    """What is alike in all frames."""
    for box in BOXES:
        panel(image, box)
    for box, title in zip(BOXES, TITLES, strict=True):
        ImageDraw.Draw(image).text((box[0] + 16, box[1] + 12), title, fill=DIM, font=font(14))


def write(image: Image.Image, view: View) -> None:
    """The figures of a frame."""
    pen = ImageDraw.Draw(image)
    before, after = view.figures_before, view.figures_after
    sides = f"left {after.aclr_left:.1f}, right {after.aclr_right:.1f} dBc"
    _change(pen, BOXES[0], before.aclr, after.aclr, view.settings.dpd, "dBc", sides)
    size = f"{percent(before.evm):.1f} %" + (f"  to  {percent(after.evm):.2f} %" if view.settings.dpd else "")
    _change(pen, BOXES[1], before.evm, after.evm, view.settings.dpd, "dB", size)
    _history(pen, BOXES[2], view)
    _verdict(pen, BOXES[3], view)


def percent(decibel: float) -> float:
    """``100 * 10^(dB / 20)``."""
    return float(100 * 10 ** (decibel / 20))


def _change(pen: ImageDraw.ImageDraw, box: Box, before: float, after: float, dpd: bool, unit: str, remark: str) -> None:
    """A figure without predistortion, an arrow, and the figure with it."""
    x, y = box[0] + 16.0, box[1] + 60.0
    pen.text((x, y), f"{before:.1f}", fill=WITHOUT, font=font(30, bold=True), anchor="lm")
    x += pen.textlength(f"{before:.1f}", font=font(30, bold=True)) + 10
    if dpd:
        pen.line([(x, y), (x + 16, y)], fill=TEXT, width=3)
        pen.polygon([(x + 14, y - 7), (x + 25, y), (x + 14, y + 7)], fill=TEXT)
        x += 34
        pen.text((x, y), f"{after:.1f}", fill=WITH, font=font(30, bold=True), anchor="lm")
        x += pen.textlength(f"{after:.1f}", font=font(30, bold=True)) + 8
    pen.text((x, y + 5), unit, fill=TEXT, font=font(15), anchor="lm")
    pen.text((box[0] + 16, box[3] - 22), remark, fill=DIM, font=font(14), anchor="lm")


def _history(pen: ImageDraw.ImageDraw, box: Box, view: View) -> None:
    left, top, right, bottom = box[0] + 44, box[1] + 38, box[2] - 16, box[3] - 14
    for value in (-20, -40, -60):
        y = top + (bottom - top) * (WORST - value) / (WORST - BEST)
        pen.line([(left, y), (right, y)], fill=LINE)
        pen.text((left - 6, y), f"{value}", fill=DIM, font=font(12), anchor="rm")
    shown = view.history[-SHOWN:]
    step = (right - left) / max(len(shown), 12)
    for k in (0, 1):
        levels = [float(np.clip(pair[k], BEST, WORST)) for pair in shown]
        points: list[tuple[float, float]] = []
        for n, level in enumerate([*levels, math.nan]):
            if not math.isnan(level):
                y = top + (bottom - top) * (WORST - level) / (WORST - BEST)
                points += [(left + n * step, y), (left + (n + 1) * step, y)]
            elif points:
                pen.line(points, fill=(WITHOUT, WITH)[k], width=3)
                points = []


def _verdict(pen: ImageDraw.ImageDraw, box: Box, view: View) -> None:
    count = view.count
    x, y = box[0] + 16.0, box[1] + 60.0
    text = f"{count.different:,}"
    pen.text((x, y), text, fill=BAD if count.different else GOOD, font=font(30, bold=True), anchor="lm")
    x += pen.textlength(text, font=font(30, bold=True)) + 10
    pen.text((x, y + 4), "codes differ", fill=TEXT, font=font(16), anchor="lm")
    pen.text((box[0] + 16, box[3] - 22), f"of {count.codes:,} compared", fill=DIM, font=font(14), anchor="lm")

"""What frames of several demos have in common: title, notes and panels, and how many codes differ."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image, ImageDraw

from bittrue.board.demo.look import BAD, DIM, GOOD, GROUND, SIZE, TEXT, WITH, font
from bittrue.board.demo.panels import Box, panel
from bittrue.board.demo.view import Count, Texts


def ground(texts: Texts, caption: str, boxes: Mapping[Box, str]) -> Image.Image:
    """A frame with title, caption, device, notes and empty panels with their titles."""
    image = Image.new("RGB", SIZE, GROUND)
    for box, title in boxes.items():
        panel(image, box, title)
    pen = ImageDraw.Draw(image)
    pen.text((24, 14), texts.title, fill=TEXT, font=font(26, bold=True))
    pen.text((24, 56), caption, fill=WITH, font=font(18))
    pen.text((SIZE[0] - 24, 60), texts.device, fill=DIM, font=font(14), anchor="rt")
    for k, note in enumerate(texts.notes):
        pen.text((24, 662 + 18 * k), note, fill=DIM, font=font(13))
    return image


def about(texts: Texts, caption: str) -> str:
    """What the picture's text says."""
    return "\n".join((texts.title, caption, texts.device, *texts.notes))


def differing(pen: ImageDraw.ImageDraw, box: Box, count: Count, what: str) -> None:
    """How many of ``what`` differ, of how many, into a panel; green where none does."""
    x, y, text = box[0] + 16.0, box[1] + 63.0, f"{count.different:,}"
    pen.text((x, y), text, fill=BAD if count.different else GOOD, font=font(30, bold=True), anchor="lm")
    right = x + pen.textlength(text, font=font(30, bold=True)) + 10
    pen.text((right, y + 4), f"{what} differ", fill=TEXT, font=font(16), anchor="lm")
    pen.text((x, y + 40), f"of {count.codes:,} compared", fill=DIM, font=font(14), anchor="lm")


def stated(pen: ImageDraw.ImageDraw, box: Box, value: str, lines: tuple[str, ...]) -> None:
    """A figure in large letters and what it is, into the upper part of a panel."""
    x, y = box[0] + 16, box[1] + 64
    pen.text((x, y), value, fill=TEXT, font=font(30, bold=True), anchor="lm")
    for k, text in enumerate(lines):
        pen.text((x, y + 40 + 22 * k), text, fill=DIM, font=font(14), anchor="lm")

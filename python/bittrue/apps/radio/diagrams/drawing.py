"""A sheet of 1920 x 1080 pixels with boxes and arrows; its coordinates are tens of pixels, 0, 0 at the lower left."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from bittrue.kit.figures import INK, PALETTE, RED, TEAL

WIDTH, HEIGHT = 192.0, 108.0
DPI = 100
FILLS = {
    "data": "#eef1f4",
    "net": "#e3f1f3",
    "latent": "#f0e8f6",
    "loss": "#fbe9eb",
    "step": "#e8f3ec",
    "note": "#ffffff",
}
"""Colours of what a box is."""
EDGES = {"data": INK, "net": TEAL, "latent": PALETTE[1], "loss": RED, "step": PALETTE[2], "note": "#bbbbbb"}
Spot = tuple[float, float]


class Sheet:
    """One picture with its title and where its numbers come from."""

    def __init__(self, title: str, source: str) -> None:
        self.figure = Figure(figsize=(WIDTH / 10, HEIGHT / 10), dpi=DPI)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, WIDTH)
        self.axes.set_ylim(0, HEIGHT)
        self.axes.axis("off")
        self.axes.text(4, 102.5, title, fontsize=25, color="#222222", va="center", fontweight="bold")
        self.axes.text(WIDTH - 4, 2.6, source, fontsize=11, color="#777777", va="center", ha="right")

    def box(
        self, x: float, y: float, width: float, height: float, text: str, kind: str = "net", size: float = 13
    ) -> tuple[float, float, float, float]:
        """A box with its lower left corner at x, y; the text's first line stands out."""
        patch = FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=1.1",
            facecolor=FILLS[kind],
            edgecolor=EDGES[kind],
            linewidth=1.6,
        )
        self.axes.add_patch(patch)
        head, *lines = text.split("\n")
        gap = size * 0.19
        top = y + height / 2 + gap * len(lines) / 2
        style = {"ha": "center", "va": "center", "color": "#222222"}
        self.axes.text(x + width / 2, top, head, fontsize=size, fontweight="bold", **style)  # type: ignore[arg-type]
        for k, line in enumerate(lines):
            self.axes.text(x + width / 2, top - gap * (k + 1), line, fontsize=size - 1.5, **style)  # type: ignore[arg-type]
        return x, y, width, height

    def arrow(
        self, start: Spot, end: Spot, label: str = "", colour: str = INK, bend: float = 0.0, above: float = 1.6
    ) -> None:
        """An arrow, bent by a share of its length, with a label in its middle."""
        style = f"arc3,rad={bend}"
        patch = FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=17, linewidth=1.6, color=colour, connectionstyle=style
        )
        self.axes.add_patch(patch)
        if label:
            x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
            self.axes.text(x, y + above, label, fontsize=11, color=colour, ha="center", va="center")

    def chain(self, boxes: Sequence[tuple[float, float, float, float]], colour: str = INK) -> None:
        """Arrows from each box to the next, which is to its right, or else below or above it."""
        for a, b in pairwise(boxes):
            if b[0] >= a[0] + a[2]:
                self.arrow((a[0] + a[2], a[1] + a[3] / 2), (b[0], b[1] + b[3] / 2), colour=colour)
            elif b[1] + b[3] <= a[1]:
                self.arrow((a[0] + a[2] / 2, a[1]), (b[0] + b[2] / 2, b[1] + b[3]), colour=colour)
            else:
                self.arrow((a[0] + a[2] / 2, a[1] + a[3]), (b[0] + b[2] / 2, b[1]), colour=colour)

    def words(self, x: float, y: float, lines: Sequence[str], size: float = 13, gap: float = 2.9) -> None:
        """Lines of text from the upper left."""
        for k, line in enumerate(lines):
            self.axes.text(x, y - k * gap, line, fontsize=size, color="#333333", va="center")

    def plot(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes for a curve or a picture, within the sheet."""
        return self.figure.add_axes((x / WIDTH, y / HEIGHT, width / WIDTH, height / HEIGHT))

    def png(self) -> bytes:
        """1920 x 1080 pixels."""
        stream = io.BytesIO()
        self.figure.savefig(stream, format="png", dpi=DPI)
        return stream.getvalue()

    def svg(self) -> bytes:
        """The same as a drawing, with text as text, the same bytes each time."""
        stream = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "bittrue", "svg.fonttype": "none"}):
            self.figure.savefig(stream, format="svg", metadata={"Date": None})
        return stream.getvalue()

"""Figures with one look, drawn without a display."""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, RED, TEAL = "#444444", "#d1495b", "#00798c"
"""What is given, what is wrong or missing, and what is ours."""

PALETTE = (TEAL, "#7b3fa0", "#2e8b57", "#c06014", "#3558a8", "#8a6d00")
"""Colours of things of one kind."""

GREYS = ("#8c8c8c", "#b8863b", "#5f6f7f")
"""Colours of what they are compared with."""

DPI = 110


def canvas(width: float, height: float) -> Figure:
    """An empty figure of so many inches, whose parts make room for each other."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def encoded(figure: Figure, dpi: int = DPI) -> bytes:
    """A figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()

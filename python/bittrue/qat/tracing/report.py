"""What quantisation lost: the error of the outputs against float, of all layers together and of each alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

HEAD = ("tensor", "layer", "format", "weights", "clamped", "SNR if it alone is quantised")


@dataclass(frozen=True)
class Row:
    """One tensor.

    Parameters
    ----------
    name, layer, format, weights : str
        Node, kind of layer, formats of its result and of its weights (empty without any).
    clamped : float
        Share of its values that lie at an end of the format.
    snr : float
        Of the outputs, in dB, where this layer is quantised and no other: the lower, the more it loses.
    """

    name: str
    layer: str
    format: str
    weights: str
    clamped: float
    snr: float


@dataclass(frozen=True)
class Report:
    """The error of a net's outputs on samples.

    Parameters
    ----------
    samples : int
    snr : float
        ``10 * log10(sum(y**2) / sum((y_net - y)**2))`` over all outputs, in dB, with the module's ``y``.
    worst : float
        Largest ``|y_net - y|``.
    agreement : float, optional
        Share of samples whose largest output is the same one, where the net has one output of several numbers.
    rows : tuple of Row
    """

    samples: int
    snr: float
    worst: float
    agreement: float | None
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        table = [
            HEAD,
            *((r.name, r.layer, r.format, r.weights, f"{r.clamped:.2%}", decibels(r.snr)) for r in self.rows),
        ]
        widths = [max(len(row[k]) for row in table) for k in range(len(HEAD))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        same = "" if self.agreement is None else f", the same largest output in {self.agreement:.2%}"
        total = f"all together: {decibels(self.snr)} on {self.samples:,} samples, largest error {self.worst:.4g}{same}"
        return "\n".join([*lines, total])


def decibels(ratio: float) -> str:
    """``12.3 dB``, or ``exact``."""
    return "exact" if math.isinf(ratio) and ratio > 0 else f"{ratio:.1f} dB"


def snr(power: float, noise: float) -> float:
    """``10 * log10(power / noise)``; infinite without noise."""
    if not noise:
        return math.inf
    return 10 * math.log10(power / noise) if power else -math.inf

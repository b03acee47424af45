"""Rows of a report of operands: a sum with its largest terms, an activation, a rounding."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.spec import Abs, LeakyReLU, ReLU, TensorType, Weighted
from bittrue.spec.activation import to_json

Rows = list[tuple[str, str]]
TERMS = 8
"""Terms of a sum that are shown, the largest first."""


def activated(layer: Weighted, given: TensorType, terms: Sequence[tuple[str, int, int]], bias: int) -> Rows:
    """Rows of a sum, of what the activation does to it, and of its rounding."""
    shift, activation = layer.shift(given.format), layer.activation
    rows, acc = sum_of(terms, bias)
    if acc < 0 and isinstance(activation, ReLU):
        rows.append(("activation", "relu clears a negative accumulator"))
    elif acc < 0 and isinstance(activation, LeakyReLU):
        rows.append(("activation", f"{to_json(activation)} shifts a negative accumulator by {activation.shift} more"))
        shift += activation.shift
    elif acc < 0 and isinstance(activation, Abs):
        rows.append(("activation", "abs turns the sign of the rounded and clamped word"))
    return [*rows, *rounding(acc, shift, str(layer.output))]


def sum_of(terms: Sequence[tuple[str, int, int]], bias: int) -> tuple[Rows, int]:
    """Rows of the largest terms, the bias and the sum; and the sum."""
    acc = bias + sum(a * b for _, a, b in terms)
    largest = sorted(terms, key=lambda term: -abs(term[1] * term[2]))
    rows = [(name, f"{a} * {b} = {a * b}") for name, a, b in largest[:TERMS]]
    if len(terms) > TERMS:
        rows.append((f"{len(terms) - TERMS} smaller terms", str(sum(a * b for _, a, b in largest[TERMS:]))))
    return [*rows, ("bias", str(bias)), ("accumulator", str(acc))], acc


def rounding(acc: int, shift: int, output: str = "") -> Rows:
    """Rows that show what the requantisation drops: the shift, and where the word lies between two others."""
    rows = [("shift", str(shift))]
    if shift > 0:
        low = acc & ((1 << shift) - 1)
        half = 1 << (shift - 1)
        place = "exactly half an LSB: rounds up" if low == half else "rounds up" if low > half else "rounds down"
        rows.append(("bits dropped", f"{low} of {1 << shift}, {place}"))
    return rows + ([("output format", output)] if output else [])

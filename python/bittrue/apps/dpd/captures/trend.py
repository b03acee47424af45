"""Trend of a sequence over time: it stays, goes along a line, jumps, or wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.metrics import Real

STEPS = 12
"""Jumps that are looked for."""

SURE = 20.0
"""What each part must explain, in variances of the rest over the values that are left to tell it by: 4.5 standard
deviations."""

DEGREES = (2, 3, 4, 5)
"""Of the polynomials that stand for something that wanders."""


@dataclass(frozen=True, eq=False)
class Trend:
    """``v ~ constant + slope t + steps + wandering``, whichever of them explain more than their number would by chance.

    Parameters
    ----------
    slope : float
        Per unit of ``t``.
    steps : tuple of (int, float)
        Index of the first value behind a jump, and its size.
    line, jumps, wander : float arrays, as ``v``
        The parts, each without its weighted mean.
    """

    slope: float
    steps: tuple[tuple[int, float], ...]
    line: Real
    jumps: Real
    wander: Real

    @property
    def fitted(self) -> Real:
        """All parts together."""
        return self.line + self.jumps + self.wander


def explain(t: Real, v: Real, weight: Real) -> Trend:
    """The `Trend` of values at ascending times, chosen among a constant, a line, jumps with and without a line, and
    polynomials by Bayes' information criterion ``n log(rest / n) + parameters log n``; a jump counts as three. A
    constant where the choice is not `SURE`.

    Source of the criterion: Schwarz, "Estimating the dimension of a model", Annals of Statistics 6 (2), 1978.
    """
    n = len(v)
    root = np.sqrt(weight / weight.mean())
    time = (t - t.mean()) / max(float(np.ptp(t)), 1e-300) * 2
    ones, ramp = np.ones(n), time
    found: list[tuple[float, list[Real], tuple[int, ...]]] = [(_criterion([ones], v, root, 1), [ones], ())]
    for base in ([ones], [ones, ramp]):
        if n > len(base) + 1:
            found.append((_criterion(base, v, root, len(base)), base, ()))
        found += _stepped(base, v, root)
    for degree in DEGREES:
        if n > 3 * (degree + 1):
            columns = [np.asarray(np.polynomial.chebyshev.chebval(time, np.eye(k + 1)[k])) for k in range(degree + 1)]
            found.append((_criterion(columns, v, root, degree + 1), columns, ()))
    _, columns, places = min(found, key=lambda entry: entry[0])
    plain, rest = (float(np.square(_rest(basis, v, root)[1]).sum()) for basis in ([ones], columns))
    left = n - len(columns) - 2 * len(places)
    if left * (plain - rest) < SURE * (len(columns) - 1) * rest:
        columns, places = [ones], ()
    return _parts(t, v, root, columns, places)


def _parts(t: Real, v: Real, root: Real, columns: list[Real], places: tuple[int, ...]) -> Trend:
    basis = np.stack(columns, 1)
    solved = np.linalg.lstsq(basis * root[:, None], v * root, rcond=None)[0]
    zero, weight = np.zeros(len(v)), root**2

    def centred(part: Real) -> Real:
        return np.asarray(part - np.average(part, weights=weight))

    smooth = len(columns) - len(places)
    sizes = solved[smooth:]
    jumps = basis[:, smooth:] @ sizes if places else zero
    curve = basis[:, :smooth] @ solved[:smooth]
    slope = _slope(t, curve, weight) if smooth > 1 else 0.0
    line = slope * t
    steps = tuple(sorted(zip(places, (float(size) for size in sizes), strict=True)))
    return Trend(slope, _merged(steps), centred(line), centred(jumps), centred(curve - line))


def _slope(t: Real, v: Real, weight: Real) -> float:
    centred = t - np.average(t, weights=weight)
    return float((weight * centred * v).sum() / (weight * centred**2).sum())


def _merged(steps: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    """Jumps of neighbouring values are one, in the middle of a block."""
    merged: list[tuple[int, float]] = []
    for place, size in steps:
        if merged and place - merged[-1][0] == 1:
            merged[-1] = (place, merged[-1][1] + size)
        else:
            merged.append((place, size))
    return tuple(merged)


def _rest(columns: list[Real], v: Real, root: Real) -> tuple[Real, Real]:
    """Orthonormal weighted columns, and what they leave of ``v``."""
    q = np.linalg.qr(np.stack(columns, 1) * root[:, None])[0]
    wanted = v * root
    return q, np.asarray(wanted - q @ (q.T @ wanted))


def _criterion(columns: list[Real], v: Real, root: Real, parameters: int) -> float:
    rest = float(np.square(_rest(columns, v, root)[1]).sum())
    n = len(v)
    return float(n * np.log(rest / n + 1e-14) + parameters * np.log(n))


def _stepped(base: list[Real], v: Real, root: Real) -> list[tuple[float, list[Real], tuple[int, ...]]]:
    """The base with one jump, two, ..., each where it explains most of what is left, as long as that is enough."""
    n = len(v)
    columns, places = list(base), list[int]()
    found: list[tuple[float, list[Real], tuple[int, ...]]] = []
    least = _criterion(base, v, root, len(base))
    while len(places) < STEPS and n > len(base) + 3 * (len(places) + 1):
        q, rest = _rest(columns, v, root)
        # A jump at k is the column that is 1 from k on: its products are sums from k to the end.
        size = _onwards(root**2) - np.square(_onwards(q * root[:, None])).sum(1)
        worth = np.where(size > 1e-9 * n, np.square(_onwards(rest * root)) / np.maximum(size, 1e-300), 0)
        place = 1 + int(worth[1:].argmax())
        places.append(place)
        columns = [*columns, (np.arange(n) >= place).astype(np.float64)]
        found.append((_criterion(columns, v, root, len(base) + 3 * len(places)), columns, tuple(places)))
        least = min(least, found[-1][0])
        if found[-1][0] > least and found[-2:][0][0] > least:
            break
    return found


def _onwards(values: Real) -> Real:
    """Sums from each place to the end, along the first axis."""
    return np.asarray(np.cumsum(values[::-1], 0)[::-1])

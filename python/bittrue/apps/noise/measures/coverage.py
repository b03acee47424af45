"""Density and coverage: whether generated signals lie where targets lie, and whether every target has one beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.kit.optional import needed

Real = npt.NDArray[np.float64]
NEIGHBOURS = 10
"""k: a target's ball reaches to the k-th nearest of the other targets."""
WINDOW = 32
"""Samples that dynamic time warping may shift."""
DRAWS = 1000
"""Bootstrap draws of an interval."""
Z = 1.959964
"""Standard deviations of the middle 95 % of a normal law."""


@dataclass(frozen=True)
class Coverage:
    """Density and coverage with the middle 95 % that they are uncertain by."""

    density: float
    density_95: tuple[float, float]
    coverage: float
    coverage_95: tuple[float, float]


def among(targets: npt.NDArray[Any], step: Callable[[int, int], None]) -> Real:
    """Distances of targets ``(N, L)`` to each other: float64 ``(N, N)``, see `between`."""
    distance, signals = _distance(targets), _scaled(targets)
    count = len(signals)
    found = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            found[i, j] = found[j, i] = distance(signals[i], signals[j], window=WINDOW)
        step(i * (i + 1) // 2, count * (count - 1) // 2)
    return found


def between(targets: npt.NDArray[Any], others: npt.NDArray[Any], step: Callable[[int, int], None]) -> Real:
    """Distances by dynamic time warping within `WINDOW` samples, every signal scaled to the peak 1.

    Parameters
    ----------
    targets, others : float64 or complex128 (N, L), (M, L)
    step : callable
        Called with pairs done and pairs in all.

    Returns
    -------
    float64 (N, M)
        A pair of 4,096 samples takes about a millisecond.
    """
    distance, one, other = _distance(targets), _scaled(targets), _scaled(others)
    found = np.empty((len(one), len(other)))
    for i, x in enumerate(one):
        found[i] = [distance(x, y, window=WINDOW) for y in other]
        step((i + 1) * len(other), found.size)
    return found


def _distance(signals: npt.NDArray[Any]) -> Callable[..., float]:
    """The function for real or for complex signals."""
    with needed("density and coverage need", "dtaidistance", extra="noise"):
        from dtaidistance import dtw, dtw_ndim
    found: Callable[..., float] = dtw_ndim.distance_fast if np.iscomplexobj(signals) else dtw.distance_fast
    return found


def _scaled(signals: npt.NDArray[Any]) -> Real:
    peak = abs(signals).max(axis=1, keepdims=True)
    scaled = signals / np.where(peak == 0, 1, peak)
    if np.iscomplexobj(scaled):
        scaled = np.stack([scaled.real, scaled.imag], axis=2)
    return np.ascontiguousarray(scaled, dtype=np.float64)


def judged(own: Real, across: Real, seed: int = 0, k: int = NEIGHBOURS) -> Coverage:
    """Density and coverage from distances.

    With r_i the distance of target i to its k-th nearest other target,
    ``density = sum_ij [d(x_i, y_j) <= r_i] / (k M)`` and ``coverage = mean_i [min_j d(x_i, y_j) <= r_i]``. Equal laws
    have density 1 and coverage ``1 - 2^-k`` about. The interval of the density is a bootstrap over the generated
    signals, that of the coverage Wilson's. Source: Naeem, Oh, Uh, Choi and Yoo, ICML 2020.

    Parameters
    ----------
    own, across : float64 (N, N), (N, M)
        As `among` and `between` give them.
    seed : int
        Of the bootstrap.

    Raises
    ------
    BadInput
        For fewer than ``k + 1`` targets.
    """
    count, others = across.shape
    if count <= k:
        raise BadInput(f"density and coverage are of {count} targets; {k + 1} are needed at least")
    reach = np.sort(own, axis=1)[:, k]
    within = across <= reach[:, None]
    each = within.sum(axis=0) / k
    draws = np.random.default_rng(seed).integers(others, size=(DRAWS, others))
    low, high = np.quantile(each[draws].mean(axis=1), (0.025, 0.975))
    share = float(within.any(axis=1).mean())
    return Coverage(float(each.mean()), (float(low), float(high)), share, wilson(share, count))


def wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of ``count`` trials (J. American Stat. Assoc. 22, 1927)."""
    centre = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return float(max(centre - half, 0)), float(min(centre + half, 1))

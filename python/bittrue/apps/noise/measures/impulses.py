"""Share and size of impulses: a mixture of two normal laws around 0, by expectation and maximisation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]
STEPS = 1000
LOW = 0.000628
"""The 2 % quantile of the square of a normal number of variance 1."""
CLOSE = 1e-7
"""Change of the share at which the iteration ends."""


def mixture(signals: Real) -> tuple[Real, Real]:
    """Share of the samples that belong to the wider law, and ratio of the two deviations.

    ``p(x) = (1 - p) N(0, s0^2) + p N(0, s1^2)``, s1 > s0, of all signals at once. The means are known to be 0 here,
    which `sklearn.mixture.GaussianMixture` cannot be told. Source: Dempster, Laird and Rubin, J. Royal Stat. Soc. B
    39(1), 1977.

    Parameters
    ----------
    signals : float64 (N, L)

    Returns
    -------
    share, ratio : float64 (N,)
    """
    squares = signals**2
    least = np.finfo(float).tiny * 1e10
    narrow = np.maximum(np.quantile(squares, 0.02, axis=1) / LOW, least)
    wide = np.maximum(squares.mean(axis=1) * 2, 4 * narrow)
    share = np.full(len(signals), 0.5)
    active = np.arange(len(signals))
    for _ in range(STEPS):
        x, s0, s1, p = squares[active], narrow[active, None], wide[active, None], share[active, None]
        odds = p / (1 - p) * np.sqrt(s0 / s1) * np.exp(np.minimum(x / 2 * (1 / s0 - 1 / s1), 700.0))
        belongs = odds / (1 + odds)
        total = belongs.sum(axis=1)
        new = np.clip(total / x.shape[1], 1e-6, 1 - 1e-6)
        inside = (belongs * x).sum(axis=1)
        wide[active] = np.maximum(inside / np.maximum(total, 1e-12), least)
        narrow[active] = np.maximum((x.sum(axis=1) - inside) / np.maximum(x.shape[1] - total, 1e-12), least)
        moved = abs(new - share[active]) > CLOSE
        share[active] = new
        active = active[moved]
        if not len(active):
            break
    swapped = narrow > wide
    share = np.where(swapped, 1 - share, share)
    ratio = np.sqrt(np.maximum(narrow, wide) / np.minimum(narrow, wide))
    return share, ratio

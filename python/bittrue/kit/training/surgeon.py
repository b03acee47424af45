"""Second derivatives as a surgeon's knife: some parameters are set for good, and all others make up for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dgemm

Vector = npt.NDArray[np.float64]

RIDGE = 1e-7
"""Added to the diagonal, relative to its mean: some neurons are nearly copies of others."""


class Surgeon:
    """Parameters at a minimum of a summed squared error, of which ever more are fixed.

    With ``H = J^T J`` and the others free, setting the parameters ``g`` to ``v`` raises the error by, and moves all
    others by (B. Hassibi and D. Stork, "Second order derivatives for network pruning: Optimal Brain Surgeon", NIPS
    1992, for groups and for any ``v``)::

        (w_g - v)^T ((H^-1)_gg)^-1 (w_g - v),    w <- w - (H^-1)_:g ((H^-1)_gg)^-1 (w_g - v),
        H^-1 <- H^-1 - (H^-1)_:g ((H^-1)_gg)^-1 (H^-1)_g:

    Parameters
    ----------
    weights : float64 array (n,)
    hessian : float64 array (n, n)
        ``J^T J``; `RIDGE` is added.

    Attributes
    ----------
    weights, inverse
        As they are after what has been fixed; rows and columns of the inverse that are fixed are zero.
    """

    def __init__(self, weights: Vector, hessian: Vector) -> None:
        self.weights = weights.copy()
        ridge = RIDGE * hessian.diagonal().mean() * np.eye(len(hessian))
        self.inverse = np.ascontiguousarray(np.linalg.inv(hessian + ridge))

    def penalty(self, places: Any, values: Any = 0.0) -> float:
        """By how much the error rises where these parameters take these values."""
        change = self.weights[places] - values
        return float(change @ np.linalg.solve(self.inverse[np.ix_(places, places)], change))

    def penalties(self, values: Any = 0.0) -> Vector:
        """The same for every parameter alone; infinite for those that are fixed."""
        change, free = self.weights - values, self.inverse.diagonal()
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(free > 0, np.square(change) / free, np.inf)

    def fix(self, places: Any, values: Any = 0.0, compensate: bool = True) -> None:
        """Set parameters for good; without ``compensate`` the others stay where they are."""
        columns = self.inverse[:, places]
        shift = columns @ np.linalg.inv(self.inverse[np.ix_(places, places)])
        if compensate:
            self.weights -= shift @ (self.weights[places] - values)
        self.weights[places] = values
        dgemm(-1.0, columns, shift, 1.0, self.inverse.T, trans_b=True, overwrite_c=True)  # in place: no copy of (n, n)
        self.inverse[places], self.inverse[:, places] = 0.0, 0.0

"""The yardstick: plain memory polynomials fitted to the same ideal drive as the net."""

from __future__ import annotations

from collections.abc import Callable

from bittrue.apps.dpd import gmp
from bittrue.apps.dpd.metrics import Complex

ORDERS = 5
SIZES = {"memory polynomial, 6 taps": 6, "memory polynomial, 20 taps": 20}
"""Taps of the two that every card shows; with orders 1 to 5 they have 30 and 100 complex coefficients."""


def memory_polynomial(
    x: Complex, u: Complex, taps: int, orders: int = ORDERS, ridge: float = 1e-9
) -> Callable[[Complex], Complex]:
    """The predistorter ``sum_{p < orders} sum_{m < taps} c[p, m] * x[n-m] * |x[n-m]|**p`` nearest to ``u``.

    Parameters
    ----------
    x, u : complex arrays (N,)
        The signal and its ideal drive, on the train split.
    taps, orders : int
    ridge : float
        Relative to each term's energy.
    """
    structure = gmp.Structure.aligned(taps, range(orders))
    coefficients = gmp.fit(structure, x, u, ridge)
    return lambda signal: structure.evaluate(coefficients, signal)

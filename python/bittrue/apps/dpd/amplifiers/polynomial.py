"""The yardsticks: memory polynomials and generalised ones as predistorters, by least squares.

Two ways to fit one, both from a model of the amplifier and a signal ``x``:

* to the ideal drive that iterative learning control found, as the nets are;
* by indirect learning, iterated: the polynomial that turns the output, over its goal's gain, back into the drive is
  the next predistorter (Eun and Powers, "A new Volterra predistorter based on the indirect learning architecture",
  IEEE Trans. Signal Processing 45 (1), 1997).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.amplifiers import gmp
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.amplifiers.pa import limit, power
from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput

ORDERS = 5
SIZES = {"memory polynomial, 6 taps": 6, "memory polynomial, 20 taps": 20}
"""Taps of the two that every card shows; with orders 1 to 5 they have 30 and 100 complex coefficients."""

BUDGETS = (250, 500, 1000, 2000)
"""Real parameters, as the DPD Arena groups its entries."""

MEMORY = {
    250: Structure.aligned(25, range(5)),
    500: Structure.aligned(35, range(7)),
    1000: Structure.aligned(50, range(10)),
    2000: Structure.aligned(100, range(10)),
}
"""Memory polynomials of at most so many real parameters; more of them buy nothing on the default amplifier."""

GENERALISED = {
    250: Structure.aligned(32, [0]) + Structure.aligned(13, [1, 2, 3, 4]) + Structure.crossed(5, [1, 2], reach=2),
    500: Structure.aligned(40, [0]) + Structure.aligned(16, [1, 2, 3, 4]) + Structure.crossed(8, [1, 2, 3], reach=3),
    1000: Structure.aligned(48, [0]) + Structure.aligned(24, [1, 2, 3, 4]) + Structure.crossed(12, [1, 2, 3], reach=5),
    2000: Structure.aligned(64, [0])
    + Structure.aligned(32, [1, 2, 3, 4, 5])
    + Structure.crossed(22, [1, 2, 3], reach=6),
}
"""Generalised memory polynomials of at most so many real parameters."""

Filter = Callable[[Complex], Complex]


def memory_polynomial(x: Complex, u: Complex, taps: int, orders: int = ORDERS, ridge: float = 1e-9) -> Filter:
    """The predistorter ``sum_{p < orders} sum_{m < taps} c[p, m] * x[n-m] * |x[n-m]|**p`` nearest to ``u``.

    Parameters
    ----------
    x, u : complex arrays (N,)
        The signal and its ideal drive, on the train split.
    taps, orders : int
    ridge : float
        Relative to each term's energy.
    """
    structure = Structure.aligned(taps, range(orders))
    return predistorter(structure, gmp.fit(structure, x, u, ridge))


def predistorter(structure: Structure, coefficients: Complex) -> Filter:
    """The polynomial as a function of the signal, complex ``(N,)`` to ``(N,)``."""
    return lambda signal: structure.evaluate(coefficients, signal)


@dataclass(frozen=True, eq=False)
class Indirect:
    """Coefficients ``(terms,)`` of the best iteration, and the relative error of every drive in dB, ``x`` first."""

    coefficients: Complex
    errors: tuple[float, ...]


def indirect(
    amplifier: Filter,
    structure: Structure,
    x: Complex,
    gain: float,
    peak: float,
    iterations: int = 5,
    ridge: float = 1e-7,
) -> Indirect:
    """Iterated indirect learning: ``c = argmin |P_c(y / gain) - u|^2`` and ``u = limit(P_c(x))``, in turns.

    The iteration whose drive comes nearest to ``gain * x`` is kept; it ends early where the error has grown fourfold.

    Parameters
    ----------
    amplifier : callable
        Complex ``(N,)`` to complex ``(N,)``.
    structure : Structure
    x : complex array (N,)
    gain, peak : float
        Goal ``gain * x``; the drive is limited to ``|u| <= peak``.
    iterations : int
    ridge : float
        Relative to each term's energy.

    Raises
    ------
    BadInput
        Where no iteration is better than no predistortion.
    """
    u, coefficients = limit(x, peak), np.empty(0, complex)
    best = coefficients
    errors: list[float] = []
    for iteration in range(iterations + 1):
        y = amplifier(u)
        error = power(gain * x - y) / power(gain * x)
        if coefficients.size and error < min(errors):
            best = coefficients
        errors.append(error)
        if iteration == iterations or not error <= 4 * min(errors):
            break
        coefficients = gmp.fit(structure, y / gain, u, ridge)
        u = limit(structure.evaluate(coefficients, x), peak)
    levels = tuple(float(10 * np.log10(error)) for error in errors)
    if not best.size:
        raise BadInput(
            f"indirect learning of {len(structure.terms)} terms never got below {levels[0]:.1f} dB, the error without "
            f"predistortion; raise its ridge ({ridge:g}) or take fewer terms"
        )
    return Indirect(best, levels)

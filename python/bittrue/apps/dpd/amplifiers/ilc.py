"""Iterative learning control: the ideal drive of an amplifier, found by repeating the same signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.amplifiers.pa import limit, power
from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput

Amplifier = Callable[[Complex], Complex]


@dataclass(frozen=True, eq=False)
class Learned:
    """The ideal drive and how it was reached.

    Parameters
    ----------
    drive : complex array (N,)
        ``|drive| <= peak``.
    errors : tuple of float
        Relative error of every iteration in dB, ``10*log10(sum |gain*x - y|^2 / sum |gain*x|^2)``.
    """

    drive: Complex
    errors: tuple[float, ...]


def ideal_input(
    amplifier: Amplifier, x: Complex, gain: float, peak: float, iterations: int = 14, rate: float = 1.0
) -> Learned:
    """The drive ``u`` with ``amplifier(u) = gain * x``, as far as ``|u| <= peak`` allows.

    Starts at ``u = x``; every iteration adds ``rate * (gain * x - amplifier(u)) / g`` and limits the amplitude, where
    ``g`` is the least-squares gain of the amplifier on ``x``.

    Parameters
    ----------
    amplifier : callable
        Complex ``(N,)`` to complex ``(N,)``; a deterministic model, or the real one with a trigger.
    x : complex array (N,)
    gain, peak : float
    iterations : int
    rate : float
        0 to 1; lower is slower and safer.

    Raises
    ------
    BadInput
        Where the error ends higher than it began: the model misbehaves beyond the signal's band or near the peak.
    """
    wanted, u, errors = gain * x, limit(x, peak), []
    g = np.vdot(x, amplifier(u)) / np.vdot(x, x)
    for _ in range(iterations):
        error = wanted - amplifier(u)
        errors.append(_decibel(error, wanted))
        u = limit(u + rate * error / g, peak)
    errors.append(_decibel(wanted - amplifier(u), wanted))
    if not errors[-1] <= errors[0]:
        raise BadInput(
            f"iterative learning diverged from {errors[0]:.1f} to {errors[-1]:.1f} dB; lower its rate ({rate:g}) or "
            f"regularise the amplifier model outside the excited band"
        )
    return Learned(u, tuple(errors))


def _decibel(error: Complex, wanted: Complex) -> float:
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(power(error) / power(wanted)))

"""The finest format that holds given values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num.arrays import float64
from bittrue.num.format import Format


def fit_format(values: npt.ArrayLike, bits: int) -> Format:
    """The finest format of ``bits`` bits in which none of ``values`` saturates, whatever power of two that takes.

    Parameters
    ----------
    values : array of any shape
        Where all are zero the format is ``Q1.(bits-1)``.
    bits : int
        2 to 53.

    Raises
    ------
    BadInput
        For NaN or infinity, or a word length outside 2..53.
    """
    if not 2 <= bits <= 53:
        raise BadInput(f"weights of {bits} bits cannot be fitted; choose 2 to 53")
    array = float64(values, "the array of weights")
    if not np.isfinite(array).all():
        raise BadInput("the weights hold NaN or infinity, which no format can; restart training at a lower rate")
    largest = float(abs(array).max()) if array.size else 0.0
    if not largest:
        return Format(bits, bits - 1)
    frac = min(bits - int(np.frexp(largest)[1]), 126)
    while outside(array, Format(bits, frac)).any():
        frac -= 1
    return Format(bits, frac)


def fit_with_biases(weight: npt.ArrayLike, bits: int, bias: npt.ArrayLike, bias_bits: int) -> Format:
    """The finest format of ``bits`` bits in which no weight saturates, and no bias in ``bias_bits`` bits of its scale.

    A chip that keeps biases in bytes adds ``code << frac of the input`` to the products, so that weights and biases
    have one scale.

    Parameters
    ----------
    weight, bias : array of any shape
        Where all of one are zero the other decides; where all of both are, the format is ``Q1.(bits-1)``.
    bits, bias_bits : int
        2 to 53.

    Raises
    ------
    BadInput
        As `fit_format`.
    """
    fits = [fit_format(values, n).frac for values, n in ((weight, bits), (bias, bias_bits)) if np.any(values)]
    return Format(bits, min(fits, default=bits - 1))


def outside(values: npt.ArrayLike, fmt: Format) -> npt.NDArray[np.bool_]:
    """Where finite values saturate in a format: their code ``floor(v * 2**frac + 1/2)`` lies beyond ``lo..hi``."""
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(np.asarray(values, dtype=np.float64), fmt.frac)
    floor = np.floor(scaled)
    code = floor + (scaled - floor >= 0.5)
    return np.asarray((code < fmt.lo) | (code > fmt.hi))

"""How ai8x turns float weights into integers: a quantile gives the layer's power of two, the rest is one rounding.

There is one definition, in float32 as the vendor's tools compute it; training, quantisation and export all use it.
Training with another interpolation of the quantile than deployment can put the two on different sides of a power of
two, and then the chip runs with another shift than the one that was trained.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput

BITS = (8, 4, 2, 1)
"""Word lengths of weights that the accelerator has."""


def quantile(values: npt.ArrayLike, q: float) -> np.float32:
    """The ``q``-quantile of all values, linear between the two nearest ranks of the sorted values.

    ``rank = q * (n - 1)``; between the ranks ``k = floor(rank)`` and ``k + 1`` the result is
    ``v[k] + (rank - k) * (v[k + 1] - v[k])``, in float32: what ``torch.quantile`` returns. ``q = 1`` is the maximum.

    Parameters
    ----------
    values : float array, any shape, not empty
    q : float
        0 to 1.

    Raises
    ------
    BadInput
        For no values, NaN or infinity, or ``q`` outside 0..1.
    """
    flat = np.asarray(values, dtype=np.float32).ravel()
    if not 0.0 <= q <= 1.0:
        raise BadInput(f"a quantile of {q} does not exist; choose 0 to 1, such as 0.985")
    if not flat.size or not np.isfinite(flat).all():
        raise BadInput("a quantile needs one or more finite numbers; restart training at a lower rate")
    if q == 1.0:
        return np.float32(flat.max())
    rank = np.float32(q) * np.float32(flat.size - 1)
    below, above = int(np.floor(rank)), int(np.ceil(rank))
    part = np.partition(flat, (below, above))
    return _between(part[below], part[above], rank - np.float32(below))


def output_shift(weight: npt.ArrayLike, bias: npt.ArrayLike | None, q: float, bits: int) -> int:
    """``s = -clamp(floor(log2(1 / quantile_q(|weight|, |bias|))), -7 - bits, 23 - bits)``.

    ``2**s`` is what the layer's result is multiplied by after weights divided by ``2**s`` have been rounded to ``bits``
    bits. With ``8 - bits`` more it is the hardware's total shift, which the limits keep within -15..15. Where all
    weights are zero, ``s`` is at its lower limit.

    Source: ai8x-training README, "shift_quantile"; the rule of ai8x-synthesis' quantisation.
    """
    parts = [np.abs(np.asarray(part, dtype=np.float32)).ravel() for part in (weight, bias) if part is not None]
    largest = quantile(np.concatenate(parts), q)
    lowest, highest = -7 - checked_bits(bits), 23 - bits
    if not largest:
        return -highest
    with np.errstate(over="ignore"):
        exponent = np.floor(np.log2(np.float32(1.0) / largest))
    return -int(np.clip(exponent, lowest, highest))


def weight_codes(values: npt.ArrayLike, shift: int, bits: int) -> npt.NDArray[np.int64]:
    """``clamp(floor(v * 2**(bits - 1 - shift) + 1/2), -2**(bits - 1), 2**(bits - 1) - 1)``, the sum in float32.

    Parameters
    ----------
    values : float array, any shape
        Weights or biases; both have ``bits`` bits.
    shift : int
        `output_shift` of the layer.
    bits : int
        8, 4, 2 or 1.
    """
    half = 1 << (checked_bits(bits) - 1)
    scaled = np.ldexp(np.asarray(values, dtype=np.float32), bits - 1 - shift)
    return np.clip(np.floor(scaled + np.float32(0.5)), -half, half - 1).astype(np.int64)


def checked_bits(bits: int) -> int:
    """``bits``; `BadInput` unless the accelerator has weights of that many bits."""
    if bits not in BITS:
        raise BadInput(f"weights of {bits} bits do not exist on the accelerator; choose 8, 4, 2 or 1")
    return int(bits)


def _between(low: np.float32, high: np.float32, weight: np.float32) -> np.float32:
    """``low + weight * (high - low)``, from the nearer end and with one rounding (a fused multiply-add)."""
    step = np.float64(high - low)
    if weight < np.float32(0.5):
        return np.float32(np.float64(low) + np.float64(weight) * step)
    return np.float32(np.float64(high) - step * np.float64(np.float32(1.0) - weight))

"""Batch norm as part of the convolution before it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput

Floats = npt.NDArray[np.float32]

EPS = 1e-5
"""What batch norm adds to the variance."""

FACTOR = 0.25
"""ai8x divides what batch norm puts out by 4, so that it fits -1..1 more often; folding keeps that in the weights."""


def fold_batch_norm(
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None,
    mean: npt.ArrayLike,
    variance: npt.ArrayLike,
    gamma: npt.ArrayLike | None = None,
    beta: npt.ArrayLike | None = None,
    eps: float = EPS,
) -> tuple[Floats, Floats]:
    """Weight and bias of the convolution that does its own batch norm, divided by 4.

    With ``k = 0.25 * gamma / sqrt(variance + eps)``: ``w' = w * k`` and ``b' = (b - mean) * k + 0.25 * beta``, in
    float32. Then ``conv'(x) = batch_norm(conv(x)) / 4``.

    Parameters
    ----------
    weight : float array (O, ...)
    bias, mean, variance, gamma, beta : float arrays (O,)
        No bias and no ``beta`` are 0, no ``gamma`` is 1.
    eps : float

    Raises
    ------
    BadInput
        For statistics of another number of channels, or a variance that is negative, NaN or infinite.

    Source: ai8x-training, folding before quantisation-aware training starts.
    """
    w = np.asarray(weight, dtype=np.float32)
    rows = (bias, mean, variance, gamma, beta)
    b, mu, var, g, shift = (
        np.full(len(w), default, np.float32) if row is None else np.asarray(row, dtype=np.float32)
        for row, default in zip(rows, (0, 0, 1, 1, 0), strict=True)
    )
    for name, row in zip(("bias", "mean", "variance", "weight", "offset"), (b, mu, var, g, shift), strict=True):
        if row.shape != w.shape[:1]:
            raise BadInput(f"the {name} of batch norm has shape {row.shape} for {len(w)} channels; give one a channel")
    if not np.isfinite(var).all() or (var < 0).any():
        raise BadInput("a variance of batch norm is negative, NaN or infinite; take an earlier checkpoint")
    inverse = np.float32(1.0) / np.sqrt(var + np.float32(eps))
    scale = np.float32(FACTOR) * g
    folded = w * (scale * inverse).reshape(-1, *(1,) * (w.ndim - 1))
    return folded, (b - mu) * inverse * scale + np.float32(FACTOR) * shift

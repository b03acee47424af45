"""Order of differencing by Whittle's likelihood."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]
LIMIT = 1.0
"""Largest magnitude that is answered."""
STEPS = 30


def order(signals: Real) -> Real:
    """The d of ``(1 - B)^d x = white``: float64 ``(N,)`` from ``(N, L)``.

    Minimises ``ln mean(I g^d) - d mean(ln g)`` over the frequencies ``2 pi k / L`` between 0 and pi, I the periodogram
    and ``g = 4 sin^2(w / 2)``, by Newton's method; the function is convex. Source: Whittle, Arkiv foer Matematik 2(5),
    1953; Beran, Statistics for Long-Memory Processes, 1994, section 6.
    """
    length = signals.shape[1]
    periodogram = abs(np.fft.rfft(signals)[:, 1 : (length + 1) // 2]) ** 2
    logs = 2 * np.log(2 * np.sin(np.pi * np.arange(1, (length + 1) // 2) / length))
    d = np.zeros(len(signals))
    for _ in range(STEPS):
        weight = periodogram * np.exp(d[:, None] * logs)
        total = np.maximum(weight.sum(axis=1), np.finfo(float).tiny)
        mean = weight @ logs / total
        spread = weight @ logs**2 / total - mean**2
        step = (mean - logs.mean()) / np.maximum(spread, 1e-9)
        d = np.clip(d - np.clip(step, -0.25, 0.25), -LIMIT, LIMIT)
        if abs(step).max() < 1e-9:
            break
    return d

"""Stretches of a lead without values: bridged where they are short, kept as gaps where they are not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg.beats.header import Rate, exact

Codes = npt.NDArray[np.int64]

SHORT = Fraction(1, 50)
"""Seconds without a value that a straight line may bridge: no QRS complex is that short."""


def no_gaps() -> Codes:
    """An empty list of gaps, ``(0, 2)``."""
    return np.zeros((0, 2), np.int64)


def bridged(
    signal: Codes, blank: npt.NDArray[np.bool_], rate: Rate, whose: str
) -> tuple[Codes, Codes, tuple[str, ...]]:
    """A signal with straight lines, rounded down, where it has no value; its first or last value at the ends.

    Returns
    -------
    signal : int64 array (samples,)
    gaps : int64 array (gaps, 2)
        Start and end of every stretch longer than 0.02 s, and of those at the ends of the record.
    remarks : tuple of str
        How much is missing; ``whose`` begins it.
    """
    if not blank.any():
        return signal, no_gaps(), ()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], blank, [False]]).astype(np.int8))).reshape(-1, 2)
    there = np.flatnonzero(~blank)
    filled: Codes = signal.copy()
    for start, end in edges:
        if start == 0 or end == len(signal):
            filled[start:end] = signal[there[0] if start == 0 else there[-1]]
        else:
            first, last, steps = int(signal[start - 1]), int(signal[end]), int(end - start) + 1
            filled[start:end] = first + (last - first) * np.arange(1, steps) // steps
    long = (edges[:, 1] - edges[:, 0] > int(SHORT * exact(rate))) | (edges[:, 0] == 0) | (edges[:, 1] == len(signal))
    said = f"{whose} has no value at {int(blank.sum()):,} of {len(signal):,} samples"
    bridges = int((~long).sum())
    if bridges:
        said += f"; straight lines bridge {bridges:,} stretch{'es' * (bridges > 1)} of at most {float(SHORT):g} s"
    return filled, edges[long], (said,)

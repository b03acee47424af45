"""Where a trained predistorter errs, by the magnitude of the ideal drive; prints a table of docs/dpd-realtime.md.

    python benchmarks/predistorter_peaks.py weights/dpd-best [weights/dpd-2000 ...]

Of the float parent on the signals that its recipe trains on: samples of the ideal drive between two magnitudes, their
share of the squared error of the drive, and what the amplifier that teaches passes on of an error there, the means of
both singular values of `bittrue.apps.dpd.training.sensitivity`. Behind the table the errors of windows of 4,096 samples
of the validation split, weighted over frequency as the recipe says. No test sample is looked at.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from predistorters import Bench, shaping, trained

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.captures.data import to_complex, to_iq
from bittrue.apps.dpd.training.sensitivity import sensitivity

EDGES = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 0.9, np.inf])
HOP = 1024


def table(folders: Sequence[str]) -> Iterator[str]:
    """A line a net and range of magnitudes, then one of its windows."""
    yield "| net | magnitude of the drive | samples | share of the error | passed on |"
    yield "|---|---|---:|---:|---:|"
    for folder in folders:
        net, parent, recipe = trained(folder)
        bench = Bench.of(replace(recipe, data=replace(recipe.data, held=0)))
        known, shape = bench.known, recipe.shape
        assert shape is not None
        error = known.u - to_iq(closed_loop.floating(net, parent)(to_complex(known.x)))
        rows, size = known.rows, np.hypot(*known.u.T)
        passed = torch.linalg.svdvals(sensitivity(bench.teacher.module().eval(), known.u)).numpy()
        whole = np.square(error[rows]).sum()
        for low, high in pairwise(EDGES):
            some = rows[(size[rows] >= low) & (size[rows] < high)]
            share, gains = np.square(error[some]).sum() / whole, passed[some].mean(0)
            ends = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and more"
            yield f"| {net.name} | {ends} | {len(some):,} | {100 * share:.1f} % | {gains[1]:.2f} to {gains[0]:.2f} |"
        weights = shaping(shape, bench.capture.channel)
        place, windows = known.validation, []
        for first in range(place.start, place.stop - shape.segment, HOP):
            part = slice(first, first + shape.segment)
            left, wanted = (float(weights.apply(torch.from_numpy(v[part])).square().sum()) for v in (error, known.u))
            windows.append(f"{10 * np.log10(left / wanted):.1f}")
        yield f"{net.name}, windows of the validation split: {', '.join(windows)} dB"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for line in table(sys.argv[1:]):
        print(line, flush=True)

"""Floors and baselines of noise: ``python benchmarks/noise_floors.py [--signals 1024] [--pairs 3] [NAME ...]``.

A floor is what two sets of one process, drawn with other seeds, are apart; a baseline is fitted to one set and judged
on the other. Signals of 4,096 samples; seeds 1, 2, 3 ... and 101, 102, 103 ...; of several pairs the median, and of the
geodesic distance the largest too. Simulated.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse
import time

import numpy as np

from bittrue.apps.noise import processes
from bittrue.apps.noise.measures import baselines
from bittrue.apps.noise.measures.comparison import compared
from bittrue.apps.noise.measures.summary import Kind, Summary, measured
from bittrue.apps.noise.processes import Fixed, Source
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.apps.noise.processes.process import Real

LENGTH = 4096
NAMES = (
    *(f"FGN_fixed_H{h}" for h in (10, 30, 50, 70, 90)),
    *(f"FBM_fixed_H{h}" for h in (30, 70)),
    *(f"FDWN_fixed_H{h}" for h in (30, 70, 90)),
    *(f"bandpass_8_bands_band{b}" for b in (0, 3, 7)),
    *(f"shot_one_sided_exponential_exponential_fixed_ER{nu}" for nu in (25, 100, 300)),
    *(f"BG_fixed_IP{p}" for p in (1, 10, 50)),
    *(f"SAS_fixed_alpha{a}" for a in (50, 100, 150)),
    "shot_gaussian_exponential_fixed_ER25",
    "bursty_BG_fixed_IP10",
    "FGN_bursts_fixed_H70",
)
"""Those that a linear filter can make, then those that it cannot."""
ORDERS = (8, 32, 128)


def main() -> None:
    """Print a block a process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    parser.add_argument("--signals", type=int, default=1024)
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    for name in given.names:
        start = time.process_time()
        show(name, given.signals, given.pairs)
        print(f"  {time.process_time() - start:.0f} s", flush=True)


def show(name: str, count: int, pairs: int) -> None:
    """One process: floors, then baselines of the first pair."""
    source = processes.named(name)
    kind = _kind(source)
    floors: list[dict[str, float]] = []
    for pair in range(pairs):
        one, other = (_drawn(source, count, seed + pair) for seed in (1, 101))
        reference, again = measured(one, kind), measured(other, kind)
        floors.append(compared(reference, again))
        if not pair:
            fitted, target = one, again
    print(f"{name}: {pairs} pairs of {count:,} signals")
    print(f"  floor    {_line(floors)}; kurtosis itself {target.kurtosis:.2f}")
    for key, values in target.parameters.items():
        low, middle, high = np.quantile(values, (0.025, 0.5, 0.975))
        print(f"  {key:8} {middle:.4f} [{low:.4f}, {high:.4f}]")
    for order in ORDERS:
        autoregression = baselines.autoregression(fitted, order)
        _print(f"AR({order})", measured(autoregression.draw(count, LENGTH, 7), kind), target)
    _print("FIR(255)", measured(baselines.shaped(fitted, count, 8), kind), target)
    again_drawn = baselines.sampled(source.process, fitted, count, 9)
    if again_drawn is not None:
        _print("sampler", measured(again_drawn, kind), target)


def _drawn(source: Source, count: int, seed: int) -> Real:
    return processes.draw(source.process, source.law, count, LENGTH, seed)[1]


def _kind(source: Source) -> Kind:
    band = int(source.law.at) if isinstance(source.process, Bandpass) and isinstance(source.law, Fixed) else None
    return Kind(source.process, band)


def _print(name: str, summary: Summary, target: Summary) -> None:
    print(f"  {name:8} {_line([compared(target, summary)])}")


def _line(found: list[dict[str, float]]) -> str:
    """Every measure: the median over pairs, largest of the geodesic distances in parentheses."""
    parts = []
    for key in found[0]:
        values = [one[key] for one in found]
        most = f" ({max(values):.4f})" if key.startswith("geodesic") and len(values) > 1 else ""
        parts.append(f"{key} {np.median(values):.4f}{most}")
    return ", ".join(parts)


if __name__ == "__main__":
    main()

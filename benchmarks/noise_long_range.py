"""One long signal of a hardware net of fractional Gaussian noise, beside the process and AR(32): how far memory goes.

    python benchmarks/noise_long_range.py [--net noise-fgn] [--values .2 .5 .8] [--samples 10000000] [--picture X.png]

For every Hurst index H, of one signal of the integer source (by the C leg): moments; H by discrete variations of pieces
of 4,096 samples, median; the mean product of neighbours that a frame's border parts, less that of others at the same
phase of the slowest level, in standard deviations (border); the spread over the phases of the slowest level of the
power there, in percent (phase: chance alone has what AR(32) has); and the variance of means of m samples, which is
``m^(2H - 2)`` of the process, in dB from that. AR(32) has the Yule-Walker coefficients of the process itself and
Gaussian residuals; signals are scaled to variance 1.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter, welch

from bittrue.apps.noise.measures import hurst
from bittrue.apps.noise.processes.fgn import autocovariance
from bittrue.check.generating import Wanted, signals
from bittrue.committed import located
from bittrue.files import write_whole
from bittrue.kit.figures import GREYS, INK, PALETTE, canvas, encoded
from bittrue.spec.source import Source
from bittrue.spec.source_store import load

PIECE, ORDER, WARM, SLOWEST = 4096, 32, 4096, 256
SIZES = 4 ** np.arange(9)
Real = npt.NDArray[np.float64]


def made(source: Source, value: float, arguments: argparse.Namespace) -> Real:
    """The net's signal, as it is."""
    (name,) = source.settings
    wanted = Wanted(source, 1, arguments.samples, arguments.seed, settings={name: value})
    return np.asarray(next(iter(signals(wanted, arguments.leg))).ravel() * source.net.output.format.scale, np.float64)


def filtered(value: float, samples: int, seed: int) -> Real:
    """A signal of AR(32)."""
    r = autocovariance(value, ORDER)
    taps = solve_toeplitz(r[:-1], r[1:])
    white = np.random.default_rng(seed).normal(size=samples + WARM)
    return np.asarray(lfilter([1.0], np.concatenate([[1.0], -taps]), white))[WARM:]


def deviations(x: Real, value: float) -> Real:
    """Variance of means of `SIZES` samples over that of the process, dB."""
    found = [x[: x.size // m * m].reshape(-1, m).mean(1).var() for m in SIZES]
    return np.asarray(10 * np.log10(found / SIZES.astype(float) ** (2 * value - 2)))


def border(x: Real, frame: int) -> float:
    """Mean product of neighbours across the borders of frames, less that of others at their phase, in deviations."""
    products = (x[:-1] * x[1:])[SLOWEST - 1 :: SLOWEST]
    at = np.arange(products.size) % (frame // SLOWEST) == frame // SLOWEST - 1
    return float((products[at].mean() - products[~at].mean()) / (products.std() / np.sqrt(at.sum())))


def phases(x: Real) -> float:
    """Standard deviation of the power by phase of the slowest level, percent."""
    return float(100 * (x[: x.size // SLOWEST * SLOWEST].reshape(-1, SLOWEST) ** 2).mean(0).std())


def told(name: str, x: Real, value: float, frame: int) -> Real:
    """Print a row; the `deviations`."""
    indices = hurst.of_noise(x[: x.size // PIECE * PIECE].reshape(-1, PIECE))
    apart = deviations(x, value)
    cells = "".join(f"{cell:7.2f}" for cell in apart)
    moments = (
        f"{(x**3).mean():7.3f}{(x**4).mean():7.3f}{np.median(indices):8.4f}{border(x, frame):7.2f}{phases(x):6.2f}"
    )
    print(f"{value:<5g}{name:8}{moments} {cells}", flush=True)
    return apart


def picture(rows: list[tuple[float, Real, Real, Real, Real]]) -> bytes:
    """Densities and variances of means; lines: the process."""
    figure = canvas(9, 3.6)
    left, right = figure.subplots(1, 2)
    for colour, (value, x, net, _, auto) in zip(PALETTE, rows, strict=False):
        f, power = welch(x, nperseg=1 << 14)
        law = np.fft.rfft(np.concatenate([(r := autocovariance(value, 1 << 17)), r[-2:0:-1]])).real
        groups = np.unique(np.geomspace(1, f.size - 1, 60).astype(int))
        means = [10 * np.log10(power[a:b].mean() / 2) for a, b in pairwise(groups)]
        left.plot(np.sqrt(f[groups[:-1]] * f[groups[1:]]), means, ".", color=colour, ms=4, label=f"H = {value:g}")
        left.plot(np.linspace(0, 0.5, law.size)[4:], 10 * np.log10(law[4:]), color=INK, lw=0.7)
        right.plot(SIZES, net, "o-", color=colour, ms=4, label=f"net, H = {value:g}")
        right.plot(SIZES, auto, "s:", color=colour, ms=3)
    right.plot([], [], "s:", color=GREYS[0], ms=3, label="AR(32)")
    right.axhline(0, color=INK, lw=0.7)
    left.set(xscale="log", xlabel="cycles a sample", ylabel="density, dB", title="density: net (dots), process (lines)")
    right.set(xscale="log", xlabel="m", ylabel="dB from the process", title="variance of means of m samples")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return encoded(figure)


def main() -> None:
    """Print the table, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", default="noise-fgn")
    parser.add_argument("--values", type=float, nargs="+", default=[0.2, 0.5, 0.8])
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leg", default="c")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    source = load(located(arguments.net))
    print(f"{source.net.name}, {arguments.samples:,} samples in frames of {source.samples:,}, seed {arguments.seed}")
    print(f"{'H':5}{'':8}   skew   kurt  H med. border phase " + "".join(f"{m:7d}" for m in SIZES))
    rows = []
    for value in arguments.values:
        x = made(source, value, arguments)
        ends = np.isin(x / source.net.output.format.scale, (source.net.output.format.lo, source.net.output.format.hi))
        print(f"{value:<5g}mean {x.mean():.5f}, sd {x.std():.4f}, share at the ends of the format {ends.mean():.1e}")
        x = (x - x.mean()) / x.std()
        net = told("net", x, value, source.samples)
        y = filtered(value, arguments.samples, arguments.seed)
        auto = told("AR(32)", (y - y.mean()) / y.std(), value, source.samples)
        rows.append((value, x, net, y, auto))
    if arguments.picture:
        write_whole(arguments.picture, picture(rows), renew=True)


if __name__ == "__main__":
    main()

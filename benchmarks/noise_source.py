"""Statistics of the noise source's generator, and of the signal of a net behind it.

    python benchmarks/noise_source.py [--draws 10000000] [--rounds 6 8 10 13 20] [--seed 1]
    python benchmarks/noise_source.py --net FOLDER [--samples 10000000] [--set H=0.3]

Each statistic of the generator is given as a p-value of its own null distribution (SciPy), for draws as a latent takes
them: position after position of one stream, all four channels. A sound generator gives p-values that are evenly
distributed; one below 1e-6 is a failure. Avalanche: the share of the 64 output bits that change with one bit of counter
or key, over random ones; 0.5 is ideal, and the worst bit of all pairs is given in standard deviations.

For a net: mean, standard deviation, kurtosis, and the Hurst exponent by the variances of aggregated samples, on one
signal of so many samples, within frames and across them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bittrue.apps.noise.generating import settings
from bittrue.check.generating import Wanted, signals
from bittrue.num import threefry as generator
from bittrue.num.draws import codes, draws
from bittrue.spec.source_store import load

CHUNK = 1 << 20
"""Positions taken at a time."""
LAGS = 64
Words = npt.NDArray[np.uint16]


@dataclass
class Row:
    """A statistic: its value, and its p-value."""

    name: str
    value: float
    p: float


def drawn(seed: int, count: int, stream: int = 0) -> Words:
    """``count`` draws: position after position, the four channels of a block side by side."""
    parts = [
        draws(seed, stream, np.arange(start, min(start + CHUNK, count // 4)), 4).T.ravel()
        for start in range(0, count // 4, CHUNK)
    ]
    return np.concatenate(parts)


def two_sided(z: float) -> float:
    """The p-value of a standard normal number."""
    return float(2 * stats.norm.sf(abs(z)))


def even(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Chi-square of counts that should be alike, and its p-value from both ends."""
    expected = counts.sum() / counts.size
    chi = float(((counts - expected) ** 2).sum() / expected)
    p = stats.chi2.sf(chi, counts.size - 1)
    return chi, float(min(1.0, 2 * min(p, 1 - p)))


def battery(x: Words) -> Iterator[Row]:
    """Statistics of draws in their order."""
    yield Row("chi-square of 65,536 values", *even(np.bincount(x, minlength=1 << 16)))
    byte = (x >> 8).astype(np.int64)
    pairs = np.bincount(byte[0::2] << 8 | byte[1::2], minlength=1 << 16)
    yield Row("chi-square of pairs of upper bytes", *even(pairs))
    apart = np.bincount(byte[:-4] << 8 | byte[4:], minlength=1 << 16)  # overlapping: less its singles, 65,280 free
    single = np.bincount(byte, minlength=256)
    chi = even(apart)[0] - even(single)[0]
    p = stats.chi2.sf(chi, (1 << 16) - (1 << 8))
    yield Row("serial test, a position apart", chi, float(min(1.0, 2 * min(p, 1 - p))))
    ones = np.unpackbits(x.view(np.uint8))
    yield Row("share of ones", float(ones.mean()), two_sided((ones.mean() - 0.5) * 2 * np.sqrt(ones.size)))
    each = np.unpackbits(x[:, None].view(np.uint8), axis=1).mean(0)
    worst = float(np.abs((each - 0.5) * 2 * np.sqrt(x.size)).max())
    yield Row("ones of the worst bit, sd", worst, float(1 - (1 - two_sided(worst)) ** each.size))
    centred = x.astype(np.float64) - x.mean(dtype=np.float64)
    power = float(centred @ centred)
    lags = np.array([float(centred[:-k] @ centred[k:]) / power for k in range(1, LAGS + 1)]) * np.sqrt(x.size)
    yield Row(f"correlation, {LAGS} lags", float(lags @ lags), float(stats.chi2.sf(lags @ lags, LAGS)))
    yield spectrum(centred)
    yield gaps(x)
    yield runs(x)
    yield ranks(x)


def spectrum(centred: npt.NDArray[np.float64]) -> Row:
    """Flatness: the largest of all lines of the periodogram, and all of them against an exponential law."""
    size = 1 << (centred.size.bit_length() - 1)
    power = np.abs(np.fft.rfft(centred[:size])[1 : size // 2]) ** 2
    found = stats.kstest(power / power.mean(), "expon")
    return Row("periodogram against its law", float(found.statistic), float(found.pvalue))


def gaps(x: Words) -> Row:
    """Knuth's gap test: distances between draws below 1/32."""
    where = np.flatnonzero(x < 1 << 11)
    length = np.minimum(np.diff(where) - 1, 200)
    share = 1 / 32
    law = share * (1 - share) ** np.arange(201)
    law[200] = (1 - share) ** 200
    counts = np.bincount(length, minlength=201)
    expected = law * counts.sum()
    chi = float(((counts - expected) ** 2 / expected).sum())
    return Row("gaps", chi, float(stats.chi2.sf(chi, 200)))


def runs(x: Words) -> Row:
    """Runs above and below the middle (Wald and Wolfowitz)."""
    above = x >= 1 << 15
    count, n = int((above[1:] != above[:-1]).sum()) + 1, above.size
    high = int(above.sum())
    mean = 2 * high * (n - high) / n + 1
    z = (count - mean) / np.sqrt((mean - 1) * (mean - 2) / (n - 1))
    return Row("runs, sd", float(z), two_sided(float(z)))


def ranks(x: Words) -> Row:
    """Ranks of 32 x 32 matrices of bits (Marsaglia), which tell linear generators."""
    rows = x[: x.size // 64 * 64].view(np.uint32).reshape(-1, 32)[:40_000].copy()
    found = np.zeros(len(rows), np.int64)
    for bit in range(32):
        column = rows >> np.uint32(bit) & 1
        some = column.any(1)
        pivot = column.argmax(1)
        lead = rows[np.arange(len(rows)), pivot] * some
        rows ^= column.astype(np.uint32) * lead[:, None]
        found += some
    law = np.array([0.2887880952, 0.5775761902, 0.1283502644, 0.0052854502])
    counts = np.bincount(np.minimum(32 - found, 3), minlength=4)
    expected = law / law.sum() * counts.sum()
    chi = float(((counts - expected) ** 2 / expected).sum())
    return Row("ranks of 32 x 32 bits", chi, float(stats.chi2.sf(chi, 3)))


def avalanche(seed: int, count: int = 20_000) -> tuple[float, float]:
    """Share of output bits that change with one bit of counter or key; the worst pair of bits, in deviations."""
    rng = np.random.default_rng(seed)
    worst, shares = 0.0, []
    keys = [int(key) for key in rng.integers(0, 1 << 63, 4)]
    for bit in range(128):
        changed = np.zeros(64)
        for key in keys:
            c0, c1 = (rng.integers(0, 1 << 32, count // len(keys), dtype=np.uint32) for _ in range(2))
            other = key ^ (1 << (bit - 64)) if bit >= 64 else key
            d0, d1 = (
                c ^ np.uint32((1 << bit) >> 32 * k & 0xFFFFFFFF) if bit < 64 else c for k, c in ((0, c0), (1, c1))
            )
            before, after = generator.threefry(key, c0, c1), generator.threefry(other, d0, d1)
            for k in range(2):
                bits = np.unpackbits((before[k] ^ after[k])[:, None].view(np.uint8), axis=1)
                changed[32 * k : 32 * k + 32] += bits.sum(0)
        share = changed / count
        shares.append(share.mean())
        worst = max(worst, float(np.abs((share - 0.5) * 2 * np.sqrt(count)).max()))
    return float(np.mean(shares)), worst


def of_generator(arguments: argparse.Namespace) -> None:
    """A column a number of rounds."""
    columns: dict[int, list[Row]] = {}
    spread = {}
    for rounds in arguments.rounds:
        generator.ROUNDS = rounds
        columns[rounds] = list(battery(drawn(arguments.seed, arguments.draws)))
        spread[rounds] = avalanche(arguments.seed)
    print(f"{arguments.draws:,} draws, seed {arguments.seed}; p-values by the number of rounds")
    print(f"{'':36}" + "".join(f"{rounds:>10}" for rounds in columns))
    for number, row in enumerate(next(iter(columns.values()))):
        cells = "".join(f"{found[number].p:>10.3g}" for found in columns.values())
        print(f"{row.name:36}{cells}")
    for name, k in (("avalanche, mean share", 0), ("avalanche, worst of 8,192 pairs, sd", 1)):
        print(f"{name:36}" + "".join(f"{found[k]:>10.4f}" for found in spread.values()))
    generator.ROUNDS = 13
    of_distributions(arguments)


def of_distributions(arguments: argparse.Namespace) -> None:
    """Moments of 8-bit codes."""
    x = drawn(arguments.seed, arguments.draws)
    for distribution in ("uniform", "gaussian"):
        found = codes(x, distribution, 8).astype(np.float64)
        scaled = (found - found.mean()) / found.std()
        third, fourth = (scaled**3).mean(), (scaled**4).mean()
        print(
            f"{distribution}, 8 bits: mean {found.mean():.4f}, sd {found.std():.4f}, skewness {third:.5f}, "
            f"kurtosis {fourth:.4f}, codes {found.min():.0f} to {found.max():.0f}"
        )


def of_net(arguments: argparse.Namespace) -> None:
    """Moments and the Hurst exponent of one long signal."""
    source = load(arguments.net)
    wanted = Wanted(source, 1, arguments.samples, arguments.seed, settings=settings(arguments.set or []))
    x = next(iter(signals(wanted, arguments.leg))).ravel() * source.net.output.format.scale
    print(
        f"{source.net.name}, {x.size:,} samples in frames of {source.samples}, seed {arguments.seed}, {arguments.leg}"
    )
    scaled = (x - x.mean()) / x.std()
    print(f"mean {x.mean():.5f}, sd {x.std():.5f}, kurtosis {(scaled**4).mean():.4f}")
    ends = (source.net.output.format.lo, source.net.output.format.hi)
    print(f"at the ends of {source.net.output.format}: {np.isin(x / source.net.output.format.scale, ends).mean():.2e}")
    sizes = 2 ** np.arange(0, max(1, x.size.bit_length() - 10))
    variances = np.array([x[: x.size // m * m].reshape(-1, m).mean(1).var() for m in sizes])
    for low, high in ((1, source.samples // 4), (source.samples // 4, x.size // 1000)):
        inside = (sizes >= low) & (sizes <= high)
        if inside.sum() > 1:
            slope = np.polyfit(np.log2(sizes[inside]), np.log2(variances[inside]), 1)[0]
            print(f"Hurst exponent by variances of means of {low} to {high} samples: {1 + slope / 2:.3f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, nargs="+", default=[6, 8, 10, 13, 20])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--net", help="folder of a source")
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--set", action="append", help="a parameter, H=0.3")
    parser.add_argument("--leg", default="c")
    arguments = parser.parse_args()
    (of_net if arguments.net else of_generator)(arguments)


if __name__ == "__main__":
    main()

"""Signals of a source: as many and as long as wanted, out of its frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bittrue.check.legs import Options
from bittrue.check.source_legs import Codes, SourceRun, make_source
from bittrue.errors import BadInput, shown
from bittrue.limits import take
from bittrue.num.arrays import integer
from bittrue.spec.source import GAIN, START_BITS, Source

TOGETHER = 1 << 22
"""Elements of all tensors of the frames that are computed at a time; one frame at least."""
SAMPLES = 1 << 40
"""Most samples of a signal, and most signals."""
SEED_BITS = 64


@dataclass(frozen=True)
class Wanted:
    """Signals of a source.

    Parameters
    ----------
    source : Source
    count, length : int
        So many signals of so many samples each; ``length`` 0 is one frame.
    seed : int
        0 to ``2**64 - 1``.
    start : int
        Number of the first frame, 0 to ``2**32 - 1``.
    settings : mapping of float
        Values of parameters by name; others have their defaults.
    gain : float, optional
        In place of the source's.

    Raises
    ------
    BadInput
        For numbers outside these ranges, an unknown parameter, or a value outside its range.
    """

    source: Source
    count: int = 1
    length: int = 0
    seed: int = 0
    start: int = 0
    settings: Mapping[str, float] = field(default_factory=dict)
    gain: float | None = None

    def __post_init__(self) -> None:
        _whole(self.count, 1, SAMPLES, "count, the number of signals,")
        length = _whole(self.length, 0, SAMPLES, "length, the samples of a signal,") or self.source.samples
        object.__setattr__(self, "length", length)
        _whole(self.seed, 0, (1 << SEED_BITS) - 1, "the seed")
        _whole(self.start, 0, (1 << START_BITS) - 1, "start, the number of the first frame,")
        last = self.first(self.count - 1) + self.frames - 1
        if last >= 1 << START_BITS:
            raise BadInput(
                f"net {self.source.net.name}: {self.count:,} signals of {length:,} samples from frame {self.start:,} "
                f"on reach beyond the 2^{START_BITS} frames that have a number; ask for less, or start earlier"
            )
        _ = self.codes, self.gain_code

    @property
    def frames(self) -> int:
        """Frames of a signal."""
        return -(-self.length // self.source.samples)

    def first(self, row: int) -> int:
        """The number of a signal's first frame: signals share no draw."""
        return self.start + row * (self.frames - 1 + self.source.apart)

    @property
    def codes(self) -> dict[str, int]:
        """Codes of all parameters by name."""
        known = self.source.settings
        for name in self.settings:
            if name not in known:
                has = f"it has {', '.join(known)}" if known else "it has none"
                raise BadInput(f"net {self.source.net.name} has no parameter {shown(name)}; {has}")
        found = {}
        for name, (parameter, _) in known.items():
            value = self.settings.get(name)
            found[name] = parameter.default if value is None else parameter.code(_number(value, f"parameter {name}"))
        return found

    @property
    def gain_code(self) -> int:
        """The gain as a code of Q4.12."""
        if self.gain is None:
            return int(self.source.gain)
        value = _number(self.gain, "the gain")
        if not GAIN.lo <= value * 2**GAIN.frac <= GAIN.hi:
            raise BadInput(f"the gain is {value:g}; give {GAIN.lo / 2**GAIN.frac:g} to {GAIN.hi / 2**GAIN.frac:.4f}")
        return int(GAIN.encode(np.asarray(value)))


def signals(wanted: Wanted, leg: str = "ref", options: Options | None = None) -> Iterator[Codes]:
    """Codes of the signals, some rows at a time: ``(rows, length)``, ``(rows, channels, length)`` for several channels.

    Sample ``t`` of signal ``n`` is sample ``t mod samples`` of frame ``first(n) + t div samples``. Images come with
    their positions one after another.

    Raises `BadInput` as `bittrue.check.source_legs.make_source` does, and where a signal takes more memory than a
    command may.
    """
    net = wanted.source.net
    take(16 * wanted.length * net.output.shape[0], f"a signal of {wanted.length:,} samples")
    run = make_source(leg, wanted.source, options and options.for_legs([leg]))
    at_once = max(1, TOGETHER // net.elements)  # frames
    rows = max(1, at_once // wanted.frames)
    for begin in range(0, wanted.count, rows):
        chosen = range(begin, min(begin + rows, wanted.count))
        if wanted.frames <= at_once:
            numbers = [wanted.first(row) + k for row in chosen for k in range(wanted.frames)]
            yield _rows(wanted, _run(run, wanted, np.array(numbers, np.int64)), len(chosen))
        else:
            yield _rows(wanted, _long(run, wanted, wanted.first(begin), at_once), 1)


def generated(
    wanted: Wanted, leg: str = "ref", options: Options | None = None, *, codes: bool = False
) -> npt.NDArray[np.float64] | Codes:
    """All `signals` in one array, float64 values or, with ``codes``, int64 codes. Raises `BadInput` as that."""
    net = wanted.source.net
    take(16 * wanted.count * wanted.length * net.output.shape[0], f"{wanted.count:,} x {wanted.length:,} samples")
    fmt = net.output.format
    return np.concatenate([part if codes else fmt.decode(part) for part in signals(wanted, leg, options)])


def _run(run: SourceRun, wanted: Wanted, numbers: Codes) -> Codes:
    return run(wanted.seed, numbers, wanted.codes, wanted.gain_code)


def _long(run: SourceRun, wanted: Wanted, first: int, at_once: int) -> Codes:
    """The frames of one signal, computed some at a time."""
    parts = range(0, wanted.frames, at_once)
    numbers = (first + np.arange(at, min(at + at_once, wanted.frames), dtype=np.int64) for at in parts)
    return np.concatenate([_run(run, wanted, part) for part in numbers])


def _rows(wanted: Wanted, frames: Codes, rows: int) -> Codes:
    """Signals of their frames ``(rows * frames, channels, *positions)``."""
    channels, samples = wanted.source.net.output.shape[0], wanted.source.samples
    apart = frames.reshape(rows, wanted.frames, channels, samples).swapaxes(1, 2)
    found = apart.reshape(rows, channels, -1)[:, :, : wanted.length]
    return found[:, 0] if channels == 1 else found


def _number(value: object, what: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if isinstance(value, bool) or not np.isfinite(number):
        raise BadInput(f"{what} is {shown(value)}; give a finite number")
    return number


def _whole(value: object, low: int, high: int, what: str) -> int:
    number = integer(value)
    if number is None or not low <= number <= high:
        raise BadInput(f"{what} is {shown(value)}; give a whole number from {low} to {high:,}")
    return number

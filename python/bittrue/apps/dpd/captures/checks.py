"""What is wrong with a recording of an amplifier, in one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.captures.align import Alignment, estimate, nearest
from bittrue.apps.dpd.metrics import Complex, Real
from bittrue.errors import BadInput

TOLERANCE = 0.25
"""Delay in samples from which a capture counts as unaligned; those of OpenDPD lie below 0.1."""

UNRELATED = 0.5
OUTSIDE = 0.05
"""Share of the input's power outside its bandwidth from which the bandwidth cannot be right."""

REGROWTH = 3.0
"""dB that the input's shoulders may lie above the output's, relative to the power inside the bandwidth."""

DIRECT = -26.0
"""dB of a constant relative to the rest: more is an offset of a converter."""

STUCK = 8
"""Samples at one extreme value that make a clipped converter, where the value next to it is much rarer."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Two recorded signals ``(N,)`` of one length, and how they were taken, in Hz."""

    x: Complex
    y: Complex
    sample_rate: float
    bandwidth: float


def refuse(recording: Recording, accepted: Collection[str] = ()) -> Alignment:
    """Raise `BadInput` for the first fault of a recording; otherwise say how well it is aligned.

    Parameters
    ----------
    recording : Recording
    accepted : collection of str
        Names of checks, from `CHECKS`, that the user knows to fail for a reason.

    Raises
    ------
    BadInput
        For lengths that differ, NaN, silence, clipping, DC, a bandwidth that is not the signal's, files that do not
        belong together, swapped files, and a delay.
    """
    unknown = sorted(set(accepted) - set(CHECKS))
    if unknown:
        raise BadInput(f"there is no check {unknown[0]!r} to accept; known are {', '.join(CHECKS)}")
    _usable(recording)
    for name, check in CHECKS.items():
        complaint = "" if name in accepted else check(recording)
        if complaint:
            raise BadInput(f"{complaint} (if that is meant, accept {name!r})")
    return _alignment(recording)


def _usable(recording: Recording) -> None:
    x, y = recording.x, recording.y
    if len(x) != len(y):
        raise BadInput(f"the input has {len(x):,} samples and the output {len(y):,}; pair them with bittrue align")
    for name, signal in (("input", x), ("output", y)):
        if not np.isfinite(signal).all():
            place = int(np.flatnonzero(~np.isfinite(signal))[0])
            raise BadInput(f"the {name} holds NaN or infinity, first at sample {place:,}; record it again")
        if not abs(signal - signal[:1]).any():
            raise BadInput(f"the {name} is constant; record the amplifier under drive")


def _clipped(recording: Recording) -> str:
    for name, signal in (("input", recording.x), ("output", recording.y)):
        for part, values in (("I", signal.real), ("Q", signal.imag)):
            for sign in (1, -1):
                count = stuck(sign * values)
                if count:
                    top = sign * float((sign * values).max())
                    return (
                        f"the {name} is clipped: {count:,} samples of {part} are stuck at {top:.6g}; lower the level "
                        f"in front of the converter and record again"
                    )
    return ""


def stuck(values: Real) -> int:
    """How many samples lie at the largest value, where that is a converter's end: 0 where it is not.

    At a converter's end the samples pile up; below it, the largest value is as rare as the one next to it.
    """
    distinct, counts = np.unique(values, return_counts=True)
    top = int(counts[-1])
    return top if top >= STUCK and len(distinct) > 1 and top > 3 * counts[-2] else 0


def _direct(recording: Recording) -> str:
    for name, signal in (("input", recording.x), ("output", recording.y)):
        level = 20 * np.log10(abs(signal.mean()) / signal.std() + 1e-30)
        if level > DIRECT:
            return f"the {name} has an offset (DC) at {level:.1f} dB of its rms; bittrue align removes it"
    return ""


def _band(recording: Recording) -> str:
    share = 1 - _inside(recording.x, recording)
    if share <= OUTSIDE or 1 - _inside(recording.y, recording) <= OUTSIDE:
        return ""
    return (
        f"{100 * share:.0f} % of the input's power lie outside {recording.bandwidth / 1e6:g} MHz at "
        f"{recording.sample_rate / 1e6:g} MS/s; give the signal's bandwidth and sample rate"
    )


def _inside(signal: Complex, recording: Recording) -> float:
    spectrum, frequencies = _spectrum(signal, recording)
    return float(spectrum[frequencies <= recording.bandwidth / 2].sum() / spectrum.sum())


def _spectrum(signal: Complex, recording: Recording) -> tuple[Real, Real]:
    windowed = (signal - signal.mean()) * np.hanning(len(signal))
    power: Real = np.square(abs(np.fft.fft(windowed)))
    frequencies: Real = np.abs(np.fft.fftfreq(len(signal), 1 / recording.sample_rate))
    return power, frequencies


def _unrelated(recording: Recording) -> str:
    correlation = _alignment(recording).correlation
    if correlation >= UNRELATED:
        return ""
    return f"input and output have a correlation of {correlation:.2f} at best; these files do not belong together"


def _swapped(recording: Recording) -> str:
    levels = [shoulders(signal, recording) for signal in (recording.x, recording.y)]
    if levels[0] <= levels[1] + REGROWTH:
        return ""
    return (
        f"beside the channel the input has {levels[0]:.1f} dB and the output {levels[1]:.1f} dB; an amplifier widens a "
        f"spectrum, so the files are swapped: exchange them"
    )


def shoulders(signal: Complex, recording: Recording) -> float:
    """Power from 0.55 to 1.5 bandwidths off the carrier over that inside the bandwidth, in dB, at least -200."""
    spectrum, frequencies = _spectrum(signal, recording)
    beside = (frequencies > 0.55 * recording.bandwidth) & (frequencies <= 1.5 * recording.bandwidth)
    ratio = spectrum[beside].sum() / spectrum[frequencies <= recording.bandwidth / 2].sum()
    return float(10 * np.log10(ratio + 1e-20))


def _unaligned(recording: Recording) -> str:
    delay = _alignment(recording).delay
    if abs(delay) <= TOLERANCE:
        return ""
    whole = nearest(delay)
    return (
        f"the output lags the input by {delay:.2f} samples ({whole} and a fraction of {delay - whole:+.2f}); align the "
        f"files: bittrue align INPUT OUTPUT -o DIR"
    )


def _alignment(recording: Recording) -> Alignment:
    return estimate(recording.x, recording.y, recording.sample_rate, recording.bandwidth)


CHECKS: dict[str, Callable[[Recording], str]] = {
    "clipped": _clipped,
    "offset": _direct,
    "unrelated": _unrelated,
    "swapped": _swapped,
    "bandwidth": _band,
    "unaligned": _unaligned,
}
"""Checks by the name that accepts them, in their order; each gives a complaint or nothing."""

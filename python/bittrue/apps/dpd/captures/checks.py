"""Faults of a recording of an amplifier, in one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from bittrue.apps.dpd.captures import unsteady
from bittrue.apps.dpd.captures.align import Alignment, estimate, nearest
from bittrue.apps.dpd.captures.data import SPLITS, Capture
from bittrue.apps.dpd.metrics import Complex, Real
from bittrue.errors import BadInput, shown

TOLERANCE = 0.25
"""Delay in samples from which a capture counts as unaligned; those of OpenDPD lie below 0.1."""

RELATED = 0.5
"""Correlation at the best delay from which two recordings belong together."""

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
    """Two recorded signals ``(N,)``, and how they were taken, in Hz.

    ``aligning``: whether it is `bittrue align` that asks, so that no sentence sends the user there.
    """

    x: Complex
    y: Complex
    sample_rate: float
    bandwidth: float
    aligning: bool = False


def refuse(recording: Recording, accepted: Collection[str] = ()) -> Alignment:
    """Raise `BadInput` for the first fault of a recording; otherwise say how well it is aligned.

    Parameters
    ----------
    recording : Recording
        Of two signals of one length.
    accepted : collection of str
        Names of checks, from `CHECKS`, that the user knows to fail for a reason.

    Raises
    ------
    BadInput
        For lengths that differ, NaN, silence, clipping, DC, a bandwidth or a centre that are not the signal's, swapped
        files, a delay, phase or gain that is not constant, files that do not belong together, and a delay.
    """
    look(recording, CHECKS, accepted, paired=True)
    return _alignment(recording)


def look(recording: Recording, names: Collection[str], accepted: Collection[str], paired: bool = False) -> None:
    """Raise `BadInput` for the first fault among the checks of these names; without ``paired`` lengths may differ."""
    unknown = sorted(set(accepted) - set(CHECKS))
    if unknown:
        raise BadInput(f"there is no check {shown(unknown[0])} to accept; known are {', '.join(CHECKS)}")
    _usable(recording, paired)
    for name, check in CHECKS.items():
        complaint = check(recording) if name in names and name not in accepted else ""
        if complaint:
            raise BadInput(f"{complaint} (if that is meant, accept {name!r})")


def steady(capture: Capture, accepted: Collection[str] = ()) -> None:
    """Raise `BadInput` for a capture of consecutive splits whose delay, phase or gain is not constant."""
    x, y = (np.concatenate([part[split] for split in SPLITS]) for part in (capture.inputs, capture.outputs))
    try:
        look(Recording(x, y, capture.channel.sample_rate, capture.channel.bandwidth), [UNSTEADY], accepted, paired=True)
    except BadInput as error:
        raise BadInput(f"{capture.name}: {error}") from None


def _usable(recording: Recording, paired: bool) -> None:
    x, y = recording.x, recording.y
    if paired and len(x) != len(y):
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


def _centred(recording: Recording) -> str:
    """A carrier beside 0 Hz, in one signal or both, that would fit the bandwidth."""
    inputs, outputs = (_occupied(signal, recording) for signal in (recording.x, recording.y))
    lying = [band for band in (inputs, outputs) if band.outside > OUTSIDE]
    apart = outputs.centre - inputs.centre
    if not lying or all(abs(band.centre) < recording.bandwidth / 8 for band in lying):
        return ""
    if abs(apart) > recording.bandwidth / 4:
        return (
            f"the input's spectrum is centred at {_mega(inputs.centre)} and the output's at {_mega(outputs.centre)}; "
            f"tune both to the carrier, or shift them to 0: multiply sample n by exp(-2j pi f n / sample_rate)"
        )
    if inputs.width > 1.2 * recording.bandwidth:
        return ""
    return (
        f"the carrier is centred at {_mega(inputs.centre)}, not at 0, and {recording.bandwidth / 1e6:g} MHz around 0 "
        f"hold {100 * (1 - inputs.outside):.0f} % of the input's power; shift both recordings by "
        f"{_mega(-inputs.centre)}: multiply sample n by exp(-2j pi n * {inputs.centre:.6g} / {recording.sample_rate:g})"
    )


def _mega(hertz: float) -> str:
    return f"{hertz / 1e6:+.4g} MHz"


def _band(recording: Recording) -> str:
    bands = [_occupied(signal, recording) for signal in (recording.x, recording.y)]
    if min(band.outside for band in bands) <= OUTSIDE:
        return ""
    return (
        f"{100 * bands[0].outside:.0f} % of the input's power lie outside {recording.bandwidth / 1e6:g} MHz at "
        f"{recording.sample_rate / 1e6:g} MS/s: it occupies {bands[0].width / 1e6:.4g} MHz; give the signal's "
        f"bandwidth and sample rate"
    )


@dataclass(frozen=True)
class _Band:
    """What a spectrum occupies: the share of its power outside the bandwidth; centre and width of 98 % of it, in Hz."""

    outside: float
    centre: float
    width: float


def _occupied(signal: Complex, recording: Recording) -> _Band:
    spectrum, frequencies = _spectrum(signal, recording)
    outside = 1 - float(spectrum[abs(frequencies) <= recording.bandwidth / 2].sum() / spectrum.sum())
    order = np.argsort(frequencies)
    share = np.cumsum(spectrum[order]) / spectrum.sum()
    low, high = (float(frequencies[order][np.searchsorted(share, edge)]) for edge in (0.01, 0.99))
    return _Band(outside, (low + high) / 2, high - low)


def _spectrum(signal: Complex, recording: Recording) -> tuple[Real, Real]:
    windowed = (signal - signal.mean()) * np.hanning(len(signal))
    power: Real = np.square(abs(np.fft.fft(windowed)))
    frequencies = np.asarray(np.fft.fftfreq(len(signal), 1 / recording.sample_rate), np.float64)
    return power, frequencies


def _unrelated(recording: Recording) -> str:
    correlation = _alignment(recording).correlation
    if correlation >= RELATED:
        return ""
    if _alignment(replace(recording, y=recording.y.conj())).correlation >= RELATED:
        return (
            "the output's spectrum is the mirror image of the input's: I and Q of one of them are exchanged, or one Q "
            "has the other sign; exchange the columns of that file"
        )
    return (
        f"input and output have a correlation of {correlation:.2f} at best; these files do not belong together, or "
        f"were recorded at two sample rates; give the two recordings of one run"
    )


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
    away = np.abs(frequencies)
    beside = (away > 0.55 * recording.bandwidth) & (away <= 1.5 * recording.bandwidth)
    ratio = spectrum[beside].sum() / spectrum[away <= recording.bandwidth / 2].sum()
    return float(10 * np.log10(ratio + 1e-20))


def _unsteady(recording: Recording) -> str:
    found = unsteady.faults(recording.x, recording.y, recording.sample_rate, recording.bandwidth)
    if not found:
        return ""
    said = "; ".join(fault.text for fault in found)
    fixes = ", ".join(dict.fromkeys(fault.fix for fault in found))
    if all(fault.removable for fault in found):
        command = "" if recording.aligning else "bittrue align INPUT OUTPUT -o DIR "
        return f"{said}; {command}--correct removes it, or {fixes} and record again"
    return f"{said}; {fixes}{'' if 'record' in fixes else ' and record again'}"


def _unaligned(recording: Recording) -> str:
    delay = _alignment(recording).delay
    if abs(delay) <= TOLERANCE:
        return ""
    whole = nearest(delay)
    if recording.aligning:
        return f"a delay of {delay:.2f} samples is left, so the recordings have none that is constant; record again"
    return (
        f"the output lags the input by {delay:.2f} samples ({whole} and a fraction of {delay - whole:+.2f}); align the "
        f"files: bittrue align INPUT OUTPUT -o DIR"
    )


def _alignment(recording: Recording) -> Alignment:
    return estimate(recording.x, recording.y, recording.sample_rate, recording.bandwidth)


CENTRE, UNSTEADY, UNRELATED = "centre", "unsteady", "unrelated"
CHECKS: dict[str, Callable[[Recording], str]] = {
    "clipped": _clipped,
    "offset": _direct,
    CENTRE: _centred,
    "swapped": _swapped,
    "bandwidth": _band,
    UNSTEADY: _unsteady,
    UNRELATED: _unrelated,
    "unaligned": _unaligned,
}
"""Checks by the name that accepts them, in their order; each gives a complaint or nothing."""

EACH = ("clipped", CENTRE, "swapped", "bandwidth")
"""Checks that look at each signal on its own: they need no alignment."""

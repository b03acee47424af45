"""Made-up electrocardiograms: sums of Gaussians on a beat's own clock, with ectopic beats and the rhythm they make.

The waves are those of McSharry, Clifford, Tarassenko and Smith, "A dynamical model for generating synthetic
electrocardiogram signals", IEEE Trans. Biomed. Eng. 50(3), 2003: P, Q, R, S and T are Gaussians at fixed phases of the
cycle, and intervals follow a spectrum with a slow and a respiratory wave. Here the sum of Gaussians is taken directly,
without the limit cycle. S beats are early with an early, low P wave; V beats are early without P, wide, with T the
other way round, and a pause follows; F beats lie between N and V. No patient is behind any of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.records import Record

Real = npt.NDArray[np.float64]
Waves = tuple[tuple[float, float, float], ...]
"""Position relative to R in seconds, height in mV and standard deviation in seconds, of each wave at 60 a minute."""

WAVES: dict[str, Waves] = {
    "N": ((-0.17, 0.12, 0.022), (-0.028, -0.12, 0.009), (0.0, 1.1, 0.011), (0.03, -0.25, 0.010), (0.25, 0.28, 0.045)),
    "S": ((-0.12, 0.07, 0.016), (-0.028, -0.12, 0.009), (0.0, 1.05, 0.011), (0.03, -0.25, 0.010), (0.24, 0.25, 0.045)),
    "V": ((-0.04, -0.20, 0.030), (0.01, 1.5, 0.036), (0.09, -0.45, 0.035), (0.30, -0.45, 0.060)),
}

EARLY = {"N": 1.0, "S": 0.70, "V": 0.62, "F": 0.93}
"""Interval in front of a beat, relative to the sinus rhythm's."""

PAUSE = {"N": 1.0, "S": 1.05, "V": 1.38, "F": 1.07}
"""Interval behind it: an S beat resets the sinus node, after a V beat the sum is two sinus intervals."""


@dataclass(frozen=True)
class Patient:
    """Somebody who does not exist.

    Parameters
    ----------
    seed : int
        Of everything random: shapes, rhythm, ectopic beats, noise.
    seconds : float
    rate : int
        Samples a second.
    shares : dict
        Probability of S, V and F beats; the rest are N.
    noise : float
        Standard deviation of white noise in mV.
    wander : float
        Height of the baseline's movement with the breath in mV.
    """

    seed: int
    seconds: float = 60.0
    rate: int = 360
    shares: dict[str, float] = field(default_factory=lambda: {"S": 0.08, "V": 0.10, "F": 0.02})
    noise: float = 0.02
    wander: float = 0.15


def synthesise(patient: Patient) -> Record:
    """The record of a patient: microvolts, beats at their R peaks, classes. The same patient is the same record."""
    random = np.random.default_rng(patient.seed)
    sinus = random.uniform(0.65, 1.0)
    times, kinds, gaps = _rhythm(patient, sinus, random)
    shapes = _shapes(random)
    clock = np.arange(int(patient.seconds * patient.rate)) / patient.rate
    signal = patient.noise * random.standard_normal(len(clock))
    breath, phase = random.uniform(0.2, 0.35), random.uniform(0, 2 * np.pi)
    signal += patient.wander * np.sin(2 * np.pi * breath * clock + phase)
    for at, kind, gap in zip(times, kinds, gaps, strict=True):
        _add(signal, patient.rate, at, shapes[kind], gap * random.normal(1, 0.01), random.normal(1, 0.03))
    positions = np.floor(np.array(times) * patient.rate + 0.5).astype(np.int64)
    labels = np.array([CLASSES.index(kind) for kind in kinds], dtype=np.int64)
    microvolts = np.floor(1000 * signal + 0.5).astype(np.int64)
    return Record(f"synthetic-{patient.seed}", patient.rate, microvolts, positions, labels)


def _rhythm(patient: Patient, sinus: float, random: np.random.Generator) -> tuple[list[float], list[str], list[float]]:
    """Times of R in seconds, kinds, and the interval in front of each."""
    names = list(EARLY)
    chances = [patient.shares.get(name, 0.0) for name in names[1:]]
    slow, fast = random.uniform(0, 2 * np.pi, size=2)
    times, kinds, gaps = [0.5], ["N"], [sinus]
    while True:
        now, last = times[-1], kinds[-1]
        # One ectopic beat at a time: the pause behind it belongs to a beat of the sinus node.
        kind = "N" if last != "N" else str(random.choice(names, p=[1 - sum(chances), *chances]))
        usual = sinus * (1 + 0.02 * np.sin(0.2 * np.pi * now + slow) + 0.02 * np.sin(0.5 * np.pi * now + fast))
        gap = float(usual * EARLY[kind] * PAUSE[last] * random.normal(1, 0.01))
        if now + gap > patient.seconds - 0.5:
            return times, kinds, gaps
        times, kinds, gaps = [*times, now + gap], [*kinds, kind], [*gaps, gap]


def _shapes(random: np.random.Generator) -> dict[str, Waves]:
    """This patient's waves; F begins as N does and has half of V on top."""
    own = {
        kind: tuple(
            (at, height * random.normal(1, 0.12), width * random.normal(1, 0.06)) for at, height, width in waves
        )
        for kind, waves in WAVES.items()
    }
    halves = [tuple((at, 0.5 * height, width) for at, height, width in own[kind]) for kind in "NV"]
    return own | {"F": halves[0] + halves[1]}


def _add(signal: Real, rate: int, at: float, waves: Waves, gap: float, height: float) -> None:
    """Add one beat; waves move apart with the square root of the interval, as QT does (Bazett)."""
    first, last = max(0, int((at - 0.6) * rate)), min(len(signal), int((at + 0.9) * rate))
    clock = np.arange(first, last) / rate - at
    stretch = np.sqrt(min(max(gap, 0.4), 1.5))
    for centre, top, width in waves:
        signal[first:last] += height * top * np.exp(-0.5 * ((clock - centre * stretch) / width) ** 2)

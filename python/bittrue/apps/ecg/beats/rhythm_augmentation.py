"""Patients made of a patient's own beats: the same shapes in a rhythm that the training half hardly has.

Two rhythms decide what an early beat means, and few patients have them: sustained atrial ectopy, where the early beats
are the usual ones, and atrial fibrillation, where P waves are missing and every interval is another. A record's beats
are cut out, baseline removed, and laid one after the other with other intervals. They are for training alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg.beats import front_end, rhythm
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.header import Rate
from bittrue.apps.ecg.beats.records import Record
from bittrue.apps.ecg.beats.samples import Codes
from bittrue.errors import BadInput

N, S, V = (CLASSES.index(name) for name in "NSV")

LEAD, QRS = 0.28, 0.06
"""Seconds in front of R that a beat begins at, at most half of its interval, and that its QRS complex begins at."""

JOIN = 0.05
"""Seconds over which the step at a joint fades."""

SHORTEST = 0.3
"""Seconds of the shortest interval."""

ECTOPIC, FIBRILLATING = 500, 400
"""Beats of a patient with sustained ectopy, at least; of one with fibrillation, at most."""

LEAST = 20
"""Early S beats that a record needs to be made one of sustained ectopy."""


def ectopy(record: Record) -> Record:
    """Sustained atrial ectopy: runs of one to eight of the record's early S beats, one N beat and a pause between them.

    The pause is 0.95 to about 1.7 usual intervals, the ectopic interval 0.6 to 0.82 of it, steady within a run.
    Raises `BadInput` where the record has less than 20 early S beats.
    """
    random, own, usual = _random(record, "ectopy"), rhythm.intervals(record.positions), _usual(record)
    early = _early(record)
    if len(early) < LEAST:
        raise BadInput(f"record {record.name} has {len(early)} early S beats; at least {LEAST} are needed")
    late = np.flatnonzero((record.labels == N) & (10 * own > 9 * usual))
    pause, ratio = random.uniform(1.0, 1.5), random.uniform(0.6, 0.82)
    source, gaps, first = list[int](), list[float](), None
    while len(source) < ECTOPIC:
        beat = int(random.choice(late))
        first = usual[beat] if first is None else first
        source.append(beat)
        gaps.append(usual[beat] * max(0.95, random.normal(pause, 0.1)))
        run = random.choice(early, size=random.integers(1, 9))
        interval = first * ratio * random.normal(1, 0.05)
        source += run.tolist()
        gaps += (interval * random.normal(1, 0.015, size=len(run))).tolist()
    return _laid(record, np.array(source), np.array(gaps), np.zeros(len(source), dtype=bool), "ectopy")


def fibrillation(record: Record) -> Record:
    """Atrial fibrillation: N beats without P wave, each interval drawn on its own, small waves of 5 to 8 Hz throughout.

    V beats stay as they are, with their own intervals; S, F and Q beats are left out. Intervals are log-normal with a
    deviation of 14 to 30 percent around 0.65 to 1.05 of the usual one.
    """
    random, own, usual = _random(record, "fibrillation"), rhythm.intervals(record.positions), _usual(record)
    start = int(random.integers(0, max(1, len(own) - 2 * FIBRILLATING)))
    source = np.flatnonzero((record.labels == N) | (record.labels == V))
    source = source[source >= start][:FIBRILLATING]
    speed, spread = random.uniform(0.65, 1.05), random.uniform(0.14, 0.3)
    drawn = usual[source] * np.exp(spread * random.standard_normal(len(source)))
    gaps = speed * np.where(record.labels[source] == V, own[source], drawn)
    laid = _laid(record, source, gaps, record.labels[source] == N, "fibrillation")
    clock = np.arange(len(laid.signal)) / record.rate
    pitch = random.uniform(5, 8) + 0.7 * np.sin(2 * np.pi * 0.3 * clock)
    peak = np.median(front_end.peaks(_clean(record), record.positions, record.rate))
    height = peak * random.uniform(0, 0.06) * (1 + 0.5 * np.sin(2 * np.pi * 0.21 * clock))
    waves = np.floor(height * np.sin(2 * np.pi * np.cumsum(pitch) / record.rate) + 0.5).astype(np.int64)
    return Record(laid.name, laid.rate, laid.signal + waves, laid.positions, laid.labels)


KINDS: dict[str, Callable[[Record], Record]] = {"ectopy": ectopy, "fibrillation": fibrillation}
"""What `bittrue.apps.ecg.beats.beats.load` can make of a record."""


def _random(record: Record, kind: str) -> np.random.Generator:
    """The same record gives the same patient."""
    return np.random.default_rng(zlib.crc32(f"{record.name} {kind}".encode()))


def _usual(record: Record) -> Codes:
    return rhythm.usual(record.positions, 128, 80)


def _early(record: Record) -> Codes:
    own = rhythm.intervals(record.positions)
    return np.flatnonzero((record.labels == S) & (100 * own < 92 * _usual(record)))


def _clean(record: Record) -> Codes:
    return record.signal - front_end.baseline(record.signal, record.rate)


def _laid(
    record: Record, source: Codes, gaps: npt.NDArray[np.float64], silent: npt.NDArray[np.bool_], kind: str
) -> Record:
    """Beat ``source[j]`` of a record, ``gaps[j]`` samples behind the one before; without P wave where ``silent``.

    Raises `BadInput` where the record has stretches without values, which its beats would be cut from.
    """
    if len(record.gaps):
        raise BadInput(f"record {record.name} has stretches without values; leave rearranged patients out of [augment]")
    clean, own = _clean(record), rhythm.intervals(record.positions)
    wide = np.maximum(np.floor(gaps).astype(np.int64), int(SHORTEST * record.rate))
    lead = np.minimum(int(LEAD * record.rate), np.minimum(own[source], wide) // 2)
    tails = np.append(wide[1:] - lead[1:], int(record.rate // 2))
    pieces, positions, length, last = list[Codes](), list[int](), 0, 0
    for j, beat in enumerate(source):
        front = _front(clean, int(record.positions[beat]), int(lead[j]), record.rate, bool(silent[j]))
        fade = min(len(front), int(JOIN * record.rate))
        if pieces:
            front[:fade] += (last - front[0]) * (fade - np.arange(fade)) // fade
        behind = _behind(clean, record, int(beat), int(tails[j]))
        positions.append(length + len(front))
        pieces += [front, behind]
        length, last = length + len(front) + len(behind), int(behind[-1])
    at = np.array(positions, dtype=np.int64)
    return Record(f"{record.name} {kind}", record.rate, np.concatenate(pieces), at, record.labels[source])


def _front(clean: Codes, peak: int, lead: int, rate: Rate, silent: bool) -> Codes:
    """The ``lead`` samples before R; a straight line up to the QRS complex where ``silent``."""
    front = clean[np.clip(np.arange(peak - lead, peak), 0, len(clean) - 1)].copy()
    end = lead - int(QRS * rate)
    if silent and end > 0:
        front[:end] = front[0] + (front[end] - front[0]) * np.arange(end) // end
    return front


def _behind(clean: Codes, record: Record, beat: int, tail: int) -> Codes:
    """The ``tail`` samples from R on: the beat's own up to where the next begins, then a straight line to 0."""
    peak = int(record.positions[beat])
    after = int(record.positions[beat + 1]) if beat + 1 < len(record.positions) else len(clean)
    own = max(1, after - min(int(LEAD * record.rate), (after - peak) // 2) - peak)
    piece = clean[peak : peak + min(tail, own)]
    rest = tail - len(piece)
    return np.concatenate([piece, piece[-1] * (rest - 1 - np.arange(rest)) // max(rest, 1)])

"""Beats as a net sees them: int8 channels of a fixed length, a class, and where each comes from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bittrue import limits
from bittrue.apps.ecg.beats import database, front_end, kept_beats, records, rhythm, rhythm_augmentation
from bittrue.apps.ecg.beats.header import FASTEST
from bittrue.apps.ecg.beats.kept_beats import Beats
from bittrue.apps.ecg.beats.leads import LEAD
from bittrue.apps.ecg.beats.records import ANNOTATOR, Record
from bittrue.apps.ecg.beats.samples import Codes
from bittrue.cosim.cache import build_root
from bittrue.errors import BadInput, shown

__all__ = ["VOLTAGES", "Beats", "Input", "gather", "load", "see", "whole"]

VERSION = 3
"""Of what the channels are computed by; part of the key of the cache."""

Channel = Literal["beat", "template", "difference", "tachogram", "neighbours", "speed", "pulses", "rhythm", "packed"]


LIMITS: dict[str, tuple[int, int]] = {
    "length": (8, 1 << 16),
    "rate": (20, FASTEST),
    "before": (0, 1 << 16),
    "template": (1, 10_000),
    "memory": (1, 100_000),
    "width": (1, 1 << 16),
    "after": (0, 1 << 16),
}
"""Least and largest value of a key of section ``[input]``."""

VOLTAGES = ("beat", "template", "difference", "packed")
"""The channels that are made of the ECG itself; the others are made of the positions of the beats."""


@dataclass(frozen=True)
class Input:
    """Section ``[input]``: what the net sees of a beat.

    Parameters
    ----------
    channels : tuple of str
        ``"beat"``: the ECG around it. ``"template"``: the running median of these windows, the patient's usual beat.
        ``"difference"``: the first minus the second. ``"tachogram"``: the intervals around it, relative to the usual
        one. ``"neighbours"``: that which ends with it before its R peak, that which begins with it after. ``"speed"``:
        the usual interval. ``"pulses"``: a pulse for every beat near it. ``"rhythm"``: eight figures, side by side
        (`bittrue.apps.ecg.beats.rhythm.figures`). ``"packed"``, which stands alone: the middle three quarters of
        ``"difference"``, then ``"rhythm"`` in the last quarter, for a net of one channel.
    length : int
        Samples of every channel.
    rate : float
        Samples a second of the ECG.
    before : int
        Samples of the window in front of the beat.
    template : int
        Beats of the running median, with the one at hand.
    memory : int
        Intervals that the usual interval is taken from.
    percent : int
        Rank of the usual interval among them: 50 is the median.
    width : int
        Samples of an interval in the tachogram.
    after : int
        Intervals after the beat in the tachogram: so many beats later the answer comes.
    seconds : float
        Length of the channel of pulses.
    lead : str
        Name of the lead, as `bittrue.apps.ecg.beats.leads.choose` takes it.
    """

    channels: tuple[Channel, ...] = ("beat",)
    length: int = 128
    rate: float = 60.0
    before: int = 64
    template: int = 31
    memory: int = 32
    percent: int = 50
    width: int = 8
    after: int = 1
    seconds: float = 10.0
    lead: str = LEAD

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            if not getattr(self, name) >= least:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least {least}")
            if getattr(self, name) > most:
                raise BadInput(f"{name} is {shown(getattr(self, name))}; it must be at most {most:,}")
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise BadInput(f"channels is {list(self.channels)}; name at least one, and each once")
        for name, least in {"rhythm": rhythm.FIGURES, "packed": 4 * rhythm.FIGURES}.items():
            if name in self.channels and self.length % least:
                raise BadInput(f"length is {self.length}; channel {name} needs a multiple of {least}")
        if "packed" in self.channels and len(self.channels) > 1:
            raise BadInput(f"channels is {list(self.channels)}; packed holds all that it needs, name it alone")
        if self.before >= self.length:
            raise BadInput(f"before is {self.before}; it must be below length, {self.length}")
        if "tachogram" in self.channels and self.length // self.width <= self.after:
            raise BadInput(
                f"width is {self.width}; at most {self.length // (self.after + 1)} leaves room for the beat's own"
            )
        if not 0 <= self.percent <= 100:
            raise BadInput(f"percent is {self.percent}; it must be 0 to 100")
        if not 0 < self.seconds <= 3600:
            raise BadInput(f"seconds is {self.seconds}; it must be above 0 and at most 3,600")


def whole(record: Record, plan: Input) -> npt.NDArray[np.bool_]:
    """Which beats of a record a net can see: without a gap in their window, or all where no channel is of the ECG."""
    if not len(record.gaps) or not set(VOLTAGES) & set(plan.channels):
        return np.ones(len(record.positions), np.bool_)
    return front_end.whole(record.positions, record.gaps, record.rate, plan.rate, plan.before, plan.length)


def see(record: Record, plan: Input) -> npt.NDArray[np.int8]:
    """The channels of every beat of a record that is `whole`, ``(beats, channels, length)``.

    ECG channels: low-pass, minus baseline, window, then ``clamp(floor(64 * w / a + 1/2), -128, 127)`` with ``a`` the
    running median of the peaks: a usual peak is 64. A beat that is left out still ends and begins intervals.
    """
    at, length, kept = record.positions, plan.length, whole(record, plan)
    found: dict[str, Codes] = {}
    if set(VOLTAGES) & set(plan.channels):
        found |= _voltages(record, plan, at[kept])
    normal = rhythm.usual(at, plan.memory, plan.percent)
    if "tachogram" in plan.channels:
        found["tachogram"] = rhythm.tachogram(at, normal, length, plan.width, plan.after)[kept]
    if "neighbours" in plan.channels:
        found["neighbours"] = rhythm.neighbours(at, normal, length, plan.before)[kept]
    if "speed" in plan.channels:
        found["speed"] = rhythm.speed(normal, record.rate, length)[kept]
    if "pulses" in plan.channels:
        found["pulses"] = rhythm.pulses(at, record.rate, plan.seconds, length, plan.before)[kept]
    if {"rhythm", "packed"} & set(plan.channels):
        figures = rhythm.figures(at, normal)[kept]
        found["rhythm"] = np.repeat(figures, length // rhythm.FIGURES, axis=1)
    if "packed" in plan.channels:
        edge, blocks = length // 8, np.repeat(figures, length // (4 * rhythm.FIGURES), axis=1)
        found["packed"] = np.concatenate([found["difference"][:, edge : length - edge], blocks], axis=1)
    return np.stack([found[name] for name in plan.channels], axis=1).astype(np.int8)


def _voltages(record: Record, plan: Input, at: Codes) -> dict[str, Codes]:
    """The channels that are made of the ECG, of the beats at these samples."""
    clean = front_end.low_pass(record.signal, record.rate, plan.rate)
    clean = clean - front_end.baseline(clean, record.rate)
    scale = front_end.running_rank(front_end.peaks(clean, at, record.rate), front_end.MEMORY)
    raw = front_end.windows(clean, at, record.rate, plan.rate, plan.before, plan.length)
    found = {"beat": front_end.ratio(raw, scale[:, None], front_end.TYPICAL)}
    if {"template", "difference", "packed"} & set(plan.channels):
        found["template"] = front_end.running_rank(found["beat"].astype(np.int8), plan.template)
        found["difference"] = np.clip(found["beat"] - found["template"], -128, 127)
    return found


def gather(sources: Sequence[Record], plan: Input) -> Beats:
    """The beats of some records that are `whole`, one after the other. Raises `BadInput` where a record has none."""
    kept = [whole(record, plan) for record in sources]
    remarks = [said for record, own in zip(sources, kept, strict=True) for said in _said(record, plan, own)]
    count = sum(int(own.sum()) for own in kept)
    each = plan.length * (len(plan.channels) + 40 + plan.template) + 16 * plan.memory
    limits.take(count * each, f"{count:,} beats of {plan.length:,} samples")
    x = np.concatenate([see(record, plan) for record in sources])
    y = np.concatenate([record.labels[own] for record, own in zip(sources, kept, strict=True)])
    which = np.repeat(np.arange(len(sources)), [int(own.sum()) for own in kept])
    at = np.concatenate([record.positions[own] for record, own in zip(sources, kept, strict=True)])
    known = all(record.known for record in sources)
    return Beats(x, y, which, at, tuple(record.name for record in sources), tuple(remarks), known)


def _said(record: Record, plan: Input, kept: npt.NDArray[np.bool_]) -> list[str]:
    """What somebody should know about the beats of a record."""
    found = list(record.remarks)
    if not kept.any():
        raise BadInput(
            f"no beat of record {record.name} has values in its window; leave it out, or choose another lead"
        )
    if lost := int((~kept).sum()):
        found.append(f"record {record.name}: {lost:,} of {len(kept):,} beats left out, with no value in their window")
    if record.rate < plan.rate and set(VOLTAGES) & set(plan.channels):
        rates = f"{record.rate:g} samples a second, the net takes {plan.rate:g}"
        found.append(
            f"record {record.name} has {rates}: those between are computed, with {record.rate / 2:g} Hz at most"
        )
    return found


def load(
    folder: str | os.PathLike[str] | None,
    names: Sequence[str],
    plan: Input,
    kind: str = "",
    annotator: str | None = ANNOTATOR,
) -> Beats:
    """The beats of records of a folder; computed once and kept in the build folder.

    With a ``kind``, one of `bittrue.apps.ecg.beats.rhythm_augmentation.KINDS`, those of the records rearranged in that
    way; with no ``annotator``, those that a detector finds.

    Raises `BadInput` as `bittrue.apps.ecg.beats.database.locate` and `bittrue.apps.ecg.beats.records.read` do.
    """
    if not names:
        raise BadInput("no record is named; name at least one")
    place = database.locate(folder)
    key = f"{VERSION} {kind} {plan} {annotator} {' '.join(names)} {database.digest(place, names, annotator)}"
    path = build_root() / "ecg" / f"beats-{hashlib.sha256(key.encode()).hexdigest()[:20]}.npz"
    called = [f"{name} {kind}".rstrip() for name in names]
    if (found := kept_beats.read(path, called)) is not None:
        return found
    read = [records.read(place, name, plan.lead, annotator) for name in names]
    beats = gather([rhythm_augmentation.KINDS[kind](record) for record in read] if kind else read, plan)
    kept_beats.write(path, beats)
    return beats

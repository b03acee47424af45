"""Beats as a net sees them: int8 channels of a fixed length, a class, and where each comes from."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg.beats import database, front_end, rearranged, records, rhythm
from bittrue.apps.ecg.beats.records import Codes, Record
from bittrue.cosim.cache import build_root
from bittrue.errors import BadInput
from bittrue.files import write_whole

VERSION = 2
"""Of what the channels are computed by; part of the key of the cache."""

Channel = Literal["beat", "template", "difference", "tachogram", "neighbours", "speed", "pulses", "rhythm", "packed"]


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
    lead: str = records.LEAD

    def __post_init__(self) -> None:
        for name, least in {
            "length": 8,
            "rate": 20,
            "before": 0,
            "template": 1,
            "memory": 1,
            "width": 1,
            "after": 0,
        }.items():
            if not getattr(self, name) >= least:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least {least}")
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
        if not self.seconds > 0:
            raise BadInput(f"seconds is {self.seconds}; it must be above 0")


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats of several records.

    Parameters
    ----------
    x : int8 array (beats, channels, length)
        Codes; as floats they are ``code / 128``, in [-1, 1).
    y : int64 array (beats,)
        Classes, 0 to 4.
    record : int64 array (beats,)
        Index into ``names``.
    position : int64 array (beats,)
        Sample of the annotation in the record.
    names : tuple of str
    """

    x: npt.NDArray[np.int8]
    y: Codes
    record: Codes
    position: Codes
    names: tuple[str, ...]

    def of(self, *names: str) -> Beats:
        """The beats of these records only."""
        kept = np.isin(self.record, [self.names.index(name) for name in names])
        return Beats(self.x[kept], self.y[kept], self.record[kept], self.position[kept], self.names)


def see(record: Record, plan: Input) -> npt.NDArray[np.int8]:
    """The channels of every beat of a record, ``(beats, channels, length)``.

    ECG channels: low-pass, minus baseline, window, then ``clamp(floor(64 * w / a + 1/2), -128, 127)`` with ``a`` the
    running median of the peaks: a usual peak is 64.
    """
    at, length = record.positions, plan.length
    found: dict[str, Codes] = {}
    if {"beat", "template", "difference", "packed"} & set(plan.channels):
        clean = front_end.low_pass(record.signal, record.rate, plan.rate)
        clean = clean - front_end.baseline(clean, record.rate)
        scale = front_end.running_rank(front_end.peaks(clean, at, record.rate), front_end.MEMORY)
        raw = front_end.windows(clean, at, record.rate, plan.rate, plan.before, length)
        found["beat"] = front_end.ratio(raw, scale[:, None], front_end.TYPICAL)
    if {"template", "difference", "packed"} & set(plan.channels):
        found["template"] = front_end.running_rank(found["beat"].astype(np.int8), plan.template)
        found["difference"] = np.clip(found["beat"] - found["template"], -128, 127)
    normal = rhythm.usual(at, plan.memory, plan.percent)
    if "tachogram" in plan.channels:
        found["tachogram"] = rhythm.tachogram(at, normal, length, plan.width, plan.after)
    if "neighbours" in plan.channels:
        found["neighbours"] = rhythm.neighbours(at, normal, length, plan.before)
    if "speed" in plan.channels:
        found["speed"] = rhythm.speed(normal, record.rate, length)
    if "pulses" in plan.channels:
        found["pulses"] = rhythm.pulses(at, record.rate, plan.seconds, length, plan.before)
    if {"rhythm", "packed"} & set(plan.channels):
        figures = rhythm.figures(at, normal)
        found["rhythm"] = np.repeat(figures, length // rhythm.FIGURES, axis=1)
    if "packed" in plan.channels:
        edge, blocks = length // 8, np.repeat(figures, length // (4 * rhythm.FIGURES), axis=1)
        found["packed"] = np.concatenate([found["difference"][:, edge : length - edge], blocks], axis=1)
    return np.stack([found[name] for name in plan.channels], axis=1).astype(np.int8)


def gather(sources: Sequence[Record], plan: Input) -> Beats:
    """The beats of some records, one after the other."""
    x = np.concatenate([see(record, plan) for record in sources])
    y = np.concatenate([record.labels for record in sources])
    which = np.repeat(np.arange(len(sources)), [len(record.labels) for record in sources])
    at = np.concatenate([record.positions for record in sources])
    return Beats(x, y, which, at, tuple(record.name for record in sources))


def load(folder: str | os.PathLike[str] | None, names: Sequence[str], plan: Input, kind: str = "") -> Beats:
    """The beats of records of a folder; computed once and kept in the build folder.

    With a ``kind``, one of `bittrue.apps.ecg.beats.rearranged.KINDS`, those of the records rearranged in that way.

    Raises `BadInput` as `bittrue.apps.ecg.beats.database.locate` and `bittrue.apps.ecg.beats.records.read` do.
    """
    if not names:
        raise BadInput("no record is named; name at least one")
    place = database.locate(folder)
    key = f"{VERSION} {kind} {plan} {' '.join(names)} {database.digest(place, names)}"
    kept = build_root() / "ecg" / f"beats-{hashlib.sha256(key.encode()).hexdigest()[:20]}.npz"
    called = [f"{name} {kind}".rstrip() for name in names]
    if (found := _kept(kept, called)) is not None:
        return found
    read = [records.read(place, name, plan.lead) for name in names]
    beats = gather([rearranged.KINDS[kind](record) for record in read] if kind else read, plan)
    _keep(kept, beats)
    return beats


def _kept(path: Path, names: Sequence[str]) -> Beats | None:
    """What an earlier call stored; None where there is nothing or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return Beats(file["x"], file["y"], file["record"], file["position"], tuple(names))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _keep(path: Path, beats: Beats) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, x=beats.x, y=beats.y, record=beats.record, position=beats.position)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"cannot make {path.parent}: {error.strerror}; set BITTRUE_BUILD to a folder you can write"
        ) from None
    write_whole(path, buffer.getvalue())

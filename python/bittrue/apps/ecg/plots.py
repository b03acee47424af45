"""Pieces of ECG around single beats, in millivolts and seconds, with what is annotated and what a net said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from bittrue.apps.ecg.beats.beats import VOLTAGES, Beats, Input
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.records import Record
from bittrue.apps.ecg.patients import Patients
from bittrue.kit.figures import canvas, encoded

Codes = npt.NDArray[np.int64]
BEFORE, AFTER = 1.0, 1.2
"""Seconds of ECG in front of the beat and behind it."""

RIGHT, WRONG, NEUTRAL = "#1b7837", "#b2182b", "#00798c"


@dataclass(frozen=True, eq=False)
class Strip:
    """One beat in its surroundings.

    Parameters
    ----------
    record : Record
    position : int
        Sample of the beat's annotation.
    symbol : str
        The annotation as the database writes it.
    label : int
        Its class.
    answer : int, optional
        What a net called it.
    """

    record: Record
    position: int
    symbol: str
    label: int
    answer: int | None = None

    @property
    def time(self) -> str:
        """Where the beat is in its record: hours, minutes and seconds, tenths cut off."""
        tenths = int(10 * self.position // self.record.rate)
        return f"{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"

    @property
    def title(self) -> str:
        """Two lines: classes, then record, time and annotation."""
        said = CLASSES[self.label] + ("" if self.answer is None else f" called {CLASSES[self.answer]}")
        return f"{said}\nrecord {self.record.name}, {self.time}, annotated “{self.symbol}”"


def choose(beats: Beats, answers: Codes, each: int = 2, seed: int = 0) -> dict[int, tuple[list[int], list[int]]]:
    """Examples: of every class that occurs up to ``each`` beats answered rightly and as many wrongly, at random.

    Records take turns: the second beat is of another record where there is one.

    Returns
    -------
    dict
        Class to the indices of right and of wrong beats.
    """
    random = np.random.default_rng(seed)
    found = {}
    for kind in np.unique(beats.y):
        own = beats.y == kind
        parts = [np.flatnonzero(own & (answers == kind)), np.flatnonzero(own & (answers != kind))]
        right, wrong = (_taking_turns(random.permutation(part), beats.record, each) for part in parts)
        found[int(kind)] = (right, wrong)
    return found


def _taking_turns(candidates: Codes, records: Codes, count: int) -> list[int]:
    """The first ``count`` candidates when every record gives its first, then every one its second, and so on."""
    given: dict[int, int] = {}
    turns = []
    for place, index in enumerate(candidates):
        record = int(records[index])
        turns.append((given.get(record, 0), place, int(index)))
        given[record] = given.get(record, 0) + 1
    return [index for _, _, index in sorted(turns)[:count]]


def strips(
    patients: Patients, beats: Beats, answers: Codes | None, plan: Input, chosen: dict[int, tuple[list[int], list[int]]]
) -> dict[int, tuple[list[Strip], list[Strip]]]:
    """The ECG around chosen beats. Raises `BadInput` where a record cannot be read."""
    records: dict[str, Record] = {}

    def strip(index: int) -> Strip:
        name = beats.names[beats.record[index]]
        if name not in records:
            records[name] = patients.record(name, plan.lead)
        position = int(beats.position[index])
        symbol = patients.symbol(records[name], position)
        answer = None if answers is None else int(answers[index])
        return Strip(records[name], position, symbol, int(beats.y[index]), answer)

    return {kind: (list(map(strip, right)), list(map(strip, wrong))) for kind, (right, wrong) in chosen.items()}


def strips_png(shown: dict[int, tuple[list[Strip], list[Strip]]], plan: Input, each: int = 2) -> bytes:
    """A PNG: a row a class, ``each`` right answers on the left and as many wrong ones on the right."""
    kinds = sorted(shown)
    figure = canvas(3.1 * 2 * each, 1.9 * len(kinds) + 0.7)
    figure.suptitle("answered rightly (left) and wrongly (right), simulated, integer net by bittrue.ref", fontsize=9)
    grid = figure.subplots(len(kinds), 2 * each, sharex=True, squeeze=False)
    for row, kind in enumerate(kinds):
        for side, part in enumerate(shown[kind]):
            for column in range(each):
                axes = grid[row, side * each + column]
                if column < len(part):
                    draw(axes, part[column], plan)
                else:
                    _blank(axes, CLASSES[kind], ("rightly", "wrongly")[side], bool(part))
        grid[row, 0].set_ylabel("mV", fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("seconds from the beat", fontsize=8)
    return encoded(figure)


def draw(axes: Axes, strip: Strip, plan: Input) -> None:
    """One strip: the lead as recorded, annotated beats by their class, what the net sees of the ECG shaded."""
    record, rate = strip.record, strip.record.rate
    first, last = strip.position - int(BEFORE * rate), strip.position + int(AFTER * rate)
    at = np.arange(max(0, first), min(len(record.signal), last))
    colour = NEUTRAL if strip.answer is None else RIGHT if strip.answer == strip.label else WRONG
    axes.plot((at - strip.position) / rate, record.signal[at] / 1000, linewidth=0.9, color="#222222")
    if set(VOLTAGES) & set(plan.channels):
        edge = plan.length // 8 if "packed" in plan.channels else 0
        window = ((edge - plan.before) / plan.rate, (plan.length - edge - plan.before) / plan.rate)
        axes.axvspan(max(window[0], -BEFORE), min(window[1], AFTER), color=colour, alpha=0.10, linewidth=0)
    for position, label in zip(record.positions, record.labels, strict=True):
        if first < position < last:
            own = position == strip.position
            place = ((position - strip.position) / rate, 0.97)
            axes.text(
                *place,
                CLASSES[label],
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="top",
                fontsize=9,
                fontweight="bold" if own else "normal",
                color=colour if own else "#777777",
            )
    axes.set_xlim(-BEFORE, AFTER)
    axes.margins(y=0.22)
    axes.set_title(strip.title, fontsize=8, color=colour)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)


def _blank(axes: Axes, kind: str, how: str, others: bool) -> None:
    axes.text(0.5, 0.5, f"no {'other ' if others else ''}{kind} answered {how}", transform=axes.transAxes, ha="center")
    axes.tick_params(left=False, labelleft=False, labelsize=8)

"""Predistorters side by side: every entry through every amplifier model, and by the DPD Arena's protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import amplifier, arena
from bittrue.apps.dpd.amplifiers.amplifier import Model
from bittrue.apps.dpd.amplifiers.arena import ArenaScore
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.closed_loop import Filter
from bittrue.apps.dpd.metrics import Channel, Complex, Metrics, measure
from bittrue.errors import BadInput

NONE, POLYNOMIAL, IDEAL, FLOAT, INTEGER = KINDS = ("none", "polynomial", "ideal", "float", "integer")

Report = Callable[[str, int, int], None]
"""Called before every step: what is done, steps done, steps in all."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A way to drive the amplifier.

    Parameters
    ----------
    name : str
    kind : str
        One of `KINDS`.
    parameters : int
        Real numbers that were fitted; 0 where there are none.
    teacher : str
        The amplifier model it was fitted through (`bittrue.apps.dpd.amplifiers.amplifier.NAMES`), or nothing.
    predistort : callable or None
        Complex ``(N,)`` to complex ``(N,)``; None drives with the plain signal.
    seen : bool
        Whether it was fitted to a part of the Arena's test split, so that its score there is no Arena result.
    """

    name: str
    kind: str
    parameters: int
    teacher: str
    predistort: Filter | None
    seen: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one entry: ``outputs`` ``(N,)`` of the test split and ``metrics``, both by the model's name.

    ``score`` is the Arena's verdict, None where its protocol cannot run.
    """

    entry: Entry
    outputs: dict[str, Complex]
    metrics: dict[str, Metrics]
    score: ArenaScore | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Everything measured: all simulated through models of an amplifier.

    Parameters
    ----------
    capture : Capture
        Its test split was the signal.
    models : tuple of Model
        The judges.
    outcomes : tuple of Outcome
        In the order of the entries.
    missing : dict
        Why a judge could not be had, by its name; ``"protocol"`` stands for the Arena's.
    """

    capture: Capture
    models: tuple[Model, ...]
    outcomes: tuple[Outcome, ...]
    missing: dict[str, str]

    @property
    def channel(self) -> Channel:
        """The spec that the models' metrics were measured with."""
        return closed_loop.whole_segments(self.capture.channel, len(self.capture.inputs["test"]))[0]

    @property
    def reference(self) -> Complex:
        """The goal ``gain * input`` of the samples that were measured, ``(N,)``."""
        x = self.capture.inputs["test"]
        _, samples = closed_loop.whole_segments(self.capture.channel, len(x))
        return np.asarray(self.capture.gain * x[:samples], dtype=np.complex128)

    def of(self, *kinds: str) -> tuple[Outcome, ...]:
        """The outcomes of the entries of these kinds."""
        return tuple(outcome for outcome in self.outcomes if outcome.entry.kind in kinds)


def judges(capture: Capture) -> tuple[tuple[Model, ...], dict[str, str]]:
    """Every amplifier model that can be had for a capture, and why the others cannot."""
    found, missing = amplifier.others("", capture)
    return tuple(found), missing


def protocol_reason(capture: Capture) -> str:
    """Why the Arena's protocol cannot judge on this capture; nothing where it can."""
    try:
        arena.condition(capture)
    except BadInput as error:
        return str(error)
    return ""


def compare(
    capture: Capture, models: Sequence[Model], missing: dict[str, str], entries: Sequence[Entry], report: Report
) -> Comparison:
    """Judge entries on the test split of a capture by every model, and by the Arena's protocol where it applies.

    Parameters
    ----------
    capture : Capture
    models, missing
        As `judges` returns them.
    entries : sequence of Entry
    report : callable

    Raises
    ------
    BadInput
        Where an entry gives no finite drive.
    """
    reason = protocol_reason(capture)
    channel, samples = closed_loop.whole_segments(capture.channel, len(capture.inputs["test"]))
    goal = capture.gain * capture.inputs["test"][:samples]
    total, outcomes = len(entries) * (len(models) + (not reason)), []
    done = 0
    for entry in entries:
        outputs: dict[str, Complex] = {}
        found: dict[str, Metrics] = {}
        for model in models:
            report(f"{entry.name} through {model.title}", done, total)
            outputs[model.name] = closed_loop.output(capture, model, entry.predistort)[:samples]
            found[model.name] = measure(outputs[model.name], goal, channel)
            done += 1
        score = None
        if not reason:
            report(f"{entry.name} by the Arena's protocol", done, total)
            score = arena.protocol(entry.predistort)
            done += 1
        outcomes.append(Outcome(entry, outputs, found, score))
    report("judged", total, total)
    return Comparison(capture, tuple(models), tuple(outcomes), missing | ({"protocol": reason} if reason else {}))

"""Judging: every generator against its target, with the floor and the baselines beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.measures import baselines, coverage, spectrum
from bittrue.apps.noise.measures.comparison import compared
from bittrue.apps.noise.measures.summary import Summary, measured
from bittrue.apps.noise.reporting.runs import Run, length_of, samples
from bittrue.apps.noise.reporting.targets import Target, target
from bittrue.errors import BadInput

Array = npt.NDArray[Any]
Step = Callable[[str, int, int], None]
FLOOR, SAMPLER, AUTOREGRESSION, FILTER = "floor", "sampler", "AR(32)", "FIR(255)"
"""Of the rows that stand beside every generator."""
ABOUT = (
    "floor: the target drawn again; sampler: the process itself with the parameter that was estimated; AR(32): "
    "autoregression with resampled residuals; FIR(255): filtered white noise. All are fitted to the set of the floor."
)
KEPT = 3
"""Signals of a set that pictures may show."""


@dataclass(frozen=True, eq=False)
class Row:
    """A set of signals beside a target.

    Parameters
    ----------
    name : str
    summary : Summary
    distances : dict
        As `bittrue.apps.noise.measures.comparison.compared` gives them.
    shown : (KEPT, L)
        Some of its signals.
    coverage : Coverage or None
    run : Run or None
        None for floor and baselines.
    """

    name: str
    summary: Summary
    distances: dict[str, float]
    shown: Array
    coverage: coverage.Coverage | None = None
    run: Run | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """A target with the rows beside it, the floor first."""

    name: str
    origin: str
    value: float | None
    summary: Summary
    shown: Array
    rows: tuple[Row, ...]

    @property
    def floor(self) -> dict[str, float]:
        """Distances of the target to itself: of two sets that were drawn independently."""
        return self.rows[0].distances

    def excess(self, row: Row, key: str) -> float:
        """What of a distance is beyond the floor."""
        return spectrum.excess(abs(row.distances[key]), abs(self.floor[key]))

    def baseline(self) -> Row:
        """The autoregression."""
        return next(row for row in self.rows if row.name == AUTOREGRESSION)

    def generators(self) -> list[Row]:
        """The rows of runs."""
        return [row for row in self.rows if row.run is not None]


def judged(given: Sequence[Run], root: Path, count: int, nearby: int, step: Step) -> list[Judged]:
    """Measure runs, a target at a time.

    Parameters
    ----------
    given : sequence of Run
    root : Path
        Folder of the sets.
    count : int
        Signals of each set that are compared, fewer where there are not so many.
    nearby : int
        Signals of each set between which warped distances are taken, for density and coverage; 0 leaves them out.
    step : callable
        Called with what is being done, steps done and steps in all.

    Raises
    ------
    BadInput
        Where a set cannot be read, or signals are too few, not finite or of another length than their target's.
    """
    names = list(dict.fromkeys(run.target for run in given))
    return [_judge(name, [run for run in given if run.target == name], root, count, nearby, step) for name in names]


def _judge(name: str, given: Sequence[Run], root: Path, count: int, nearby: int, step: Step) -> Judged:
    step(f"{name}: target", 0, 0)
    found = target(name, root, count, length_of(given[0]))
    sets = {FLOOR: found.others, **_baselines(found)}
    named: dict[str, Run] = {}
    for run in given:
        label = run.name if run.name not in sets else f"{run.name} ({len(named) + 1})"
        named[label] = run
        sets[label] = samples(run, count, found.signals.shape[1])
        if np.iscomplexobj(sets[label]) != found.is_complex:
            kinds = ("complex", "real") if found.is_complex else ("real", "complex")
            raise BadInput(f"{run.path} holds {kinds[1]} samples, and {name} has {kinds[0]} ones; give its like")
    reference = measured(found.signals, found.kind)
    doing = f"{name}: distances"
    own = coverage.among(found.signals[:nearby], lambda done, pairs: step(doing, done, pairs)) if nearby else None
    rows = []
    for number, (label, signals) in enumerate(sets.items()):
        step(f"{name}: {label}", number, len(sets))
        summary = measured(signals, found.kind)
        near = None if own is None else _near(f"{doing} of {label}", own, found.signals, signals, step)
        rows.append(Row(label, summary, compared(reference, summary), signals[:KEPT].copy(), near, named.get(label)))
    return Judged(found.name, found.origin, found.value, reference, found.signals[:KEPT].copy(), tuple(rows))


def _baselines(found: Target) -> dict[str, Array]:
    """Fitted to the second set of the target; seeds of their own."""
    count, length = found.others.shape
    made = {
        AUTOREGRESSION: baselines.autoregression(found.others).draw(count, length, 3),
        FILTER: baselines.shaped(found.others, count, 4),
    }
    if found.kind.process is not None and found.value is not None:
        again = baselines.sampled(found.kind.process, found.others, count, 5)
        if again is not None:
            made[SAMPLER] = again
    return made


def _near(doing: str, own: npt.NDArray[np.float64], signals: Array, others: Array, step: Step) -> coverage.Coverage:
    nearby = len(own)
    across = coverage.between(signals[:nearby], others[:nearby], lambda done, pairs: step(doing, done, pairs))
    return coverage.judged(own, across)

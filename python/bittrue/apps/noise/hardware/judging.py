"""Judging an integer net: signals of `bittrue.generate` beside the process, its floor and autoregressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.hardware.recipe import Recipe
from bittrue.apps.noise.measures import baselines, spectrum
from bittrue.apps.noise.measures.comparison import compared
from bittrue.apps.noise.measures.summary import Kind, measured
from bittrue.apps.noise.processes import Fixed, draw
from bittrue.apps.noise.processes import Source as SetSource
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.check.generating import Wanted, generated
from bittrue.spec.source import Source

REFERENCE, AGAIN, FILTERED = 1, 101, 7
"""Seeds of the reference, of the floor, and of what autoregressions draw."""
LIKENESS, PAIRED = "likeness", 256
"""The measure by which signals of one set are alike, and so many signals of which it takes all pairs."""
Step = Callable[[str, int, int], None]
Distances = dict[str, float]


@dataclass(frozen=True, eq=False)
class Judged:
    """One value of the parameter.

    Parameters
    ----------
    name : str
        The set.
    value : float or None
    floor : dict
        Distances of the process drawn again, as `bittrue.apps.noise.measures.comparison.compared` gives them.
    filters : dict by order
        Those of autoregressions, fitted to the set of the floor.
    net : tuple of dict
        Those of the net, one a seed.
    """

    name: str
    value: float | None
    floor: Distances
    filters: dict[int, Distances]
    net: tuple[Distances, ...]

    @property
    def key(self) -> str:
        """Which geodesic distance counts: within the band where there is one."""
        return "geodesic in band" if "geodesic in band" in self.floor else "geodesic"

    def excess(self, found: Distances) -> float:
        """Its distance beyond the floor."""
        return spectrum.excess(found[self.key], self.floor[self.key])

    @property
    def excesses(self) -> list[float]:
        """Of the net, one a seed."""
        return [self.excess(one) for one in self.net]

    @property
    def beats(self) -> bool:
        """Whether the net's spectrum is no farther off than AR(32)'s, for every seed."""
        return max(self.excesses) <= self.excess(self.filters[32])


def judged(recipe: Recipe, source: Source, step: Step) -> list[Judged]:
    """Measure a source beside every set of its recipe.

    Raises `BadInput` where signals are too few or too large to measure.
    """
    values = recipe.process.values or (None,)
    total = len(values) * (1 + recipe.measure.seeds)
    found = []
    for number, (value, wanted) in enumerate(zip(values, recipe.process.sources, strict=True)):
        step(f"measuring {recipe.process.sets[number]}", number * total // len(values), total)
        found.append(_judge(recipe, recipe.process.sets[number], value, wanted, source, step, number, total))
    step("measuring", total, total)
    return found


def _judge(
    recipe: Recipe,
    name: str,
    value: float | None,
    wanted: SetSource,
    source: Source,
    step: Step,
    number: int,
    total: int,
) -> Judged:
    plan = recipe.measure
    kind = _kind(wanted)
    reference = measured(_drawn(wanted, plan.signals, plan.length, REFERENCE), kind)
    others = _drawn(wanted, plan.signals, plan.length, AGAIN)
    own = likeness(_drawn(wanted, min(PAIRED, plan.signals), plan.length, REFERENCE))

    def beside(signals: npt.NDArray[np.float64]) -> Distances:
        return compared(reference, measured(signals, kind)) | {LIKENESS: likeness(signals[:PAIRED]) - own}

    floor = beside(others)
    filters = {}
    for order in plan.orders:
        signals = baselines.autoregression(others, order).draw(plan.signals, plan.length, FILTERED)
        filters[order] = beside(signals)
    settings = {} if value is None or recipe.parameter is None else {recipe.parameter.name: value}
    net, grain = [], recipe.spec.samples
    for seed in range(1, plan.seeds + 1):
        step(f"measuring {name}, seed {seed}", number * (1 + plan.seeds) + seed, total)
        length = -(-plan.length // grain) * grain
        drawn = generated(Wanted(source, plan.signals, length, seed, settings=settings))
        signals = recipe.spec.waveforms(drawn)[:, : plan.length]
        net.append(beside(signals))
    return Judged(name, value, floor, filters, tuple(net))


def likeness(signals: npt.NDArray[np.float64]) -> float:
    """Root mean square, over all pairs of signals ``(N, L)``, of their correlation coefficient: 0 where two of them
    have nothing in common, 1 where all are one signal."""
    centred = signals - signals.mean()
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.finfo(float).tiny)
    squares = (unit @ unit.T) ** 2
    return float(np.sqrt((squares.sum() - np.trace(squares)) / (len(unit) * (len(unit) - 1))))


def _drawn(wanted: SetSource, count: int, length: int, seed: int) -> npt.NDArray[np.float64]:
    return draw(wanted.process, wanted.law, count, length, seed)[1]


def _kind(wanted: SetSource) -> Kind:
    band = isinstance(wanted.process, Bandpass) and isinstance(wanted.law, Fixed)
    return Kind(wanted.process, int(wanted.law.at) if band and isinstance(wanted.law, Fixed) else None)

"""Judging a radio net: its maps and those of its float parent beside the baselines, on cities that it never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bittrue import ref
from bittrue.apps.radio.baselines import Baselines
from bittrue.apps.radio.data import layout
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.hardware.inputs import Codes, Inputs, unfolded
from bittrue.apps.radio.hardware.predicting import levels
from bittrue.apps.radio.hardware.recipe import MeasurePlan
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.measures import Measures, judge, mean
from bittrue.apps.radio.propagation import grey
from bittrue.apps.radio.propagation.dominant_path import Streets
from bittrue.apps.radio.reporting.judging import FITTING, evenly
from bittrue.bars import Step
from bittrue.errors import BadInput
from bittrue.spec import Net

MOST = 60
"""Most maps of a set that are judged, evenly taken."""
FLOAT, UNROUNDED, INTEGER = "float net", "integer net, nothing rounded", "integer net"
"""The net before the quantised stage; the weights after it without rounding; the net itself."""


@dataclass(frozen=True, eq=False)
class Worth:
    """What every way to predict is worth on one set of maps.

    Parameters
    ----------
    title, fitted : str
        Which maps; what the baselines were fitted on.
    keys : tuple of (int, int)
        Map and transmitter.
    measures : dict of list of Measures
        By way to predict, baselines first, in the order of ``keys``.
    """

    title: str
    fitted: str
    keys: tuple[tuple[int, int], ...]
    measures: dict[str, list[Measures]]

    @property
    def means(self) -> dict[str, Measures]:
        """Over the maps, by way to predict."""
        return {name: mean(found) for name, found in self.measures.items()}

    @property
    def worst(self) -> tuple[int, Measures]:
        """The city that the integer net is worst at, by the mean NMSE of its maps."""
        groups: dict[int, list[Measures]] = {}
        for (number, _), one in zip(self.keys, self.measures[INTEGER], strict=True):
            groups.setdefault(number, []).append(one)
        return max(((number, mean(rows)) for number, rows in groups.items()), key=lambda pair: pair[1].nmse)

    @property
    def loss(self) -> float:
        """How much larger NMSE is by rounding, as a share of that without."""
        return self.means[INTEGER].nmse / self.means[UNROUNDED].nmse - 1


@dataclass(frozen=True, eq=False)
class MapSet:
    """Maps to judge on, ``learnt`` to fit baselines on, and how either is called."""

    title: str
    maps: RadioMaps
    fitted: str
    learnt: RadioMaps
    real: bool

    def named(self, count: int) -> str:
        """The title, with the number of maps that were judged and of the cities that they are of."""
        chosen = evenly(len(self.maps), count)
        return f"{self.title}: {len(chosen)} maps of {len({self.maps.keys[k][0] for k in chosen})} cities"


def held_out(cities: Path, keys: Sequence[tuple[int, int]], held: int) -> MapSet:
    """The last ``held`` synthetic cities of a folder, whose maps have these ``keys``."""
    numbers = sorted({number for number, _ in keys})
    first, last = numbers[len(numbers) - held], numbers[-1]
    learnt = RadioMaps(cities, View(split=f"{numbers[0]}-{first - 1}"))
    maps = RadioMaps(cities, View(split=f"{first}-{last}"))
    title = f"{held} synthetic cities that were held out"
    return MapSet(title, maps, "the synthetic cities that were trained on", learnt, real=False)


def real(plan: MeasurePlan) -> MapSet | None:
    """Real maps; None where the data set is not at hand. Raises `BadInput` where it lacks maps of the splits."""
    try:
        root = layout.locate()
    except BadInput:
        return None
    maps, learnt = RadioMaps(root, View(split=plan.split)), RadioMaps(root, View(split=plan.fitted))
    title = f"RadioMapSeer, kind DPM, split {plan.split}"
    return MapSet(title, maps, f"its split {plan.fitted}", learnt, real=True)


def judged(net: Net, fitted: Fitted, given: MapSet, step: Step) -> Worth:
    """Ways to predict on a set of maps: baselines, the float nets, the integer net."""
    maps, learnt = given.maps, given.learnt
    baselines = Baselines.fitted(learnt.scene(k) for k in evenly(len(learnt), FITTING))
    chosen = evenly(len(maps), MOST)
    found: dict[str, list[Measures]] = {}
    twins = {FLOAT: fitted.floating, UNROUNDED: fitted.unrounded}
    city: tuple[int, Streets, Inputs] | None = None
    for done, index in enumerate(chosen):
        step(f"measuring on {given.title}", done, len(chosen))
        scene = maps.scene(index)
        if city is None or city[0] != scene.number:
            city = scene.number, Streets(scene.buildings > 0), Inputs(scene.buildings > 0)
        every = baselines.predict(scene, city[1]) | _by_nets(net, twins, scene, city[2])
        for name, predicted in every.items():
            found.setdefault(name, []).append(judge(scene.truth, predicted, scene.buildings))
    return Worth(given.named(MOST), given.fitted, tuple(maps.keys[index] for index in chosen), found)


def _by_nets(net: Net, twins: Mapping[str, Twin], scene: Scene, inputs: Inputs) -> dict[str, Levels]:
    codes = inputs.channels(scene.row, scene.column)
    answer = ref.run(net, codes[None].astype(np.int64))[0]
    found = {name: _by_float(twin, codes, inputs.built) for name, twin in twins.items()}
    return found | {INTEGER: levels(answer, inputs.built)}


@torch.no_grad()
def _by_float(floating: Twin, codes: Codes, built: np.ndarray) -> Levels:
    values = floating(torch.from_numpy(codes[None]).to(torch.float32) / 128)[0].to(torch.float64).numpy()
    return np.where(built, 0, grey.levels(128 * unfolded(values) + 128)).astype(np.uint8)

"""Predictions and baselines on the maps of a split, each judged alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bittrue.apps.radio.baselines import NAMES, Baselines
from bittrue.apps.radio.data import layout, png
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.frechet import distance, features
from bittrue.apps.radio.hardware.inputs import Inputs
from bittrue.apps.radio.hardware.predicting import Predictor
from bittrue.apps.radio.latent.diffusion_folder import has_diffusion
from bittrue.apps.radio.latent.sampling import Sampler
from bittrue.apps.radio.measures import Measures, judge, mean
from bittrue.apps.radio.propagation.dominant_path import Streets
from bittrue.bars import Step
from bittrue.errors import BadInput
from bittrue.spec.store import JSON_FILE

ALONE = "baselines"
"""The word that stands for no predictions at all."""
FITTING = 400
"""Most training maps that baselines are fitted on; evenly taken where there are more."""


@dataclass(eq=False)
class Judged:
    """One way to predict, and what it is worth on every map.

    Parameters
    ----------
    name : str
    ours : bool
        Whether it was given, and is no baseline.
    measures : list of Measures
        By map, in the order of ``keys``.
    frechet : float
        Distance of its maps to the true ones by `bittrue.apps.radio.frechet`.
    """

    name: str
    ours: bool
    measures: list[Measures] = field(default_factory=list)
    frechet: float = 0.0

    @property
    def mean(self) -> Measures:
        """Over the maps."""
        return mean(self.measures)


@dataclass(frozen=True, eq=False)
class Report:
    """What was judged: the maps, and all ways to predict them, baselines first."""

    maps: RadioMaps
    keys: tuple[tuple[int, int], ...]
    fitted_on: int
    judged: list[Judged]
    remarks: tuple[str, ...] = ()

    def cities(self, found: Judged) -> dict[int, Measures]:
        """Means by city."""
        groups: dict[int, list[Measures]] = {}
        for (number, _), one in zip(self.keys, found.measures, strict=True):
            groups.setdefault(number, []).append(one)
        return {number: mean(rows) for number, rows in groups.items()}


def evenly(count: int, most: int) -> list[int]:
    """At most ``most`` of the numbers below ``count``, evenly taken."""
    return list(range(count)) if count <= most else [k * count // most for k in range(most)]


Way = Callable[[Scene], Levels]
"""A way to predict the map of a scene."""


def ways(paths: Sequence[str]) -> dict[str, Way]:
    """Ways to predict by name: folders of predicted maps, nets of `bittrue.apps.radio.hardware`, and diffusion models
    of `bittrue.apps.radio.latent`, by one sample of seed 0.

    Raises `BadInput` for a folder that is neither, or has another's name.
    """
    found: dict[str, Way] = {}
    for text in paths:
        path = Path(text)
        if text == ALONE:
            continue
        if not path.is_dir():
            raise BadInput(f"{path} is no folder of predicted maps; name one, a radio net, or the word {ALONE}")
        name = _name(path)
        if name in found or name in NAMES:
            raise BadInput(f"two ways to predict are called {name}; rename a folder")
        found[name] = _way(path)
    return found


def _name(path: Path) -> str:
    return path.name or path.resolve().name


def _is_net(path: Path) -> bool:
    return (path / JSON_FILE).is_file()


def _way(path: Path) -> Way:
    if _draws(path):
        return _by_sample(path)
    return _by_net(path) if _is_net(path) else _by_files(path)


def _draws(path: Path) -> bool:
    return path.is_dir() and has_diffusion(path)


def _by_files(folder: Path) -> Way:
    return lambda scene: png.read(folder / scene.name, "predicted map")


def _by_net(folder: Path) -> Way:
    predictor = Predictor(folder)
    return lambda scene: predictor.predict(scene.buildings, (scene.row, scene.column))


def _by_sample(folder: Path) -> Way:
    sampler = Sampler.on(folder)
    return lambda scene: sampler.maps(Inputs(scene.buildings > 0), scene.row, scene.column, 0)[0]


def judged(
    paths: Sequence[str], data: str | os.PathLike[str] | None, view: View, train: str, most: int, step: Step
) -> Report:
    """Fit the baselines on one split and judge everything on another.

    Parameters
    ----------
    paths : sequence of str
        Folders of predicted maps, radio nets, diffusion models, or the word ``baselines``.
    view : View
        Name and split of the maps to judge on.
    train : str
        Split that the baselines are fitted on.
    most : int
        Most maps that are judged; evenly taken where the split has more.
    """
    predictions = ways(paths)
    maps = RadioMaps(data, view)
    indices = evenly(len(maps), most)
    _check_complete(paths, maps, indices)
    try:
        learnt = RadioMaps(data, View(view.name, train))
    except BadInput as error:
        raise BadInput(f"the baselines are fitted on --train {train}: {error}") from None
    chosen = evenly(len(learnt), FITTING)

    def told() -> list[Scene]:
        scenes = []
        for done, index in enumerate(chosen):
            step("fitting the baselines", done, len(chosen))
            scenes.append(learnt.scene(index))
        return scenes

    baselines = Baselines.fitted(told())
    found = [Judged(name, False) for name in NAMES] + [Judged(name, True) for name in predictions]
    seen: dict[str, list[np.ndarray]] = {one.name: [] for one in found}
    true = []
    streets: tuple[int, Streets | None] = (-1, None)
    for done, index in enumerate(indices):
        step("judging maps", done, len(indices))
        scene = maps.scene(index)
        if scene.number != streets[0]:
            streets = (scene.number, Streets(scene.buildings > 0))
        every = predicted(scene, baselines, streets[1], predictions)
        true.append(features(scene.truth))
        for one in found:
            one.measures.append(judge(scene.truth, every[one.name], scene.buildings))
            seen[one.name].append(features(every[one.name]))
    for one in found:
        one.frechet = distance(np.stack(seen[one.name]), np.stack(true))
    remarks = maps.remarks + _without_truth(maps, paths) + _of_samples(paths)
    return Report(maps, tuple(maps.keys[index] for index in indices), len(chosen), found, remarks)


def _check_complete(paths: Sequence[str], maps: RadioMaps, indices: Sequence[int]) -> None:
    """Raises `BadInput`, before anything is computed, where a folder lacks maps that are to be judged."""
    wanted = {maps.keys[index] for index in indices}
    for text in paths:
        if text == ALONE or _is_net(Path(text)):
            continue
        lacks = sorted(wanted - {*layout.numbered(Path(text))})
        if lacks:
            raise BadInput(
                f"{text} lacks {len(lacks):,} of {len(wanted):,} maps that are judged, {lacks[0][0]}_{lacks[0][1]}.png "
                "first; predict them, or judge what was predicted by its --split and --most"
            )


def _without_truth(maps: RadioMaps, paths: Sequence[str]) -> tuple[str, ...]:
    """What to say of predicted maps of the split that cannot be judged."""
    said: tuple[str, ...] = ()
    there = set(layout.pairs(maps.root, maps.data.gain))
    for text in paths:
        if text == ALONE or _is_net(Path(text)):
            continue
        extra = sorted({*layout.numbered(Path(text))} - there)
        said += layout.missing(extra, f"maps of {_name(Path(text))} have no truth in gain/{maps.data.gain}")
    return said


def _of_samples(paths: Sequence[str]) -> tuple[str, ...]:
    """What to say of models that draw maps."""
    drawn = [_name(Path(text)) for text in paths if text != ALONE and _draws(Path(text))]
    return tuple(f"{name} draws maps: one sample of each, of seed 0, is judged" for name in drawn)


def predicted(
    scene: Scene, baselines: Baselines, streets: Streets | None, predictions: dict[str, Way]
) -> dict[str, Levels]:
    """The map by every baseline and every prediction. Raises `BadInput` where a predicted map is missing or damaged."""
    return {**baselines.predict(scene, streets), **{name: way(scene) for name, way in predictions.items()}}

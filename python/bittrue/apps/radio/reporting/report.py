"""``bittrue report radio``: predicted maps beside the baselines, on one page with the numbers beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

import bittrue
from bittrue.apps.radio.baselines import NAMES, Baselines
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.frechet import NAME
from bittrue.apps.radio.reporting import judging, pictures, tables
from bittrue.apps.radio.reporting.judging import Judged, Report
from bittrue.bars import Step
from bittrue.kit.page import Picture, Section, Sheet, target, write

LEAD = (
    "Everything here is simulated: the maps are a propagation program's or a synthetic city's, nothing was received. "
    "Buildings are known to every way to predict."
)


def report(
    paths: Sequence[str],
    output: str | os.PathLike[str],
    command: str,
    step: Step,
    *,
    data: str | os.PathLike[str] | None = None,
    name: str = "radio",
    split: str = "test",
    train: str = "train",
    most: int = 200,
) -> tuple[list[Sheet], list[str]]:
    """Judge, and write ``output`` (HTML) and the numbers beside it (.json), both or none.

    Parameters
    ----------
    paths : sequence of str
        Folders of predicted maps named ``<map>_<transmitter>.png``, radio nets, or the word ``baselines``.
    output : path
    command : str
        What was typed, for the captions.
    data : path, optional
        Folder of the maps.
    name, split, train : str
        Published name of data, split that is judged on, split that the baselines are fitted on.
    most : int
        Most maps that are judged.

    Returns
    -------
    tables, and remarks

    Raises
    ------
    BadInput
        Where a folder or a map is missing or damaged, or the files cannot be written.
    """
    path = target(output)
    found = judging.judged(paths, data, View(name, split), train, most, step)
    step("drawing", 0, 0)
    shown = [one for one in found.judged if one.ours] or found.judged[-1:]
    sheets = [tables.means(found), *(tables.worst(found, one) for one in shown)]
    sections = [
        Section("Tables", (), sheets),
        *(_maps(found, one, paths, data, train, command) for one in shown),
        Section("How errors are spread", (), (), [_spread(found, command)]),
        Section("Origin", [f"{command}; bittrue {bittrue.__version__}; folder {found.maps.root}", *found.remarks]),
    ]
    write(path, f"Radio maps: {tables.title(found)}", LEAD, sections, numbers(found, command))
    return sheets, list(found.remarks)


def _maps(
    found: Report, one: Judged, paths: Sequence[str], data: str | os.PathLike[str] | None, train: str, command: str
) -> Section:
    """The best map, the middle one and the worst of one way to predict."""
    order = np.argsort([m.nmse for m in one.measures], kind="stable")
    chosen = {"best": int(order[0]), "median": int(order[len(order) // 2]), "worst": int(order[-1])}
    predictions = judging.ways(paths)
    learnt = RadioMaps(data, View(found.maps.view.name, train))
    baselines = Baselines.fitted(learnt.scene(k) for k in judging.evenly(len(learnt), judging.FITTING))
    rows = []
    for what, index in chosen.items():
        scene = found.maps.scene(found.maps.keys.index(found.keys[index]))
        levels = judging.predicted(scene, baselines, None, predictions)[one.name]
        rows.append((what, scene, levels, one.measures[index]))
    caption = (
        f"{one.name}, best, median and worst map by NMSE of {len(found.keys)}: buildings (grey) with the transmitter, "
        f"truth, prediction, error. Simulated; {command}."
    )
    alt = "; ".join(f"{what}: city {scene.number}, NMSE {m.nmse:.4f}" for what, scene, _, m in rows)
    return Section(f"Maps: {one.name}", (), (), [Picture(pictures.side_by_side(rows), alt, caption)])


def _spread(found: Report, command: str) -> Picture:
    caption = f"Share of {len(found.keys)} maps whose error is no more. Simulated; {command}."
    alt = "; ".join(f"{one.name}: median NMSE {np.median([m.nmse for m in one.measures]):.4f}" for one in found.judged)
    return Picture(pictures.errors(found.judged), alt, caption)


def numbers(found: Report, command: str) -> dict[str, object]:
    """What the page says, for a script."""
    return {
        "bittrue": bittrue.__version__,
        "command": command,
        "view": asdict(found.maps.view),
        "maps": [list(key) for key in found.keys],
        "baselines": {"names": list(NAMES), "maps": found.fitted_on},
        "feature_net": NAME,
        "judged": {
            one.name: {
                "mean": asdict(one.mean),
                "frechet": one.frechet,
                "cities": {str(number): asdict(m) for number, m in found.cities(one).items()},
                "maps": [asdict(m) for m in one.measures],
            }
            for one in found.judged
        },
    }

"""Fit the propagation law on real maps, and judge it on others.

    python benchmarks/radio_calibration.py [--data DIR] [--cities N]

Fitted on the cities numbered 0 to 10 of the folder, judged on those above 10, which no constant of the generator was
chosen by. Least squares over street pixels that are not black: in sight (twice, the second time without outliers), and
with more and more terms out of sight. The line "in use" is ``bittrue.apps.radio.propagation.law.FITTED``. With
``--cities`` also what synthetic cities (seed 0) look like beside the real ones up to 10.
"""

from __future__ import annotations

import argparse
import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np

from bittrue.apps.radio.baselines import Baselines
from bittrue.apps.radio.cities.city import city, transmitters
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.measures import Measures, judge, mean
from bittrue.apps.radio.propagation.dominant_path import Paths, Streets
from bittrue.apps.radio.propagation.grey import levels
from bittrue.apps.radio.propagation.law import FITTED, Law, shadow_terms, sight_terms

TRAIN, TEST = "0-10", "11-99999"
FORMS = {
    "length of the way": (0, 1),
    "+ angle": (0, 1, 2),
    "+ root of the angle": (0, 1, 2, 3),
    "+ turns": (0, 1, 2, 3, 4),
    "+ detour": (0, 1, 2, 3, 4, 5),
}
"""Which of the six terms are used."""
TRIM = 6.0
"""Levels that a pixel in sight may be off by and count."""
Seen = tuple[Scene, Paths]


def ways(data: str | None, split: str) -> list[Seen]:
    """Maps with their dominant paths."""
    found, streets = [], {}
    for scene in RadioMaps(data, View("DPM", split)).scenes():
        if scene.number not in streets:
            streets[scene.number] = Streets(scene.buildings > 0)
        found.append((scene, streets[scene.number].paths(scene.row, scene.column)))
    return found


def gathered(seen: list[Seen], sight: bool) -> tuple[np.ndarray, np.ndarray]:
    """Terms (pixels, n) and levels (pixels,)."""
    terms, targets = [], []
    for scene, paths in seen:
        chosen = (scene.truth > 0) & (paths.sight == sight) & np.isfinite(paths.length) & (paths.distance > 1)
        terms.append(np.stack((sight_terms if sight else shadow_terms)(paths, chosen), -1))
        targets.append(scene.truth[chosen].astype(float))
    return np.concatenate(terms), np.concatenate(targets)


def solved(terms: np.ndarray, targets: np.ndarray, columns: tuple[int, ...]) -> list[float]:
    """Least squares over some columns, zeros for the others."""
    found = np.zeros(terms.shape[1])
    found[list(columns)] = np.linalg.lstsq(terms[:, columns], targets, rcond=None)[0]
    return found.tolist()


def trimmed(terms: np.ndarray, targets: np.ndarray) -> list[float]:
    """Least squares in sight, and again without pixels that are off by more than `TRIM`: edges of shadows."""
    first = solved(terms, targets, (0, 1))
    near = abs(terms @ first - targets) < TRIM
    return solved(terms[near], targets[near], (0, 1))


def predicted(law: Law, seen: Seen) -> np.ndarray:
    """The map by a law."""
    scene, paths = seen
    return np.where(scene.buildings > 0, 0, levels(law.levels(paths))).astype(np.uint8)


def line(name: str, found: list[Measures]) -> str:
    """Means of the measures."""
    m = mean(found)
    worst = max(one.nmse for one in found)
    return (
        f"{name:32} NMSE {m.nmse:.4f} (worst {worst:.3f})  RMSE {m.rmse:.4f}  SSIM {m.ssim:.3f}  PSNR {m.psnr:.1f} dB  "
        f"streets {m.street_rmse:.2f} dB"
    )


def laws(data: str | None) -> None:
    """Baselines, and the law with more and more terms."""
    train, test = ways(data, TRAIN), ways(data, TEST)
    print(f"{len(train)} maps fitted on (cities {TRAIN}), {len(test)} judged on (cities above 10)")
    baselines = Baselines.fitted(scene for scene, _ in train)
    rows: dict[str, list[Measures]] = {}
    for scene, _ in test:
        for name, levels_ in baselines.predict(scene).items():
            rows.setdefault(name, []).append(judge(scene.truth, levels_, scene.buildings))
    for name, found in rows.items():
        print(line(name, found))
    sight = trimmed(*gathered(train, True))
    terms, targets = gathered(test, True)
    print(f"in sight: {sight[0]:.3f} {sight[1]:+.3f} log10 d, residual {np.std(terms @ sight - targets):.2f} levels")
    terms, targets = gathered(train, False)
    others, wanted = gathered(test, False)
    for name, columns in FORMS.items():
        shadow = solved(terms, targets, columns)
        law = Law((sight[0], sight[1]), tuple(shadow))
        found = [judge(seen[0].truth, predicted(law, seen), seen[0].buildings) for seen in test]
        residual = np.sqrt(np.mean((others @ shadow - wanted) ** 2))
        print(line(f"{name} ({residual:.1f} levels)", found))
    print("fitted:", f"sight=({sight[0]:.3f}, {sight[1]:.3f}), shadow=({', '.join(f'{v:.2f}' for v in shadow)})")
    print("in use:", FITTED)


def cities(data: str | None, count: int) -> None:
    """Built-up share, share of streets in sight, mean level of streets, houses."""
    rows = []
    for number in range(count):
        town = city(0, number)
        row, column = transmitters(town, 0, number, 1)[0].tolist()
        paths = Streets(town.buildings).paths(row, column)
        street = ~town.buildings
        rows.append((town.buildings.mean(), paths.sight[street].mean(), levels(FITTED.levels(paths))[street].mean()))
    for name, found in (("synthetic", rows), ("real, cities 0 to 10", real(data))):
        middle, spread = np.mean(found, 0), np.std(found, 0)
        print(
            f"{name:22} built {middle[0]:.3f} +- {spread[0]:.3f}, streets in sight {middle[1]:.3f} +- {spread[1]:.3f}, "
            f"mean level of streets {middle[2]:.1f} +- {spread[2]:.1f}"
        )


def real(data: str | None) -> list[tuple[float, float, float]]:
    """The same of one map of each real city."""
    found = {}
    for scene, paths in ways(data, TRAIN):
        street = scene.buildings == 0
        found.setdefault(scene.number, ((~street).mean(), paths.sight[street].mean(), scene.truth[street].mean()))
    return list(found.values())


def main() -> None:
    """Print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of real maps (default: found)")
    parser.add_argument("--cities", type=int, default=0, metavar="N", help="also look at N synthetic cities")
    arguments = parser.parse_args()
    laws(arguments.data)
    if arguments.cities:
        cities(arguments.data, arguments.cities)


if __name__ == "__main__":
    main()

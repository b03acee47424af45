"""All pictures of a synthetic city: what is built, where transmitters stand, what is received of each."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.cities.city import SIDE, City, city, transmitters
from bittrue.apps.radio.data import layout
from bittrue.apps.radio.data.helmholtz import k2
from bittrue.apps.radio.data.png import Levels, encoded
from bittrue.apps.radio.propagation.dominant_path import Streets
from bittrue.apps.radio.propagation.grey import DB_PER_UNIT, levels
from bittrue.apps.radio.propagation.law import FITTED
from bittrue.apps.radio.propagation.reflections import Walls, with_reflections
from bittrue.apps.radio.propagation.viewshed import Horizon

CAR_LOSS = 10.0
"""dB that a car of the transmitter's height takes from what stands in its shadow: one knife edge in grazing sight is 6,
two are 12; no real map with cars was at hand to fit it."""
IRT4_TRANSMITTERS = 2
"""Transmitters of a city that the data set has IRT4 maps of."""
ORDERS = {"DPM": 0, "IRT2": 2, "IRT4": 4}
"""Mirrors of a kind of map."""


def pictures(
    seed: int, number: int, count: int, kinds: Sequence[str], *, missing: bool = False, squared: bool = False
) -> dict[str, bytes]:
    """Files of one city by their names below the folder (see `bittrue.apps.radio.data.layout`).

    Parameters
    ----------
    seed, number : int
        The city; nothing else decides what its files hold.
    count : int
        Transmitters.
    kinds : sequence of str
        Some of `bittrue.apps.radio.data.layout.KINDS`.
    missing : bool
        Also the pictures with one to four buildings missing.
    squared : bool
        Also the k2 picture of every map.
    """
    town = city(seed, number)
    places = transmitters(town, seed, number, count)
    files = {
        f"{layout.BUILDINGS}/{number}.png": encoded(_white(town.buildings)),
        f"{layout.CARS}/{number}.png": encoded(_white(town.cars)),
        f"{layout.ROADS}/{number}.png": encoded(_white(~town.buildings)),
        f"antenna/{number}.json": (json.dumps([[int(x), SIDE - 1 - int(y)] for y, x in places]) + "\n").encode(),
    }
    if missing:
        files |= _incomplete(town, seed, number)
    received = Receiving(town)
    for index, (row, column) in enumerate(places.tolist()):
        antenna = np.zeros((SIDE, SIDE), np.uint8)
        antenna[row, column] = 255
        files[f"{layout.ANTENNAS}/{number}_{index}.png"] = encoded(antenna)
        wanted = [kind for kind in kinds if index < IRT4_TRANSMITTERS or not kind.endswith("IRT4")]
        for kind, truth in received.maps(row, column, wanted).items():
            files[f"gain/{kind}/{number}_{index}.png"] = encoded(truth)
            if squared:
                files[f"gain/{kind}_k2_neg_norm/{number}_{index}.png"] = encoded(k2(truth, antenna))
    return files


class Receiving:
    """What is received in a city, whose streets are looked at once.

    Parameters
    ----------
    town : City
    """

    def __init__(self, town: City) -> None:
        self.town = town
        self.streets = Streets(town.buildings)
        self.walls = Walls(town.buildings, town.orientation)
        self.cars = Horizon(town.buildings | town.cars, self.streets.horizon.rays)

    def maps(self, row: int, column: int, kinds: Sequence[str]) -> dict[str, Levels]:
        """Grey levels of each kind of map (`bittrue.apps.radio.data.layout.KINDS`), uint8 (256, 256)."""
        paths = self.streets.paths(row, column)
        plain = FITTED.levels(paths)
        power: dict[int, npt.NDArray[np.float64]] = {0: np.zeros(plain.shape)}
        found = {}
        for kind in kinds:
            with_cars = kind.startswith("cars")
            orders = ORDERS[kind.removeprefix("cars")]
            if orders not in power:
                power[orders] = self.walls.received(row, column, orders, FITTED)
            level = with_reflections(plain, power[orders]) if orders else plain
            blocked = self.town.buildings
            if with_cars:
                behind = paths.sight & ~self.cars.seen(row, column)
                level = np.where(behind, level - CAR_LOSS * 255 / DB_PER_UNIT, level)
                blocked = blocked | self.town.cars
            found[kind] = np.where(blocked, 0, levels(level)).astype(np.uint8)
        return found


def _incomplete(town: City, seed: int, number: int) -> dict[str, bytes]:
    random = np.random.default_rng([seed, number, 2])
    files = {}
    for count in range(1, layout.MISSING + 1):
        for version in range(1, layout.VERSIONS + 1):
            gone = random.permutation(len(town.houses))[:count]
            name = f"{layout.missing_folder(count, version)}/{number}.png"
            files[name] = encoded(_white(town.without(gone)))
    return files


def _white(grid: npt.NDArray[np.bool_]) -> Levels:
    return np.where(grid, 255, 0).astype(np.uint8)

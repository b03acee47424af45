"""Scenes to play: transmitters in the cities that a recipe held out, and tiles of them around the transmitter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.cities.city import city, transmitters
from bittrue.apps.radio.cities.simulation import Receiving
from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.hardware.kind import SIDE
from bittrue.apps.radio.hardware.recipe import Cities

KIND = "DPM"
"""Of the maps that radio nets learn."""
SHARE = 1 / 3
"""Of a tile that buildings should take: many tiles have none, and show nothing."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A city or a tile of it, a transmitter, and what is received.

    Parameters
    ----------
    city, transmitter : int
        Their numbers, as ``bittrue radio make`` counts.
    built : bool (side, side)
    row, column : int
        Pixel of the transmitter.
    truth : uint8 (side, side)
        Grey levels: those of the whole city's map, whatever a tile shows of it.
    """

    city: int
    transmitter: int
    built: npt.NDArray[np.bool_]
    row: int
    column: int
    truth: Levels


def held_out(cities: Cities, count: int, side: int = SIDE) -> Iterator[Scene]:
    """``count`` scenes, of every city that was held out one before there is a second.

    A tile has the transmitter in its middle, or as near to it as the map's border allows; of a city's transmitters come
    those first whose tile is nearest to `SHARE` built. No city is made twice.
    """
    first = cities.maps - cities.held + 1
    numbers = [first + k % cities.held for k in range(count)]
    found: dict[int, list[Scene]] = {}
    for number in dict.fromkeys(numbers):
        found[number] = _of_city(cities, number, numbers.count(number), side)
    for k, number in enumerate(numbers):
        scenes = found[number]
        yield scenes[k // cities.held % len(scenes)]


def _of_city(cities: Cities, number: int, count: int, side: int) -> list[Scene]:
    town = city(cities.seed, number)
    received = Receiving(town)
    places = transmitters(town, cities.seed, number, max(count, cities.transmitters)).tolist()
    tiles = [tuple(min(max(0, at - side // 2), SIDE - side) for at in place) for place in places]
    windows = [np.s_[top : top + side, left : left + side] for top, left in tiles]
    order = range(len(places))
    if side < SIDE:
        order = np.argsort([abs(town.buildings[window].mean() - SHARE) for window in windows], kind="stable").tolist()
    found = []
    for index in order[:count]:
        (row, column), (top, left), window = places[index], tiles[index], windows[index]
        truth = received.maps(row, column, (KIND,))[KIND][window]
        found.append(Scene(number, index, town.buildings[window], row - top, column - left, truth))
    return found

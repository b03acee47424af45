"""Synthetic cities of 256 x 256 m: districts of turned street grids with blocks, courtyards, houses and cars.

One generator of random numbers a city, and everything is drawn from it in one order: city n of a seed is the same
whatever else is made. How much is built was set so that built-up share, share of streets in sight and mean level lie
where those of the real cities 0 to 10 do (``python benchmarks/radio_calibration.py --cities``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from bittrue.apps.radio.propagation.viewshed import Grid

SIDE = 256
"""Pixels of a side, a metre each."""
CENTRAL = (53, 203)
"""Rows and columns, the second excluded, that transmitters stand in: as in the data set."""
CAR = (5.0, 2.0)
"""Length and width of a car in metres."""
Points = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class City:
    """A city.

    Parameters
    ----------
    buildings, cars : bool (256, 256)
    orientation : float32 (256, 256)
        Direction of the walls of the building at or next to a pixel, radians; not a number elsewhere.
    houses : tuple of float64 (corners, 2)
        Footprints as x, y in pixels; a courtyard is taken out of a footprint afterwards.
    courts : tuple of float64 (corners, 2)
    """

    buildings: Grid
    cars: Grid
    orientation: npt.NDArray[np.float32]
    houses: tuple[Points, ...]
    courts: tuple[Points, ...]

    def without(self, missing: npt.NDArray[np.intp]) -> Grid:
        """The buildings but for the houses of these numbers, bool (256, 256)."""
        gone = set(missing.tolist())
        return _drawn([house for k, house in enumerate(self.houses) if k not in gone], self.courts)


def city(seed: int, number: int) -> City:
    """City ``number`` of a seed."""
    random = np.random.default_rng([seed, number])
    houses, courts, kerbs, angles = [], [], [], []
    turn = random.uniform(0, np.pi / 2)
    border = random.uniform(0, np.pi), random.uniform(-60, 60)
    sides = (0, 1) if random.random() < 0.5 else (0,)
    for side in sides:
        district = _Style.drawn(random)
        angle = turn + (random.normal(0, 0.3) if side else 0)
        for block in _blocks(random, district, angle):
            where = (block.mean(0) - SIDE / 2) @ [np.cos(border[0]), np.sin(border[0])]
            if len(sides) > 1 and (where > border[1]) != bool(side):
                continue
            made, court = _built(random, district, block, angle)
            houses += made
            courts += court
            angles += [angle] * len(made)
            kerbs.append(block)
    buildings = _drawn(houses, courts)
    orientation = _oriented(houses, angles)
    cars = _parked(random, kerbs) & ~buildings
    return City(buildings, cars, orientation, tuple(houses), tuple(courts))


@dataclass(frozen=True)
class _Style:
    """How a district is built: block sides and street widths in metres, how lots are filled."""

    block: tuple[float, float]
    street: float
    perimeter: float
    depth: float
    lots: float
    empty: float
    setback: float

    @classmethod
    def drawn(cls, random: np.random.Generator) -> _Style:
        return cls(
            (random.uniform(34, 80), random.uniform(30, 64)),
            random.uniform(9, 20),
            random.uniform(0, 0.75),
            random.uniform(8, 13),
            random.uniform(12, 26),
            random.uniform(0.05, 0.42),
            random.uniform(0.5, 3.5),
        )


def _blocks(random: np.random.Generator, style: _Style, angle: float) -> list[Points]:
    """Corners of the blocks between streets, four each."""
    reach = 0.75 * SIDE
    u = _cuts(random, style.block[0], style.street, reach)
    v = _cuts(random, style.block[1], style.street, reach)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    found = []
    for u0, u1 in u:
        shift = random.normal(0, 4)
        for v0, v1 in v:
            corners = np.array([[u0, v0 + shift], [u1, v0 + shift], [u1, v1 + shift], [u0, v1 + shift]])
            found.append(corners @ rotation + SIDE / 2)
    return found


def _cuts(random: np.random.Generator, side: float, street: float, reach: float) -> list[tuple[float, float]]:
    at, found = -reach + random.uniform(0, side), []
    while at < reach:
        length = side * random.uniform(0.7, 1.5)
        found.append((at, at + length))
        at += length + street * random.choice([0.8, 1.0, 1.0, 1.8])
    return found


def _built(
    random: np.random.Generator, style: _Style, block: Points, angle: float
) -> tuple[list[Points], list[Points]]:
    """Footprints on a block, and courtyards: a closed perimeter, rows of houses, houses that stand alone, or a park."""
    u, v = block[1] - block[0], block[3] - block[0]
    length, width = np.hypot(*u), np.hypot(*v)
    u, v = u / length, v / width
    if random.random() < 0.06:
        return [], []
    if random.random() < style.perimeter and min(length, width) > 2 * style.depth + 8:
        return _perimeter(random, style, block[0], (u, v), (length, width))
    rows = max(1, int(width / (style.lots + 6)))
    houses = []
    for row in range(rows):
        at, end = style.setback, length - style.setback
        low, high = row * width / rows + style.setback, (row + 1) * width / rows - style.setback
        while at < end - 5:
            front = min(style.lots * random.uniform(0.5, 1.6), end - at)
            gap = random.choice([0.0, 0.0, 2.5, 5.0])
            if random.random() > style.empty and front > 5:
                depth = min(high - low, style.depth * random.uniform(0.7, 1.5))
                low_here = low if random.random() < 0.5 or rows == 1 else high - depth
                houses.append(_rectangle(block[0], (u, v), at, at + front - gap, low_here, low_here + depth))
            at += front
    return houses, []


def _perimeter(
    random: np.random.Generator, style: _Style, origin: Points, axes: tuple[Points, Points], size: tuple[float, float]
) -> tuple[list[Points], list[Points]]:
    length, width = size
    depth, edge = style.depth, style.setback / 2
    outer = _rectangle(origin, axes, edge, length - edge, edge, width - edge)
    inner = _rectangle(origin, axes, depth + edge, length - depth - edge, depth + edge, width - depth - edge)
    courts = [inner]
    if random.random() < 0.75:  # a passage into the court
        low = depth + edge
        at = random.uniform(low, max(low, length - low - 5))  # a short side has it at its corner
        courts.append(_rectangle(origin, axes, at, at + random.uniform(3, 9), -1, depth + edge + 2))
    if random.random() < 0.4:
        courts.append(_rectangle(origin, axes, depth + edge, length - depth - edge, depth + edge, width + 1))
    return [outer], courts


def _rectangle(origin: Points, axes: tuple[Points, Points], u0: float, u1: float, v0: float, v1: float) -> Points:
    return np.array([origin + u * axes[0] + v * axes[1] for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))])


def _drawn(houses: list[Points], courts: tuple[Points, ...] | list[Points]) -> Grid:
    picture = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(picture)
    for house in houses:
        pen.polygon([tuple(point) for point in house.tolist()], fill=1)
    for court in courts:
        pen.polygon([tuple(point) for point in court.tolist()], fill=0)
    return np.asarray(picture) > 0


def _oriented(houses: list[Points], angles: list[float]) -> npt.NDArray[np.float32]:
    picture = Image.new("F", (SIDE, SIDE), float("nan"))
    pen = ImageDraw.Draw(picture)
    for house, angle in zip(houses, angles, strict=True):
        points = [tuple(point) for point in house.tolist()]
        pen.polygon(points, fill=angle)
        pen.line([*points, points[0]], fill=angle, width=3)
    return np.array(picture, np.float32)


def _parked(random: np.random.Generator, blocks: list[Points]) -> Grid:
    """Cars along the kerbs of all blocks."""
    picture = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(picture)
    share = random.uniform(0.1, 0.5)
    for block in blocks:
        for start, end in zip(block, np.roll(block, -1, 0), strict=True):
            length = float(np.hypot(*(end - start)))
            along = (end - start) / length
            out = np.array([along[1], -along[0]])
            at = 4.0
            while at < length - 8:
                if random.random() < share:
                    corner = start + at * along + 1.2 * out
                    far, side = corner + CAR[0] * along, CAR[1] * out
                    car = np.array([corner, far, far + side, corner + side])
                    pen.polygon([tuple(point) for point in car.tolist()], fill=1)
                at += 6.5
    return np.asarray(picture) > 0


def transmitters(town: City, seed: int, number: int, count: int) -> npt.NDArray[np.int64]:
    """Rows and columns of ``count`` transmitters on the streets of the central square, int64 (count, 2).

    The first k are the same for every count. Fewer where the square has not so many free pixels.
    """
    low, high = CENTRAL
    random = np.random.default_rng([seed, number, 1])
    free = np.argwhere(~town.buildings[low:high, low:high] & ~town.cars[low:high, low:high]) + low
    return random.permutation(free)[:count].astype(np.int64)

"""Synthetic cities: bytes that depend on seed and number alone, ways that are the shortest, mirrors that mirror."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from radio_folder import PLAN, copied, made

from bittrue.apps.radio.cities.city import CENTRAL, city, transmitters
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.making import NOTE, Plan, make
from bittrue.apps.radio.propagation.dominant_path import Streets
from bittrue.apps.radio.propagation.grey import DB_PER_UNIT, decibel, from_decibel, levels
from bittrue.apps.radio.propagation.law import FITTED
from bittrue.apps.radio.propagation.reflections import LOSS, Walls, with_reflections
from bittrue.apps.radio.propagation.viewshed import Horizon
from bittrue.cli import main
from bittrue.errors import BadInput


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_passage_into_a_court_fits_on_a_short_side():
    """A city with a block shorter than a passage and two depths of its houses."""
    assert city(1, 101).buildings.any()


def test_files_depend_on_seed_and_number_alone(tmp_path):
    for first in (2, 1):
        make(tmp_path / "parts", Plan(1, 2, 5, PLAN.kinds, first, True, True))
    assert contents(tmp_path / "parts") == contents(made())
    make(tmp_path / "other", Plan(1, 1, 6))
    assert (tmp_path / "other/gain/DPM/1_0.png").read_bytes() != (made() / "gain/DPM/1_0.png").read_bytes()


def test_a_stopped_folder_is_gone_on_with(tmp_path):
    folder = copied(tmp_path)
    (folder / "png/buildings_complete/2.png").unlink()
    (folder / "gain/DPM/2_1.png").unlink()
    assert make(folder, PLAN) == (8, 1)
    assert contents(folder) == contents(made())


def test_another_origin_is_refused(tmp_path):
    with pytest.raises(BadInput, match="holds other maps"):
        make(copied(tmp_path), Plan(1, 2, 5))
    folder = copied(tmp_path / "again")
    (folder / NOTE).unlink()
    with pytest.raises(BadInput, match="were not made here"):
        make(folder, PLAN)


@pytest.mark.parametrize(("models", "sentence"), [("DPM,IRT3", "did you mean IRT4"), (",", "models are none")])
def test_a_wrong_model_is_refused(tmp_path, capsys, models, sentence):
    assert main(["radio", "make", "-o", str(tmp_path / "x"), "--models", models]) == 2
    assert sentence in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_the_command_says_what_it_made(tmp_path, capsys):
    assert main(["radio", "make", "-o", str(tmp_path / "x"), "--maps", "1", "--transmitters", "1"]) == 0
    assert "1 radio maps of 1 synthetic cities" in capsys.readouterr().out
    assert len(RadioMaps(tmp_path / "x", View(split="all"))) == 1


def test_transmitters_stand_on_central_streets_as_their_list_says():
    town = city(5, 1)
    places = transmitters(town, 5, 1, 80)
    assert len({tuple(place) for place in places.tolist()}) == 80
    assert not (town.buildings | town.cars)[tuple(places.T)].any()
    assert places.min() >= CENTRAL[0] and places.max() < CENTRAL[1]
    assert json.loads((made() / "antenna/1.json").read_text()) == [[x, 255 - y] for y, x in places[:2].tolist()]


def test_irt4_has_two_transmitters_a_city(tmp_path):
    make(tmp_path, Plan(1, 3, 1, ("DPM", "IRT4")))
    assert len(list((tmp_path / "gain/IRT4").iterdir())) == 2 and len(list((tmp_path / "gain/DPM").iterdir())) == 3


def test_a_viewshed_is_what_sampled_lines_say():
    town = city(5, 2)
    row, column = (int(v) for v in transmitters(town, 5, 2, 1)[0])
    seen = Horizon(town.buildings).seen(row, column)
    free = np.random.default_rng(0).permutation(np.argwhere(~town.buildings))[:4000]
    share = np.linspace(0, 1, 600)[:, None]
    lines = np.floor(np.array([row, column]) + (free[:, None] - [row, column]) * share + 0.5).astype(int)
    clear = ~town.buildings[lines[..., 0], lines[..., 1]].any(1)
    assert (seen[tuple(free.T)] == clear).mean() > 0.985, "beyond what the jagged edges of walls explain"


def walled() -> np.ndarray:
    """A wall from the top that leaves the lowest rows open."""
    built = np.zeros((256, 256), bool)
    built[:200, 120:130] = True
    return built


def test_the_way_leads_around_the_end_of_a_wall():
    streets = Streets(walled())
    paths = streets.paths(100, 60)
    target = (100, 190)
    ends = np.array([[200, 119.0], [200, 130]])
    by_hand = np.hypot(*(ends[0] - [100, 60])) + 11 + np.hypot(*(ends[1] - target))
    assert not paths.sight[target] and paths.sight[100, 100]
    assert paths.length[target] == pytest.approx(by_hand, abs=2.5)
    assert paths.turns[target] == 2
    inwards, outwards = np.arctan2(100, 59), np.arctan2(100, 60)
    assert paths.angle[target] == pytest.approx(inwards + outwards, abs=0.1)
    assert paths.length[100, 100] == paths.distance[100, 100] == 40


def test_no_way_leads_into_a_closed_court():
    built = walled()
    built[40:90, 180:230] = True
    built[50:80, 190:220] = False
    paths = Streets(built).paths(100, 60)
    assert np.isinf(paths.length[60, 200]) and np.isfinite(paths.length[100, 200])
    assert FITTED.levels(paths)[60, 200] == 0


def test_a_city_without_buildings_is_free_space():
    paths = Streets(np.zeros((256, 256), bool)).paths(128, 128)
    level = FITTED.levels(paths)
    assert level[128, 138] - level[128, 228] == pytest.approx(-FITTED.sight[1])
    assert levels(level)[128, 128] == 255


def test_a_wall_adds_the_power_of_the_image_behind_it():
    built = np.zeros((256, 256), bool)
    built[:, 200:230] = True
    walls = Walls(built)
    power = walls.received(128, 100, 2, FITTED)
    place = (128, 140)
    image = 200 - 100 + 200 - 140  # the wall's face is at column 200
    level = FITTED.sight[0] + FITTED.sight[1] * np.log10(image)
    wanted = decibel(np.array(level)) - decibel(np.zeros(1)) - LOSS
    assert 10 * np.log10(power[place]) == pytest.approx(float(wanted[0]), abs=0.3)
    assert not power[:, 200:].any()
    plain = np.full((256, 256), 60.0)
    assert with_reflections(plain, power)[place] > 60 and with_reflections(plain, 0 * power)[0, 0] == pytest.approx(60)


def test_more_mirrors_never_take_power_away():
    maps = {kind: RadioMaps(made(), View(kind, "all")) for kind in ("DPM", "IRT2", "IRT4")}
    plain, two, four = (maps[kind].scene(1).truth.astype(int) for kind in maps)
    assert (two >= plain).all() and (four >= two).all() and (two > plain).mean() > 0.05


def test_cars_are_dark_and_throw_shadows():
    plain = RadioMaps(made(), View("DPM", "all")).scene(2)
    cars = RadioMaps(made(), View("DPMCAR", "all")).scene(2)
    parked = cars.third > 0
    assert parked.any() and not cars.truth[parked].any()
    assert ((cars.truth < plain.truth) & ~parked).sum() > 200 and (cars.truth <= plain.truth).all()


def test_levels_are_decibels():
    assert decibel(np.array([0, 255])).tolist() == pytest.approx([-147, -47.84])
    assert from_decibel(decibel(np.array([17.0]))) == pytest.approx(17)
    assert levels(np.array([-3, 0.4, 0.5, 254.5, 300])).tolist() == [0, 0, 1, 255, 255]
    assert pytest.approx(99.16) == DB_PER_UNIT

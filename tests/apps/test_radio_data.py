"""RadioMapSeer folders: every published name, splits without a common city, faults in one sentence."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image
from radio_folder import copied, made, real

from bittrue.apps.radio.data import layout, names, splits
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.data.sparse import candidates
from bittrue.errors import BadInput

EVERY = [name for name in names.NAMES if name not in ("IRT2CAR", "IRT4CAR")]


@pytest.mark.parametrize("name", EVERY)
def test_every_name_gives_a_map_and_its_condition(name):
    maps = RadioMaps(made(), View(name, "all"))
    found = maps[0]
    assert len(maps) == 4
    assert found["image"].shape == (1, 256, 256) and found["cond"].shape == (3, 256, 256)
    assert found["image"].dtype == found["cond"].dtype == np.float32
    assert abs(found["image"]).max() <= 1 and abs(found["cond"]).max() <= 1
    scene = maps.scene(0)
    assert scene.buildings[scene.row, scene.column] == 0 and scene.truth[scene.row, scene.column] > 240
    assert np.array_equal(np.floor((found["image"][0] + 1) / 2 * 255 + 0.5), scene.truth)
    second = scene.third if maps.data.blind else scene.antenna
    assert np.array_equal(np.floor((found["cond"][1] + 1) / 2 * 255 + 0.5), second)


def test_only_what_is_asked_for_is_read(tmp_path):
    folder = copied(tmp_path)
    maps = RadioMaps(folder, View(split="all"))
    shutil.rmtree(folder / "gain")
    with pytest.raises(BadInput, match=r"cannot read radio map .*1_0\.png"):
        maps[0]


def test_sparse_samples_are_the_truth_at_some_places_of_the_street():
    for name, places in (("MASK", "edge"), ("VERTEX", "vertex"), ("SPARSE", "random")):
        maps = RadioMaps(made(), View(name, "all", samples=(20, 40)))
        scene = maps.scene(3)
        taken = np.flatnonzero(scene.third)
        allowed = candidates(scene.buildings, places)
        assert len(taken) and set(taken) <= set(allowed)
        assert np.array_equal(scene.third.reshape(-1)[taken], scene.truth.reshape(-1)[taken])
        assert np.array_equal(maps.scene(3).third, scene.third), "drawn anew"
        assert (20 <= len(taken) <= 40) if places == "random" else len(taken) == (scene.truth.flat[allowed] > 0).sum()


def test_missing_buildings_are_shown_but_not_simulated():
    complete = RadioMaps(made(), View(split="all")).scene(0)
    lacking = RadioMaps(made(), View(split="all", missing=4, version=2)).scene(0)
    assert np.array_equal(lacking.truth, complete.truth)
    assert (lacking.buildings <= complete.buildings).all() and (lacking.buildings < complete.buildings).any()


def test_no_city_is_in_two_parts():
    parts = {part: {m for m in range(1, 701) if splits.holds(part, m)} for part in splits.PARTS}
    assert [len(part) for part in parts.values()] == [500, 100, 100]
    assert len(set.union(*parts.values())) == 700


def test_the_published_split_overlaps_and_says_so():
    parts = {p: {m for m in range(1, 701) if splits.holds(f"published-{p}", m)} for p in splits.PUBLISHED}
    assert len(parts["train"]) == 601 and parts["val"] < parts["train"] and len(parts["test"] & parts["train"]) == 1
    maps = RadioMaps(made(), View(split="published-train"))
    assert "overlaps" in maps.remarks[0]


def test_positions_are_those_of_numpys_legacy_shuffle():
    # the first five of the published order, printed once by np.random.seed(42); np.random.shuffle(np.arange(700))
    order = {place: number for number, place in splits.positions().items()}
    assert [order[k] for k in range(5)] == FIRST


FIRST = [159, 501, 397, 156, 322]


def _truncate(folder):
    path = folder / "gain" / "DPM" / "1_0.png"
    path.write_bytes(path.read_bytes()[:-300])


def _grey(folder):
    Image.new("L", (256, 256), 255).save(folder / "png" / "antennas" / "1_0.png")


def _black(folder):
    Image.new("L", (256, 256), 0).save(folder / "png" / "antennas" / "1_0.png")


def _small(folder):
    Image.new("L", (128, 256), 9).save(folder / "gain" / "DPM" / "1_0.png")


def _huge(folder):
    path = folder / "gain" / "DPM" / "1_0.png"
    content = path.read_bytes()
    path.write_bytes(content[:16] + (60000).to_bytes(4, "big") * 2 + content[24:])


def _coloured(folder):
    Image.new("RGB", (256, 256)).save(folder / "gain" / "DPM" / "1_0.png")


def _text(folder):
    (folder / "png" / "buildings_complete" / "1.png").write_text("no picture")


def _noisy(folder):
    levels = np.arange(65536, dtype=np.uint32).reshape(256, 256).astype(np.uint8)
    Image.fromarray(levels).save(folder / "png" / "buildings_complete" / "1.png")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_truncate, r"radio map .*1_0\.png is damaged .*restore the file"),
        (_grey, r"antenna image .*1_0\.png is of grey 255 in 65,536 pixels and shows no transmitter; one white"),
        (_black, r"antenna image .* is black and shows no transmitter"),
        (_small, r"has 128 x 256 pixels; maps have 256 x 256"),
        (_huge, "has 60000 x 60000 pixels; maps have"),
        (_coloured, r"has pixels of mode RGB; save it as 8-bit grey"),
        (_text, r"building image .* is no PNG file"),
        (_noisy, r"building image .* has 256 grey levels"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, spoil, sentence):
    folder = copied(tmp_path)
    spoil(folder)
    with pytest.raises(BadInput, match=sentence) as found:
        RadioMaps(folder, View(split="all"))[0]
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("gone", "name"),
    [
        ("gain", "DPM"),
        ("png/antennas", "DPM"),
        ("png/buildings_complete", "DPM"),
        ("gain/IRT4", "IRT4"),
        ("png/cars", "DPMCAR"),
        ("gain/DPM_k2_neg_norm", "DPMK"),
    ],
)
def test_a_missing_folder_is_named(tmp_path, gone, name):
    folder = copied(tmp_path)
    shutil.rmtree(folder / gone)
    with pytest.raises(BadInput, match=f"has no folder {gone}, which the layout"):
        RadioMaps(folder, View(name, "all"))


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ({"name": "DMP"}, "data name 'DMP' is unknown.*did you mean DPM"),
        ({"name": "edge"}, "pictures of edges"),
        ({"split": "tset"}, "did you mean test"),
        ({"missing": 5}, "5 missing buildings in version 1 are asked for"),
        ({"samples": (0, 3)}, "samples from 0 to 3"),
        ({"split": "val"}, "2 maps and none of the split val"),
    ],
)
def test_a_wrong_view_is_refused(view, sentence):
    with pytest.raises(BadInput, match=sentence):
        RadioMaps(made(), View(**view))


def test_no_folder_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(layout.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(BadInput, match=r"the radio maps are not in .*none; set BITTRUE_RADIOMAPSEER"):
        RadioMaps()


def test_the_real_maps_are_read():
    maps = RadioMaps(real(), View(split="all"))
    assert len(maps) == 42 and len({number for number, _ in maps.keys}) == 33
    for scene in maps.scenes():
        assert scene.truth[scene.row, scene.column] >= 250
        assert not scene.truth[scene.buildings > 0].any()

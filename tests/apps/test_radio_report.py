"""The report: folders of predicted maps beside the baselines, the page, its numbers, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from radio_folder import copied, made

from bittrue.apps.radio.baselines import NAMES
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.frechet import distance, features
from bittrue.apps.radio.hardware.architecture import ArchitectureSpec, Level, drawn_weights
from bittrue.apps.radio.hardware.blocks import integer_net
from bittrue.apps.radio.hardware.predicting import predict
from bittrue.apps.radio.measures import judge
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.cli import main
from bittrue.spec import save

ROOT = Path(__file__).parents[2]


@pytest.fixture
def predictions(tmp_path):
    """The truth, a quarter darker."""
    folder = tmp_path / "darker"
    folder.mkdir()
    for path in (made() / "gain/DPM").iterdir():
        Image.fromarray((np.asarray(Image.open(path)) * 0.75).astype(np.uint8)).save(folder / path.name)
    return folder


def call(tmp_path, *words) -> int:
    return main(["report", "radio", *map(str, words), "--data", str(made()), "-o", str(tmp_path / "page.html")])


def test_predictions_stand_beside_the_baselines(tmp_path, predictions, capsys):
    assert call(tmp_path, predictions, "--split", "2-2", "--train", "1-1", "--most", 1) == 0
    numbers = json.loads((tmp_path / "page.json").read_text())
    judged = numbers["judged"]
    assert list(judged) == [*NAMES, "darker"] and numbers["maps"] == [[2, 0]]
    assert judged["darker"]["mean"]["nmse"] == pytest.approx(0.0625, rel=0.05)
    assert judged["propagation model"]["mean"]["nmse"] == judged["propagation model"]["frechet"] == 0
    assert judged["darker"]["mean"]["street_bias"] < 0 < judged["darker"]["frechet"]
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/png;base64") == 2 and "city 2" in page and "<script" not in page
    out = capsys.readouterr().out
    assert "darker" in out and "0.06" in out and "page.html" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "nowhere is no folder of predicted maps; name one, a radio net, or the word baselines"),
        (["baselines", "--split", "tset"], "did you mean test?"),
        (["baselines", "--split", "700-701"], "none of the split 700-701"),
        (["baselines", "--split", "2", "--train", "9"], "baselines are fitted on --train 9: "),
        (["baselines", "--name", "DMP"], "did you mean DPM?"),
        (["baselines", "--name", "IRT2CAR"], "has no folder gain/carsIRT2"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(tmp_path, capsys, words, sentence):
    assert call(tmp_path, *words) == 2
    said = capsys.readouterr().err
    assert sentence in said and len(said.strip().splitlines()) == 1
    assert not (tmp_path / "page.html").exists()


def test_a_missing_or_damaged_prediction_is_named(tmp_path, predictions, capsys):
    options = ("--split", "2-2", "--train", "1-1")
    (predictions / "2_1.png").write_bytes((predictions / "2_1.png").read_bytes()[:200])
    assert call(tmp_path, predictions, *options) == 2
    assert "2_1.png is damaged" in capsys.readouterr().err
    (predictions / "2_1.png").unlink()
    assert call(tmp_path, predictions, *options) == 2
    assert "darker lacks 1 of 2 maps that are judged, 2_1.png first; predict them, or" in capsys.readouterr().err


def test_maps_without_a_truth_are_told(tmp_path, predictions, capsys):
    """Of the data and of the predictions; and a city stands for itself as a split."""
    folder = copied(tmp_path)
    (folder / "gain/DPM/2_1.png").unlink()
    words = [str(predictions), "--split", "2", "--train", "1", "--data", str(folder), "-o", str(tmp_path / "p.html")]
    assert main(["report", "radio", *words]) == 0
    said = capsys.readouterr().err
    assert "1 of the split's antenna images have no map in gain/DPM, 2_1.png first: left out" in said
    assert "1 maps of darker have no truth in gain/DPM, 2_1.png first: left out" in said
    assert "have no map in gain/DPM" in (tmp_path / "p.html").read_text()


def test_nets_and_equal_names_are_refused(tmp_path, predictions, capsys):
    again = shutil.copytree(predictions, tmp_path / "other" / "darker")
    assert call(tmp_path, predictions, again) == 2
    assert "two ways to predict are called darker" in capsys.readouterr().err
    assert call(tmp_path, ROOT / "weights" / "tdnn-wide") == 2
    assert "and a radio net takes 13x128x128 Q1.7" in capsys.readouterr().err


def test_a_net_is_judged_by_its_own_maps(tmp_path, capsys):
    spec = ArchitectureSpec("radio-small", (Level(4), Level(3)))
    net = integer_net(spec.graph, drawn_weights(spec, 1))
    save(net, tmp_path / "radio-small")
    assert call(tmp_path, tmp_path / "radio-small", "--split", "2-2", "--train", "1-1") == 0
    document = json.loads((tmp_path / "page.json").read_text())
    scene = RadioMaps(made(), View(split="2-2")).scene(0)
    wanted = judge(scene.truth, predict(net, scene.buildings, (scene.row, scene.column)), scene.buildings)
    assert document["judged"]["radio-small"]["maps"][0]["nmse"] == wanted.nmse
    assert "radio-small" in capsys.readouterr().out


def test_the_published_split_warns(tmp_path, predictions, capsys):
    assert call(tmp_path, predictions, "--split", "published-train", "--train", "all", "--most", 1) == 0
    assert "the published split overlaps" in capsys.readouterr().err


def test_the_distance_is_that_of_gaussians():
    random = np.random.default_rng(3)
    a, b = random.standard_normal((4000, 2)) * [1, 2], random.standard_normal((4000, 2)) * [3, 2] + [5, 0]
    assert distance(a, a) == pytest.approx(0, abs=1e-9)
    assert distance(a, b) == pytest.approx(25 + 4, rel=0.05)  # means apart by 5, deviations 1 and 3


def test_features_tell_maps_apart():
    flat = np.full((256, 256), 90, np.uint8)
    mixed = np.random.default_rng(0).integers(0, 256, (256, 256)).astype(np.uint8)
    assert features(flat).shape == (32,) and abs(features(flat) - features(mixed)).max() > 0.01
    assert np.array_equal(features(flat), features(flat.copy()))
    assert features(flat)[16:] == pytest.approx(np.zeros(16), abs=1e-9), "a flat map has no deviation"


def test_maps_are_taken_evenly():
    assert evenly(3, 5) == [0, 1, 2] and evenly(10, 4) == [0, 2, 5, 7] and len(set(evenly(1000, 400))) == 400

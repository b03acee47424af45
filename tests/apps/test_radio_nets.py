"""Small integer radio nets: what they see, what they are, prediction on every leg, refusals."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed: pip install -e '.[radio]'")
pytest.importorskip("PIL", reason="Pillow is not installed: pip install -e '.[radio]'")

from bittrue import ref
from bittrue.apps.radio.cities.city import city, transmitters
from bittrue.apps.radio.data import png
from bittrue.apps.radio.hardware import inputs, predicting
from bittrue.apps.radio.hardware.architecture import (
    ArchitectureSpec,
    Level,
    drawn_weights,
)
from bittrue.apps.radio.hardware.blocks import integer_net
from bittrue.apps.radio.hardware.inputs import FARTHEST, LEAST, WHITE, Inputs, folded, logarithm, unfolded
from bittrue.apps.radio.hardware.predicting import Predictor, is_radio, predict
from bittrue.apps.radio.hardware.sight import IntegerHorizon
from bittrue.apps.radio.propagation.viewshed import Horizon
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import save

SMALL = ArchitectureSpec("radio-small", (Level(4), Level(3), Level(4, 2)))


@pytest.fixture(scope="module")
def town():
    made = city(5, 1)
    row, column = transmitters(made, 5, 1, 1)[0].tolist()
    return made.buildings, row, column


@pytest.fixture(scope="module")
def net():
    return integer_net(SMALL.graph, drawn_weights(SMALL, 3))


# ---- what a net sees ------------------------------------------------------------------------------------------------


def test_the_logarithm_is_exact_at_every_step():
    """Against Python's whole numbers: floor(7 log2 n) = bits(n^7) - 1, at both sides of every step."""
    numbers = sorted({int(n) + d for n in LEAST for d in (-1, 0, 1)} | {2 * 255**2})
    wanted = [min(FARTHEST, (max(1, n) ** 7).bit_length() - 1) for n in numbers]
    assert logarithm(np.array(numbers)).tolist() == wanted


def test_the_distance_is_that_of_pixels():
    found = inputs.distance(10, 200)
    assert found[10, 200] == 0 and found[10, 199] == 0 and found[10, 198] == 14 and found[13, 204] == 32
    assert found[255, 0] == ((245**2 + 200**2) ** 7).bit_length() - 1 == 116


def _walked(blocked, row, column, to_row, to_column):
    """Whether the straight line of pixels from one to the other is free before its end, by whole numbers."""
    dy, dx = to_row - row, to_column - column
    n = max(abs(dy), abs(dx))
    for k in range(1, n):
        y, x = row + (2 * k * dy + n) // (2 * n), column + (2 * k * dx + n) // (2 * n)
        if blocked[y, x]:
            return False
    return True


def test_sight_is_the_line_of_pixels_but_for_edges(town):
    """Three rays decide, so that edges of shadows are a little wider."""
    built, row, column = town
    found = IntegerHorizon(built).seen(row, column)
    picked = np.random.default_rng(0).integers(0, 256, (400, 2)).tolist()
    lines = np.array([_walked(built, row, column, *one) for one in picked])
    seen = np.array([found[y, x] for y, x in picked])
    assert 20 < lines.sum() < 380 and (seen != lines).mean() < 0.06


def test_sight_in_integers_agrees_with_that_of_the_propagation_model(town):
    built, row, column = town
    found, other = IntegerHorizon(built).seen(row, column), Horizon(built, 2048).seen(row, column)
    assert (found != other)[~built].mean() < 0.01 and 0.05 < found[~built].mean() < 0.95


def test_nothing_is_seen_through_a_wall():
    built = np.zeros((256, 256), np.bool_)
    built[100, :] = True
    seen = IntegerHorizon(built).seen(50, 60)
    assert seen[:101].all() and not seen[101:].any()


def test_the_way_goes_around_a_wall():
    built = np.zeros((256, 256), np.bool_)
    built[100:104, :200] = True
    sight, way = Inputs(built).pictures(40, 20)
    straight = 2 * 5 * 60  # cells from the transmitter to the pixel behind the wall, five each
    assert sight[200, 20] == 0 and sight[40, 250] == WHITE
    assert way[20, 10] == 0 and way[100, 10] > logarithm(np.array([4 * straight**2 // 25]))[0]
    assert way[51, 50] == FARTHEST  # in the wall
    built[:, 200:] |= np.arange(256)[:, None] // 4 == 25
    assert Inputs(built).pictures(40, 20)[1][100, 10] == FARTHEST  # no way at all


def test_the_way_is_the_shortest_by_steps(town):
    """Against Bellman and Ford's rounds over all cells."""
    built, row, column = town
    made = Inputs(built)
    free = folded(built.astype(np.int8)[None]).sum(0) < 3
    cost = np.full((130, 130), 1 << 30)
    cost[1 + row // 2, 1 + column // 2] = 0
    while True:
        before = cost.copy()
        inner = cost[1:-1, 1:-1]
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                step = 5 if dy == 0 or dx == 0 else 7
                other = before[1 + dy : 129 + dy, 1 + dx : 129 + dx] + step
                inner[free] = np.minimum(inner, other)[free]
        if (cost == before).all():
            break
    reached = cost[1:-1, 1:-1] < 1 << 30
    wanted = np.where(reached, logarithm(4 * np.where(reached, cost[1:-1, 1:-1], 0) ** 2 // 25), FARTHEST)
    assert (made.pictures(row, column)[1] == wanted).all() and 0.3 < reached.mean() < 1


def test_folding_and_back():
    picture = np.arange(256 * 256, dtype=np.int64).reshape(1, 256, 256)
    channels = folded(picture)
    assert channels.shape == (4, 128, 128) and channels[1, 0, 0] == 1 and channels[2, 0, 0] == 256
    assert (unfolded(channels) == picture[0]).all()


def test_the_pictures_are_the_same_on_every_machine():
    """A digest of all channels of a city that is drawn by hand; computed once, and true wherever this runs."""
    import hashlib

    built = np.zeros((256, 256), np.bool_)
    for k in range(9):
        built[20 + 23 * k : 33 + 23 * k, (37 * k) % 190 : (37 * k) % 190 + 41] = True
    codes = Inputs(built).channels(131, 120)
    assert codes.dtype == np.int8 and codes.shape == (13, 128, 128)
    assert hashlib.sha256(codes.tobytes()).hexdigest()[:16] == "368833c3cc60b77b"


# ---- prediction -----------------------------------------------------------------------------------------------------


def test_a_map_is_what_the_reference_gives(town, net):
    built, row, column = town
    found = predict(net, built, (row, column))
    codes = ref.run(net, Inputs(built).channels(row, column)[None].astype(np.int64))[0]
    assert found.dtype == np.uint8 and (found[built] == 0).all()
    assert (found[~built] == (unfolded(codes) + 128)[~built]).all() and len(np.unique(found)) > 10


def test_every_leg_has_the_same_map(town, net):
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
    built, row, column = town
    wanted = predict(net, built, (row, column))
    for leg in ("torch", "c"):
        assert (predict(net, built, (row, column), leg) == wanted).all(), leg


def test_a_city_is_looked_at_once(town, net, monkeypatch):
    built, row, column = town
    predictor = Predictor(net)
    first = predictor.predict(built, (row, column))
    monkeypatch.setattr(predicting, "Inputs", None)  # would fail if it were asked again
    assert (predictor.predict(built.astype(np.uint8) * 255, (row, column)) == first).all()


def test_only_radio_nets_predict(net):
    assert is_radio(net)
    with pytest.raises(BadInput, match=r"^net tdnn-wide takes .*, and a radio net takes 13x128x128 Q1.7; give one"):
        Predictor("tdnn-wide")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((256, 0), "the transmitter is at row 256, column 0; give 0 to 255 each"),
        ((-1, 3), "the transmitter is at row -1, column 3; give 0 to 255 each"),
        ((1.5, 3), "the transmitter is .*; give its row and its column"),
        ("no", "the transmitter is 'no'; give its row and its column"),
    ],
)
def test_a_transmitter_off_the_map_is_refused(town, net, place, words):
    with pytest.raises(BadInput, match=words):
        predict(net, town[0], place)


def test_a_transmitter_in_a_building_is_refused(town, net):
    row, column = np.argwhere(town[0])[0].tolist()
    with pytest.raises(BadInput, match=f"at row {row}, column {column} stands in a building; give a pixel of a street"):
        predict(net, town[0], (row, column))


@pytest.mark.parametrize("given", [np.zeros((255, 256)), np.zeros((256, 256)), np.zeros((3, 256, 256), np.uint8)])
def test_other_buildings_are_refused(net, given):
    with pytest.raises(BadInput, match=r"^buildings are .*; give whole numbers or bool of \(256, 256\)$"):
        predict(net, given, (3, 3))


@pytest.fixture
def files(tmp_path, town, net):
    save(net, tmp_path / "net")
    (tmp_path / "b.png").write_bytes(png.encoded(np.where(town[0], 255, 0).astype(np.uint8)))
    return tmp_path


def test_the_command_writes_the_map(files, town, net, capsys):
    built, row, column = town
    words = ["radio", "predict", str(files / "net"), "--buildings", str(files / "b.png"), "--tx", f"{row},{column}"]
    assert main([*words, "-o", str(files / "map.png")]) == 0
    assert (png.read(files / "map.png", "map") == predict(net, built, (row, column))).all()
    assert "in dB: least" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--tx": "12"}, "--tx is '12'; give row and column"),
        ({"--tx": "12,999"}, "the transmitter is at row 12, column 999; give 0 to 255 each"),
        ({"--buildings": "none.png"}, "none.png"),
        ({"--buildings": "cut.png"}, "cut.png"),
        ({"--buildings": "grey.png"}, "grey.png has 3 grey levels"),
        ({"-o": "map.jpg"}, "map.jpg"),
    ],
)
def test_bad_input_is_one_sentence(files, town, changes, said, capsys):
    built, row, column = town
    (files / "cut.png").write_bytes((files / "b.png").read_bytes()[:200])
    grey = np.where(built, 255, 0).astype(np.uint8)
    grey[0, 0] = 7
    (files / "grey.png").write_bytes(png.encoded(grey))
    given = {"--buildings": "b.png", "--tx": f"{row},{column}", "-o": "map.png"} | changes
    words = [
        word
        for flag, value in given.items()
        for word in (flag, str(files / value) if "png" in value or "jpg" in value else value)
    ]
    assert main(["radio", "predict", str(files / "net"), *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "Traceback" not in error
    assert not (files / "map.png").exists()

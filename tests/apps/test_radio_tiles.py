"""Radio nets for tiles: the same weights for maps of another side, what they see, the scenes that a demo plays."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed: pip install -e '.[radio]'")
pytest.importorskip("PIL", reason="Pillow is not installed: pip install -e '.[radio]'")

from bittrue import ref
from bittrue.apps.radio.cities.city import city, transmitters
from bittrue.apps.radio.cities.simulation import Receiving
from bittrue.apps.radio.data import png
from bittrue.apps.radio.demonstrating import demo_data, scenes
from bittrue.apps.radio.hardware.architecture import ArchitectureSpec, Level, drawn_weights
from bittrue.apps.radio.hardware.blocks import integer_net
from bittrue.apps.radio.hardware.inputs import Inputs, distance
from bittrue.apps.radio.hardware.kind import is_radio, resized, side_of
from bittrue.apps.radio.hardware.predicting import Predictor, predict
from bittrue.apps.radio.hardware.recipe import Cities
from bittrue.check import known_answers
from bittrue.cli import main
from bittrue.committed import located
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.spec import LAYERS, Net, load, save
from bittrue.spec.store import content_hash

SMALL = ArchitectureSpec("radio-small", (Level(4), Level(3), Level(4, 2)))
HELD = Cities(maps=9, transmitters=5, seed=5, held=2)


@pytest.fixture(scope="module")
def net():
    return integer_net(SMALL.graph, drawn_weights(SMALL, 3))


def test_a_tile_far_from_its_border_is_the_whole_map(net):
    """All layers slide: an answer hangs on nothing but the codes around it."""
    small = resized(net, 128)
    codes = np.random.default_rng(0).integers(-128, 128, (1, *net.input.shape))
    whole, tile = ref.run(net, codes), ref.run(small, codes[:, :, 32:96, 32:96])
    inner = np.s_[..., 24:40, 24:40]
    assert np.array_equal(whole[:, :, 32:96, 32:96][inner], tile[inner])
    assert not np.array_equal(whole[:, :, 32:96, 32:96], tile), "borders are seen"


def test_the_side_of_a_net_is_that_of_its_maps(net):
    assert side_of(net) == 256 and side_of(resized(net, 24)) == 24 and resized(net, 24).name == "radio-small-24"
    assert side_of(Net("no-map", net.input, net.nodes[:2])) is None, "half as large a result is no map"
    assert is_radio(net) and not is_radio(resized(net, 24)), "that is a tile's"
    assert side_of(LAYERS["Conv2d"].example()) is None and not is_radio(LAYERS["Dense"].example())


@pytest.mark.parametrize(
    ("side", "message"),
    [
        (14, "a tile has 14 pixels a side; give an even number from 16 to 256"),
        (258, "a tile has 258 pixels a side"),
        (17, "a tile has 17 pixels a side"),
        (22, "net radio-small cannot be made for 22 pixels a side: its levels halve the map"),
    ],
)
def test_sides_that_cannot_be_are_refused(net, side, message):
    with pytest.raises(BadInput, match=message):
        resized(net, side)


def test_another_net_has_no_tiles():
    with pytest.raises(BadInput, match="net conv2d is no radio net; give one that bittrue train radio made"):
        resized(LAYERS["Conv2d"].example(), 32)


def test_the_pictures_of_a_tile():
    """Distance is the whole map's, shifted; sight and way end at the border of the tile."""
    assert np.array_equal(distance(10, 20, 48), distance(110, 120)[100:148, 100:148])
    built = np.zeros((48, 48), np.bool_)
    built[20:22, :40] = True
    sight, way = Inputs(built, 48).pictures(10, 5)
    assert sight.shape == (48, 48) and way.shape == (24, 24) and sight[30, 2] == 0 and sight[2, 40] == 127
    assert way[15, 1] > way[4, 20] > way[5, 3], "around the wall, and along it"
    assert Inputs(built, 48).channels(10, 5).shape == (13, 24, 24)
    with pytest.raises(BadInput, match="the transmitter is at row 48, column 3; give 0 to 47 each"):
        Inputs(built, 48).pictures(48, 3)
    with pytest.raises(BadInput, match=r"buildings have \(48, 48\) pixels; the net takes 256 x 256"):
        Inputs(built)


def test_a_tile_is_predicted(net):
    built = np.zeros((48, 48), np.bool_)
    built[20:22, :40] = True
    small = resized(net, 48)
    found = predict(small, built, (10, 5))
    made = ref.run(small, Inputs(built, 48).channels(10, 5)[None].astype(np.int64))[0]
    assert found.shape == (48, 48) and not found[built].any() and found[3, 5] == made[3, 1, 2] + 128
    with pytest.raises(BadInput, match=r"give whole numbers or bool of \(48, 48\)"):
        predict(small, np.zeros((256, 256), np.uint8), (10, 5))


def test_scenes_are_of_the_cities_that_were_held_out():
    found = list(scenes.held_out(HELD, 3))
    assert [(one.city, one.transmitter) for one in found] == [(8, 0), (9, 0), (8, 1)]
    town = city(5, 8)
    row, column = transmitters(town, 5, 8, 2)[1].tolist()
    assert (found[2].row, found[2].column) == (row, column) and np.array_equal(found[2].built, town.buildings)
    assert np.array_equal(found[2].truth, Receiving(town).maps(row, column, ("DPM",))["DPM"])


def test_a_tile_is_cut_out_around_its_transmitter():
    (whole,), (tile,) = (list(scenes.held_out(HELD, 1, side)) for side in (256, 64))
    town = city(5, 8)
    places = transmitters(town, 5, 8, HELD.transmitters)
    row, column = places[tile.transmitter].tolist()
    top, left = row - tile.row, column - tile.column
    assert (tile.row, tile.column) == (32, 32) and tile.city == whole.city
    assert np.array_equal(tile.built, town.buildings[top : top + 64, left : left + 64])
    truth = Receiving(town).maps(row, column, ("DPM",))["DPM"]
    assert np.array_equal(tile.truth, truth[top : top + 64, left : left + 64]), "the whole city's map, cut out"
    shares = [abs(town.buildings[r - 32 : r + 32, c - 32 : c + 32].mean() - 1 / 3) for r, c in places.tolist()]
    assert tile.transmitter == int(np.argmin(shares)), "not an empty street"


def test_demo_data_are_what_the_board_reads(net, tmp_path, capsys):
    from bittrue.board.demo.radio import bundle

    small = resized(net, 32)
    save(small, tmp_path / "net")
    (tmp_path / "net" / "recipe.toml").write_text(
        'name = "tiny"\n[cities]\nmaps = 9\ntransmitters = 5\nseed = 5\nheld = 2\n'
    )
    assert main(["demo-data", str(tmp_path / "net"), "-o", str(tmp_path / "o"), "--scenes", "2"]) == 0
    assert "2 tiles of 32 x 32 m of 2 synthetic cities that were held out, seed 5" in capsys.readouterr().out
    found = bundle.load(tmp_path / "o" / demo_data.FILE)
    scene = list(scenes.held_out(HELD, 2, 32))[1]
    codes = Inputs(scene.built, 32).channels(scene.row, scene.column)
    assert np.array_equal(found.codes[1], codes) and found.numbers[1].tolist() == [9, scene.transmitter]
    assert np.array_equal(found.expected[1], ref.run(small, codes[None].astype(np.int64))[0])
    assert np.array_equal(found.truth[1], scene.truth) and np.array_equal(found.built[1], scene.built)
    assert found.hash == content_hash(small) and (found.black, found.white) == (-147.0, -47.84)
    seen = bundle.unfolded(found.codes[1, bundle.SIGHT]) > 0
    assert np.array_equal(seen, Inputs(scene.built, 32).pictures(scene.row, scene.column)[0] > 0)


def test_several_nets_and_options_of_others_are_refused(net, tmp_path, capsys):
    save(resized(net, 32), tmp_path / "net")
    given, words = str(tmp_path / "net"), ["-o", str(tmp_path / "o")]
    assert main(["demo-data", given, *words, "--count", "3"]) == 2
    assert "--count belongs to heartbeats; leave it out" in capsys.readouterr().err
    assert main(["demo-data", given, given, *words, "--names", "a,b"]) == 2
    assert "2 nets are given, and the demo of radio maps shows one; give it alone" in capsys.readouterr().err
    with pytest.raises(BadInput, match="net dense draws no radio maps"):
        demo_data.write(tmp_path, LAYERS["Dense"].example(), None, 1)


def test_the_command_makes_a_net_for_tiles(net, tmp_path, capsys):
    save(net, tmp_path / "net")
    assert main(["radio", "tile", str(tmp_path / "net"), "--side", "32", "-o", str(tmp_path / "small")]) == 0
    assert "net radio-small-32, the weights of radio-small for 13x16x16 Q1.7" in capsys.readouterr().out
    found = load(tmp_path / "small")
    assert content_hash(found) == content_hash(resized(net, 32))
    assert known_answers.verify(found, tmp_path / "small") == 1
    assert main(["radio", "tile", "radio-map", "--side", "32", "-o", str(tmp_path / "named")]) == 0
    assert (tmp_path / "named" / "recipe.toml").read_bytes() == (located("radio-map") / "recipe.toml").read_bytes()
    with pytest.raises(BadInput, match="ref has no clock"):
        Predictor(net, "ref", 4096)
    write_whole(tmp_path / "b.png", png.encoded(np.zeros((256, 256), np.uint8)))
    drawn = ["--buildings", str(tmp_path / "b.png"), "--tx", "9,9", "-o", str(tmp_path / "m.png")]
    capsys.readouterr()
    assert main(["radio", "predict", str(tmp_path / "small"), *drawn]) == 2
    assert "draws tiles of 32 x 32 pixels" in capsys.readouterr().err
    assert main(["radio", "tile", str(tmp_path / "net"), "--side", "64", "-o", str(tmp_path / "small")]) == 2
    assert "is of net radio-small-32, and net radio-small-64 would replace it" in capsys.readouterr().err

"""The demo of radio maps: the script against the stand-in and on the simulated board, its data, figures and picture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from test_demo_on_stand_in import ROOT
from test_stand_in import run

from bittrue import ref
from bittrue.apps.radio.hardware.architecture import ArchitectureSpec, Level, drawn_weights
from bittrue.apps.radio.hardware.blocks import integer_net
from bittrue.apps.radio.hardware.kind import resized
from bittrue.board.demo import playing
from bittrue.board.demo.bundle import FILE
from bittrue.board.demo.look import BAD, BAND, GOOD
from bittrue.board.demo.radio import bundle, running, streaming
from bittrue.board.demo.radio.painter import PIXELS, SCALE, Painter, coloured, enlarged
from bittrue.board.demo.radio.streaming import Streaming
from bittrue.board.manifest import read_manifest
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Conv2d, Net, Node, TensorType
from bittrue.spec.store import content_hash, save

SCENES, SIDE = 3, 16
SPEC = ArchitectureSpec("radio-tiny", (Level(2), Level(2)))
NET = resized(integer_net(SPEC.graph, drawn_weights(SPEC, 3)), SIDE)
STEM = "radio_tiny_16"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An overlay folder with demo data; the net's folder is ``net`` in it."""
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    from bittrue.targets.pynq_z1.build import write_overlay

    place = tmp_path_factory.mktemp("radio")
    write_overlay({"net": NET}, place, interval=4096, clock_mhz=200.0, simulated=True)
    save(NET, place / "net")
    np.savez(place / "overlay" / FILE, **arrays())
    return place


def arrays(**about: object) -> dict[str, np.ndarray]:
    """What stands in ``demo.npz``: any codes, for the board does not make them."""
    rng = np.random.default_rng(3)
    codes = rng.integers(-128, 128, (SCENES, *NET.input.shape)).astype(np.int8)
    built = rng.random((SCENES, SIDE, SIDE)) < 0.3
    text = {
        "format": bundle.FORMAT,
        "version": bundle.VERSION,
        "net": NET.name,
        "hash": content_hash(NET),
        "title": "tiles of a city that nobody built",
        "black": -147.0,
        "white": -47.84,
    }
    return {
        "about": np.array(json.dumps(text | about)),
        "codes": codes,
        "expected": ref.run(NET, codes.astype(np.int64)).astype(np.int16),
        "truth": np.where(built, 0, rng.integers(1, 256, built.shape)).astype(np.uint8),
        "built": built.astype(np.uint8),
        "places": rng.integers(0, SIDE, (SCENES, 2)),
        "numbers": np.array([(180 + k, k) for k in range(SCENES)]),
    }


def play(demo: Path, *words: object, data: Path | None = None):
    bit = demo / "overlay" / f"{STEM}.bit"
    words = ("--overlay", bit, "--display", "none", *words, *(("--data", data) if data else ()))
    return run(str(demo / "net"), ROOT / "demo" / "radio_demo.py", *words)


def test_every_map_is_streamed_compared_and_judged(demo, tmp_path):
    done = play(demo, "--output", tmp_path / "x.gif")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "3 maps, 768 output codes compared with the reference: 0 mismatches"
    given = arrays()
    made = np.where(given["built"][2] > 0, 0, bundle.unfolded(given["expected"][2].astype(int)) + 128)
    t, p = given["truth"][2] / 255, made / 255
    nmse = ((p - t) ** 2).sum() / (t**2).sum()
    assert f"frame  3  NMSE {nmse:.4f}, " in done.stdout and "0 of 768 codes differ" in done.stdout
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.size == (1280, 720) and "nothing was received by an antenna" in picture.text["Description"]
    with Image.open(tmp_path / "x.gif") as film:
        assert film.n_frames == 3


def test_a_code_that_the_pc_expects_and_the_board_does_not_give_ends_in_1(demo, tmp_path):
    changed = arrays()
    changed["expected"][1, 2, 3, 4] ^= 1  # channel 2: an odd row, an even column
    np.savez(tmp_path / "demo.npz", **changed)
    done = play(demo, "--frames", 2, "--output", tmp_path / "x.png", data=tmp_path / "demo.npz")
    assert done.returncode == 1 and "2 maps, 512 output codes compared with the reference: 1 mismatches" in done.stdout
    assert "scene 1, row 7, column 8: " in done.stdout and "1 of 256 codes of this map differ" in done.stdout


def test_data_of_another_net_are_refused(demo, tmp_path):
    np.savez(tmp_path / "demo.npz", **arrays(hash=f"sha256:{'1' * 64}"))
    done = play(demo, data=tmp_path / "demo.npz")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "radio_demo: the demo data are for net radio-tiny-16 and the overlay holds radio-tiny-16"
    )


def test_data_that_are_no_codes_of_the_net_are_refused(demo, tmp_path):
    """They would play, and the board would be blamed."""
    for part in ("codes", "expected"):
        changed = arrays()
        changed[part] = changed[part].astype(np.int64)
        changed[part].ravel()[5] = 1 << 12
        np.savez(tmp_path / "demo.npz", **changed)
        done = play(demo, data=tmp_path / "demo.npz")
        assert done.returncode == 2 and f"demo data: {part} are no codes of net {NET.name}" in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("about"), "is not JSON"),
        (lambda a: a.update(about=np.array(7)), "the document is 7, not an object"),
        (lambda a: a.update(about=arrays(format="bittrue-demo")["about"]), "is .*'bittrue-demo'.* is needed"),
        (lambda a: a.update(about=arrays(white=-200.0)["about"]), "lie outside of the map or the scale"),
        (lambda a: a.update(codes=a["codes"] / 2), "lacks codes, or it has another shape or type"),
        (lambda a: a.pop("numbers"), "lacks numbers"),
        (lambda a: a.update(truth=a["truth"][:, 2:]), r"codes \(3, 13, 8, 8\) and truth .* do not belong together"),
        (lambda a: a.update(places=a["places"][1:]), r"and places \(2, 2\) do not belong together"),
        (lambda a: a.update(codes=a["codes"][:, :9]), "and the rest do not belong together"),
        (lambda a: a.update(places=a["places"] + 99), "transmitters, levels or decibels lie outside"),
        (lambda a: a.update(truth=a["truth"].astype(int) + 1), "transmitters, levels or decibels lie outside"),
        (lambda a: a.update(truth=a["truth"].astype(int) - 1), "transmitters, levels or decibels lie outside"),
    ],
)
def test_data_that_cannot_be_played_are_refused(tmp_path, change, message):
    changed = arrays()
    change(changed)
    np.savez(tmp_path / "demo.npz", **changed)
    with pytest.raises(BadInput, match=message):
        bundle.load(tmp_path / "demo.npz")


def test_a_net_that_draws_maps_is_told_from_others():
    def manifest(given: tuple[int, ...], taken: tuple[int, ...] = (13, 8, 8)) -> SimpleNamespace:
        return SimpleNamespace(input=SimpleNamespace(shape=taken), output=SimpleNamespace(shape=given))

    assert bundle.draws_maps(manifest((4, 8, 8)))
    assert not any(bundle.draws_maps(manifest(*s)) for s in (((5,),), ((3, 8, 8),), ((4, 8),), ((4, 8, 8), (2, 9))))


class Board:
    """The reference, and a code more where it is to be wrong."""

    def __init__(self, wrong: int = 0) -> None:
        self.wrong = wrong

    def run_codes(self, codes: np.ndarray) -> np.ndarray:
        return ref.run(NET, codes) + self.wrong


def test_the_picture_shows_what_came_out(demo):
    data = bundle.load(demo / "overlay" / FILE)
    manifest = read_manifest(demo / "overlay" / f"{STEM}.json")
    painter = Painter(data, running.texts(data, "a board", manifest), playing.latency(manifest, "a scene's"))

    def drawn(board: Board) -> tuple[streaming.State, np.ndarray]:
        state = Streaming(data, board, -128).step()
        return state, np.array(painter.paint(state))

    (state, plain), (_, same), (_, wrong) = drawn(Board()), drawn(Board()), drawn(Board(1))
    assert np.array_equal(plain, same)
    for picture, has, lacks in ((plain, GOOD, BAD), (wrong, BAD, GOOD)):
        counted = picture[460:654, 960:]
        assert (counted == has).all(-1).any() and not (counted == lacks).all(-1).any(), "how many codes differ"
    marked = (wrong[134:390, 980:1236] == np.uint8(BAND)).all(-1)
    assert marked.mean() > 0.9 and not (plain[134:390, 980:1236] == np.uint8(BAND)).all(-1).any(), "where they differ"
    street = np.argwhere(~data.built[0])
    scale = PIXELS // SIDE
    (row, column), place = street[len(street) // 2], data.places[0]
    assert abs(np.array([row, column]) - place).max() > 1, "not below the transmitter's ring"
    at = 134 + row * scale + 1, 668 + column * scale + 1
    shade = coloured(np.array([state.drawn[row, column] / 255]), SCALE)
    assert np.array_equal(plain[at], shade[0]), "the level of a pixel, where it lies"
    loop = Streaming(data, Board(), -128)
    first, second = (np.array(painter.paint(loop.step())) for _ in range(2))
    for box in ((134, 390, 44, 300), (134, 390, 356, 612), (134, 390, 668, 924), (460, 654, 24, 632)):
        top, bottom, left, right = box
        assert (first[top:bottom, left:right] != second[top:bottom, left:right]).any(), box


def test_a_picture_of_any_side_fills_its_panel():
    for side in (16, 24, 256):
        assert enlarged(np.zeros((side, side, 3), np.uint8)).size == (PIXELS, PIXELS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--app", "ecg"], "draws maps, so its demo is radio and not ecg; leave --app out"),
        (["--kelvin", "5"], "--kelvin belongs to the demo of predistortion, and .* holds a net that draws maps"),
    ],
)
def test_options_of_another_demo_are_refused(demo, capsys, words, message):
    assert main(["demo", "--overlay", str(demo / "overlay" / f"{STEM}.bit"), *words]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_an_image_net_that_draws_no_maps_has_no_demo_data(tmp_path, capsys):
    io = Format.parse("Q1.7")
    layer = Conv2d(np.ones((3, 2, 1, 1), np.int64), np.zeros(3, np.int64), io, io)
    save(Net("picture", TensorType((2, 4, 4), io), (Node("conv", layer, ("input",)),)), tmp_path / "net")
    assert main(["demo-data", str(tmp_path / "net"), "-o", str(tmp_path / "o")]) == 2
    assert "net picture is for no demo; there are demos of " in capsys.readouterr().err


def test_the_demo_on_the_simulated_board(demo, tmp_path, capsys):
    """The script, unchanged, above pynq and the Verilated shell."""
    pytest.importorskip("pynq", reason="pynq is not installed")
    from bittrue_sim import virtual_board

    bit = str(demo / "overlay" / f"{STEM}.bit")
    try:
        assert main(["demo", "--overlay", bit, "--display", "none", "-o", str(tmp_path / "x.png")]) == 0
    finally:
        virtual_board.uninstall()
    said = capsys.readouterr().out
    assert "Pynq-Z1, simulated: radio-tiny-16, tiles of a city that nobody built; frames to" in said
    assert said.splitlines()[-1] == "3 maps, 768 output codes compared with the reference: 0 mismatches"

"""The demo of heartbeats, unchanged, against the stand-in for the board; what its data may not say; what it draws."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_demo_on_stand_in import ROOT
from test_stand_in import run

from bittrue import ref
from bittrue.board.demo import playing
from bittrue.board.demo.bundle import FILE
from bittrue.board.demo.heartbeats import bundle, running
from bittrue.board.demo.heartbeats.painter import Painter
from bittrue.board.demo.heartbeats.streaming import Streaming
from bittrue.board.manifest import read_manifest
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Conv1d, Dense, Flatten, Net, Node, ReLU, TensorType
from bittrue.spec.store import content_hash, save

BEATS, CLASSES = 150, "NSVFQ"


def small_net() -> Net:
    """Two channels of eight samples into five classes."""
    rng, io = np.random.default_rng(6), Format.parse("Q1.7")
    conv = Conv1d(rng.integers(-128, 128, (3, 2, 3)), rng.integers(-999, 999, 3), io, io, ReLU(), padding=1)
    last = Dense(rng.integers(-128, 128, (5, 24)), rng.integers(-999, 999, 5), io, Format(32, 14))
    nodes = Node("conv", conv, ("input",)), Node("flat", Flatten(), ("conv",)), Node("last", last, ("flat",))
    return Net("small-heart", TensorType((2, 8), io), nodes)


NET = small_net()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An overlay folder with demo data; the net's folder is ``net`` in it."""
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    from bittrue.targets.pynq_z1.build import write_overlay

    place = tmp_path_factory.mktemp("heart")
    write_overlay({"net": NET}, place, interval=64, clock_mhz=200.0, simulated=True)
    save(NET, place / "net")
    np.savez(place / "overlay" / FILE, **arrays())
    return place


def arrays(**about: object) -> dict[str, np.ndarray]:
    """What stands in ``demo.npz``."""
    rng = np.random.default_rng(3)
    codes = rng.integers(-128, 128, (BEATS, 2, 8)).astype(np.int8)
    expected = ref.run(NET, codes.astype(np.int64))
    labels = np.argmax(expected, axis=1)
    labels[::7], labels[::11] = 4, -1
    text = {
        "format": bundle.FORMAT,
        "version": bundle.VERSION,
        "net": NET.name,
        "hash": content_hash(NET),
        "title": "a record that nobody recorded",
        "classes": list(CLASSES),
        "rate": 100.0,
    }
    return {
        "about": np.array(json.dumps(text | about)),
        "codes": codes,
        "expected": expected,
        "labels": labels,
        "positions": 40 + 80 * np.arange(BEATS),
        "signal": (1000 * np.sin(np.arange(80 * BEATS + 80) / 9)).astype(np.int32),
    }


def play(demo: Path, *words: object, data: Path | None = None):
    bit = demo / "overlay" / "small_heart.bit"
    words = ("--overlay", bit, "--display", "none", *words, *(("--data", data) if data else ()))
    return run(str(demo / "net"), ROOT / "demo" / "ecg_demo.py", *words)


def test_every_beat_is_streamed_compared_and_counted(demo, tmp_path):
    done = play(demo, "--output", tmp_path / "x.gif")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "150 beats, 750 output codes compared with the reference: 0 mismatches"
    labels, said = arrays()["labels"], np.argmax(arrays()["expected"], axis=1)
    known = labels >= 0
    right = int((labels == said)[known].sum())
    assert f"frame  3     150 beats  {right} of {int(known.sum())} as annotated  0 of 750 codes differ" in done.stdout
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.size == (1280, 720) and "It is no medical device" in picture.text["Description"]
    with Image.open(tmp_path / "x.gif") as film:
        assert film.n_frames == 3


def test_fewer_frames_end_sooner(demo, tmp_path):
    done = play(demo, "--frames", 1, "--output", tmp_path / "x.png")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "64 beats, 320 output codes compared with the reference: 0 mismatches"


def test_a_code_that_the_pc_expects_and_the_board_does_not_give_ends_in_1(demo, tmp_path):
    changed = arrays()
    changed["expected"][70, 2] ^= 1
    np.savez(tmp_path / "demo.npz", **changed)
    done = play(demo, "--output", tmp_path / "x.png", data=tmp_path / "demo.npz")
    assert done.returncode == 1 and "750 output codes compared with the reference: 1 mismatches" in done.stdout
    assert "beat 70, V: " in done.stdout and "1 of 320 codes of this batch differ" in done.stdout


def test_data_of_another_net_are_refused(demo, tmp_path):
    np.savez(tmp_path / "demo.npz", **arrays(hash=f"sha256:{'1' * 64}"))
    done = play(demo, data=tmp_path / "demo.npz")
    assert done.returncode == 2
    assert done.stderr.startswith("ecg_demo: the demo data are for net small-heart and the overlay holds small-")


def test_data_that_are_no_codes_of_the_net_are_refused(demo, tmp_path):
    """They would play, and the board would be blamed."""
    for part in ("codes", "expected"):
        changed = arrays()
        changed[part] = changed[part].astype(np.int64)
        changed[part].ravel()[5] = 1 << 40
        np.savez(tmp_path / "demo.npz", **changed)
        done = play(demo, data=tmp_path / "demo.npz")
        assert done.returncode == 2 and f"demo data: {part} are no codes of net {NET.name}" in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("about"), "is not JSON"),
        (lambda a: a.update(about=arrays(format="bittrue-demo")["about"]), "is .*'bittrue-demo'.* is needed"),
        (lambda a: a.update(codes=a["codes"] / 2), "lacks codes, or it has another shape or type"),
        (lambda a: a.pop("signal"), "lacks signal"),
        (lambda a: a.update(labels=a["labels"][1:]), "150 beats, 149 labels, 150 positions and results"),
        (lambda a: a.update(labels=a["labels"] + 1), "lie outside of the record or the classes"),
        (lambda a: a.update(positions=a["positions"][::-1]), "lie outside of the record or the classes"),
        (lambda a: a.update(positions=a["positions"] + 10**6), "lie outside of the record or the classes"),
        (lambda a: a.update(about=arrays(classes=["N"])["about"]), "of 1 classes do not belong together"),
    ],
)
def test_data_that_cannot_be_played_are_refused(tmp_path, change, message):
    changed = arrays()
    change(changed)
    np.savez(tmp_path / "demo.npz", **changed)
    with pytest.raises(BadInput, match=message):
        bundle.load(tmp_path / "demo.npz")


def test_data_that_are_not_there_are_named(tmp_path):
    with pytest.raises(BadInput, match=r"there is no .*demo\.npz; write it on the PC with bittrue demo-data"):
        bundle.load(tmp_path / "demo.npz")


def test_the_picture_shows_what_came_out(demo):
    """A code that differs, a class or a beat more changes the picture; the same state gives the same picture."""
    data = bundle.load(demo / "overlay" / "demo.npz")
    manifest = read_manifest(demo / "overlay" / "small_heart.json")
    said = running.texts(data, "a stand-in", manifest)
    painter = Painter(data, said, playing.latency(manifest, "a beat's"))

    class Board:
        def __init__(self, wrong: int = 0) -> None:
            self.wrong = wrong

        def run_codes(self, codes: np.ndarray) -> np.ndarray:
            return ref.run(NET, codes) + self.wrong

    frames = [np.array(painter.paint(Streaming(data, board).step())) for board in (Board(), Board(), Board(1))]
    np.testing.assert_array_equal(frames[0], frames[1])
    assert (frames[0][412:654, 954:] != frames[2][412:654, 954:]).any(), "the count of codes that differ"
    loop = Streaming(data, Board())
    first, second = (np.array(painter.paint(loop.step())) for _ in range(2))
    for box in ((92, 396, 24, 1256), (412, 654, 24, 628)):
        top, bottom, left, right = box
        assert (first[top:bottom, left:right] != second[top:bottom, left:right]).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--app", "dpd"], "takes frames, so its demo is ecg and not dpd; leave --app out"),
        (["--bank", "hot"], "--bank belongs to the demo of predistortion"),
        (["--kelvin", "5"], "--kelvin belongs to the demo of predistortion"),
    ],
)
def test_options_of_another_demo_are_refused(demo, capsys, words, message):
    assert main(["demo", "--overlay", str(demo / "overlay" / "small_heart.bit"), *words]) == 2
    assert message in capsys.readouterr().err

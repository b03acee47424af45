"""The demo of a noise source: its data, its dials, what it compares, what it draws; and the script on the board."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_source import INTERVAL, samples, small_source

from bittrue.apps.noise import demonstration
from bittrue.board.demo.bundle import FILE
from bittrue.board.demo.noise import bundle, running
from bittrue.board.demo.noise.painter import Painter
from bittrue.board.demo.noise.streaming import GAINS, UNIT, Dials, Streaming
from bittrue.board.demo.view import Texts
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.lower.source_shell import source_hash
from bittrue.spec.source import Parameter
from bittrue.spec.source_store import save

LENGTH = 600
TEXTS = Texts("Noise", "a stand-in", ("one", "two"))


class Board:
    """A source that is computed."""

    def __init__(self, wrong_from: int = 1 << 30) -> None:
        self.wrong = wrong_from
        self.calls: list[str] = []
        self.begin()

    def begin(self, seed: int = 0, start: int = 0, gain: float | None = None, **parameters: float) -> None:
        self.calls.append("begin")
        self.seed, self.at, self.now = seed, 0, {"gain": gain, **parameters}

    def change(self, **now: Any) -> int:
        assert self.at % 12 == 0, "the demo changes at borders"
        self.calls.append("change")
        self.now |= now
        return self.at

    def read_codes(self, count: int) -> np.ndarray:
        made = samples(self.at + count, self.seed, **self.now)[self.at :].copy()
        self.at += count
        return made ^ (self.at > self.wrong)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bundle.Noise:
    path = tmp_path_factory.mktemp("noise") / FILE
    path.write_bytes(demonstration.content(small_source(), LENGTH)[0])
    return bundle.load(path)


def test_the_data_are_the_samples_of_every_setting(data):
    assert (data.parameter, len(data.values), data.frames, data.hash) == ("H", 9, 50, source_hash(small_source()))
    for k, value in enumerate(data.values):
        assert np.array_equal(data.expected[k], samples(LENGTH, 1, gain=1.0, H=float(value)))
    gain = GAINS[-1]
    wanted = samples(LENGTH, 1, gain=gain / 4096, H=float(data.values[2]))
    assert np.array_equal(data.due(2, 3, 7, gain), wanted[36:120]), "the board amplifies by itself"


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        (Parameter("band", 0, 7, 0, 0), [0, 1, 2, 3, 4, 5, 6, 7]),
        (Parameter("rate", 0, 1, 0, 0), [0, 1]),
        (Parameter("H", -102, 102, 0, 8, 128), 9),
        (Parameter("f", 0, 3, 0, 8), 4),
    ],
)
def test_what_is_turned_through(parameter, values):
    found = demonstration.values_of(parameter)
    assert found == values if isinstance(values, list) else len(found) == values
    assert all(parameter.value(parameter.code(value)) == value for value in found)


def test_dials_are_turned_at_borders_and_every_sample_is_compared(data):
    board = Board()
    loop = Streaming(data, board)
    step = loop._frames * data.samples
    first = loop.step(Dials(3))
    again = loop.step(Dials(3))
    turned = loop.step(Dials(4, UNIT + 1))
    assert set(board.calls) == {"begin"}, "there are samples of one step, so every step begins anew"
    assert (len(first.together), len(turned.together)) == (step, step) and len(again.together) == 2 * step
    assert loop.count.codes == 3 * step and not loop.count.different
    assert loop.verdict().endswith(f"{3 * step:,} samples compared with the reference: 0 mismatches")


def test_a_change_needs_no_new_signal(data, monkeypatch):
    monkeypatch.setattr("bittrue.board.demo.noise.streaming.SPAN", 120)
    board = Board()
    loop = Streaming(data, board)
    for dials in (Dials(1), Dials(1), Dials(2), Dials(2, 0), Dials(8), Dials(0)):
        loop.step(dials)
    assert board.calls == ["begin", "begin", "change", "change", "change", "begin"], "the last one for lack of data"
    assert not loop.count.different


def test_a_sample_that_differs_is_told(data, monkeypatch):
    monkeypatch.setattr("bittrue.board.demo.noise.streaming.SPAN", 120)
    loop = Streaming(data, Board(wrong_from=130))
    loop.step(Dials(0))
    loop.step(Dials(0))
    assert loop.count.different == 120
    assert loop.faults[0].startswith("frame 10, sample 0: ") and "120 of 120 samples" in loop.faults[0]
    assert loop.verdict().splitlines()[-1] == "240 samples compared with the reference: 120 mismatches"


def test_keys_turn_the_dials_within_their_ends(data):
    dials = Dials(0)
    assert running.pressed(dials, "-", data) == dials
    for _ in range(20):
        dials = running.pressed(dials, "+", data)
    assert dials == Dials(8)
    assert [running.pressed(Dials(1, k), "g", data).gain for k in range(len(GAINS))] == [1, 2, 3, 0]
    assert running.pressed(dials, "x", data) == dials


def test_the_tour_shows_every_value_and_every_gain(data):
    steps = running.tour(data)
    assert {step.value for step in steps if step.gain == UNIT} == set(range(9))
    assert {step.gain for step in steps} == set(range(len(GAINS)))


def test_keys_end_the_tour_and_q_the_demo(data):
    typed = iter(["", "+", "g", "q"])

    class Sink:
        frames = 0

        def keys(self) -> str:
            return next(typed)

        def show(self, frame: Image.Image) -> None:
            self.frames += 1

    sink, lines = Sink(), []
    running.run(Streaming(data, Board()), Painter(data, TEXTS, "1 MS/s"), [sink], 0, lines.append)
    assert sink.frames == len(lines) == 3
    assert f"H = {data.values[5]:.3g}" in lines[1] and "gain   0.5" in lines[2], lines


def test_the_picture_shows_what_came_out(data):
    painter = Painter(data, TEXTS, "1 MS/s")

    def frames(board: Board, *steps: Dials) -> list[np.ndarray]:
        loop = Streaming(data, board)
        return [np.array(painter.paint(loop.step(step))) for step in steps]

    (plain,), (same,), (wrong,) = (frames(Board(k), Dials(1)) for k in (1 << 30, 1 << 30, 0))
    assert plain.shape == (720, 1280, 3) and (plain == same).all()
    assert (plain[506:654, 954:] != wrong[506:654, 954:]).any(), "the count of samples that differ"
    other, louder = frames(Board(), Dials(7), Dials(7, UNIT + 1))
    for box in ((92, 490, 24, 828), (92, 490, 844, 1256), (506, 654, 24, 628), (506, 654, 644, 938)):
        top, bottom, left, right = box
        assert (plain[top:bottom, left:right] != other[top:bottom, left:right]).any(), box
        assert (other[top:bottom, left:right] != louder[top:bottom, left:right]).any(), box


def damaged(**changes: Any) -> bytes:
    """The file, with other arrays or another text."""
    with np.load(io.BytesIO(demonstration.content(small_source(), 24)[0])) as given:
        arrays = dict(given)
    about = json.loads(str(arrays["about"])) | {k: v for k, v in changes.items() if k not in arrays}
    arrays |= {"about": np.array(json.dumps(about))} | {k: v(arrays) for k, v in changes.items() if k in arrays}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "bittrue-demo"}, "'bittrue-demo'.* is needed"),
        ({"samples": 0}, "samples is 0, not a whole number"),
        ({"samples": 7}, "frames of 7 do not belong together"),
        ({"values": lambda a: a["values"][1:]}, "of 8 values and frames"),
        ({"values": lambda a: a["values"] * np.nan}, "values or samples lie outside"),
        ({"expected": lambda a: a["expected"] / 2}, "lacks expected, or it has another shape or type"),
        ({"expected": lambda a: a["expected"] + (1 << 15)}, "values or samples lie outside"),
        ({"bits": 99}, "bits is 99, not a whole number"),
    ],
)
def test_data_that_cannot_be_played_are_refused(tmp_path, changes, message):
    (tmp_path / FILE).write_bytes(damaged(**changes))
    with pytest.raises(BadInput, match=message):
        bundle.load(tmp_path / FILE)


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An overlay folder with demo data, by the commands; the source's folder is ``net`` in it."""
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    place = tmp_path_factory.mktemp("overlay")
    save(small_source(), place / "net")
    net, folder = str(place / "net"), str(place)
    assert main(["overlay", net, "-o", folder, "--simulated", "--interval", str(INTERVAL)]) == 0
    assert main(["demo-data", net, "-o", str(place / "overlay"), "--samples", "600"]) == 0
    return place


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--app", "ecg"], "is a noise source, so its demo is noise and not ecg; leave --app out"),
        (["--bank", "hot"], "--bank belongs to the demo of predistortion, and .* holds a noise source"),
    ],
)
def test_options_of_another_demo_are_refused(overlay, capsys, words, message):
    import re

    assert main(["demo", "--overlay", str(overlay / "overlay" / "small_source.bit"), *words]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_the_demo_on_the_simulated_board(overlay, tmp_path, capsys):
    """The script, unchanged, above pynq and the Verilated shell."""
    pytest.importorskip("pynq", reason="pynq is not installed")
    from bittrue_sim import virtual_board

    bit = str(overlay / "overlay" / "small_source.bit")
    try:
        assert (
            main(["demo", "--overlay", bit, "--display", "none", "--frames", "4", "-o", str(tmp_path / "x.png")]) == 0
        )
    finally:
        virtual_board.uninstall()
    said = capsys.readouterr().out
    assert "Pynq-Z1, simulated: small-source; frames to" in said
    assert said.splitlines()[-1] == "2,400 samples compared with the reference: 0 mismatches"
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.size == (1280, 720) and "Every sample is compared" in picture.text["Description"]


def test_data_of_another_source_are_refused(overlay, tmp_path):
    data = bundle.load(overlay / "overlay" / FILE)
    assert data.net == "small-source"

    class Manifest:
        hash, net = "sha256:" + "1" * 64, "another"

    with pytest.raises(BadInput, match="the demo data are for net small-source and the overlay holds another"):
        bundle.check(data, Manifest)

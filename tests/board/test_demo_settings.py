"""What the demo shows and for how long: tour, keys, options."""

import os
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy_board
import pytest
from numpy_board import BANKS, NumpyBoard, said, short

from bittrue.board.demo import bundle, keys, options, running, tour
from bittrue.board.demo.closed_loop import ClosedLoop
from bittrue.board.demo.view import Settings
from bittrue.cli import main
from bittrue.errors import BadInput


@pytest.fixture
def loaded():
    return numpy_board.loaded()


@pytest.fixture
def board():
    return NumpyBoard(numpy_board.nets())


def test_the_tour_ends_clean_and_shows_every_bank(loaded):
    frames = tour.tour(loaded.banks)
    assert not frames[0].dpd and all(s.dpd for s in frames[1:])
    assert frames[-1] == Settings(True, "normal", 0.0, tour.BACK)
    assert {s.bank for s in frames} == set(BANKS) and {-65.0, 0.0, 60.0} <= {s.kelvin for s in frames}


def test_the_tour_of_one_bank_streams_every_pass():
    frames = tour.tour([bundle.Bank("only", "", 0.0)])
    assert len(frames) == 6 and [s.dpd for s in frames] == [False] + [True] * 5


def test_home_is_the_bank_nearest_to_the_captured_temperature():
    banks = [bundle.Bank(name, "", kelvin) for name, kelvin in (("a", -70.0), ("b", 20.0), ("c", 60.0))]
    assert tour.home(banks).name == "b"


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("d", {"dpd": False}),
        ("b", {"bank": "cold"}),
        ("+", {"kelvin": 70.0}),
        ("-", {"kelvin": 50.0}),
        ("0", {"kelvin": 0.0}),
        ("x", {}),
        ("", {}),
    ],
)
def test_keys_change_the_settings(loaded, key, changed):
    settings = Settings(True, "hot", 60.0)
    assert keys.pressed(settings, key, loaded.banks) == replace(settings, **changed)


def test_temperatures_have_a_limit(loaded):
    assert keys.pressed(Settings(True, "hot", 85.0), "+", loaded.banks).kelvin == keys.LIMIT
    assert keys.pressed(Settings(True, "hot", -85.0), "-", loaded.banks).kelvin == -keys.LIMIT


class Typist:
    """A sink that types; what it was shown."""

    def __init__(self, typed):
        self.typed, self.shown = list(typed), []

    def keys(self):
        return self.typed.pop(0) if self.typed else ""

    def show(self, frame):
        self.shown.append(frame)


def test_keys_take_over_from_the_tour_and_give_it_back(loaded, board):
    sink = Typist(["", "db", "+", "t", "q"])
    loop = ClosedLoop(short(loaded), board, said(loaded))
    chosen = [Settings(True, "normal", float(k), str(k)) for k in range(5)]
    shown = []
    loop.step, step = lambda settings: shown.append(settings) or step(settings), loop.step
    running.run(loop, SimpleNamespace(paint=lambda view: view), [sink], chosen, 0, lambda text: None)
    assert shown == [
        chosen[0],
        Settings(False, "hot", 0.0),
        Settings(False, "hot", 10.0),
        chosen[1],
    ]
    assert len(sink.shown) == 4


def test_a_terminal_gives_single_keys(monkeypatch):
    pty, termios = (pytest.importorskip(name, reason="a terminal needs Unix") for name in ("pty", "termios"))
    master, slave = pty.openpty()
    with os.fdopen(slave, "r", buffering=1) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        before = termios.tcgetattr(stdin)
        with keys.Terminal().listening() as terminal:
            assert terminal.read() == ""
            os.write(master, b"db")
            assert terminal.read() == "db"
        assert termios.tcgetattr(stdin) == before
    os.close(master)


@pytest.mark.parametrize(
    ("words", "frames"),
    [
        ([], (11, 11, 0)),
        (["--frames", "3"], (11, 3, 3)),
        (["--bank", "hot"], (1, 5, 0)),
        (["--bypass"], (1, 5, 0)),
        (["--kelvin", "0"], (1, 5, 0)),
    ],
)
def test_how_many_frames(loaded, words, frames):
    chosen = options.parse(words)
    settings, alone = running.plan(chosen, loaded, live=False)
    _, live = running.plan(chosen, loaded, live=True)
    assert (len(settings), alone, live) == frames


@pytest.mark.parametrize(
    "words", [[], ["--bypass", "--frames", "0"], ["--kelvin=-3.5", "-o", "a b.gif", "--bank", "x"]]
)
def test_options_become_words_and_options_again(words):
    chosen = options.parse(words)
    assert options.parse(options.words(chosen)) == chosen


@pytest.mark.parametrize("words", [["--kelvin", "91"], ["--kelvin", "nan"], ["--timeout", "0"], ["--frames", "-1"]])
def test_options_out_of_range_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        options.parse(words)
    assert stop.value.code == 2
    assert main(["demo", *words]) == 2
    assert "is not a" in capsys.readouterr().err


def test_the_only_overlay_nearby_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "checkout" / "overlay"
    place.mkdir(parents=True)
    (tmp_path / "checkout" / "demo").mkdir()
    here = tmp_path / "checkout" / "demo" / "x.py"
    with pytest.raises(BadInput, match="no overlay was found"):
        options.overlay_of(None, here)
    (place / "a.bit").touch()
    assert options.overlay_of(None, here) == place / "a.bit"
    (place / "b.bit").touch()
    with pytest.raises(BadInput, match="2 overlays; choose one"):
        options.overlay_of(None, here)

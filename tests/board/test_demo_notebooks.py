"""The notebooks of the demos of heartbeats, noise and radio maps, run from top to bottom on boards that compute."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import test_ecg_demo
import test_noise_demo
import test_radio_demo
from numpy_board import ROOT, opened
from small_source import small_source

from bittrue import ref
from bittrue.apps.noise import demonstration
from bittrue.board.demo.bundle import FILE
from bittrue.board.demo.look import SIZE
from bittrue.board.demo.radio.bundle import unfolded
from bittrue.board.demo.radio.streaming import errors
from bittrue.lower.source_shell import source_hash
from bittrue.spec import Net
from bittrue.spec.store import content_hash


class Board(SimpleNamespace):
    """What `bittrue.board.open` returns, as far as the notebooks use it."""

    closed = False

    def counters(self) -> dict[str, int]:
        return {"samples_in": 1}

    def close(self) -> None:
        self.closed = True


def manifest(**more: Any) -> SimpleNamespace:
    return SimpleNamespace(clock_mhz=200.0, interval=64, latency=99, **more)


def of_frames(net: Net) -> Board:
    """A net of frames; `run` scales as the driver does."""
    ends = {
        name: SimpleNamespace(frac=kind.format.frac, lo=kind.format.lo, hi=kind.format.hi, shape=kind.shape)
        for name, kind in (("input", net.input), ("output", net.output))
    }
    board = Board(manifest=manifest(net=net.name, hash=content_hash(net), **ends))
    board.run_codes = lambda codes: ref.run(net, codes)
    board.run = lambda values: ref.run(net, net.input.format.encode(values))
    return board


def of_source() -> Board:
    made = test_noise_demo.Board()
    board = Board(manifest=manifest(net="small-source", hash=source_hash(small_source()), samples=12))
    board.begin, board.change, board.read_codes = made.begin, made.change, made.read_codes
    return board


@pytest.fixture
def executed(tmp_path, monkeypatch, capsys):
    """Run a notebook on a board and data: pictures shown, what was printed."""
    display = pytest.importorskip("IPython.display", reason="the notebook needs IPython: pip install ipython")

    def run(name: str, board: Board, data: bytes | dict[str, np.ndarray]) -> tuple[list[Any], list[str]]:
        (tmp_path / "x.bit").write_text("a stand-in")
        if isinstance(data, bytes):
            (tmp_path / FILE).write_bytes(data)
        else:
            np.savez(tmp_path / FILE, **data)
        notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        monkeypatch.chdir(ROOT / "notebooks")
        monkeypatch.setenv("BITTRUE_OVERLAY", str(tmp_path / "x.bit"))
        monkeypatch.setenv("BITTRUE_NOTEBOOK_REDUCED", "1")
        monkeypatch.setattr(sys, "path", list(sys.path))
        shown: list[Any] = []
        monkeypatch.setattr(display, "display", shown.append)
        names: dict[str, Any] = {}
        with opened(monkeypatch, board):
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    exec(cell["source"], names)
        assert Path.cwd() == ROOT and board.closed and all(frame.size == SIZE for frame in shown)
        return shown, capsys.readouterr().out.splitlines()

    return run


def test_the_notebook_of_heartbeats(executed):
    shown, lines = executed("pynq_ecg", of_frames(test_ecg_demo.NET), test_ecg_demo.arrays())
    assert len(shown) == 2 and lines[0] == "NumPy stand-in | small-heart | a record that nobody recorded"
    assert [line.split()[0] for line in lines[-4:-2]] == ["as", "with"], "the first beat, and with noise"
    first = int(np.argmax(test_ecg_demo.arrays()["expected"][0]))
    assert lines[-4].split()[-1] == test_ecg_demo.CLASSES[first]
    assert lines[-1] == "128 beats, 640 output codes compared with the reference: 0 mismatches"


def test_the_notebook_of_noise(executed):
    data = demonstration.content(small_source(), test_noise_demo.LENGTH)[0]
    shown, lines = executed("pynq_noise", of_source(), data)
    assert len(shown) == 4 and lines[0] == "NumPy stand-in | small-source | parameter H"
    assert lines[-1].endswith(" samples compared with the reference: 0 mismatches") and lines[-1][0] != "0"


def test_the_notebook_of_radio_maps(executed):
    net, data = test_radio_demo.NET, test_radio_demo.arrays()
    shown, lines = executed("pynq_radio", of_frames(net), data)
    assert len(shown) == 2 and lines[0] == "NumPy stand-in | radio-tiny-16 | tiles of a city that nobody built"
    made = np.where(data["built"] > 0, 0, unfolded(data["expected"].astype(np.int64)) + 128)
    found = errors(data["truth"][0], made[0], data["built"][0] > 0, 99.16)
    (told,) = (line for line in lines if "frame  1  " in line)
    assert f"NMSE {found.nmse:.4f}, " in told and f"streets {found.street:.1f} dB" in told
    levels = made[0][data["built"][0] == 0]
    assert lines[-3] == f"levels on the streets: {levels.min()} to {levels.max()}"
    assert lines[-1] == "2 maps, 512 output codes compared with the reference: 0 mismatches"

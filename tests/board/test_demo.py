"""The demo: every code compared, faults found; and nothing in it that a board does not have."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import numpy_board
import pytest
from numpy_board import ROOT, SCRIPT, NumpyBoard, opened, said, script, short

from bittrue.board import BoardError
from bittrue.board.demo.closed_loop import ClosedLoop
from bittrue.board.demo.look import SIZE
from bittrue.board.demo.view import Settings
from bittrue.errors import BadInput

Image = pytest.importorskip("PIL.Image", reason="the frames need Pillow: pip install pillow")


@pytest.fixture
def loaded():
    return numpy_board.loaded()


@pytest.fixture
def folder():
    return numpy_board.overlay()


@pytest.fixture
def board():
    return NumpyBoard(numpy_board.nets())


@pytest.fixture
def run(folder, board, monkeypatch, tmp_path, capsys):
    """Run the script on a board; exit code, what it printed, what it complained about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    def go(*words):
        with opened(monkeypatch, board) as calls:
            code = script(board.manifest).main(["--overlay", str(folder / "net_shell.bit"), *words])
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err, calls=calls)

    return go


# -- the whole script ------------------------------------------------------------------------------------------------


def test_a_tour_compares_every_code_and_the_leakage_goes_down(run, board, tmp_path):
    done = run("--output", "demo.gif", "--display", "none", "--timeout", "3")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1].startswith(
        "221,914 samples, 443,828 output codes compared with the reference: 0 mis"
    )
    assert done.calls[0][1] == {"timeout": 3.0} and board.closed and board.resets == 2

    frames = [line for line in done.out.splitlines() if line.startswith("frame")]
    after = [float(line.partition("->")[2].split()[0]) for line in frames]
    before = [float(line.partition("ACLR")[2].split()[0]) for line in frames]
    assert board.seen[0] == ("normal", True) and [bypass for _, bypass in board.seen[1:]] == [False] * 10
    assert after[0] == before[0]
    assert after[1] < before[1] - 20 and after[-1] < before[-1] - 20
    evm = [float(line.partition("EVM")[2].partition("->")[2].split()[0]) for line in frames]
    assert evm[0] > -25 and max(evm[1], evm[-1]) < -45
    hot = next(k for k, (bank, _) in enumerate(board.seen) if bank == "hot")
    cold = next(k for k, (bank, _) in enumerate(board.seen) if bank == "cold")
    for swapped in (hot, cold):
        assert after[swapped] < after[swapped - 1] - 5  # the right bank, at the same temperature
        assert after[swapped - 1] > after[swapped - 2] > after[swapped - 3]  # the drift before it

    with Image.open(tmp_path / "demo.gif") as gif, Image.open(tmp_path / "demo.png") as still:
        assert gif.n_frames == len(frames) == 11 and gif.size == still.size == SIZE
    assert f"picture: {'demo.gif'}" in done.out and "picture: demo.png" in done.out


def test_a_code_that_differs_is_named_and_ends_in_1(run, board, loaded):
    def spoil(call, out):
        out = out.copy()
        if call == 2:
            out[1234, 1] += 1
        return out

    board.spoil = spoil
    done = run("--display", "none", "--output", "x.png", "--frames", "4")
    due = loaded.due(loaded.names.index("normal"), 2, False)[1234, 1]
    assert done.code == 1
    assert (
        f"OFDM-like signal, seed 3, bank normal: 1 of 40348 codes differ, the first at sample 1234, Q: {due + 1}, "
        f"expected {due}" in done.out
    )
    assert done.out.splitlines()[-1].endswith("161,392 output codes compared with the reference: 1 mismatches")


def test_what_a_bypass_changes_is_a_mismatch(run, board):
    board.spoil = lambda call, out: out ^ 1
    done = run("--display", "none", "--output", "x.png", "--bypass", "--frames", "1")
    assert done.code == 1 and "bypass: 40348 of 40348 codes differ" in done.out


def test_a_bank_that_does_not_change_is_a_mismatch(run, board):
    type(board).bank = property(lambda self: "normal", lambda self, name: None)
    try:
        done = run("--display", "none", "--output", "x.png", "--bank", "hot", "--frames", "1")
    finally:
        del type(board).bank
    assert done.code == 1 and "bank hot" in done.out


def test_a_lost_history_is_a_mismatch(run, board):
    def spoil(call, out):
        board.past = board.past[:0]
        return out

    board.spoil = spoil
    done = run("--display", "none", "--output", "x.png", "--bank", "hot", "--frames", "2")
    assert done.code == 1 and "the first at sample 0" in done.out


def test_manual_settings_and_the_default_file(run, board, tmp_path):
    done = run("--bank", "cold", "--kelvin", "-30", "--frames", "1")
    assert done.code == 0 and board.seen == [("cold", False)] and "amplifier -30 K" in done.out
    assert (tmp_path / "demo.gif").is_file() and (tmp_path / "demo.png").is_file()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--bank", "warm"], "there is no bank warm; choose cold, normal, hot"),
        (["--display", "hdmi"], "no HDMI output"),
        (["--display", "window"], "no window can be opened"),
        (["--output", "x.jpg"], ".png or .gif is what this command writes"),
        (["--output", "nowhere/x.png"], "there is no folder nowhere"),
        (["--data", "gone.npz"], "there is no gone.npz"),
        (["--overlay", "gone.bit"], "there is no overlay gone.bit"),
    ],
)
def test_what_cannot_be_used_ends_in_2_with_one_sentence(run, board, words, complaint, tmp_path):
    done = run("--frames", "1", *words)
    assert done.code == 2 and complaint in done.err and done.err.count("\n") == 1
    assert board.seen == [] and not list(tmp_path.iterdir())


def test_data_of_another_overlay_are_refused(run, board):
    board.manifest.banks[1].hash = "sha256:0"
    done = run("--frames", "1")
    assert done.code == 2 and "demo data are for banks cold, normal, hot" in done.err and board.seen == []


def test_a_fault_of_the_hardware_ends_in_1_and_leaves_what_there_was(run, board, tmp_path):
    def spoil(call, out):
        if call == 2:
            raise BoardError("0 of 20174 samples came back in 5 s")
        return out

    board.spoil = spoil
    done = run("--display", "none", "--output", "x.gif")
    assert done.code == 1 and done.err == "hdmi_demo: 0 of 20174 samples came back in 5 s\n" and board.closed
    with Image.open(tmp_path / "x.gif") as gif:
        assert gif.n_frames == 2


def test_an_interrupt_ends_with_the_verdict(run, board):
    def spoil(call, out):
        if call == 1:
            raise KeyboardInterrupt
        return out

    board.spoil = spoil
    done = run("--display", "none", "--output", "x.png")
    assert done.code == 0 and "20,174 samples, 40,348 output codes" in done.out


def test_the_script_needs_nothing_but_the_boards_part(folder, tmp_path):
    words = [sys.executable, str(ROOT / "tests" / "board" / "replay_board.py"), str(SCRIPT)]
    words += ["--overlay", str(folder / "net_shell.bit"), "--display", "none", "--output", "x.png", "--frames", "3"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "replay of demo.npz" in done.stdout and "0 mismatches" in done.stdout
    assert (tmp_path / "x.png").is_file()


def test_what_the_tutorial_copies_is_all_that_a_board_needs(folder, tmp_path):
    page = (ROOT / "docs" / "pynq.md").read_text(encoding="utf-8")
    named = re.search(r"tar cz (.+?) -C build/vivado overlay", page, re.DOTALL)[1].replace("\\\n", "").split()
    found = [path for name in named for path in ROOT.glob(name)]
    assert len(found) >= len(named)
    for source in found:
        target = tmp_path / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    shutil.copytree(folder, tmp_path / "overlay")
    words = [sys.executable, str(ROOT / "tests" / "board" / "replay_board.py"), "demo/hdmi_demo.py", "--frames", "2"]
    words += ["--display", "none", "--output", "demo.gif"]
    kept = {**os.environ, "PYTHONPATH": "python", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(words, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"bittrue of {tmp_path}" in done.stdout and "0 mismatches" in done.stdout


@pytest.mark.parametrize("module", ["bittrue.ref", "bittrue_sim", "bittrue.spec", "scipy", "bittrue.cosim"])
def test_the_stand_in_refuses_what_is_not_on_a_board(module, tmp_path):
    (tmp_path / "script.py").write_text(f"import {module}")
    words = [sys.executable, str(ROOT / "tests" / "board" / "replay_board.py"), str(tmp_path / "script.py")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and f"{module} is not on the board" in done.stderr


# -- the loop --------------------------------------------------------------------------------------------------------


def test_a_bank_is_reset_where_swaps_are_not_clean(loaded, board):
    for clean, resets in ((True, 0), (False, 1)):
        data = replace(short(loaded), hot_swap=clean)
        loop = ClosedLoop(data, board, said(loaded))
        before = board.resets
        loop.step(Settings(True, "normal", 0.0))
        if not clean:
            board.past = np.full((board.memory, 2), 999)  # a history that only a reset takes away
        loop.step(Settings(True, "hot", 0.0))
        assert board.resets - before == resets
        assert bool(loop.count.different) is clean  # a short pass is not followed by its own end


def test_outputs_of_another_length_stop_the_demo(loaded, board):
    board.spoil = lambda call, out: out[:-1]
    loop = ClosedLoop(short(loaded), board, said(loaded))
    with pytest.raises(BadInput, match="gave 699 samples for 700"):
        loop.step(Settings(True, "hot", 0.0))


def test_plain_outputs_are_kept_but_not_for_ever(loaded, board):
    loop = ClosedLoop(short(loaded), board, said(loaded))
    for kelvin in range(20):
        loop.step(Settings(False, "normal", float(kelvin)))
    assert len(loop._plain) == 12 and (0, 19.0) in loop._plain and (0, 0.0) not in loop._plain

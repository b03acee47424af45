"""The driver with a net of frames, unchanged, against the stand-in for the board."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_frames import INTERVAL, frames, small_frames
from test_stand_in import run

from bittrue import ref
from bittrue.spec.store import save

NET, CODES = small_frames(), frames(25, seed=7)
OPEN = """
import sys
import numpy as np
import bittrue.board
from bittrue.board import driver, frame_net, transfer
"""
BATCH = """
codes = np.load(sys.argv[2])
with bittrue.board.open(sys.argv[1], chunk=4) as net:
    assert type(net).__name__ == "FrameNet" and net.manifest.framed
    np.savez(sys.argv[3], codes=net.run_codes(codes), one=net.run_codes(codes[0]), values=net.run(codes / 128))
    assert net.saturated() and net.counters()["samples_in"] == 10 * 51 and net.clipped == 0
"""
LIMITS = {
    "length": ("transfer.Transfers.most_bytes = 65", 3),
    "memory": (
        """
whole = driver.allocate
def small(shape, dtype, cacheable):
    if np.prod(shape) * np.dtype(dtype).itemsize > 110:
        raise MemoryError("the pool is empty")
    return whole(shape=shape, dtype=dtype, cacheable=cacheable)
driver.allocate = small
""",
        5,
    ),
}
CUT = """
codes = np.load(sys.argv[2])
with bittrue.board.open(sys.argv[1], chunk=20) as net:
    print(net._chunk)
    np.savez(sys.argv[3], codes=net.run_codes(codes))
"""
DROPPED = """
with bittrue.board.open(sys.argv[1]) as net:
    frame_net.FrameNet._dropped = lambda self: {"short": 1, "long": 0}
    net.run_codes(np.load(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Overlay folder and, as ``net`` in it, the net's."""
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    from bittrue.targets.pynq_z1.build import write_overlay

    place = tmp_path_factory.mktemp("frames")
    write_overlay({"net": NET}, place, interval=INTERVAL, clock_mhz=200.0, simulated=True)
    save(NET, place / "net")
    return place


def play(folder: Path, bit: Path, place: Path, text: str) -> tuple[object, dict[str, np.ndarray]]:
    """Run a program on `CODES`: how it ended, and the arrays that it wrote."""
    (place / "program.py").write_text(OPEN + text)
    np.save(place / "x.npy", CODES)
    done = run(str(folder / "net"), place / "program.py", bit, place / "x.npy", place / "y.npz")
    found = dict(np.load(place / "y.npz")) if (place / "y.npz").exists() else {}
    return done, found


def test_batches_are_the_references(folder, bit, tmp_path):
    done, found = play(folder, bit, tmp_path, BATCH)
    assert done.returncode == 0, done.stderr
    wanted = ref.run(NET, CODES)
    np.testing.assert_array_equal(found["codes"], wanted)
    np.testing.assert_array_equal(found["one"], wanted[:1])
    np.testing.assert_array_equal(found["values"], wanted / 128)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_batch_is_cut(folder, bit, tmp_path, limit):
    text, chunk = LIMITS[limit]
    done, found = play(folder, bit, tmp_path, text + CUT)
    assert (done.returncode, done.stdout) == (0, f"{chunk}\n"), done.stderr
    np.testing.assert_array_equal(found["codes"], ref.run(NET, CODES))


def test_dropped_frames_are_told(folder, bit, tmp_path):
    done, _ = play(folder, bit, tmp_path, DROPPED)
    assert done.returncode == 1
    assert "BoardError: the core dropped 1 short and 0 long frames: another program" in done.stderr.splitlines()[-1]

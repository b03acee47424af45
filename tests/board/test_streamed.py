"""The driver with a net that streams weights, on the simulated board: its memory is late, and fails on demand."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_streamed import BRAM, INTERVAL, frames, small_streamed

import bittrue.board
from bittrue import ref
from bittrue.board import BoardError
from bittrue.board import registers as reg
from bittrue.board.frame_net import FrameNet
from bittrue.lower.streaming import stream_plan
from bittrue_sim.virtual_board.faults import WEIGHT_FAULTS

NET, CODES, TIMEOUT = small_streamed(), frames(30, seed=2), 2.0
PLAN = stream_plan(NET, INTERVAL, BRAM)
CAUSES = {
    "weights-error": r"the memory refused the access \(a slave error\)",
    "weights-decode-error": r"there is no memory at the address \(a decode error\)",
    "weights-short": "the memory gave a burst of another length than asked for",
    "weights-long": "the memory gave a burst of another length than asked for",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bittrue.targets.pynq_z1.build import write_overlay

    place = tmp_path_factory.mktemp("streamed")
    write_overlay({"net": NET}, place, interval=INTERVAL, clock_mhz=100.0, simulated=True, bram=BRAM)
    return place


@pytest.fixture
def net(board, bit) -> Iterator[FrameNet]:
    with bittrue.board.open(bit, timeout=TIMEOUT, chunk=10) as found:
        yield found


def test_frames_are_the_references_and_the_bytes_are_those_of_the_plan(board, net):
    np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))
    assert PLAN.names == ("second",) and net.manifest.weights == PLAN.image_bytes
    few, starved = (int(net._shell.read(register)) for register in (reg.WEIGHTS_BEATS, reg.WEIGHTS_STARVED))
    net.run_codes(CODES)
    many = int(net._shell.read(reg.WEIGHTS_BEATS))
    assert 8 * (many - few) == pytest.approx(len(CODES) * PLAN.bytes_a_frame, abs=64)
    assert int(net._shell.read(reg.WEIGHTS_STARVED)) == starved


def test_every_fault_of_the_weights_is_tested():
    assert CAUSES.keys() == WEIGHT_FAULTS.keys()


@pytest.mark.parametrize("name", CAUSES)
def test_an_error_of_the_memory_is_one_clear_error_and_the_next_call_works(board, net, name):
    net.run_codes(CODES[:5])
    board.faults.inject(name)
    start = time.monotonic()
    with pytest.raises(BoardError, match=rf"^the weights cannot be read: {CAUSES[name]}, \d+ bytes after the start$"):
        net.run_codes(CODES)
    assert time.monotonic() - start < 30 and board.faults.armed == ()
    np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))


@pytest.mark.parametrize("name", ["hang", "truncated", "dma-error"])
def test_other_faults_leave_the_weights_alone(board, net, name):
    board.faults.inject(name)
    with pytest.raises(BoardError):
        net.run_codes(CODES)
    np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))


def test_buffers_are_freed_when_the_program_gives_up(board, bit):
    with pytest.raises(BoardError), bittrue.board.open(bit, timeout=TIMEOUT) as found:
        board.faults.inject("weights-error")
        found.run_codes(CODES)
    assert not board.memory.blocks


def test_closing_what_was_opened_before_leaves_the_weights_of_what_is_open(board, bit):
    before = bittrue.board.open(bit, timeout=TIMEOUT, chunk=10)
    with bittrue.board.open(bit, timeout=TIMEOUT, chunk=10) as found:
        before.close()
        np.testing.assert_array_equal(found.run_codes(CODES[:5]), ref.run(NET, CODES[:5]))


def test_a_reset_begins_with_the_first_word_again(net):
    for count in (3, 1, 7):
        np.testing.assert_array_equal(net.run_codes(CODES[:count]), ref.run(NET, CODES[:count]))
        net.reset()
        assert int(net._shell.read(reg.WEIGHTS_BEATS)) < 1000


def test_no_word_of_before_meets_those_of_another_start(board, net):
    for clocks in (10, 100, 5000):
        net._shell.soft_reset()
        board.core.clock(clocks)  # words come, and wait in front of the lanes
        net._weights.start()
        np.testing.assert_array_equal(net.run_codes(CODES[:5]), ref.run(NET, CODES[:5]))


def test_weights_of_another_build_are_refused(board, bit, tmp_path):
    for path in bit.parent.iterdir():
        shutil.copy(path, tmp_path)
    weights, manifest = (tmp_path / f"{bit.stem}{suffix}" for suffix in (".weights", ".json"))
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BoardError, match=r"small_streamed\.weights is not of this overlay: its SHA-256 begins with"):
        bittrue.board.open(tmp_path / bit.name)
    weights.unlink()
    with pytest.raises(BoardError, match=r"small_streamed\.weights is missing; copy the whole overlay folder"):
        bittrue.board.open(tmp_path / bit.name)
    document = json.loads(manifest.read_text())
    document["files"]["weights"] = None
    manifest.write_text(json.dumps(document))
    weights.write_bytes(data[:-128])
    with pytest.raises(BoardError, match=r"weights has \d+ bytes, small_streamed\.json says \d+ and the"):
        bittrue.board.open(tmp_path / bit.name)

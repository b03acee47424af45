"""The driver with a net of frames, on the simulated board: real pynq classes over the Verilated shell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_frames import INTERVAL, frames, small_frames

import bittrue.board
from bittrue import ref
from bittrue.board import BoardError
from bittrue.board.frame_net import FrameNet
from bittrue.cosim.stalls import Stalls

NET, CODES, TIMEOUT = small_frames(), frames(40, seed=2), 1.0
BYTES = 20
"""Of a frame, either way."""
IN_TRANSFER = {
    "dma-error": r"^the DMA reports a slave error \(the memory refused the access\) while receiving; "
    r"10 frames expected, the core took \d+ and gave \d+$",
    "dma-decode-error": r"^the DMA reports a decode error \(there is no memory at the address\) while sending; "
    r"10 frames expected, the core took 0 and gave 0$",
    "truncated": r"^the core ended the transfer early: 5 of 10 frames received \(100 of 200 bytes\), TLAST came",
    "hang": r"^nothing moved for 1 s; 10 frames expected, the core took \d+ and gave 5$",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bittrue.targets.pynq_z1.build import write_overlay

    place = tmp_path_factory.mktemp("frames")
    write_overlay({"net": NET}, place, interval=INTERVAL, clock_mhz=200.0, simulated=True)
    return place


@pytest.fixture
def net(board, bit) -> Iterator[FrameNet]:
    with bittrue.board.open(bit, timeout=TIMEOUT, chunk=10) as found:
        yield found


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 40])
def test_batches_of_any_size_are_the_references(net, count):
    assert isinstance(net, FrameNet) and (net.manifest.input.bytes, net.manifest.output.bytes) == (BYTES, BYTES)
    found = net.run_codes(CODES[:count])
    np.testing.assert_array_equal(found, ref.run(NET, CODES)[:count])
    assert found.shape == (count, 3, 5)
    counters = net.counters()
    assert (counters["samples_in"], counters["samples_out"]) == (10 * count, 10 * count)
    assert net.dropped() == {"short": 0, "long": 0}


def test_one_frame_needs_no_batch(net):
    np.testing.assert_array_equal(net.run_codes(CODES[3]), ref.run(NET, CODES[3:4]))


def test_values_are_quantised_and_scaled_back(net):
    values = np.random.default_rng(3).uniform(-1.2, 1.2, (20, 2, 10))
    codes = np.clip(np.floor(values * 128 + 0.5), -128, 127).astype(int)
    np.testing.assert_array_equal(net.run(values), ref.run(NET, codes) / 128)
    clamped = ((values * 128 + 0.5 >= 128) | (values * 128 + 0.5 < -128)).any(axis=(1, 2)).sum()
    assert net.clipped == net.counters()["clipped"] == clamped > 0
    np.testing.assert_array_equal(net.run(values[0].tolist()), ref.run(NET, codes[:1]) / 128)
    net.reset()
    assert net.clipped == 0


def test_frames_do_not_depend_on_how_memory_keeps_up(folder, bit):
    from bittrue_sim import virtual_board

    virtual_board.install(folder, stalls=Stalls(seed=1, idle=0.3, backpressure=0.6, burst=20))
    try:
        with bittrue.board.open(bit) as net:
            np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))
            assert net.counters()["stalls"] > 0
            assert net.saturated() == ("wide", "narrow")
            assert net.saturated() == ()
    finally:
        virtual_board.uninstall()


@pytest.mark.parametrize("most, chunk", [(10**9, 52428), (BYTES * 7 + 3, 7), (BYTES, 1)])
def test_a_batch_is_cut_for_the_length_register(board, bit, monkeypatch, most, chunk):
    monkeypatch.setattr("bittrue.board.driver.Transfers.most_bytes", most)
    with bittrue.board.open(bit) as net:
        assert net._chunk == chunk
        np.testing.assert_array_equal(net.run_codes(CODES[:20]), ref.run(NET, CODES[:20]))


@pytest.mark.parametrize("most, chunk", [(1000, 50), (100, 4), (20, 1)])
def test_a_batch_is_cut_for_the_memory(board, bit, monkeypatch, most, chunk):
    whole = bittrue.board.driver.allocate

    def small(shape, dtype, cacheable):
        if np.prod(shape) * np.dtype(dtype).itemsize > most:
            raise MemoryError("the pool is empty")
        return whole(shape=shape, dtype=dtype, cacheable=cacheable)

    monkeypatch.setattr("bittrue.board.driver.allocate", small)
    with bittrue.board.open(bit, chunk=100) as net:
        assert net._chunk == chunk
        buffers = list(net._buffers)
        np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))
        assert all(one is other for one, other in zip(buffers, net._buffers, strict=True)), "buffers are used again"


def test_a_frame_that_fits_nowhere_is_refused(board, bit, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("bittrue.board.driver.Transfers.most_bytes", BYTES - 1)
        with pytest.raises(BoardError, match="one of the frames takes 20 bytes, and the DMA moves 19 at a time"):
            bittrue.board.open(bit)
    monkeypatch.setattr("bittrue.board.driver.allocate", lambda **_: (_ for _ in ()).throw(MemoryError("empty")))
    with pytest.raises(BoardError, match="a chunk of 1 frames needs a buffer of 20 bytes, and the memory for DMA does"):
        bittrue.board.open(bit)


@pytest.mark.parametrize("name", IN_TRANSFER)
@pytest.mark.parametrize("after", [0, 2], ids=["first transfer", "third transfer"])
def test_a_fault_in_a_transfer(board, net, name, after):
    net.run_codes(CODES[: 10 * after])
    board.faults.inject(name)
    start = time.monotonic()
    with pytest.raises(BoardError, match=IN_TRANSFER[name]):
        net.run_codes(CODES)
    assert time.monotonic() - start < 30  # not for ever, however slow the machine
    np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))


def test_a_bitstream_of_another_net_is_refused_and_the_right_one_works(board, bit):
    board.faults.inject("stale-hash")
    with pytest.raises(BoardError, match=r"^the hardware was built for net sha256:\w+\.\., small_frames\.json is of"):
        bittrue.board.open(bit)
    with bittrue.board.open(bit) as net:
        np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))


def test_a_short_frame_is_told_and_the_next_call_works(net, monkeypatch):
    """A transfer of half a frame less than it should have."""
    send = net._transfers._dma.sendchannel.transfer
    with monkeypatch.context() as patch:
        patch.setattr(
            net._transfers._dma.sendchannel, "transfer", lambda buffer, nbytes: send(buffer, nbytes=nbytes - BYTES // 2)
        )
        wanted = (
            r"^nothing moved for 1 s; 10 frames expected, the core took 9 and gave 9; it dropped 1 short and 0 long"
        )
        with pytest.raises(BoardError, match=wanted):
            net.run_codes(CODES)
    assert net.dropped() == {"short": 0, "long": 0}
    np.testing.assert_array_equal(net.run_codes(CODES), ref.run(NET, CODES))


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda net: net.run(CODES), "frames are int64, and run takes floats .* give codes to run_codes"),
        (lambda net: net.run(CODES[:, 0] / 128.0), r"an array \(40, 10\) of float64; net small-frames takes real"),
        (lambda net: net.run(CODES * 1j), "of complex128; net small-frames takes real"),
        (lambda net: net.run(np.where(CODES == 127, np.nan, 0.5)), r"frame \d+ is not finite"),
        (
            lambda net: net.run_codes(CODES / 2),
            r"an array \(40, 2, 10\) of float64; .* integers \(N, 2, 10\)",
        ),
        (lambda net: net.run_codes(CODES[..., :9]), r"the net takes integers \(N, 2, 10\)"),
        (lambda net: net.run_codes(CODES * 2), "8 bits hold -128 to 127"),
        (lambda net: net.load("net", [0], [0], "1" * 64), "the weights of small-frames are fixed"),
        (lambda net: setattr(net, "bank", 1), "the overlay has no bank 1"),
        (lambda net: (net.close(), net.run_codes(CODES)), "the overlay is closed"),
    ],
)
def test_wrong_use_is_one_sentence(net, use, message):
    with pytest.raises(BoardError, match=message):
        use(net)

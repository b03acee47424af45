"""The driver of a noise source, on the simulated board: real pynq classes over the Verilated shell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_source import INTERVAL, samples, small_source

import bittrue.board
from bittrue.board import BoardError
from bittrue.board.noise_source import NoiseSource
from bittrue.cosim.stalls import Stalls

TIMEOUT = 1.0
IN_TRANSFER = {
    "dma-error": r"^the DMA reports a slave error \(the memory refused the access\) while receiving; "
    r"10 samples expected, the core gave \d+$",
    "truncated": r"^the core ended the transfer early: 5 of 10 samples received \(10 of 20 bytes\), TLAST came",
    "hang": r"^nothing moved for 1 s; 10 samples expected, the core gave 5$",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bittrue.targets.pynq_z1.source_build import write_source_overlay

    place = tmp_path_factory.mktemp("source")
    write_source_overlay(small_source(), place, interval=INTERVAL, clock_mhz=200.0, simulated=True)
    return place


@pytest.fixture
def source(board, bit) -> Iterator[NoiseSource]:
    with bittrue.board.open(bit, timeout=TIMEOUT, chunk=10) as found:
        yield found


def test_the_signal_goes_on_from_call_to_call(source):
    """In any pieces, cut by the driver into transfers of ten."""
    parts = [source.read_codes(count) for count in (1, 9, 0, 10, 11, 35, 4)]
    assert np.array_equal(np.concatenate(parts), samples(70))
    assert source.position == 70 and source.counters()["samples_out"] == 70
    assert source.parameters == {"H": 0.5} and (source.seed, source.gain) == (0, 1.0)
    source.reset()
    assert np.array_equal(source.read(24), np.ldexp(samples(24), -13))


def test_every_setting_counts(source):
    given = {"seed": (1 << 64) - 3, "start": (1 << 32) - 9, "gain": -1.25, "H": 0.2}
    source.begin(**given)
    assert np.array_equal(source.read_codes(60), samples(60, **given))
    assert not source.clamped() and "out" not in source.saturated()
    source.begin(gain=7.999)
    assert np.array_equal(source.read_codes(120), samples(120, gain=7.999))
    assert source.clamped() and not source.clamped()


def test_a_change_counts_from_the_next_frame_on(source):
    source.begin(seed=8)
    assert np.array_equal(source.read_codes(17), samples(17, seed=8))
    assert source.change(H=0.9) == 24
    assert source.change(gain=0.5) == 24, "before a border the last one counts"
    late = source.read_codes(30)
    wanted = np.concatenate([samples(24, seed=8)[17:], samples(48, seed=8, H=0.9, gain=0.5)[24:47]])
    assert np.array_equal(late, wanted)
    source.read_codes(1)
    assert source.change(seed=9) == source.position == 48
    assert np.array_equal(source.read_codes(12), samples(60, seed=9, H=0.9, gain=0.5)[48:])


def test_samples_do_not_depend_on_how_memory_keeps_up(folder, bit):
    from bittrue_sim import virtual_board

    virtual_board.install(folder, stalls=Stalls(seed=1, backpressure=0.6, burst=20))
    try:
        with bittrue.board.open(bit) as source:
            assert np.array_equal(source.read_codes(600), samples(600))
            assert source.counters()["stalls"] > 0
    finally:
        virtual_board.uninstall()


@pytest.mark.parametrize("most, chunk", [(10**9, 1 << 19), (15, 7), (2, 1)])
def test_reading_is_cut_for_the_length_register(board, bit, monkeypatch, most, chunk):
    monkeypatch.setattr("bittrue.board.noise_source.Receiving.most_bytes", most)
    with bittrue.board.open(bit) as source:
        assert source._chunk == chunk
        assert np.array_equal(source.read_codes(20), samples(20))


def test_reading_is_cut_for_the_memory(board, bit, monkeypatch):
    whole = bittrue.board.noise_source.allocate

    def small(shape, dtype, cacheable):
        if np.prod(shape) * np.dtype(dtype).itemsize > 50:
            raise MemoryError("the pool is empty")
        return whole(shape=shape, dtype=dtype, cacheable=cacheable)

    monkeypatch.setattr("bittrue.board.noise_source.allocate", small)
    with bittrue.board.open(bit, chunk=100) as source:
        assert source._chunk == 25
        assert np.array_equal(source.read_codes(60), samples(60))
    monkeypatch.setattr("bittrue.board.noise_source.allocate", lambda **_: (_ for _ in ()).throw(MemoryError("empty")))
    with pytest.raises(BoardError, match="a sample needs a buffer of 2 bytes, and the memory for DMA does not hold it"):
        bittrue.board.open(bit)


@pytest.mark.parametrize("name", IN_TRANSFER)
def test_a_fault_in_a_transfer(board, source, name):
    source.begin(seed=3, H=0.3)
    source.read_codes(20)
    board.faults.inject(name)
    start = time.monotonic()
    with pytest.raises(BoardError, match=IN_TRANSFER[name]):
        source.read_codes(30)
    assert time.monotonic() - start < 30  # not for ever, however slow the machine
    assert source.position == 0
    assert np.array_equal(source.read_codes(40), samples(40, seed=3, H=0.3)), "the signal begins anew"


def test_a_bitstream_of_another_source_is_refused_and_the_right_one_works(board, bit):
    board.faults.inject("stale-hash")
    with pytest.raises(BoardError, match=r"^the hardware was built for net sha256:\w+\.\., small_source\.json is of"):
        bittrue.board.open(bit)
    with bittrue.board.open(bit) as source:
        assert np.array_equal(source.read_codes(20), samples(20))


def test_another_program_is_noticed(source):
    source._transfers._ask = lambda words: source._shell.ask(words + 3)
    with pytest.raises(BoardError, match=r"10 samples expected|ended the transfer early|internal error"):
        source.read_codes(10)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda s: s.read(-1), "count is -1; give a whole number from 0"),
        (lambda s: s.read_codes(1.5), "count is 1.5; give a whole number"),
        (lambda s: s.read_codes(True), "count is True; give a whole number"),
        (lambda s: s.begin(seed=1 << 64), "seed is 18446744073709551616; give a whole number from 0 to"),
        (lambda s: s.begin(start=-1), "start is -1; give a whole number from 0 to 4294967295"),
        (lambda s: s.begin(gain=8), "the gain is 8; give one from -8 to 7.99976"),
        (lambda s: s.begin(gain="100"), "the gain is 100; give one from -8"),
        (lambda s: s.begin(H="9"), "parameter H is 9; give a value from"),
        (lambda s: s.begin(gain=float("nan")), "the gain is nan; give a finite number"),
        (lambda s: s.begin(H=1.5), r"parameter H is 1\.5; give a value from 0\.101562 to 0\.898438"),
        (lambda s: s.begin(H="x"), "parameter H is 'x'; give a finite number"),
        (lambda s: s.change(K=1), "the source has no parameter 'K'; it has H"),
        (lambda s: (s.close(), s.read(1)), "the overlay is closed"),
    ],
)
def test_wrong_use_is_one_sentence(source, use, message):
    with pytest.raises(BoardError, match=message):
        use(source)
    if "closed" not in message:
        assert np.array_equal(source.read_codes(5), samples(5)), "and nothing has happened"

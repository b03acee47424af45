"""One caller at a time uses the hardware: threads wait, callbacks are refused, and what was configured away says so."""

from __future__ import annotations

import signal
import sys
import threading

import numpy as np
import pytest
from small_banks import NETS, samples

import bittrue.board
from bittrue import ref
from bittrue.board import BoardError

ZEROS = np.zeros((8, 2), int)
CODES = [np.concatenate([ZEROS, samples(400, seed), ZEROS]) for seed in (1, 2, 3)]
"""Signals with more zeros before and behind them than the net remembers: their order does not matter."""


@pytest.fixture
def dpd(board, bit):
    with bittrue.board.open(bit, timeout=5, chunk=50) as found:
        yield found


@pytest.fixture
def often():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(*jobs):
    """Run jobs in threads of their own; their results, or what they raised."""
    found = [None] * len(jobs)

    def run(k):
        try:
            found[k] = jobs[k]()
        except Exception as error:
            found[k] = error

    threads = [threading.Thread(target=run, args=(k,)) for k in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    return found


def test_threads_wait_for_each_other(dpd, often):
    jobs = [lambda codes=codes: dpd.run_codes(codes) for codes in CODES]
    for codes, found in zip(CODES, together(*jobs, lambda: [dpd.counters() for _ in range(50)])[:-1], strict=True):
        np.testing.assert_array_equal(found, ref.run(NETS["cold"], codes))
    assert dpd.counters()["samples_out"] == sum(map(len, CODES))


def test_two_that_share_the_hardware_wait_for_each_other(dpd, bit, often):
    with bittrue.board.open(bit, download=False, chunk=30) as other:
        first, second = together(lambda: dpd.run_codes(CODES[0]), lambda: other.run_codes(CODES[1]))
    np.testing.assert_array_equal(first, ref.run(NETS["cold"], CODES[0]))
    np.testing.assert_array_equal(second, ref.run(NETS["cold"], CODES[1]))


def test_calls_that_belong_together_stay_together(dpd, often):
    def run(bank, codes):
        with dpd.alone():
            dpd.bank = bank
            dpd.reset()
            return dpd.run_codes(codes)

    pairs = list(zip(NETS, CODES, strict=True))
    for (bank, codes), found in zip(pairs, together(*[lambda p=p: run(*p) for p in pairs]), strict=True):
        np.testing.assert_array_equal(found, ref.run(NETS[bank], codes))


def test_a_load_and_a_stream_do_not_disturb_each_other(dpd, often):
    words = dpd.manifest.bank_words("hot")
    found, nothing = together(lambda: dpd.run_codes(CODES[0]), lambda: dpd.load("normal", *words))
    assert nothing is None and dpd.bank_hashes()["normal"] == words[2]
    np.testing.assert_array_equal(found, ref.run(NETS["cold"], CODES[0]))


def test_what_another_open_configured_away_says_so(dpd, bit):
    dpd.bank = "hot"
    with bittrue.board.open(bit) as other:
        for use in (
            lambda: dpd.run_codes(CODES[0]),
            lambda: dpd.predistort(np.zeros((2, 2))),
            lambda: dpd.bank,
            lambda: dpd.counters(),
        ):
            with pytest.raises(
                BoardError, match="the FPGA was configured anew when an overlay was opened after this one"
            ):
                use()
        np.testing.assert_array_equal(other.run_codes(CODES[0]), ref.run(NETS["cold"], CODES[0]))


def test_closing_waits_for_the_call_of_another_thread(dpd):
    begun, held = threading.Event(), threading.Event()

    def run():
        with dpd.alone():
            begun.set()
            held.wait(60)
            return dpd.run_codes(CODES[0])

    def close():
        begun.wait(60)
        held.set()
        dpd.close()

    found, _ = together(run, close)
    np.testing.assert_array_equal(found, ref.run(NETS["cold"], CODES[0]))
    with pytest.raises(BoardError, match="closed"):
        dpd.counters()


def test_a_call_from_within_a_call_is_refused_and_the_next_one_works(dpd, monkeypatch):
    """Signal handlers run in the thread that they interrupt: here behind the first transfer."""
    before = signal.signal(signal.SIGUSR1, lambda *_: dpd.reset())
    try:
        with monkeypatch.context() as patch:
            patch.setattr("bittrue.board.driver.unpacked", lambda *_: signal.raise_signal(signal.SIGUSR1))
            with pytest.raises(BoardError, match="at work in this thread, and was called from a signal handler"):
                dpd.run_codes(CODES[0])
    finally:
        signal.signal(signal.SIGUSR1, before)
    np.testing.assert_array_equal(dpd.run_codes(CODES[0]), ref.run(NETS["cold"], CODES[0]))


def test_samples_of_another_program_are_noticed(dpd, monkeypatch):
    moved = iter([(0, 0)])
    monkeypatch.setattr(dpd._transfers, "_moved", lambda: next(moved, (51, 50)))
    with pytest.raises(BoardError, match="the core took 51 and gave 50: another program uses the hardware, too"):
        dpd.run_codes(CODES[0][:50])


@pytest.mark.parametrize(
    "use",
    [
        lambda d: d.run_codes(CODES[0]),
        lambda d: d.predistort(np.zeros((1, 2))),
        lambda d: d.reset(),
        lambda d: d.bank,
        lambda d: setattr(d, "bank", "hot"),
        lambda d: d.bypass,
        lambda d: setattr(d, "bypass", True),
        lambda d: d.bank_hashes(),
        lambda d: d.load("normal", *d.manifest.bank_words("hot")),
        lambda d: d.counters(),
        lambda d: d.saturated(),
    ],
)
def test_nothing_is_done_on_a_closed_overlay(board, bit, use):
    dpd = bittrue.board.open(bit)
    dpd.close()
    with pytest.raises(BoardError, match="closed; open it again"):
        use(dpd)

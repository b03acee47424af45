"""Every fault that the board can have ends in one clear error in time; buffers are freed; the next run works."""

from __future__ import annotations

import time

import numpy as np
import pytest
from small_banks import NETS, samples

import bittrue.board
from bittrue import ref
from bittrue.board import BoardError
from bittrue.errors import BadInput
from bittrue_sim.virtual_board import FAULTS
from bittrue_sim.virtual_board.faults import WEIGHT_FAULTS

CODES = samples(4000, seed=2)
TIMEOUT = 1.0
IN_TRANSFER = {
    "dma-error": r"^the DMA reports a slave error \(the memory refused the access\) while receiving; "
    r"1000 samples expected, the core took \d+ and gave \d+$",
    "dma-decode-error": r"^the DMA reports a decode error \(there is no memory at the address\) while sending; "
    r"1000 samples expected, the core took 0 and gave 0$",
    "truncated": r"^the core ended the transfer early: 500 of 1000 samples received \(2000 of 4000 bytes\), TLAST came",
    "hang": r"^nothing moved for 1 s; 1000 samples expected, the core took \d+ and gave 500$",
}


def test_every_fault_is_tested():
    assert {*IN_TRANSFER, *WEIGHT_FAULTS, "stale-hash"} == FAULTS.keys()  # those of weights: test_streamed.py


@pytest.mark.parametrize("name", IN_TRANSFER)
@pytest.mark.parametrize("after", [0, 2], ids=["first transfer", "third transfer"])
def test_a_fault_in_a_transfer(board, bit, name, after):
    with bittrue.board.open(bit, timeout=TIMEOUT, chunk=1000) as dpd:
        dpd.run_codes(CODES[: 1000 * after])
        board.faults.inject(name)
        start = time.monotonic()
        with pytest.raises(BoardError, match=IN_TRANSFER[name]):
            dpd.run_codes(CODES)
        assert time.monotonic() - start < 30  # not for ever, however slow the machine
        assert board.faults.armed == ()
        np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))
        assert dpd.counters()["samples_out"] == len(CODES)
    assert not board.memory.blocks
    with bittrue.board.open(bit, timeout=TIMEOUT) as dpd:
        np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))


def test_nothing_of_an_interrupted_transfer_is_left(board, bit, monkeypatch):
    """Words go on while DMA and core are reset one after the other; none of them may meet the next transfer."""

    def interrupt(_):
        raise KeyboardInterrupt

    many = samples(40_000, seed=3)
    with bittrue.board.open(bit, timeout=TIMEOUT, chunk=len(many)) as dpd:
        with monkeypatch.context() as patch:
            patch.setattr("bittrue.board.transfer.time.sleep", interrupt)
            with pytest.raises(KeyboardInterrupt):
                dpd.run_codes(many)
        assert dpd.counters()["samples_in"] == dpd.counters()["samples_out"] == 0
        np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))


@pytest.mark.parametrize("name", IN_TRANSFER)
def test_buffers_are_freed_when_the_program_gives_up(board, bit, name):
    board.faults.inject(name)
    with pytest.raises(BoardError), bittrue.board.open(bit, timeout=TIMEOUT, chunk=1000) as dpd:
        dpd.run_codes(CODES)
    assert not board.memory.blocks


def test_a_bitstream_of_another_net_is_refused_and_the_right_one_works(board, bit):
    board.faults.inject("stale-hash")
    with pytest.raises(
        BoardError, match=r"^the hardware was built for net sha256:\w+\.\., small_net\.json is of sha256:"
    ):
        bittrue.board.open(bit)
    assert not board.memory.blocks
    with bittrue.board.open(bit) as dpd:
        np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))


def test_weights_and_bank_outlive_a_fault(board, bit):
    with bittrue.board.open(bit, timeout=TIMEOUT, chunk=1000) as dpd:
        dpd.load("normal", *dpd.manifest.bank_words("hot"))
        dpd.bank = "normal"
        board.faults.inject("hang")
        with pytest.raises(BoardError):
            dpd.run_codes(CODES)
        assert dpd.bank == "normal"
        np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["hot"], CODES))


def test_a_dma_that_does_not_come_back_adds_that_to_the_error(board, bit, monkeypatch):
    from bittrue_sim.virtual_board.axi_dma import AxiDma

    with bittrue.board.open(bit, timeout=0.3, chunk=1000) as dpd:
        board.faults.inject("truncated")
        monkeypatch.setattr(AxiDma, "reset", lambda self: setattr(self._channels[0], "control", 4))
        with pytest.raises(BoardError, match=r"TLAST came too soon; then the DMA does not end its reset in 0\.3 s"):
            dpd.run_codes(CODES)


def test_an_unknown_fault_is_refused(board):
    with pytest.raises(BadInput, match="fault 'fire' is unknown; the simulated board can have dma-error"):
        board.faults.inject("fire")

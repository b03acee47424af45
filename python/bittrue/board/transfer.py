"""Transfers through pynq's AXI DMA that end: by success, or by one sentence within a timeout."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from pynq.buffer import PynqBuffer
from pynq.lib.dma import DMA

from bittrue.board.errors import BoardError

SEND, RECEIVE = 0x00, 0x30
"""Register offsets of the two channels (AXI DMA, direct mode)."""
CONTROL, STATUS = 0x00, 0x04
RUN, RESET = 0x1, 0x4
HALTED, IDLE = 0x1, 0x2
ERRORS = {
    0x10: "an internal error (a length of 0, or a packet longer than the buffer)",
    0x20: "a slave error (the memory refused the access)",
    0x40: "a decode error (there is no memory at the address)",
}
_NAMES = {SEND: "sending", RECEIVE: "receiving"}
_CHANNELS = {SEND: "sendchannel", RECEIVE: "recvchannel"}
_POLL = 0.0002
"""Seconds between two looks at the DMA."""


class Transfers:
    """The two channels of a DMA, or one.

    Parameters
    ----------
    dma : pynq.lib.dma.DMA
        In direct mode, both channels.
    timeout : float
        Seconds without progress after which a transfer counts as stuck.
    moved : callable
        Words that the core has taken and has given since its reset.
    words : two ints
        Words of a sample or frame, sent and received.
    unit : str
        What they are called in messages.

    Raises
    ------
    BoardError
        Where the DMA lacks a channel, or does not leave its reset.
    """

    used: tuple[int, ...] = (SEND, RECEIVE)
    """Channels."""

    def __init__(
        self,
        dma: DMA,
        timeout: float,
        moved: Callable[[], tuple[int, int]],
        words: tuple[int, int] = (1, 1),
        unit: str = "samples",
    ) -> None:
        if any(getattr(dma, _CHANNELS[offset], None) is None for offset in self.used):
            raise BoardError("the overlay's DMA lacks a channel that it needs; build it again with bittrue overlay")
        self._dma, self._timeout, self._moved, self._words, self._unit = dma, timeout, moved, words, unit

    @property
    def most_bytes(self) -> int:
        """Longest transfer."""
        return int(self._dma.buffer_max_size)

    def reset(self) -> None:
        """Abort what runs, and start both channels; `BoardError` where the DMA does not follow in time."""
        first = self.used[0] + CONTROL  # resets all of the DMA
        self._dma.mmio.write(first, RESET)
        self._until(lambda: not self._dma.mmio.read(first) & RESET, "does not end its reset")
        for offset in self.used:
            self._dma.mmio.write(offset + CONTROL, RUN)
            self._until(partial(self._runs, offset), "does not start")
            getattr(self._dma, _CHANNELS[offset]).start()  # pynq's own state; it returns at once: the channel runs

    def run(self, given: PynqBuffer, made: PynqBuffer, sizes: tuple[int, int], samples: int) -> None:
        """Send from one buffer and receive into the other.

        Parameters
        ----------
        given, made : PynqBuffer
        sizes : two ints
            Bytes to send and to receive.
        samples : int
            What that is in samples or frames.

        Raises
        ------
        BoardError
            For an error of the DMA, fewer bytes than expected, no progress in time, and where the core moved other
            samples besides.
        """
        start = self._moved()
        try:
            self._dma.recvchannel.transfer(made, nbytes=sizes[1])
            self._dma.sendchannel.transfer(given, nbytes=sizes[0])
        except (RuntimeError, ValueError) as error:
            raise BoardError(f"the DMA does not take a transfer of {samples} {self._unit}: {error}") from error
        self._wait(samples, sizes[1], start)
        self._dma.sendchannel.wait()
        self._dma.recvchannel.wait()  # makes the received bytes visible to the processor
        if self._gone(start) != (samples * self._words[0], samples * self._words[1]):
            raise BoardError(f"{self._counts(samples, start)}: another program uses the hardware, too; end one of them")

    def _wait(self, samples: int, size: int, start: tuple[int, int]) -> None:
        seen, last = start, time.monotonic()
        while True:
            status = {offset: int(self._dma.mmio.read(offset + STATUS)) for offset in self.used}
            for offset, word in status.items():
                for bit, text in ERRORS.items():
                    if word & bit:
                        counts = self._counts(samples, start)
                        raise BoardError(f"the DMA reports {text} while {_NAMES[offset]}; {counts}")
            if status[RECEIVE] & IDLE:
                length = int(self._dma.mmio.read(RECEIVE + 0x28))
                if length != size:
                    raise BoardError(
                        f"the core ended the transfer early: {length * samples // size} of {samples} {self._unit} "
                        f"received ({length} of {size} bytes), TLAST came too soon"
                    )
                if all(word & IDLE for word in status.values()):
                    return
            now = self._moved()
            if now != seen:
                seen, last = now, time.monotonic()
            elif time.monotonic() - last > self._timeout:
                raise BoardError(f"nothing moved for {self._timeout:g} s; {self._counts(samples, start)}")
            time.sleep(_POLL)

    def _runs(self, offset: int) -> bool:
        return not int(self._dma.mmio.read(offset + STATUS)) & HALTED

    def _gone(self, start: tuple[int, int]) -> tuple[int, int]:
        """Words that the core has taken and given since ``start``."""
        taken, made = ((now - before) & 0xFFFFFFFF for now, before in zip(self._moved(), start, strict=True))
        return taken, made

    def _counts(self, samples: int, start: tuple[int, int]) -> str:
        taken, made = (gone // words for gone, words in zip(self._gone(start), self._words, strict=True))
        return f"{samples} {self._unit} expected, the core took {taken} and gave {made}"

    def _until(self, done: Callable[[], bool], complaint: str) -> None:
        last = time.monotonic()
        while not done():
            if time.monotonic() - last > self._timeout:
                raise BoardError(f"the DMA {complaint} in {self._timeout:g} s; load the overlay again")
            time.sleep(_POLL)

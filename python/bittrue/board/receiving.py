"""Transfers from a core that needs no input."""

from __future__ import annotations

from collections.abc import Callable

from pynq.buffer import PynqBuffer
from pynq.lib.dma import DMA

from bittrue.board.errors import BoardError
from bittrue.board.transfer import RECEIVE, Transfers


class Receiving(Transfers):
    """The receiving channel of a DMA.

    Parameters
    ----------
    dma, timeout
        As of `Transfers`.
    moved : callable
        Words that the core has given since its reset.
    ask : callable
        Takes a number of words; the core gives so many, the last one with TLAST.
    words : int
        Words of a sample.
    """

    used = (RECEIVE,)

    def __init__(
        self, dma: DMA, timeout: float, moved: Callable[[], int], ask: Callable[[int], None], words: int
    ) -> None:
        super().__init__(dma, timeout, lambda: (0, moved()), (1, words))
        self._ask = ask

    def receive(self, made: PynqBuffer, size: int, samples: int) -> None:
        """So many samples, ``size`` bytes.

        Raises `BoardError` for an error of the DMA, fewer bytes than expected, no progress in time, and where the core
        gave others besides.
        """
        start = self._moved()
        try:
            self._dma.recvchannel.transfer(made, nbytes=size)
        except (RuntimeError, ValueError) as error:
            raise BoardError(f"the DMA does not take a transfer of {samples} {self._unit}: {error}") from error
        self._ask(samples * self._words[1])
        self._wait(samples, size, start)
        self._dma.recvchannel.wait()  # makes the received bytes visible to the processor
        if self._gone(start)[1] != samples * self._words[1]:
            raise BoardError(f"{self._counts(samples, start)}: another program uses the hardware, too; end one of them")

    def _counts(self, samples: int, start: tuple[int, int]) -> str:
        return f"{samples} {self._unit} expected, the core gave {self._gone(start)[1] // self._words[1]}"

"""A net in the FPGA, whatever it takes: its buffers, transfers, banks and counters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pynq import allocate

from bittrue.board import registers as reg
from bittrue.board.errors import BoardError
from bittrue.board.fpga import FPGA
from bittrue.board.loading import words_to_load
from bittrue.board.manifest import Manifest
from bittrue.board.net_shell import NetShell
from bittrue.board.opened import Opened
from bittrue.board.samples import Codes, pack, unpacked, word_dtype, words_of
from bittrue.board.transfer import Transfers

CHUNK = 16384
"""Samples a DMA transfer."""


class Driver(Opened):
    """The net of an overlay. Use it in a ``with`` statement: it holds DMA buffers.

    Parameters
    ----------
    path, download, timeout, chunk
        As of `bittrue.board.open`, which also says what is raised.
    manifest : Manifest

    Attributes
    ----------
    manifest : Manifest
        What the overlay is.
    clipped : int
        Samples or frames that had to be clamped to the input's range since the last `reset`.
    """

    unit = "samples"
    """What a call takes several of."""
    manifest: Manifest
    _shell: NetShell
    _transfers: Transfers

    def __init__(
        self, path: Path, manifest: Manifest, download: bool, *, timeout: float, chunk: int | None = None
    ) -> None:
        super().__init__(manifest)
        self._timeout = timeout
        self.clipped = 0
        with FPGA.working():
            self._load(path, download)
            ends = manifest.input, manifest.output
            self._transfers = Transfers(
                self._cell("dma"), timeout, self._moved, (ends[0].words, ends[1].words), self.unit
            )
            most = self._transfers.most_bytes // max(end.bytes for end in ends)
            if not most:
                raise BoardError(
                    f"one of the {self.unit} takes {max(end.bytes for end in ends)} bytes, and the DMA moves "
                    f"{self._transfers.most_bytes} at a time; build the overlay with a longer length register"
                )
            self._chunk = min(chunk or self._usual_chunk(), most)
            try:
                self._allocate()
                self._begin()
            except BaseException:
                self._free()
                raise

    def _usual_chunk(self) -> int:
        """Samples or frames of a transfer where the caller asks for none."""
        return CHUNK

    def _allocate(self) -> None:
        """Both buffers, each for a chunk."""
        for fmt in (self.manifest.input, self.manifest.output):
            shape = self._chunk * fmt.words, words_of(fmt)
            try:
                self._buffers.append(allocate(shape=shape, dtype=word_dtype(fmt), cacheable=True))
            except (MemoryError, RuntimeError, OSError) as error:
                raise BoardError(
                    f"a chunk of {self._chunk} {self.unit} needs a buffer of {self._chunk * fmt.bytes} bytes, "
                    f"and the memory for DMA does not hold it ({error}); give a smaller chunk, or close what is open"
                ) from error

    # -- transfers ---------------------------------------------------------------------------------------------------

    def _run_all(self, given: Codes) -> Codes:
        """Results of checked codes, chunk by chunk."""
        made = np.zeros((len(given), *self.manifest.output.shape), np.int64)
        for start in range(0, len(given), self._chunk):
            part = given[start : start + self._chunk]
            try:
                made[start : start + self._chunk] = self._run(part)
            except BaseException as error:
                self._recover(error)
                raise
        return made

    def _run(self, codes: Codes) -> Codes:
        """Results of a chunk."""
        source, sink = self._buffers
        count, given, made = len(codes), self.manifest.input, self.manifest.output
        pack(codes, given, source[: count * given.words])
        self._transfers.run(source, sink, (count * given.bytes, count * made.bytes), count)
        return unpacked(np.asarray(sink[: count * made.words]), made)

    # -- control -----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Begin a new stream: the history is zero, counters and flags are clear; weights, bank and bypass stay."""
        with self._use():
            self._begin()
            self.clipped = 0

    @property
    def bank(self) -> str:
        """Name of the selected bank (its number where it has none). Set it by name or number.

        A swap takes effect between two samples or frames, and needs no pause.
        """
        with self._use():
            return self.manifest.names[self._shell.field("BANK", "select")]

    @bank.setter
    def bank(self, bank: str | int) -> None:
        number = self.manifest.bank_number(bank)
        with self._use():
            self._shell.write(reg.BANK, number)

    def bank_hashes(self) -> dict[str, str | None]:
        """Content hash of the net in every bank by its name; nothing where a load was not finished."""
        with self._use():
            return {name: self._shell.bank_hash(k) for k, name in enumerate(self.manifest.names)}

    def load(self, bank: str | int, addresses: npt.ArrayLike, codes: npt.ArrayLike, digest: str) -> None:
        """Load other weights into a bank that is not in use, and check that they arrived.

        The hash is written when the hardware has all words of the bank, by count and CRC-32, and is read back.

        Parameters
        ----------
        bank : str or int
        addresses, codes : int arrays (N,)
            All words of a bank, each once: what ``manifest.bank_words`` and `bittrue.lower.load.LoadPlan.words` give,
            in any order, of bank 0 or of this bank.
        digest : str
            Content hash ``"sha256:.."`` of the net that they make. The driver can compare it with the words where the
            overlay holds one of both, else it takes the caller's word.

        Raises
        ------
        BoardError
            Where the bank is in use, does not exist or is fixed, for words that are not those of a whole bank or do not
            fit, a hash that is not that of the words, and where count or CRC of what the hardware stored differ.
        """
        number = self.manifest.bank_number(bank)
        where, what, digest = words_to_load(self.manifest, number, addresses, codes, digest)
        with self._use():
            if self._shell.busy(number):
                raise BoardError(f"bank {self.manifest.names[number]} is in use; select another bank before loading it")
            self._shell.load(where, what)
            self._shell.set_bank_hash(number, digest)

    # -- looking -----------------------------------------------------------------------------------------------------

    def counters(self) -> dict[str, int]:
        """Since the last reset, modulo 2**32: words in and out (for samples, those), clocks in which the output waited;
        and `clipped`."""
        with self._use():
            taken, made = self._moved()
            stalls = int(self._shell.read(reg.STALLS))
            return {"samples_in": taken, "samples_out": made, "stalls": stalls, "clipped": self.clipped}

    def _moved(self) -> tuple[int, int]:
        return int(self._shell.read(reg.SAMPLES_IN)), int(self._shell.read(reg.SAMPLES_OUT))

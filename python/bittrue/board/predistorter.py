"""A net in the FPGA, as a function of samples."""

from __future__ import annotations

import contextlib
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from pynq import Overlay, allocate

from bittrue.board import registers as reg
from bittrue.board.errors import BoardError
from bittrue.board.manifest import Manifest, check_files
from bittrue.board.net_shell import VLNV, NetShell
from bittrue.board.samples import Codes, check_codes, quantise, unpacked, word_dtype, words_of
from bittrue.board.transfer import Transfers


class Predistorter:
    """The net of an overlay; `bittrue.board.open` makes it. Use it in a ``with`` statement: it holds DMA buffers.

    The hardware is a stream: a call goes on where the one before ended, so long signals may come in pieces. `reset`
    begins anew, with a history of zeros. After an error the stream is begun anew, too, and the next call works.

    Parameters
    ----------
    path, download, timeout, chunk
        As of `bittrue.board.open`, which also says what is raised.

    Attributes
    ----------
    manifest : Manifest
        What the overlay is.
    overlay : pynq.Overlay
    clipped : int
        Samples that `predistort` had to clamp to the input's range since the last `reset`.
    """

    def __init__(self, path: str | PathLike[str], download: bool, *, timeout: float, chunk: int) -> None:
        if not timeout > 0 or chunk < 1:
            raise BoardError(f"timeout is {timeout} s and chunk {chunk} samples; both must be above 0")
        self._buffers: list[Any] = []
        self.clipped = 0
        file = Path(path).expanduser().absolute()
        self.manifest: Manifest = check_files(file)
        if self.manifest.vlnv != VLNV:
            raise BoardError(f"the overlay's cell is a {self.manifest.vlnv}, this driver is for {VLNV}; update bittrue")
        self.overlay = Overlay(str(file), download=download)
        shell = self._cell("ip")
        if not isinstance(shell, NetShell):
            raise BoardError(f"{file.with_suffix('.hwh')} has no cell of type {VLNV} as {self.manifest.cells['ip']}")
        self._shell: NetShell = shell
        self._shell.check(self.manifest)
        self._transfers = Transfers(self._cell("dma"), timeout, self._moved)
        given, made = self.manifest.input, self.manifest.output
        widest = max(given.stream_bits, made.stream_bits) // 8
        self._chunk = min(chunk, self._transfers.most_bytes // widest)
        try:
            for fmt in (given, made):
                self._buffers.append(
                    allocate(shape=(self._chunk, words_of(fmt)), dtype=word_dtype(fmt), cacheable=True)
                )
            self._begin()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Free the buffers; nothing runs between two calls, and the overlay stays loaded."""
        while self._buffers:
            self._buffers.pop().freebuffer()

    def __enter__(self) -> Predistorter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- samples -----------------------------------------------------------------------------------------------------

    def predistort(self, iq: npt.ArrayLike) -> npt.NDArray[Any]:
        """Outputs for samples: quantised to the input's format, half up and saturating, run, and scaled back.

        Output ``n`` answers input ``n - manifest.delay``; the array is not shifted.

        Parameters
        ----------
        iq : complex array (N,), or real array (N, elements)
            In units of the format's full scale, -1 to just below 1 for Q1.15. What is beyond is clamped and counted in
            `clipped`.

        Returns
        -------
        complex128 array (N,) for a complex one, else float64 array (N, output elements)

        Raises
        ------
        BoardError
            For samples of another shape or not finite, and where a transfer fails (`run_codes`).
        """
        array = np.asarray(iq)
        given, made = self.manifest.input, self.manifest.output
        is_complex = np.iscomplexobj(array)
        if is_complex and array.ndim == 1 and given.elements == made.elements == 2:
            values = np.stack([array.real, array.imag], axis=1)
        elif not is_complex and array.ndim == 2 and array.shape[1] == given.elements and array.dtype.kind in "fiu":
            values = array
        else:
            pair = "complex (N,) or real" if given.elements == made.elements == 2 else "real"
            raise BoardError(
                f"samples are an array {array.shape} of {array.dtype}; net {self.manifest.net} takes {pair} "
                f"(N, {given.elements})"
            )
        codes, clipped = quantise(values.astype(np.float64), given)
        out = np.ldexp(self.run_codes(codes).astype(np.float64), -made.frac)
        self.clipped += clipped
        return out[:, 0] + 1j * out[:, 1] if is_complex else out

    def run_codes(self, codes: npt.ArrayLike) -> Codes:
        """Output codes ``(N, output elements)`` for input codes ``(N, elements)``.

        Raises
        ------
        BoardError
            For codes of another shape or beyond the format, an error of the DMA, a transfer that ends early, no
            progress within the timeout, or a closed overlay. Hardware and DMA are reset before it is raised.
        """
        given = check_codes(codes, self.manifest.input)
        if not self._buffers:
            raise BoardError("the overlay is closed; open it again")
        made = np.zeros((len(given), self.manifest.output.elements), np.int64)
        for start in range(0, len(given), self._chunk):
            part = given[start : start + self._chunk]
            try:
                made[start : start + self._chunk] = self._run(part)
            except BaseException as error:
                self._recover(error)
                raise
        return made

    def _run(self, codes: Codes) -> Codes:
        source, sink = self._buffers
        count = len(codes)
        source[:count] = 0
        source[:count, : codes.shape[1]] = codes
        sizes = count * self.manifest.input.stream_bits // 8, count * self.manifest.output.stream_bits // 8
        self._transfers.run(source, sink, sizes, count)
        return unpacked(np.asarray(sink[:count]), self.manifest.output)

    def _recover(self, error: BaseException) -> None:
        """Begin anew after a transfer that failed; what is wrong with that is added to the error's notes."""
        try:
            self._begin()
        except BoardError as second:
            if isinstance(error, BoardError):
                error.args = (f"{error}; then {second}",)

    def _begin(self) -> None:
        self._shell.soft_reset()  # a core that takes words again lets the DMA end what it has begun
        self._transfers.reset()
        self._shell.soft_reset()

    # -- control -----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Begin a new stream: the history is zero, counters and flags are clear; weights, bank and bypass stay."""
        self._begin()
        self.clipped = 0

    @property
    def bank(self) -> str:
        """Name of the selected bank (its number where it has none). Set it by name or number.

        A swap takes effect between two samples and needs no pause.
        """
        return self.manifest.names[self._shell.field("BANK", "select")]

    @bank.setter
    def bank(self, bank: str | int) -> None:
        self._shell.write(reg.BANK, self.manifest.bank_number(bank))

    @property
    def bypass(self) -> bool:
        """Whether samples leave as they came, as late as if they had been computed."""
        return self._shell.bypass

    @bypass.setter
    def bypass(self, on: bool) -> None:
        self._shell.bypass = bool(on)

    def bank_hashes(self) -> dict[str, str | None]:
        """Content hash of the net in every bank by its name; nothing where a load was not finished."""
        return {name: self._shell.bank_hash(k) for k, name in enumerate(self.manifest.names)}

    def load(self, bank: str | int, addresses: npt.ArrayLike, codes: npt.ArrayLike, digest: str) -> None:
        """Load other weights into a bank that is not in use, and check that they arrived.

        Parameters
        ----------
        bank : str or int
        addresses, codes : int arrays (N,)
            As ``manifest.bank_words`` and `bittrue.lower.load.LoadPlan.words` give them, of bank 0 or of this bank.
        digest : str
            Content hash ``"sha256:.."`` of the net that they make.

        Raises
        ------
        BoardError
            Where the bank is in use, does not exist or is fixed, for words that do not fit, and where count or CRC of
            what the hardware stored differ.
        """
        number, name = self.manifest.bank_number(bank), self.manifest.names[self.manifest.bank_number(bank)]
        plan = self.manifest.load
        if plan is None:
            raise BoardError(
                f"the weights of {self.manifest.net} are fixed; make the overlay with banks to load others"
            )
        if len(digest.removeprefix("sha256:")) != 64 or set(digest.removeprefix("sha256:")) - set("0123456789abcdef"):
            raise BoardError(f"{digest!r} is no content hash; give the net's, sha256: and 64 hexadecimal digits")
        where, what = np.asarray(addresses), np.asarray(codes)
        if where.ndim != 1 or where.shape != what.shape or where.dtype.kind not in "iu" or what.dtype.kind not in "iu":
            raise BoardError(
                f"addresses {where.shape} and codes {what.shape} must be integers, one row of equal length"
            )
        bits, width = plan["lane_bits"] + plan["word_bits"], plan["data_bits"]
        where, what = where.astype(np.int64), what.astype(np.int64)
        high = where >> bits
        if not np.isin(high, (0, number)).all():
            raise BoardError(f"address {int(where[~np.isin(high, (0, number))][0]):#x} is not one of bank {name}")
        if width < 64 and ((what < -(1 << (width - 1))) | (what >= 1 << (width - 1))).any():
            raise BoardError(f"a code does not fit the {width} bits of a word; load words of this net only")
        if self._shell.busy(number):
            raise BoardError(f"bank {name} is in use; select another bank before loading it")
        self._shell.load(where & ((1 << bits) - 1) | number << bits, what)
        self._shell.set_bank_hash(number, digest)

    # -- looking -----------------------------------------------------------------------------------------------------

    def counters(self) -> dict[str, int]:
        """Since the last reset, modulo 2**32: samples in and out, clocks in which the output waited; and `clipped`."""
        taken, made = self._moved()
        stalls = int(self._shell.read(reg.STALLS))
        return {"samples_in": taken, "samples_out": made, "stalls": stalls, "clipped": self.clipped}

    def saturated(self) -> tuple[str, ...]:
        """Names of the layers that had to clamp a result since the last call or reset."""
        return self._shell.saturated(self.manifest.nodes)

    def _moved(self) -> tuple[int, int]:
        return int(self._shell.read(reg.SAMPLES_IN)), int(self._shell.read(reg.SAMPLES_OUT))

    def _cell(self, role: str) -> Any:
        name = self.manifest.cells[role]
        found: Any = self.overlay
        with contextlib.suppress(AttributeError):
            for part in name.split("/"):
                found = getattr(found, part)
            return found
        raise BoardError(f"the overlay has no cell {name}; copy .bit, .hwh, .json and .npz of one build")

"""The registers of a generated shell, as the driver that pynq binds to its cell."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pynq import DefaultIP

from bittrue.board import registers as reg
from bittrue.board.errors import BoardError
from bittrue.board.manifest import Manifest, SampleFormat

VLNV = "bittrue:bittrue:net_shell:1.0"
_HASH = (reg.HASH0, reg.HASH1, reg.HASH2, reg.HASH3, reg.HASH4, reg.HASH5, reg.HASH6, reg.HASH7)
_LOW = (1 << 32) - 1
_LONG_INTERVAL = (1 << reg.FIELDS["SHAPE"]["interval"][1]) - 1
"""What SHAPE.interval says of intervals that only INTERVAL tells."""


class NetShell(DefaultIP):  # type: ignore[misc]
    """A net behind AXI4-Lite registers; pynq makes it for every cell of type `VLNV`."""

    bindto = [VLNV]  # noqa: RUF012  # pynq's interface

    # -- what the hardware is ----------------------------------------------------------------------------------------

    def check(self, manifest: Manifest) -> None:
        """Make sure that this is the hardware of the manifest; `BoardError` names the first register that is not."""
        self._check_identity(manifest)
        self._check_end("IN", manifest.input, manifest)
        self._check_end("OUT", manifest.output, manifest)
        self._check_interval(manifest)
        self._same("SHAPE", "banks", manifest.bank_count, manifest)

    def _check_identity(self, manifest: Any) -> None:
        """A shell, of the register map that this driver knows, of the manifest's net."""
        found = self.read(reg.ID)
        if found != reg.ID_VALUE:
            raise BoardError(
                f"the cell answers with ID {found:#010x}, not {reg.ID_VALUE:#010x}; it is no bittrue shell"
            )
        major = self.field("VERSION", "major")
        if major != reg.MAJOR:
            raise BoardError(f"the shell has register map {major}, this driver knows {reg.MAJOR}; use the same bittrue")
        if self.hash != manifest.hash:
            raise BoardError(
                f"the hardware was built for net {self.hash[:19]}.., {manifest.path.name} is of "
                f"{manifest.hash[:19]}..; "
                f"copy .bit, .hwh, .json and .npz of one build"
            )

    def _check_interval(self, manifest: Any) -> None:
        """Clocks a sample or frame; long ones stand in a register of their own."""
        self._same("SHAPE", "interval", min(manifest.interval, _LONG_INTERVAL), manifest)
        if manifest.interval >= _LONG_INTERVAL and int(self.read(reg.INTERVAL)) != manifest.interval:
            raise BoardError(
                f"INTERVAL of the hardware is {int(self.read(reg.INTERVAL))}, {manifest.path.name} says "
                f"{manifest.interval}; copy .bit, .hwh, .json and .npz of one build"
            )

    def _check_end(self, end: str, fmt: SampleFormat, manifest: Any) -> None:
        """Format and frames of a stream."""
        for field in ("bits", "frac", "elements"):
            self._same(f"FORMAT_{end}", field, getattr(fmt, field), manifest)
        register = f"FRAME_{end}"
        words = int(self.read(getattr(reg, register))) if fmt.frame else fmt.words
        if words != fmt.words:
            raise BoardError(
                f"{register} of the hardware is {words} words, {manifest.path.name} says {fmt.words}; "
                f"copy .bit, .hwh, .json and .npz of one build"
            )

    def _same(self, register: str, field: str, wanted: int, manifest: Any) -> None:
        found = self.field(register, field)
        if found != wanted:
            raise BoardError(
                f"{register}.{field} of the hardware is {found}, {manifest.path.name} says {wanted}; "
                f"copy .bit, .hwh, .json and .npz of one build"
            )

    def field(self, register: str, field: str) -> int:
        """Value of a field of a register by their names."""
        low, bits, signed = reg.FIELDS[register][field]
        value = (int(self.read(getattr(reg, register))) >> low) & ((1 << bits) - 1)
        return value - (1 << bits) if signed and value >> (bits - 1) else value

    @property
    def hash(self) -> str:
        """Content hash ``"sha256:.."`` of the net that the hardware was built for."""
        return _text([int(self.read(offset)) for offset in _HASH])

    # -- running -----------------------------------------------------------------------------------------------------

    def soft_reset(self) -> None:
        """Empty the pipeline, forget the history, clear counters and flags; weights, bank and bypass stay."""
        self._control(reset=1)

    def packets(self) -> None:
        """Let TLAST end several frames at a time."""
        self._control(packets=1)

    @property
    def bypass(self) -> bool:
        """Whether samples leave as they came."""
        return bool(self.field("CONTROL", "bypass"))

    @bypass.setter
    def bypass(self, on: bool) -> None:
        self._control(bypass=int(on))
        if self.bypass != on:
            raise BoardError("this net cannot be bypassed: its input and output samples have different formats")

    def _control(self, **fields: int) -> None:
        word = int(self.read(reg.CONTROL))
        for name, value in fields.items():
            low, bits, _ = reg.FIELDS["CONTROL"][name]
            word = word & ~(((1 << bits) - 1) << low) | value << low
        self.write(reg.CONTROL, word)

    def saturated(self, nodes: Sequence[str]) -> tuple[str, ...]:
        """Names of the layers that had to clamp a result since the last call, and clear their flags."""
        word = int(self.read(reg.SATURATED))
        self.write(reg.SATURATED, word)
        return tuple(name for k, name in enumerate(nodes) if word >> k & 1)

    # -- banks -------------------------------------------------------------------------------------------------------

    def busy(self, bank: int) -> bool:
        """Whether a bank is selected or used by samples inside."""
        return bool(self.field("STATUS", "busy") >> bank & 1)

    def bank_hash(self, bank: int) -> str | None:
        """Content hash of the net in a bank, or nothing where its load was not finished."""
        first = reg.BANK_HASH + 4 * reg.BANK_HASH_WORDS * bank
        words = [int(self.read(first + 4 * k)) for k in range(reg.BANK_HASH_WORDS)]
        return _text(words) if any(words) else None

    def load(self, addresses: npt.NDArray[np.int64], codes: npt.NDArray[np.int64]) -> None:
        """Store words and make sure that the hardware got them all, by count and CRC-32.

        Parameters
        ----------
        addresses, codes : int64 arrays (N,)

        Raises
        ------
        BoardError
            Where the hardware refused words, or count or sum differ; the bank then has no valid hash.
        """
        low = (codes & _LOW).astype(np.uint32)
        high = (codes >> 32 & _LOW).astype(np.uint32)
        sent = np.stack([addresses.astype(np.uint32), low, high], axis=1).astype("<u4")
        self.write(reg.STATUS, 1 << reg.FIELDS["STATUS"]["refused"][0])
        self.write(reg.LOAD_CRC, 0)
        next_address = next_high = -1
        for address, data, top in sent.tolist():
            if address != next_address:
                self.write(reg.LOAD_ADDRESS, address)
            if top != next_high:
                self.write(reg.LOAD_HIGH, top)
            self.write(reg.LOAD_DATA, data)
            next_address, next_high = address + 1, top
        count, crc = int(self.read(reg.LOAD_COUNT)), int(self.read(reg.LOAD_CRC))
        if self.field("STATUS", "refused") or count != len(sent):
            raise BoardError(
                f"the hardware stored {count} of {len(sent)} words and refused the others: the bank is in use or an "
                f"address is too high; select another bank, then load it again"
            )
        wanted = zlib.crc32(sent.tobytes())
        if crc != wanted:
            raise BoardError(
                f"the CRC-32 of the {count} words stored is {crc:#010x}, that of the words sent {wanted:#010x}; "
                f"load the bank again"
            )

    def set_bank_hash(self, bank: int, digest: str) -> None:
        """Write the content hash ``"sha256:.."`` of the net that a bank now holds, and read it back.

        Raises `BoardError` where another is read. Then, and where this is interrupted, the bank has no valid hash.
        """
        text = digest.removeprefix("sha256:")
        first = reg.BANK_HASH + 4 * reg.BANK_HASH_WORDS * bank
        try:
            for k in range(reg.BANK_HASH_WORDS):
                self.write(first + 4 * k, int(text[8 * k : 8 * k + 8], 16))
            found = self.bank_hash(bank)
            if found != digest:
                raise BoardError(f"the hash of the bank reads {found} and {digest} was written; load the bank again")
        except BaseException:
            for k in range(reg.BANK_HASH_WORDS):
                self.write(first + 4 * k, 0)
            raise


def _text(words: Sequence[int]) -> str:
    return "sha256:" + "".join(f"{word:08x}" for word in words)

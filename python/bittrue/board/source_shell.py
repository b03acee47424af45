"""The registers of a generated source, as the driver that pynq binds to its cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bittrue.board import registers as reg
from bittrue.board.net_shell import NetShell

VLNV = "bittrue:bittrue:source_shell:1.0"
_APPLY, _CLAMPED = (1 << reg.FIELDS["SOURCE"][name][0] for name in ("apply", "clamped"))


class SourceShell(NetShell):
    """A source behind AXI4-Lite registers; pynq makes it for every cell of type `VLNV`."""

    bindto = [VLNV]  # noqa: RUF012  # pynq's interface

    def check(self, manifest: Any) -> None:
        """Make sure that this is the hardware of a `bittrue.board.source_manifest.SourceManifest`; `BoardError` names
        the first register that is not."""
        self._check_identity(manifest)
        self._check_end("OUT", manifest.output, manifest)
        self._check_interval(manifest)

    def settings(self, seed: int, gain: int, codes: Sequence[int]) -> None:
        """Write seed, gain and the codes of all parameters; they count from a reset or an `apply` on."""
        self.write(reg.SEED_LOW, seed & 0xFFFFFFFF)
        self.write(reg.SEED_HIGH, seed >> 32)
        self.write(reg.GAIN, gain & 0xFFFF)
        for k, code in enumerate(codes):
            self.write(reg.PARAMETER + 4 * k, code & 0xFFFFFFFF)

    def apply(self) -> None:
        """Let what the registers hold count from the next frame on."""
        self.write(reg.SOURCE, _APPLY)

    def ask(self, words: int) -> None:
        """Let so many words leave, the last one with TLAST."""
        self.write(reg.COUNT, words)

    def clamped(self) -> bool:
        """Whether a sample was clamped behind the gain since the last call, and clear that."""
        found = bool(int(self.read(reg.SOURCE)) & _CLAMPED)
        self.write(reg.SOURCE, _CLAMPED)
        return found

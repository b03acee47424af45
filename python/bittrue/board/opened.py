"""What is loaded into the FPGA and in use: its overlay, its lock, its shell."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, TypeVar

from pynq import Overlay

from bittrue.board.errors import BoardError
from bittrue.board.fpga import FPGA
from bittrue.board.net_shell import NetShell

Self = TypeVar("Self", bound="Opened")


class Moves(Protocol):
    """What moves words between shell and memory."""

    def reset(self) -> None:
        """Abort what runs, and begin anew."""


class Opened:
    """An overlay that this process has opened. Use it in a ``with`` statement: it holds DMA buffers.

    Every call is whole: one lock for all that a process has opened lets other threads wait until it has returned.
    Calls that belong together go into ``with dpd.alone():``. What `close` or another `bittrue.board.open` has ended
    raises `BoardError`, as does a call from a signal handler within a call.

    Parameters
    ----------
    manifest
        What the overlay is: its ``vlnv``, ``cells`` and ``nodes``, and what the shell compares itself with.

    Attributes
    ----------
    overlay : pynq.Overlay
        Its own cells have no lock.
    """

    kind: ClassVar[type[NetShell]] = NetShell
    """What pynq makes of the cell."""
    _shell: Any
    _transfers: Moves

    def __init__(self, manifest: Any) -> None:
        self._buffers: list[Any] = []
        self.manifest = manifest

    def _load(self, path: Path, download: bool) -> None:
        """Load the overlay and make sure that its shell is the manifest's."""
        (vlnv,) = self.kind.bindto
        if self.manifest.vlnv != vlnv:
            raise BoardError(f"the overlay's cell is a {self.manifest.vlnv}, this driver is for {vlnv}; update bittrue")
        FPGA.configured += download
        self._configured = FPGA.configured
        self.overlay = _overlay(path, download)
        shell = self._cell("ip")
        if not isinstance(shell, self.kind):
            raise BoardError(f"{path.with_suffix('.hwh')} has no cell of type {vlnv} as {self.manifest.cells['ip']}")
        self._shell = shell
        self._shell.check(self.manifest)

    def close(self) -> None:
        """Free the buffers, once a call of another thread has returned; the overlay stays loaded."""
        with FPGA.working():
            self._free()

    def _free(self) -> None:
        while self._buffers:
            self._buffers.pop().freebuffer()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _use(self) -> Iterator[None]:
        """The hardware for one call; `BoardError` where this overlay is not open, or not loaded, any more."""
        with FPGA.working():
            if not self._buffers:
                raise BoardError("the overlay is closed; open it again")
            if self._configured != FPGA.configured:
                raise BoardError(
                    "the FPGA was configured anew when an overlay was opened after this one; open this one again, or "
                    "open the same overlay a second time with download=False"
                )
            yield

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads from the hardware over several calls: other banks, resets and samples wait."""
        with FPGA.reserved():
            yield

    def _recover(self, error: BaseException) -> None:
        """Begin anew after a transfer that failed; what is wrong with that is added to the error's notes."""
        try:
            self._begin()
        except BoardError as second:
            if isinstance(error, BoardError):
                error.args = (f"{error}; then {second}",)

    def _begin(self) -> None:
        for _ in range(2):  # the second time, no words come any more and none is left in between
            self._shell.soft_reset()  # a core that takes words again lets the DMA end what it has begun
            self._transfers.reset()  # also empties what takes the streams from one clock to the other

    # -- looking ---------------------------------------------------------------------------------------------------

    def saturated(self) -> tuple[str, ...]:
        """Names of the layers that had to clamp a result since the last call or reset."""
        with self._use():
            return tuple(self._shell.saturated(self.manifest.nodes))

    def _cell(self, role: str) -> Any:
        name = self.manifest.cells[role]
        found: Any = self.overlay
        with contextlib.suppress(AttributeError):
            for part in name.split("/"):
                found = getattr(found, part)
            return found
        raise BoardError(f"the overlay has no cell {name}; copy .bit, .hwh, .json and .npz of one build")


def _overlay(path: Path, download: bool) -> Overlay:
    """pynq's overlay; `BoardError` where pynq finds no device or cannot load it."""
    try:
        return Overlay(str(path), download=download)
    except Exception as error:  # of pynq, the kernel and the device: of any kind
        raise BoardError(
            f"pynq cannot load {path} ({type(error).__name__}: {str(error)[:300]}); run it as root on the board, or "
            f"on the simulated board"
        ) from error

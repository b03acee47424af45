"""One pass of the closed loop: through the overlay, compared word by word, then through the amplifier model."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.bundle import Bundle, to_complex
from bittrue.board.demo.measuring import measure
from bittrue.board.demo.view import Complex, Count, Settings, Texts, View
from bittrue.errors import BadInput

KEPT = 12
"""Outputs without predistortion that are kept, by pass and temperature."""


class Board(Protocol):
    """What the loop needs of `bittrue.board.Predistorter`."""

    bank: str | int
    bypass: bool

    def run_codes(self, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Output codes ``(N, 2)`` for input codes ``(N, 2)``; history goes on from the call before."""

    def reset(self) -> None:
        """Clear the history."""


class ClosedLoop:
    """Streams pass after pass and compares every code that comes back.

    Parameters
    ----------
    bundle : Bundle
    board : Predistorter
        Reset here, so that the history is known.
    texts : Texts
        For the views.
    """

    def __init__(self, bundle: Bundle, board: Board, texts: Texts) -> None:
        self.bundle, self.board, self.texts = bundle, board, texts
        self.samples = 0
        self.count = Count()
        self.faults: list[str] = []
        self.history: list[tuple[float, float]] = []
        self._next = 0
        self._now: Settings | None = None
        self._plain: dict[tuple[int, float], Complex] = {}
        self.restart()

    def step(self, settings: Settings) -> View:
        """Stream the next pass with these settings, compare, close the loop, measure."""
        bundle, index = self.bundle, self._next
        self._apply(settings)
        codes = bundle.codes[index]
        out = np.asarray(self.board.run_codes(codes))
        self._compare(out, settings, index)
        self._next, self._fresh = (index + 1) % len(bundle.codes), False

        before = self._before(index, settings.kelvin)
        after = before
        if settings.dpd:
            drive = to_complex(out[bundle.delay :], bundle.frac_out)
            after = bundle.amplifier(drive, settings.kelvin)[bundle.span]
        wanted = bundle.signal(index)[bundle.span]
        figures = [measure(y, wanted, bundle.channel) for y in (before, after)]
        self.history.append((figures[0].aclr, figures[1].aclr if settings.dpd else math.nan))
        return View(
            settings=settings,
            texts=self.texts,
            signal=bundle.titles[index],
            channel=bundle.channel,
            wanted=wanted,
            before=before,
            after=after,
            figures_before=figures[0],
            figures_after=figures[1],
            count=self.count,
            history=tuple(self.history),
        )

    def _apply(self, settings: Settings) -> None:
        old = self._now
        if old is None or settings.dpd != old.dpd:
            self.board.bypass = not settings.dpd
        if old is None or settings.bank != old.bank:
            self.board.bank = settings.bank
            if old is not None and not self.bundle.hot_swap:
                self.restart()
        self._now = settings

    def restart(self) -> None:
        """Begin the stream anew: for somebody who has sent samples of his own."""
        self.board.reset()
        self._fresh = True

    def _compare(self, out: npt.NDArray[np.int64], settings: Settings, index: int) -> None:
        bundle = self.bundle
        due = bundle.codes[index]
        if settings.dpd:
            due = bundle.due(bundle.names.index(settings.bank), index, self._fresh)
        if out.shape != due.shape:
            raise BadInput(f"the overlay gave {out.shape[0]} samples for {due.shape[0]}; the stream is out of step")
        wrong = out != due
        different = int(np.count_nonzero(wrong))
        self.samples += len(due)
        self.count = Count(self.count.codes + due.size, self.count.different + different)
        if different:
            sample, element = (int(place) for place in np.argwhere(wrong)[0])
            what = f"bank {settings.bank}" if settings.dpd else "bypass"
            self.faults.append(
                f"{bundle.titles[index]}, {what}: {different} of {due.size} codes differ, the first at "
                f"sample {sample}, {'IQ'[element]}: {out[sample, element]}, expected {due[sample, element]}"
            )

    def _before(self, index: int, kelvin: float) -> Complex:
        """The amplifier's output for the plain signal, measured samples."""
        key = index, kelvin
        if key not in self._plain:
            while len(self._plain) >= KEPT:
                del self._plain[next(iter(self._plain))]
            self._plain[key] = self.bundle.amplifier(self.bundle.signal(index), kelvin)[self.bundle.span]
        return self._plain[key]

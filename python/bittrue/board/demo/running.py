"""The demo's main loop: keys or tour, a pass, a frame, a line of text."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import count

from bittrue.board.demo.bundle import Bundle
from bittrue.board.demo.closed_loop import ClosedLoop
from bittrue.board.demo.frame import Painter
from bittrue.board.demo.keys import Terminal, pressed
from bittrue.board.demo.showing import Sink
from bittrue.board.demo.tour import home, tour
from bittrue.board.demo.view import Settings, View
from bittrue.errors import BadInput, listed


def plan(options: argparse.Namespace, bundle: Bundle, live: bool) -> tuple[list[Settings], int]:
    """The settings to show, over and over, and how many frames (0: until q).

    Parameters
    ----------
    options : Namespace
        ``bypass``, ``bank``, ``kelvin``, ``frames`` of `bittrue.board.demo.options`.
    bundle : Bundle
    live : bool
        Whether somebody watches: then the tour repeats until q.

    Raises
    ------
    BadInput
        For a bank that does not exist.
    """
    bank = options.bank
    if bank is not None and bank not in bundle.names:
        raise BadInput(f"there is no bank {bank}; choose {listed(bundle.names)}")
    chosen = tour(bundle.banks)
    if options.bypass or bank is not None or options.kelvin is not None:
        bank = bank or home(bundle.banks).name
        chosen = [Settings(not options.bypass, bank, options.kelvin or 0.0)]
    once = len(chosen) if len(chosen) > 1 else len(bundle.codes)
    return chosen, options.frames if options.frames is not None else 0 if live else once


def run(
    loop: ClosedLoop,
    painter: Painter,
    sinks: Sequence[Sink],
    settings: Sequence[Settings],
    frames: int,
    tell: Callable[[str], None] = print,
) -> None:
    """Show frames until there were ``frames`` of them (0: no end) or q is pressed; the sinks stay open.

    A key ends the tour: from then on the settings are what the keys make them, until t.
    """
    current, touring = settings[0], True
    with Terminal().listening() as terminal:
        step = 0
        for number in count(1):
            for key in terminal.read() + "".join(sink.keys() for sink in sinks):
                if key == "q":
                    return
                changed = pressed(current, key, loop.bundle.banks)
                touring = key == "t" or (touring and changed == current)
                current = changed
            if touring:
                current = settings[step % len(settings)]
                step += 1
            view = loop.step(current)
            frame = painter.paint(view)
            for sink in sinks:
                sink.show(frame)
            tell(line(number, view))
            if number == frames:
                return


def line(number: int, view: View) -> str:
    """One frame in words."""
    settings, before, after = view.settings, view.figures_before, view.figures_after
    what = f"bank {settings.bank}" if settings.dpd else "bypass"
    return (
        f"frame {number:2d}  {what:12}  amplifier {settings.kelvin:+3.0f} K"
        f"  ACLR {before.aclr:6.2f} -> {after.aclr:6.2f} dBc  EVM {before.evm:6.2f} -> {after.evm:6.2f} dB"
        f"  {view.count.different} of {view.count.codes:,} codes differ"
    )


def verdict(loop: ClosedLoop) -> str:
    """How the comparison ended, in a sentence; the faults, a line each, before it."""
    counts = f"{loop.samples:,} samples, {loop.count.codes:,} output codes compared with the reference"
    return "\n".join([*loop.faults, f"{counts}: {loop.count.different} mismatches"])

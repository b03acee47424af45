"""Keys that change the settings while the demo runs, from the terminal or a window."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bittrue.board.demo.bundle import Bank
from bittrue.board.demo.view import Settings

HELP = "keys: d predistortion on/off, b next bank, + and - temperature, 0 as captured, t tour, q quit"
KELVIN = 10.0
"""A press of + or -."""

LIMIT = 90.0
"""Furthest temperature from the captured one, in kelvin: the drift model is not meant for more."""


def pressed(settings: Settings, key: str, banks: Sequence[Bank]) -> Settings:
    """The settings after a key; keys without a meaning change nothing."""
    names = [bank.name for bank in banks]
    if key == "d":
        return replace(settings, dpd=not settings.dpd, caption="")
    if key == "b":
        after = names[(names.index(settings.bank) + 1) % len(names)]
        return replace(settings, bank=after, caption="")
    if key in "+-0" and key:
        kelvin = {"+": settings.kelvin + KELVIN, "-": settings.kelvin - KELVIN, "0": 0.0}[key]
        return replace(settings, kelvin=min(max(kelvin, -LIMIT), LIMIT), caption="")
    return settings


class Terminal:
    """Keys typed into the terminal, without waiting for a return; none where there is no terminal."""

    def __init__(self) -> None:
        self.open = sys.stdin is not None and sys.stdin.isatty()

    @contextlib.contextmanager
    def listening(self) -> Iterator[Terminal]:
        """Switch the terminal to single keys, and back at the end."""
        if not self.open:
            yield self
            return
        import termios
        import tty

        before = termios.tcgetattr(sys.stdin)
        try:
            tty.setcbreak(sys.stdin.fileno())
            yield self
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def read(self) -> str:
        """The keys typed since the last call."""
        found = ""
        while self.open and select.select([sys.stdin], [], [], 0)[0]:
            typed = os.read(sys.stdin.fileno(), 64)  # past Python's buffer, which select does not see
            if not typed:
                break
            found += typed.decode(errors="ignore")
        return found

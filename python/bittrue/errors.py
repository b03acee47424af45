"""The one exception that means: the caller's input is wrong, and here is the sentence that says how."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable

MESSAGE = 1000
"""Most characters of a message; what is longer loses its middle."""


NAMES = 240
"""Most characters of a list of names in a message."""


class _Brief(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        """Long integers by their size: Python takes more than linear time to print them, or refuses to."""
        return f"<integer of {x.bit_length():,} bits>" if x.bit_length() > 400 else super().repr_int(x, level)


_BRIEF = _Brief()
_BRIEF.maxlevel = 3
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 100


class BadInput(ValueError):
    """A file, array, option or net that cannot be used.

    The message is one sentence that names the thing, the value found, the limit and the fix. The command line
    prints it and exits with code 2; library users catch it as a ``ValueError``.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_cut(message, MESSAGE))


def shown(value: object) -> str:
    """``repr(value)`` for a message, bounded in length, depth and time whatever the value holds."""
    return _cut(_BRIEF.repr(value), 200)


def amount(value: float) -> str:
    """A number in a message: a whole one with all its digits, 16,777,216; others with six, or to a tenth."""
    size = abs(value)
    if size < 1e15 and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if 1e5 <= size < 1e15 else f"{value:g}"


def listed(names: Iterable[object]) -> str:
    """Names in a message: as many as a line or two hold, and how many others there are."""
    given = [str(name) for name in names]
    kept = len(given)
    while kept > 1 and len(", ".join(given[:kept])) > NAMES:
        kept -= 1
    more = f" and {len(given) - kept:,} more" if kept < len(given) else ""
    return _cut(", ".join(given[:kept]), NAMES) + more


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    half = (most - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"

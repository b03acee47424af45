"""The limits on size, once for the whole project: what a file may hold, a net may ask for, a command may take."""

from __future__ import annotations

import os

from bittrue.errors import MESSAGE, BadInput

__all__ = [
    "AXES",
    "DELAY",
    "DEPTH",
    "ELEMENTS",
    "FILE",
    "MEMORY",
    "MESSAGE",
    "NODES",
    "PRODUCTS",
    "TAPS",
    "TEXT",
    "WINDOW",
    "memory",
    "take",
]

FILE = 1 << 30
"""Most bytes of a file, or of what a compressed file holds, that is read into memory."""
TEXT = 1 << 26
"""Most bytes of a description: JSON, TOML, yaml."""
DEPTH = 64
"""Most levels of lists and objects inside each other in a description."""
ELEMENTS = 1 << 26
"""Most elements of one tensor, weights of a layer say, and of one sample of all that goes from layer to layer."""
DELAY = 1 << 20
"""Longest delay of a tap, in samples."""
NODES = 1 << 14
"""Most layers of a net, and most tensors that a layer adds."""
AXES = 16
"""Most axes of a tensor."""
TAPS = 1 << 16
"""Most taps of a list of taps."""
WINDOW = 1 << 16
"""Most samples of a window of a pool."""
PRODUCTS = 1 << 34
"""Most terms that all sums of one layer have together, a sample."""
MEMORY = 4 << 30
"""Most bytes that a command takes at once without being told that it may."""
VARIABLE = "BITTRUE_MEMORY"
"""Environment variable that tells it, in GiB."""


def memory() -> int:
    """Bytes that a command may take at once: `MEMORY`, or what the environment says.

    Raises `BadInput` where that is no positive number.
    """
    text = os.environ.get(VARIABLE)
    if text is None:
        return MEMORY
    try:
        allowed = int(float(text) * 2**30)
    except (ValueError, OverflowError):
        allowed = 0
    if allowed < 1:
        raise BadInput(f"{VARIABLE} is {text[:40]!r}; give the GiB of memory that a command may take, for example 16")
    return allowed


def take(size: int, what: str) -> None:
    """Raise `BadInput` where ``what`` would take ``size`` bytes and a command may not take so many (`memory`)."""
    if size > (allowed := memory()):
        raise BadInput(
            f"{what} would take {size / 2**30:,.1f} GiB of memory, and {allowed / 2**30:,.1f} GiB are allowed; give "
            f"less at a time, or set {VARIABLE} to the GiB that it may take"
        )

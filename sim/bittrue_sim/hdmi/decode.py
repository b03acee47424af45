"""TMDS words back to bytes and control bits, and a stretch of them to a picture: what a monitor does.

Source: Digital Visual Interface, revision 1.0, section 3.3.3: figure 3-6, and the control words.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from bittrue.cosim.streams import HardwareFault

Words = npt.NDArray[np.uint16]
Picture = npt.NDArray[np.uint8]
CONTROL = 256
"""Values from here on are control bits; the lower ones are bytes."""
_TOKENS = ("0010101011", "1101010100", "0010101010", "1101010101")
"""Control words of C1 C0 = 00, 01, 10, 11, the bit that goes first at the left."""


def _table() -> npt.NDArray[np.int16]:
    found = np.empty(1 << 10, np.int16)
    for word in range(1 << 10):
        bits = [word >> k & 1 for k in range(10)]
        low = [bit ^ bits[9] for bit in bits[:8]]
        byte = [low[0]] + [low[k] ^ low[k - 1] ^ (1 - bits[8]) for k in range(1, 8)]
        found[word] = sum(bit << k for k, bit in enumerate(byte))
    for value, text in enumerate(_TOKENS):
        found[sum(int(bit) << k for k, bit in enumerate(text))] = CONTROL + value
    return found


TABLE = _table()
"""Value of every word."""


def decoded(words: Words) -> npt.NDArray[np.int16]:
    """Bytes, or `CONTROL` and the control bits, of words of any shape."""
    return TABLE[words]


def pictures(words: Words) -> list[Picture]:
    """The whole pictures in a stretch of words (N, 3), channel 0 first: between a vertical sync and the next.

    Raises
    ------
    HardwareFault
        Where channels disagree about what is picture, lines are not as long as each other, or a line of the picture
        is not one piece.
    """
    values = decoded(words)
    active = values < CONTROL
    if (active != active[:, :1]).any():
        raise HardwareFault("the three channels of the HDMI connector do not agree about what is picture")
    shown = active[:, 0]
    control = np.where(shown, 0, values[:, 0] - CONTROL)
    sync = (control & 2) > 0
    starts = np.flatnonzero(sync[1:] & ~sync[:-1]) + 1
    return [_picture(values[a:b], shown[a:b]) for a, b in itertools.pairwise(starts)]


def _picture(values: npt.NDArray[np.int16], shown: npt.NDArray[np.bool_]) -> Picture:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], shown.view(np.int8), [0]))))
    begins, ends = edges[::2], edges[1::2]
    lengths = set((ends - begins).tolist())
    if len(lengths) != 1:
        raise HardwareFault(f"lines of a picture have {len(lengths)} lengths: {sorted(lengths)[:4]} pixels")
    (width,) = lengths
    lines = values[begins[:, None] + np.arange(width)]
    return np.ascontiguousarray(lines[:, :, ::-1]).astype(np.uint8)  # red is the last channel, and the first byte

"""Random codes by position: 16 bits of `threefry` for every channel of every column, uniform or Gaussian."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from bittrue.num.format import Format
from bittrue.num.threefry import threefry

DRAW_BITS = 16
"""Bits of a draw."""
GROUP = 4
"""Channels that one block of 64 bits serves."""
COLUMN_BITS, GROUP_BITS, STREAM_BITS = 48, 8, 8
"""Fields of a counter, from its least significant bit on: a column, a group of channels, a stream."""
INDEX_BITS = 11
"""Bits of a draw by which the table of the normal distribution is looked up; one more is the sign."""
SPREAD = 3
"""The standard deviation of Gaussian codes is ``2**(bits - SPREAD)``: their format ends at four of them."""
DISTRIBUTIONS = ("uniform", "gaussian")
LEAST_BITS = {"uniform": 2, "gaussian": 4}
"""The shortest words of a distribution; the longest have `DRAW_BITS`."""


def counter(stream: int, columns: npt.ArrayLike, group: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The words of the counter ``stream * 2**56 + group * 2**48 + column mod 2**48``, low word first.

    ``columns`` is an int64 array; ``0 <= group < 2**8`` and ``0 <= stream < 2**8``.
    """
    wrapped = np.asarray(columns, np.int64) & ((1 << COLUMN_BITS) - 1)
    upper = np.uint32((stream << GROUP_BITS | group) << (COLUMN_BITS - 32))
    return (wrapped & 0xFFFFFFFF).astype(np.uint32), (wrapped >> 32).astype(np.uint32) | upper


def draws(seed: int, stream: int, columns: npt.ArrayLike, channels: int) -> npt.NDArray[np.uint16]:
    """``draw(seed, stream, column, channel)`` for every channel and column.

    With ``x0, x1 = threefry(seed, *counter(stream, column, channel div 4))`` it is the 16 bits of ``x0 + 2**32 * x1``
    from bit ``16 * (channel mod 4)`` on.

    Parameters
    ----------
    seed : int
        0 to ``2**64 - 1``.
    stream : int
        0 to 255.
    columns : int64 array, any shape
    channels : int
        1 to 1,024.

    Returns
    -------
    uint16 array (channels, *columns.shape)
    """
    columns = np.asarray(columns, np.int64)
    found = np.empty((channels, *columns.shape), np.uint16)
    for group in range(-(-channels // GROUP)):
        x = threefry(seed, *counter(stream, columns, group))
        for k in range(min(GROUP, channels - GROUP * group)):
            found[GROUP * group + k] = x[k // 2] >> np.uint32(DRAW_BITS * (k % 2)) & np.uint32(0xFFFF)
    return found


@cache
def normal_table(bits: int) -> tuple[int, ...]:
    """Magnitudes of Gaussian codes, half the table: ``values[i]`` for ``i = 0 .. 2**11 - 1``.

    ``min(floor(2**(bits - 3) * z + 1/2), 2**(bits - 1) - 1)`` with ``z`` where the normal distribution reaches
    ``(1 + (i + 1/2) / 2**11) / 2``: the middle of each of equally likely parts. No value is nearer to a tie than the
    error of the inverse (Wichura 1988, algorithm AS 241, in `statistics.NormalDist`), so that all machines agree.
    """
    inverse, steps = NormalDist().inv_cdf, 1 << INDEX_BITS
    fmt, sigma = Format(bits, 0), 1 << (bits - SPREAD)
    values = [sigma * inverse((1 + (i + 0.5) / steps) / 2) for i in range(steps)]
    return tuple(fmt.encode(np.array(values)).tolist())


def codes(drawn: npt.NDArray[np.uint16], distribution: str, bits: int) -> npt.NDArray[np.int64]:
    """Codes of draws ``d``, the same shape.

    ``"uniform"``: the upper ``bits`` bits as a signed number, every code of the format alike. ``"gaussian"``:
    ``v`` or, where bit 15 is set, ``-v``, with ``v = normal_table(bits)[bits 14 to 4 of d]``.
    """
    if distribution == "uniform":
        return np.asarray(drawn.view(np.int16) >> (DRAW_BITS - bits), np.int64)
    half = np.array(normal_table(bits), np.int64)
    both = np.concatenate([half, -half])
    return np.asarray(both[drawn >> (DRAW_BITS - 1 - INDEX_BITS)])

"""Random bits by counter: Threefry-2x32 with 13 rounds, a function of key and counter alone (docs/noise-source.md)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

ROUNDS = 13
"""The fewest with which Threefry-2x32 passes all of TestU01's BigCrush (Salmon et al. 2011, table 2)."""
ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
"""Bits by which the second word is rotated, round after round, and from the first one on again."""
PARITY = 0x1BD11BDA
"""What a key's third word is made with."""
EVERY = 4
"""Rounds between two additions of the key."""
MASK = (1 << 32) - 1
BLOCK = 1 << 15
"""Counters taken at a time, so that they stay in a cache."""


def key_words(key: int) -> tuple[int, int, int]:
    """The three words that are added: ``key mod 2**32``, ``key div 2**32``, and both with `PARITY` by exclusive or."""
    low, high = key & MASK, key >> 32 & MASK
    return low, high, PARITY ^ low ^ high


def added(words: tuple[int, int, int], turn: int) -> tuple[int, int]:
    """What is added to both words before round ``EVERY * turn``."""
    return words[turn % 3], (words[(turn + 1) % 3] + turn) & MASK


def threefry(key: int, first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Words, Words]:
    """Two words of 32 random bits for every counter ``(first, second)``.

    All sums modulo ``2**32``, with ``k`` the `key_words` and ``R`` the `ROTATIONS`::

        x0, x1 = first + k[0], second + k[1]
        for r in 0 .. 12:
            x0 = x0 + x1;  x1 = rotate_left(x1, R[r mod 8]) xor x0
            after round 3, 7, 11, with t = 1, 2, 3:  x0 = x0 + k[t mod 3];  x1 = x1 + k[(t + 1) mod 3] + t

    Parameters
    ----------
    key : int
        64 bits.
    first, second : uint32 arrays of one shape

    Returns
    -------
    x0, x1 : uint32 arrays of that shape

    Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, section 4.2.
    """
    counters = np.broadcast_arrays(np.asarray(first, np.uint32), np.asarray(second, np.uint32))
    given = [array.ravel() for array in counters]
    result = [np.empty(given[0].size, np.uint32) for _ in range(2)]
    for start in range(0, given[0].size, BLOCK):
        part = slice(start, start + BLOCK)
        result[0][part], result[1][part] = _rounds(key_words(key), given[0][part].copy(), given[1][part].copy())
    return result[0].reshape(counters[0].shape), result[1].reshape(counters[0].shape)


def _rounds(words: tuple[int, int, int], x0: Words, x1: Words) -> tuple[Words, Words]:
    spare = np.empty_like(x1)
    for turn in range(ROUNDS):
        if turn % EVERY == 0:
            for word, more in zip((x0, x1), added(words, turn // EVERY), strict=True):
                word += np.uint32(more)
        x0 += x1
        left = ROTATIONS[turn % len(ROTATIONS)]
        np.right_shift(x1, np.uint32(32 - left), out=spare)
        x1 <<= np.uint32(left)
        x1 |= spare
        x1 ^= x0
    return x0, x1

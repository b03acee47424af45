"""A source's inputs in Python integers, written from docs/noise-source.md; it imports nothing of bittrue's numbers."""

from __future__ import annotations

import math
from itertools import cycle
from statistics import NormalDist

M = 2**32


def threefry(key: int, counter: int) -> int:
    """64 random bits."""
    k = [key % M, key // M]
    k.append(0x1BD11BDA ^ k[0] ^ k[1])
    x0, x1 = (counter % M + k[0]) % M, (counter // M + k[1]) % M
    rotations = cycle((13, 15, 26, 6, 17, 29, 16, 24))
    for turn in range(1, 14):
        left = next(rotations)
        x0 = (x0 + x1) % M
        x1 = (x1 * 2**left % M + x1 // 2 ** (32 - left)) ^ x0
        if turn % 4 == 0:
            t = turn // 4
            x0, x1 = (x0 + k[t % 3]) % M, (x1 + k[(t + 1) % 3] + t) % M
    return x0 + M * x1


def draw(seed: int, stream: int, column: int, channel: int) -> int:
    """16 bits."""
    counter = stream * 2**56 + channel // 4 * 2**48 + column % 2**48
    return threefry(seed, counter) // 2 ** (16 * (channel % 4)) % 2**16


def code(bits16: int, distribution: str, bits: int) -> int:
    """A code of ``bits`` bits."""
    if distribution == "uniform":
        upper = bits16 // 2 ** (16 - bits)
        return upper - 2**bits if upper >= 2 ** (bits - 1) else upper
    index = bits16 // 16 % 2**11
    z = NormalDist().inv_cdf((1 + (index + 0.5) / 2**11) / 2)
    magnitude = min(math.floor(2 ** (bits - 3) * z + 0.5), 2 ** (bits - 1) - 1)
    return -magnitude if bits16 // 2**15 else magnitude

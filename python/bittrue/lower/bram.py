"""How many block RAMs a ROM takes."""

from __future__ import annotations

SHALLOW = 64
"""Words of a ROM that LUTs hold: one or two a bit. Deeper ones go to block RAM."""

BUFFER = 256
"""Words of a buffer of columns that LUTs hold. There are many buffers, of few bits a word, and block RAM is scarce."""

PORTS = 2
"""Look-ups a clock of one block RAM."""

SHAPES = [(16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18)]
"""Words and bits of a RAMB18E1 with two ports; a RAMB36E1 has twice the words or, above 1 bit, twice the bits."""

ONE_PORT = (512, 36)
"""The further shape of a RAMB18E1 that is read through one port."""


def bank_depth(words: int) -> int:
    """Words that a bank of ``words`` takes in a memory of several: the next power of two, so that the number of the
    bank is the upper part of the address."""
    return 1 << (words - 1).bit_length()


def shape(words: int, bits: int, ports: int = 1) -> tuple[int, int, int]:
    """Words, bits and RAMB18E1 (a RAMB36E1 is two) of the pieces of which a memory takes the fewest block RAMs; of
    several such shapes the deepest.

    Parameters
    ----------
    words, bits : int
        Depth and width of the memory.
    ports : int
        Look-ups a clock, 1 or 2.
    """
    halves = SHAPES + [ONE_PORT] * (ports == 1)
    shapes = [(depth, width, 1) for depth, width in halves]
    shapes += [(depth, 2 * width, 2) for depth, width in halves] + [(2 * SHAPES[0][0], 1, 2)]
    return min(shapes, key=lambda cut: (-(-words // cut[0]) * -(-bits // cut[1]) * cut[2], -cut[0]))


def rom_blocks(words: int, bits: int, ports: int = 1, shallow: int = SHALLOW) -> int:
    """RAMB18E1 of a memory, a RAMB36E1 counted as two: the fewest that hold it side by side in one `shape`.

    Synthesis may pack the last piece into fewer. 0 for a memory of LUTs.

    Parameters
    ----------
    words, bits, ports : int
    shallow : int
        Words of the deepest memory that is made of LUTs.
    """
    if words <= shallow:
        return 0
    depth, width, blocks = shape(words, bits, ports)
    return -(-words // depth) * -(-bits // width) * blocks

"""Queues in front of the inputs of a layer where branches meet: in LUTs, or in block RAM where that costs less."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.lower.bram import SHALLOW, rom_blocks
from bittrue.lower.stored import Stored, memory

LUTS = 62
"""Memory LUTs that are worth a RAMB18E1: an xc7z020 has 17,400 and 280, so either runs out with the other."""

SHORT = 3
"""Clocks of a queue of LUTs, from a beat that is taken to the same one offered."""

DEEP = 6
"""Clocks of a queue of block RAM: one more to read it, one for the register behind it, one into the front."""

FRONT = 4
"""Places of the front, a queue of LUTs behind a block RAM: clocks from a read to the place of its beat free again, in a
queue that gives a beat in every clock."""


def is_deep(words: int, bits: int) -> bool:
    """Whether a queue is block RAM: it has more than `SHALLOW` words, as for ROMs, and its LUTs are worth more than its
    blocks."""
    return words > SHALLOW and memory(words, bits) > LUTS * rom_blocks(words, bits)


@dataclass(frozen=True)
class Slack:
    """A queue in front of an input.

    Parameters
    ----------
    places : int
        Most beats that wait at a time.
    bits : int
        Of a beat.
    deep : bool
        It is block RAM.
    """

    places: int
    bits: int
    deep: bool = False

    @property
    def words(self) -> int:
        """Of its memory."""
        return self.places + 1

    @property
    def clocks(self) -> int:
        """Clocks from a beat that is taken to the same one offered, where it does not wait."""
        return DEEP if self.deep else SHORT

    @property
    def ramb18(self) -> int:
        """RAMB18E1, a RAMB36E1 counted as two."""
        return rom_blocks(self.words, self.bits, shallow=0) if self.deep else 0

    @property
    def stored(self) -> Stored:
        """The registers at both ends, and what is LUTs; a block RAM has the register behind it in itself."""
        return Stored(2 * self.bits, memory(FRONT if self.deep else self.words, self.bits))

"""Tensors in data memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bittrue.targets.max78002.devices import PROCESSORS
from bittrue.targets.max78002.memory_map import GROUP


def passes_of(channels: int) -> int:
    """Groups of at most 64 channels that are handled one after the other."""
    return -(-channels // PROCESSORS)


def per_pass(channels: int) -> int:
    """Channels of a tensor that are handled at a time, one a processor.

    With ``passes = ceil(channels / 64)`` it is ``ceil(channels / passes)``, of several passes rounded up to a multiple
    of 4.
    """
    passes = passes_of(channels)
    count = -(-channels // passes)
    return count if passes == 1 else -(-count // GROUP) * GROUP


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies: channel ``c`` in pass ``c // count``, processor ``first + c % count``.

    Sample ``n`` of it is byte ``processor % 4`` of the 32-bit word ``offset / 4 + (n * passes + pass) * (gap + 1)`` of
    the data memory that the processor shares with its neighbours. A wide sample is the whole word
    ``offset / 4 + 4 * (n * passes + pass) + processor % 4``. Sample ``n`` of an image is row ``n // columns``, column
    ``n % columns``.

    Parameters
    ----------
    channels, length : int
    wide : bool
        Whether samples have 32 bits.
    first : int
        First processor, a multiple of 4.
    offset : int
        Bytes, a multiple of 4.
    before, after : int
        Bytes on either side that are written too, and mean nothing.
    columns : int
        Columns of an image; a frame has one.
    gap : int
        Words of other tensors between two words of this one.
    """

    channels: int
    length: int
    wide: bool = False
    first: int = 0
    offset: int = 0
    before: int = 0
    after: int = 0
    columns: int = 1
    gap: int = 0

    @property
    def rows(self) -> int:
        """Rows of an image, which is samples of a frame."""
        return self.length // self.columns

    @property
    def passes(self) -> int:
        """Groups of channels that are handled one after the other."""
        return passes_of(self.channels)

    @property
    def step(self) -> int:
        """Words from a sample to the next."""
        return self.passes * (self.gap + 1)

    @property
    def count(self) -> int:
        """Processors, which is channels of a pass."""
        return per_pass(self.channels)

    @property
    def processors(self) -> int:
        """The processors, a bit each."""
        return (1 << self.count) - 1 << self.first

    @property
    def last(self) -> int:
        """The last processor."""
        return self.first + self.count - 1

    @property
    def size(self) -> int:
        """Bytes of each data memory from the first word to the last."""
        words = (self.length * self.passes - 1) * (self.gap + 1) + 1
        return words * GROUP * (4 if self.wide else 1)

    @property
    def region(self) -> tuple[int, int]:
        """First byte of each data memory that is written, and the one after the last."""
        return self.offset - self.before, self.offset + self.size + self.after

    def at(self, first: int, offset: int, gap: int | None = None) -> Tensor:
        """The same tensor in another place, and with another gap if one is given, also between what means nothing."""
        if gap is None:
            return replace(self, first=first, offset=offset)
        before, after = (size // (self.gap + 1) * (gap + 1) for size in (self.before, self.after))
        return replace(self, first=first, offset=offset, before=before, after=after, gap=gap)

    def place(self, channel: int, sample: int) -> tuple[int, int, int]:
        """Processor, byte offset of the word, and bits of the value's lowest bit in the word."""
        number, index = divmod(channel, self.count)
        processor, word = self.first + index, sample * self.passes + number
        lane = processor % GROUP
        if self.wide:
            return processor, self.offset + 4 * (GROUP * word + lane), 0
        return processor, self.offset + 4 * word * (self.gap + 1), 8 * lane

    def groups(self) -> list[int]:
        """First processor of every data memory that holds a part of the tensor."""
        return list(range(self.first, self.last + 1, GROUP))

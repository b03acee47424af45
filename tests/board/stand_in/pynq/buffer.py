"""Buffers that remember whether they were flushed, invalidated and freed."""

from __future__ import annotations

import numpy as np

LIVE: dict[int, PynqBuffer] = {}
"""Buffers that were not freed, by their physical addresses."""


class PynqBuffer(np.ndarray):
    """An array with a physical address; ``memory`` is what the DMA sees of it."""

    def __array_finalize__(self, other: object) -> None:
        self.memory = getattr(other, "memory", None)
        self.physical_address = getattr(other, "physical_address", None)

    def flush(self) -> None:
        """What the processor wrote goes to the DMA's side."""
        self.memory[:] = np.asarray(self)

    def invalidate(self) -> None:
        """What the DMA wrote comes to the processor's side."""
        np.asarray(self)[:] = self.memory

    def freebuffer(self) -> None:
        """Give the buffer back; twice is an error."""
        del LIVE[self.physical_address]


def allocate(shape: tuple[int, ...], dtype: object, cacheable: int = 0) -> PynqBuffer:
    """A cached buffer of random content."""
    assert cacheable, "uncached buffers are slow to read on the board"
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    content = np.random.default_rng(len(LIVE)).integers(0, 256, size, np.uint8)
    buffer = content.view(dtype).reshape(shape).view(PynqBuffer)
    buffer.memory = np.array(buffer).view(np.ndarray)
    buffer.physical_address = 0x1000_0000 + 0x100_0000 * len(LIVE)
    LIVE[buffer.physical_address] = buffer
    return buffer

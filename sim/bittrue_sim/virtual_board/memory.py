"""The board's memory: buffers in DDR, and the processor's own view of those that are cached."""

from __future__ import annotations

import weakref

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
FIRST, SIZE = 0x1000_0000, 0x2000_0000
"""Physical address of the first buffer, and end of the 512 MiB of memory."""
PAGE = 4096


class Block:
    """A buffer: ``ddr`` is what the DMA sees, ``host`` what the processor sees; one array where it is not cached.

    A cached block's two arrays are made equal by `flush` and `invalidate` alone: on a real board a cache line may go to
    memory earlier, so a program that forgets one fails there now and then, and here always.
    """

    def __init__(self, address: int, size: int, cached: bool) -> None:
        self.address, self.size, self.cached = address, size, cached
        self.ddr: Bytes = np.zeros(size, np.uint8)
        self.host: Bytes = np.random.default_rng(address).integers(0, 256, size, np.uint8) if cached else self.ddr
        self.owner: weakref.ref[object] | None = None

    def flush(self, offset: int, size: int) -> None:
        """Bring what the processor wrote to memory."""
        self.ddr[offset : offset + size] = self.host[offset : offset + size]

    def invalidate(self, offset: int, size: int) -> None:
        """Let the processor see what memory holds."""
        self.host[offset : offset + size] = self.ddr[offset : offset + size]


class Memory:
    """All buffers by their physical addresses, page by page."""

    def __init__(self) -> None:
        self._kept: dict[int, Block] = {}
        self._loose: weakref.WeakValueDictionary[int, Block] = weakref.WeakValueDictionary()
        self._next = FIRST

    @property
    def blocks(self) -> dict[int, Block]:
        """Those that have not been freed."""
        return {**self._kept, **self._loose}

    def allocate(self, size: int, cached: bool, loose: bool = False) -> Block:
        """A new block; MemoryError where memory is used up. A ``loose`` one is free when nothing refers to it."""
        pages = -(-max(size, 1) // PAGE) + 1  # a page between two, so that overruns are found
        if self._next + pages * PAGE > SIZE:
            raise MemoryError(f"{size} bytes do not fit the simulated board's memory; free buffers")
        block = Block(self._next, size, cached)
        self._next += pages * PAGE
        if loose:
            self._loose[block.address] = block
        else:
            self._kept[block.address] = block
        return block

    def return_pointer(self, block: Block) -> None:
        """Free a block; called by `pynq.buffer.PynqBuffer.freebuffer`."""
        del self._kept[block.address]
        owner = block.owner and block.owner()
        if owner is not None:
            owner.freed = True  # type: ignore[attr-defined]  # of PynqBuffer: nothing is left to unmap
        if not self.blocks:
            self._next = FIRST

    def find(self, address: int, size: int) -> Bytes | None:
        """The bytes that the DMA sees from an address on, or nothing where they are not all in one buffer."""
        for block in self.blocks.values():
            start = address - block.address
            if start >= 0 and start + size <= block.size:
                return block.ddr[start : start + size]
        return None

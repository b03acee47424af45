"""Kernel memories: words of nine bytes, written one by one or as a packed stream."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import KERNEL_BYTES, PROCESSORS, QUADRANTS, Chip
from bittrue_firmware.fault import FirmwareFault

_STEP = 16
"""Bytes of address space that a word of nine bytes takes."""


@dataclass
class _Stream:
    """A packed stream that is being written: the next address, the word it fills, and bytes not yet stored."""

    address: int
    word: int
    waiting: bytearray = field(default_factory=bytearray)


class WeightMemory:
    """Bytes of all kernel memories, ``(4, 16, words, 9)``.

    Plain: four 32-bit writes for a word: byte 0 in the first, bytes 1-4 and 5-8 high byte first in the next two, then
    one that stores them. Packed ("mexpress"): a byte write of 1 to ``base + 4 * word + 1`` opens a stream at that word;
    the 32-bit words that follow from there upward hold nine bytes a kernel word, high byte first.
    """

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        deepest = max(chip.kernel_words, chip.first_kernel_words)
        self.bytes = np.zeros((QUADRANTS, PROCESSORS, deepest, KERNEL_BYTES), np.uint8)
        self.known = np.zeros((QUADRANTS, PROCESSORS, deepest), np.bool_)
        self.version = 0
        """How often a word was stored."""
        self._streams: dict[tuple[int, int], _Stream] = {}
        self._parts: dict[tuple[int, int, int], dict[int, int]] = {}

    def open(self, quadrant: int, processor: int, offset: int, value: int) -> None:
        """The byte write that opens a packed stream."""
        if offset % 4 != 1 or value != 1:
            raise FirmwareFault(
                f"byte 0x{value:02x} is written to offset 0x{offset:x} of {_name(quadrant, processor)}; a packed "
                f"stream is opened with 0x01 at an offset of 4 * word + 1"
            )
        self._streams[quadrant, processor] = _Stream(offset - 1, (offset - 1) // 4)

    def write_packed(self, quadrant: int, processor: int, offset: int, value: int) -> None:
        """A word of a packed stream."""
        stream = self._streams.get((quadrant, processor))
        if stream is None or stream.address != offset:
            wanted = "opens a stream" if stream is None else f"goes on at offset 0x{stream.address:x}"
            raise FirmwareFault(
                f"0x{value:08x} is written to offset 0x{offset:x} of {_name(quadrant, processor)} in packed mode, "
                f"where the firmware {wanted} first"
            )
        stream.address += 4
        stream.waiting += value.to_bytes(4, "big")
        if len(stream.waiting) >= KERNEL_BYTES:
            self._store(quadrant, processor, stream.word, bytes(stream.waiting[:KERNEL_BYTES]))
            del stream.waiting[:KERNEL_BYTES]
            stream.word += 1

    def write_plain(self, quadrant: int, processor: int, offset: int, value: int) -> None:
        """One of the four writes of a word."""
        word, part = offset // _STEP, offset % _STEP // 4
        parts = self._parts.setdefault((quadrant, processor, word), {})
        parts[part] = value
        if part == 3:
            if set(parts) != {0, 1, 2, 3}:
                raise FirmwareFault(
                    f"word {word} of {_name(quadrant, processor)} is stored before all of it is written"
                )
            first = parts[0].to_bytes(4, "big")[3:]
            self._store(quadrant, processor, word, first + parts[1].to_bytes(4, "big") + parts[2].to_bytes(4, "big"))
            del self._parts[quadrant, processor, word]

    def read(self, quadrant: int, processor: int, offset: int) -> int:
        """What the CPU reads back: the plain layout."""
        word, part = offset // _STEP, offset % _STEP // 4
        self._check(quadrant, processor, word)
        if not self.known[quadrant, processor, word]:
            raise FirmwareFault(f"the firmware reads word {word} of {_name(quadrant, processor)}, which nothing wrote")
        content = self.bytes[quadrant, processor, word].tobytes()
        return int.from_bytes((content[:1], content[1:5], content[5:], b"\0")[part], "big")

    def stream(self, quadrant: int, processor: int, first: int, count: int, what: str) -> npt.NDArray[np.uint8]:
        """``count`` bytes from byte ``first`` of a processor's stream on; ``what`` names the reader.

        Byte ``n`` sits in word ``n // 9`` at position ``8 - n % 9``.
        """
        words = range(first // KERNEL_BYTES, -(-(first + count) // KERNEL_BYTES))
        for word in (words.start, words.stop - 1):
            self._check(quadrant, processor, word, what)
        unknown = ~self.known[quadrant, processor, words.start : words.stop]
        if unknown.any():
            raise FirmwareFault(
                f"{what} takes weights from word {words.start + int(unknown.argmax())} of {_name(quadrant, processor)}"
                f", which nothing wrote"
            )
        found = self.bytes[quadrant, processor, words.start : words.stop, ::-1].reshape(-1)
        start = first - words.start * KERNEL_BYTES
        return found[start : start + count]

    def _store(self, quadrant: int, processor: int, word: int, content: bytes) -> None:
        self._check(quadrant, processor, word)
        self.version += 1
        self.bytes[quadrant, processor, word] = np.frombuffer(content, np.uint8)
        self.known[quadrant, processor, word] = True

    def _check(self, quadrant: int, processor: int, word: int, what: str = "the firmware") -> None:
        depth = self.chip.depth(processor)
        if not 0 <= word < depth:
            raise FirmwareFault(f"{what} uses word {word} of {_name(quadrant, processor)}; it has {depth} words")


def _name(quadrant: int, processor: int) -> str:
    return f"the kernel memory of processor {PROCESSORS * quadrant + processor}"

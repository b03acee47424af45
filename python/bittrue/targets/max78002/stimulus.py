"""The sample and the known answer, as words of data memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bittrue.targets.max78002.memory_map import GROUP, MemoryMap
from bittrue.targets.max78002.tensors import Tensor

Codes = npt.NDArray[np.int64]

WORD = 0xFFFF_FFFF


@dataclass(frozen=True)
class Words:
    """Words that lie one after the other in data memory, and which of their bits mean something.

    Parameters
    ----------
    processor : int
        The first of the four processors whose memory it is.
    address, mask : int
    content : tuple of int
    """

    processor: int
    address: int
    mask: int
    content: tuple[int, ...]


def input_words(codes: Codes, tensor: Tensor, memory: MemoryMap) -> list[Words]:
    """What is written to data memory for the codes (channels, ...) of a tensor; unused bytes are zero."""
    found = []
    for processor, words in _words(codes, tensor).items():
        offsets = [tensor.offset + 4 * k for k in range(tensor.length * tensor.passes)]
        content = tuple(words.get(offset, (0, 0))[0] for offset in offsets)
        found.append(Words(processor, memory.data_address(processor, tensor.offset), WORD, content))
    return found


def answer_words(codes: Codes, tensor: Tensor, memory: MemoryMap) -> list[Words]:
    """What data memory must hold for the codes (channels, ...) of a result, in runs of words with the same mask."""
    found: list[Words] = []
    for processor, words in _words(codes, tensor).items():
        for offset in sorted(words):
            word, mask = words[offset]
            address = memory.data_address(processor, offset)
            last = found[-1] if found else None
            if last and last.mask == mask and last.address + 4 * len(last.content) == address:
                found[-1] = replace(last, content=(*last.content, word))
            else:
                found.append(Words(processor, address, mask, (word,)))
    return found


def _words(codes: Codes, tensor: Tensor) -> dict[int, dict[int, tuple[int, int]]]:
    """Word and mask by byte offset, for every data memory that holds a part, by its first processor."""
    found: dict[int, dict[int, tuple[int, int]]] = {processor: {} for processor in tensor.groups()}
    width = WORD if tensor.wide else 0xFF
    for channel, samples in enumerate(codes.reshape(tensor.channels, tensor.length).tolist()):
        for sample, code in enumerate(samples):
            processor, offset, low = tensor.place(channel, sample)
            words = found[processor // GROUP * GROUP]
            word, mask = words.get(offset, (0, 0))
            words[offset] = word | (code & width) << low, mask | width << low
    return found

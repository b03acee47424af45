"""Kernel memory: what every processor holds, and where.

A processor sums over the channels that it has, one a pass, and keeps their kernels in a stream. Kernels are counted
``q = output * passes + pass``; of what is flattened, ``q = output * F + sample * passes + pass`` with ``F = samples *
passes``; a depthwise layer has ``q = pass``. Of ``B``-bit weights, ``8 / B`` kernels share the bytes of one, the first
in the lowest bits. A kernel is stored last weight first. The stream fills words of 9 bytes, from position 8 to 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.targets.max78002.devices import PROCESSORS
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.memory_map import GROUP, KERNEL_BYTES, PER_QUADRANT, MemoryMap

Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.int64]


def kernel_count(layer: HardwareLayer) -> int:
    """Kernels that a processor holds for a layer, zeros for channels that a last pass lacks included."""
    if layer.weight is None:
        return 0
    if layer.depthwise:
        return layer.given.passes
    if layer.flat:
        return layer.result.channels * layer.flat * layer.given.passes
    return outputs(layer) * layer.given.passes


def outputs(layer: HardwareLayer) -> int:
    """Output channels that are computed: of several passes, each has as many."""
    result = layer.result
    return result.channels if result.passes == 1 else result.passes * result.count


def kernel_words(layer: HardwareLayer) -> int:
    """Words of kernel memory that a layer takes in each of its processors."""
    shared = 8 // layer.bits
    return -(-(-(-kernel_count(layer) // shared) * layer.taps) // KERNEL_BYTES)


def stream(layer: HardwareLayer, processor: int) -> Bytes:
    """The bytes of a layer in one of its processors, in their order; shape (words * 9,)."""
    kernels = _kernels(layer, processor - layer.given.first)
    shared = 8 // layer.bits
    if layer.stage.bits < 0:
        kernels = kernels.clip(-1, 0)  # one bit: set for -1, clear for +1
    grouped = np.zeros((-(-len(kernels) // shared) * shared, layer.taps), np.int64)
    grouped[: len(kernels)] = kernels[:, ::-1] & (1 << layer.bits) - 1
    shifts = layer.bits * np.arange(shared)[:, None]
    packed = (grouped.reshape(-1, shared, layer.taps) << shifts).sum(1).reshape(-1)
    found = np.zeros(kernel_words(layer) * KERNEL_BYTES, np.uint8)
    found[: len(packed)] = packed
    return found


def _kernels(layer: HardwareLayer, index: int) -> Codes:
    """The kernels of the ``index``-th processor in their order: shape (count, taps); zeros where it has no channel."""
    weight, given = layer.weight, layer.given
    if weight is None:
        return np.zeros((0, layer.taps), np.int64)
    channels = [number * given.count + index for number in range(given.passes)]
    known = [(number, channel) for number, channel in enumerate(channels) if channel < given.channels]
    if layer.depthwise:
        found = np.zeros((given.passes, layer.taps), np.int64)
        for number, channel in known:
            found[number] = weight[channel, 0]
        return found
    samples = max(1, layer.flat)
    every = np.zeros((outputs(layer), samples, given.passes, layer.taps), np.int64)
    split = weight.reshape(len(weight), given.channels, samples, layer.taps)
    for number, channel in known:
        every[: len(weight), :, number] = split[:, channel]
    return every.reshape(-1, layer.taps)[: kernel_count(layer)]


@dataclass(frozen=True)
class Block:
    """Words of one processor that are loaded in one go: its streams, one after the other."""

    processor: int
    word: int
    content: Bytes

    @property
    def words(self) -> int:
        """Words of kernel memory."""
        return len(self.content) // KERNEL_BYTES

    def packed(self) -> list[int]:
        """The content as the chip takes it: 32-bit words, highest byte first, each word of memory from position 0."""
        data = self.content.reshape(-1, KERNEL_BYTES)[:, ::-1].tobytes()
        data += bytes(-len(data) % 4)
        return [int(word) for word in np.frombuffer(data, ">u4")]


def place_kernels(layers: Sequence[HardwareLayer], memory: MemoryMap) -> list[HardwareLayer]:
    """The layers with the places of their kernels, which are the same in all processors of a layer.

    Layers that take the most processors are placed first, each at the lowest word, a multiple of 4, that is free in
    all of its processors. One that has only processors with deeper memory goes to the deep end where it can. The
    kernels of a depthwise layer lie within one of the memories that kernel memory is built of.

    Raises `BadInput`, naming the layer, where there is no room.
    """
    used: list[list[tuple[int, int]]] = [[] for _ in range(PROCESSORS)]
    words: dict[int, int] = {}
    order = sorted(layers, key=lambda layer: (-layer.given.count, -kernel_words(layer), layer.index))
    for layer in order:
        size = kernel_words(layer)
        if not size:
            continue
        word = _room(layer, size, used, memory)
        if word is None:
            raise BadInput(f"layer {layer.name}: {_complaint(layer, size, used, memory)}")
        words[layer.index] = word
        for processor in _processors(layer):
            used[processor].append((word, word + size))
    return [replace(layer, kernel_word=words.get(layer.index, 0)) for layer in layers]


def _processors(layer: HardwareLayer) -> range:
    return range(layer.given.first, layer.given.last + 1)


def _room(layer: HardwareLayer, size: int, used: list[list[tuple[int, int]]], memory: MemoryMap) -> int | None:
    """The first word at which ``size`` words are free in all processors of a layer."""
    processors = _processors(layer)
    depth = min(memory.kernel_depth(processor) for processor in processors)
    taken = sorted(interval for processor in processors for interval in used[processor])
    starts = [0, *(end for _, end in taken)]
    if layer.depthwise:
        starts += [start for width, end in memory.banks for start in range(0, end, width)]
    if depth > memory.depth:
        starts.append(memory.depth)
    aligned = {-(-start // GROUP) * GROUP for start in starts}
    for word in sorted(aligned, key=lambda start: (start < memory.depth < depth, start)):
        free = all(word + size <= start or stop <= word for start, stop in taken)
        if word + size <= depth and free and (not layer.depthwise or _in_one_bank(word, size, memory)):
            return word
    return None


def _in_one_bank(word: int, size: int, memory: MemoryMap) -> bool:
    """Whether the words, and as many one further, lie within one memory.

    The vendor's tool checks the words one further; where they really lie is the other half of the test.
    """
    width = next(width for width, end in memory.banks if word < end)
    return word // width == (word + size) // width


def _complaint(layer: HardwareLayer, size: int, used: list[list[tuple[int, int]]], memory: MemoryMap) -> str:
    processors = _processors(layer)
    fullest = min(processors, key=lambda p: memory.kernel_depth(p) - sum(end - start for start, end in used[p]))
    depth = memory.kernel_depth(fullest)
    free = max(0, depth - sum(end - start for start, end in used[fullest]))
    span = f"processor {processors[0]}" if len(processors) == 1 else f"processors {processors[0]} to {processors[-1]}"
    fits = layer.result.channels * free // size
    cure = "fewer output channels"
    if fits:
        cure += f" (about {fits} instead of {layer.result.channels})"
    if layer.bits > 1:
        cure += f", or weights of {layer.bits // 2} bits"
    return (
        f"its weights take {size:,} words of {KERNEL_BYTES} bytes in each of {span}, and of the {depth:,} words there "
        f"{free:,} are free in processor {fullest}, {max(1, size - free):,} too few; give it {cure}"
    )


def blocks(layers: Sequence[HardwareLayer]) -> list[Block]:
    """What is loaded, by processor and word; layers that lie end to end are one block."""
    found: list[Block] = []
    for processor in range(PROCESSORS):
        streams = sorted(
            (layer.kernel_word, layer.index)
            for layer in layers
            if layer.weight is not None and processor in _processors(layer)
        )
        for word, index in streams:
            content = stream(layers[index], processor)
            last = found[-1] if found else None
            if last and last.processor == processor and last.word + last.words == word:
                found[-1] = Block(processor, last.word, np.concatenate([last.content, content]))
            else:
                found.append(Block(processor, word, content))
    return found


def quadrant_of(processor: int) -> int:
    """The quadrant of a processor."""
    return processor // PER_QUADRANT

"""Bias memory: a byte a channel, in one quadrant a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bittrue.errors import BadInput
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.kernels import quadrant_of
from bittrue.targets.max78002.memory_map import GROUP, PER_QUADRANT, MemoryMap

Memories = dict[int, list[int]]
"""Bytes of the bias memories by quadrant, unsigned."""


def place_biases(
    layers: Sequence[HardwareLayer], quadrants: Sequence[int], memory: MemoryMap
) -> tuple[list[HardwareLayer], Memories]:
    """The layers with the places of their biases, and the bytes of every bias memory.

    A depthwise layer has the biases of its processors in each of its quadrants. Any other layer has all of them in the
    quadrant that is emptiest, longest layer first; on a MAX78000 the flattening ones go before the others. Layers
    whose biases are all zero take no part. Channels that a last pass computes and nobody uses find any byte.

    Raises `BadInput`, naming the layer, where there is no room.
    """
    memories: Memories = {quadrant: [] for quadrant in quadrants}
    places: dict[int, dict[int, int]] = {}
    biased = [layer for layer in layers if layer.biased]
    for layer in biased:
        if layer.depthwise:
            places[layer.index] = _own(layer, memories, memory)
    first = sorted(biased, key=lambda layer: (memory.clears or not layer.flat, -layer.result.channels, layer.index))
    for layer in first:
        if not layer.depthwise:
            quadrant = min(quadrants, key=lambda one: (len(memories[one]), one))
            places[layer.index] = {quadrant: len(memories[quadrant])}
            bias = [] if layer.stage.bias is None else [int(value) for value in layer.stage.bias]
            _append(layer, memories[quadrant], bias, memory)
    placed = [replace(layer, bias=places.get(layer.index, {})) for layer in layers]
    return placed, {quadrant: content for quadrant, content in memories.items() if content}


def _own(layer: HardwareLayer, memories: Memories, memory: MemoryMap) -> dict[int, int]:
    """Append a depthwise layer's biases in every quadrant that it has processors in.

    Each pass takes 16 bytes: byte ``4 * a + b`` belongs to processor ``4 * b + a`` of the quadrant, because the
    ``a``-th processors of all data memories work at the same time.
    """
    given, bias = layer.given, layer.stage.bias
    found: dict[int, int] = {}
    for quadrant in sorted({quadrant_of(processor) for processor in range(given.first, given.last + 1)}):
        content = memories[quadrant]
        content += [0] * (-len(content) % GROUP)
        found[quadrant] = len(content)
        values = [0] * (PER_QUADRANT * given.passes)
        for channel in range(given.channels):
            number, index = divmod(channel, given.count)
            processor = given.first + index
            if quadrant_of(processor) == quadrant and bias is not None:
                memory_index, lane = divmod(processor % PER_QUADRANT, GROUP)
                values[PER_QUADRANT * number + GROUP * lane + memory_index] = int(bias[channel])
        _append(layer, content, values, memory)
    return found


def _append(layer: HardwareLayer, content: list[int], values: list[int], memory: MemoryMap) -> None:
    over = len(content) + len(values) - memory.bias_bytes
    if over > 0:
        raise BadInput(
            f"layer {layer.name}: its {len(values)} biases are {over} more than what is free of the "
            f"{memory.bias_bytes} bytes that a quadrant of a {memory.device.name} has; leave the bias out of this or "
            f"another layer"
        )
    content += [value & 0xFF for value in values]

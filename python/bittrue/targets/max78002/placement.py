"""Processors and data memory: where every tensor goes.

Tensors lie at the bottom and at the top of data memory in turn, so that a layer never writes over what it reads. They
begin at processor 0; only where kernel memory is too small for that are they spread over the processors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bittrue.errors import BadInput
from bittrue.targets.max78002.devices import PROCESSORS
from bittrue.targets.max78002.hardware_layers import HardwareLayer
from bittrue.targets.max78002.memory_map import GROUP, MemoryMap
from bittrue.targets.max78002.tensors import Tensor

ALIGNED = 64
"""Tensors begin at multiples of so many bytes, before what is written and means nothing."""


def place_tensors(
    layers: Sequence[HardwareLayer], memory: MemoryMap, firsts: Sequence[int] | None = None
) -> list[HardwareLayer]:
    """The layers with their tensors placed; ``firsts`` are the first processors, of the input and of every result.

    Raises `BadInput`, naming the layer, where what it takes and what it puts out do not fit data memory together.
    """
    firsts = firsts or [0] * (len(layers) + 1)
    half, total = memory.device.data_bytes // 2, memory.device.data_bytes
    tensors = [layers[0].given, *(layer.result for layer in layers)]
    sizes = [_size(tensor) + _overrun(layers, k) for k, tensor in enumerate(tensors)]
    placed: list[Tensor] = []
    for k, tensor in enumerate(tensors):
        neighbours = [sizes[k - 1] if k else 0, sizes[k], sizes[k + 1] if k < len(layers) else 0]
        start = 0
        if k % 2:
            start = half if max(neighbours) <= half else total - -(-sizes[k] // ALIGNED) * ALIGNED
        placed.append(tensor.at(firsts[k], start + tensor.before))
    for k, layer in enumerate(layers):
        _check(layer, placed[k], sizes[k], sizes[k + 1], total)
    return [replace(layer, given=placed[k], result=placed[k + 1]) for k, layer in enumerate(layers)]


def spread(layers: Sequence[HardwareLayer], words: Sequence[int]) -> list[int]:
    """First processors of the input and of every result, so that kernel memory fills evenly.

    ``words`` are the words of kernel memory of each layer, a processor. The input stays at processor 0; tensors that
    a depthwise layer or a pass-through ties together move together. The largest goes first, each to where the fullest
    of its processors is least full.
    """
    firsts = [0] * (len(layers) + 1)
    fill = [0] * PROCESSORS
    for members in sorted(_tied(layers), key=lambda ks: (0 not in ks, -_load(layers, words, ks), ks)):
        count = _tensor_of(layers, members[0]).count
        room = [0] if 0 in members else range(0, PROCESSORS - count + 1, GROUP)
        first = min(room, key=lambda start: (max(fill[start : start + count]), start))
        for k in members:
            firsts[k] = first
        for processor in range(first, first + count):
            fill[processor] += _load(layers, words, members)
    return firsts


def _tied(layers: Sequence[HardwareLayer]) -> list[list[int]]:
    groups = [[0]]
    for layer in layers:
        if layer.tied:
            groups[-1].append(layer.index + 1)
        else:
            groups.append([layer.index + 1])
    return groups


def _load(layers: Sequence[HardwareLayer], words: Sequence[int], members: Sequence[int]) -> int:
    """Words that the layers which read these tensors keep in each processor."""
    return sum(words[k] for k in members if k < len(layers))


def _tensor_of(layers: Sequence[HardwareLayer], k: int) -> Tensor:
    return layers[k].given if k < len(layers) else layers[-1].result


def _size(tensor: Tensor) -> int:
    first, end = tensor.region
    return end - first


def _overrun(layers: Sequence[HardwareLayer], k: int) -> int:
    """Bytes beyond a tensor that the layer after it reads (folded frames have whole rows only)."""
    if k == len(layers):
        return 0
    layer = layers[k]
    beyond = layer.rows * layer.columns - layer.given.length if layer.kind == "conv2d" else 0
    return max(0, beyond) * layer.given.passes * GROUP


def _check(layer: HardwareLayer, given: Tensor, taken: int, made: int, total: int) -> None:
    if taken + made <= total:
        return
    length = given.length * total // (taken + made)
    raise BadInput(
        f"layer {layer.name}: it takes {taken:,} bytes of each data memory and puts out {made:,}, together "
        f"{taken + made - total:,} more than the {total:,} there are; pool earlier or use fewer channels: frames of "
        f"about {length} samples would fit there"
    )

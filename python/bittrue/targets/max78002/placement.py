"""Data memory: where every tensor goes.

Regions (`bittrue.targets.max78002.regions`) lie at the bottom and at the top of data memory in turn, so that a layer
never writes over what it reads, nor over what a later one still reads. Where that is taken, any free place will do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from bittrue.errors import BadInput
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.memory_map import MemoryMap
from bittrue.targets.max78002.processors import first_processors
from bittrue.targets.max78002.regions import Region, regions_of, tensors_of
from bittrue.targets.max78002.tensors import Tensor

ALIGNED = 64
"""Regions begin at multiples of so many bytes, before what is written and means nothing."""

Placed = list[tuple[Region, int]]


def place_tensors(
    layers: Sequence[HardwareLayer],
    memory: MemoryMap,
    results: Collection[int] = (),
    firsts: Sequence[int] | None = None,
) -> list[HardwareLayer]:
    """The layers with their tensors placed.

    ``results`` are the numbers of the tensors that must be there when all layers are done (`Region`), ``firsts`` the
    first processors of all tensors.

    Raises `BadInput`, naming the layer, where what must be there together does not fit data memory.
    """
    firsts = firsts or first_processors(layers)
    regions = regions_of(layers, results)
    total = memory.device.data_bytes
    placed = _in_turn(regions, total) or _largest_first(regions, total)
    if placed is None:
        raise BadInput(_complaint(layers, regions, memory.device))
    tensors = tensors_of(layers)
    for region, start in placed:
        for k, spot in region.members.items():
            offset = start + region.before + 4 * spot.word
            tensors[k] = tensors[k].at(firsts[k], offset, spot.gap)
    return [_with_places(layer, tensors, memory) for layer in layers]


def _with_places(layer: HardwareLayer, tensors: Sequence[Tensor], memory: MemoryMap) -> HardwareLayer:
    source, spot = tensors[layer.sources[0]], layer.spots[0]
    if len(layer.sources) > 1:
        given = layer.given.at(source.first - spot.processor, source.offset - 4 * spot.word)
    else:
        given = replace(source, channels=layer.given.channels, length=layer.given.length, columns=layer.given.columns)
    result = tensors[layer.index + 1]
    words = result.gap if layer.kind == "none" else result.step - 1
    if words > memory.device.gap:
        raise BadInput(
            f"layer {layer.name}: its result has {words} words of others between two of its own, and a "
            f"{memory.device.name} writes up to {memory.device.gap}; join fewer tensors, or fewer channels"
        )
    return replace(layer, given=given, result=result)


def _in_turn(regions: Sequence[Region], total: int) -> Placed | None:
    """Every region at the bottom or at the top, in turn, else at the first free place; nothing where there is none."""
    placed: Placed = []
    for number, region in enumerate(regions):
        others = [(other, start) for other, start in placed if other.meets(region)]
        starts = [0, *_above(others)]
        if number % 2:
            sizes = [other.size for other in regions if other.meets(region)]
            top = total - _aligned(region.size)
            starts = [total // 2 if max(sizes) <= total // 2 else top, top, total - region.size // 4 * 4, *starts]
        start = next((one for one in starts if _free(region, one, others, total)), None)
        if start is None:
            return None
        placed.append((region, start))
    return placed


def _largest_first(regions: Sequence[Region], total: int) -> Placed | None:
    """The largest region first, each as low as it can be."""
    placed: Placed = []
    for region in sorted(regions, key=lambda one: -one.size):
        others = [(other, start) for other, start in placed if other.meets(region)]
        start = next((one for one in sorted([0, *_above(others)]) if _free(region, one, others, total)), None)
        if start is None:
            return None
        placed.append((region, start))
    return placed


def _above(others: Placed) -> Iterator[int]:
    return (_aligned(start + other.size) for other, start in others)


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED


def _free(region: Region, start: int, others: Placed, total: int) -> bool:
    if start < 0 or start + region.size > total:
        return False
    return all(start + region.size <= at or at + other.size <= start for other, at in others)


def _complaint(layers: Sequence[HardwareLayer], regions: Sequence[Region], device: Device) -> str:
    """What does not fit, in words: a layer's input and output, or all that is kept while it runs."""
    total = device.data_bytes
    for layer in layers:
        kept = [region for region in regions if region.first <= layer.index <= region.last]
        taken = next(region.size for region in kept if layer.sources[0] in region.members)
        target = next(region for region in kept if layer.index + 1 in region.members)
        made, together = target.size, taken + target.size
        if together > total and len(target.members) == 1:
            return (
                f"layer {layer.name}: it takes {taken:,} bytes of each data memory and puts out {made:,}, together "
                f"{together - total:,} more than the {total:,} there are; pool earlier or use fewer channels: "
                f"{_smaller(layer, together, total)}"
            )
    for layer in layers:
        kept = [region for region in regions if region.first <= layer.index <= region.last]
        together = sum(region.size for region in kept)
        if together > total:
            return (
                f"layer {layer.name}: while it runs, data memory must hold {_list(kept, layers)}, "
                f"{together - total:,} bytes more than the {total:,} of each; pool earlier, use fewer channels, or "
                f"take branches together earlier"
            )
    return (
        f"no order of the {len(regions)} tensors fits {total:,} bytes of each data memory, though all that is kept at "
        f"a time does; pool earlier or use fewer channels"
    )


def _smaller(layer: HardwareLayer, together: int, total: int) -> str:
    """What would fit."""
    given = layer.given
    if given.columns == 1:
        return f"frames of about {given.length * total // together} samples would fit there"
    share = (total / together) ** 0.5
    return (
        f"images of about {int(given.rows * share)}x{int(given.columns * share)} would fit there, and larger ones need "
        f"streaming, which is not generated"
    )


def _list(kept: Sequence[Region], layers: Sequence[HardwareLayer]) -> str:
    names = ["the input", *(f"the result of {layer.name}" for layer in layers)]
    parts = [f"{' and '.join(names[k] for k in region.members)} ({region.size:,} bytes)" for region in kept]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]

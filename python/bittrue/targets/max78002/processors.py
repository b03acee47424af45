"""Processors: which one every tensor begins at.

Tensors begin at processor 0, but for those whose channels are joined behind others'. Only where kernel memory is too
small for that are they spread over the processors.
"""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.errors import BadInput
from bittrue.targets.max78002.devices import PROCESSORS
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.memory_map import GROUP
from bittrue.targets.max78002.regions import tensors_of

Ties = dict[int, int]
"""Tensors by number (`bittrue.targets.max78002.regions.Region`), and how many processors behind the first each begins.
"""


def first_processors(layers: Sequence[HardwareLayer]) -> list[int]:
    """The first processors of all tensors, the lowest that there are."""
    found = [0] * (len(layers) + 1)
    for ties in _tied(layers):
        for k, behind in ties.items():
            found[k] = behind
    return found


def spread(layers: Sequence[HardwareLayer], words: Sequence[int]) -> list[int]:
    """First processors of all tensors, so that kernel memory fills evenly.

    ``words`` are the words of kernel memory of each layer, a processor. The input stays at processor 0; tensors that
    a layer ties together move together. The largest goes first, each to where the fullest of its processors is least
    full.
    """
    firsts, tensors = [0] * (len(layers) + 1), tensors_of(layers)
    fill = [0] * PROCESSORS
    for ties in sorted(_tied(layers), key=lambda ks: (0 not in ks, -_load(layers, words, ks), sorted(ks))):
        count = max(behind + tensors[k].count for k, behind in ties.items())
        room = [0] if 0 in ties else range(0, PROCESSORS - count + 1, GROUP)
        first = min(room, key=lambda start: (max(fill[start : start + count]), start))
        for k, behind in ties.items():
            firsts[k] = first + behind
        for processor in range(first, first + count):
            fill[processor] += _load(layers, words, ties)
    return firsts


def _tied(layers: Sequence[HardwareLayer]) -> list[Ties]:
    """Groups of tensors whose processors depend on each other, each in the order of its tensors.

    Raises `BadInput`, naming the layer, where a tensor would have to begin at two processors.
    """
    groups: dict[int, Ties] = {k: {k: 0} for k in range(len(layers) + 1)}
    for layer in layers:
        pairs = [
            (layer.sources[0], other, spot.processor - layer.spots[0].processor)
            for other, spot in zip(layer.sources, layer.spots, strict=True)
        ]
        if layer.tied:
            pairs.append((layer.sources[0], layer.index + 1, -layer.spots[0].processor))
        for one, other, behind in pairs:
            _tie(groups, layer, one, other, behind)
    unique = {id(group): group for group in groups.values()}
    return [_from_zero(group) for group in sorted(unique.values(), key=min)]


def _tie(groups: dict[int, Ties], layer: HardwareLayer, one: int, other: int, behind: int) -> None:
    """Note that tensor ``other`` begins ``behind`` processors after tensor ``one``."""
    first, second = groups[one], groups[other]
    if first is second:
        if first[other] - first[one] != behind:
            raise BadInput(
                f"layer {layer.name}: it joins channels that must lie in other processors than where an earlier layer "
                f"without weights passes them through; put a convolution with a kernel of 1 between"
            )
        return
    move = first[one] + behind - second[other]
    first |= {k: place + move for k, place in second.items()}
    for k in second:
        groups[k] = first


def _from_zero(group: Ties) -> Ties:
    least = min(group.values())
    return {k: group[k] - least for k in sorted(group)}


def _load(layers: Sequence[HardwareLayer], words: Sequence[int], members: Ties) -> int:
    """Words that the layers which read these tensors keep in each processor."""
    return sum(words[layer.index] for layer in layers if set(layer.sources) & set(members))

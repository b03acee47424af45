"""What lies together in data memory, and from when until when it must be kept.

A tensor has a region of its own, or shares one with those that some layer reads as one with it. A region is kept from
the layer that first writes into it to the one that last reads it; results of the net are kept to the end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.joins import Spot
from bittrue.targets.max78002.memory_map import GROUP
from bittrue.targets.max78002.tensors import Tensor


@dataclass(frozen=True)
class Region:
    """Bytes of every data memory.

    Parameters
    ----------
    members : dict of Spot
        The tensors that lie in it, by their numbers: 0 is the net's input, ``k + 1`` the result of layer ``k``.
    size : int
        Bytes.
    before : int
        Bytes at its beginning that are written too, and mean nothing.
    first, last : int
        Numbers of the layers in which it must be there; -1 for what is loaded before the first.
    """

    members: dict[int, Spot]
    size: int
    before: int
    first: int
    last: int

    def meets(self, other: Region) -> bool:
        """Whether both must be there in some layer."""
        return self.first <= other.last and other.first <= self.last


def tensors_of(layers: Sequence[HardwareLayer]) -> list[Tensor]:
    """The net's input, which the first layer takes, and all results."""
    return [layers[0].given, *(layer.result for layer in layers)]


def regions_of(layers: Sequence[HardwareLayer], results: Collection[int]) -> list[Region]:
    """All regions in the order in which they are first written; ``results`` are the tensors that the net puts out."""
    tensors = tensors_of(layers)
    homes = {k: {k: Spot(0, 0, 0)} for k in range(len(tensors))}
    for layer in layers:
        if len(layer.sources) > 1:
            shared = dict(zip(layer.sources, layer.spots, strict=True))
            homes |= dict.fromkeys(layer.sources, shared)
    found, seen = [], set()
    for k in range(len(tensors)):
        if k not in seen:
            seen |= set(homes[k])
            found.append(_region(homes[k], layers, tensors, results))
    return found


def _region(
    members: dict[int, Spot], layers: Sequence[HardwareLayer], tensors: Sequence[Tensor], results: Collection[int]
) -> Region:
    readers = [layer for layer in layers if set(layer.sources) & set(members)]
    last = max([k - 1 for k in members] + [layer.index for layer in readers])
    placed = {k: tensors[k].at(0, 4 * spot.word, spot.gap) for k, spot in members.items()}
    before = max(tensor.before for tensor in placed.values())
    ends = [tensor.region[1] + _overrun(layers, k, tensor.gap) for k, tensor in placed.items()]
    return Region(
        members, before + max(ends), before, min(members) - 1, len(layers) if set(members) & set(results) else last
    )


def _overrun(layers: Sequence[HardwareLayer], k: int, gap: int) -> int:
    """Bytes beyond a tensor that a layer reads (folded frames have whole rows only)."""
    beyond = [
        (layer.rows * layer.columns - layer.given.length) * layer.given.passes * (gap + 1) * GROUP
        for layer in layers
        if layer.folded and k in layer.sources
    ]
    return max([0, *beyond])

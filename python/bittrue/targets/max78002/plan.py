"""The whole of a net on a chip: hardware layers with all their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.spec import Net
from bittrue.targets.max78002.biases import Memories, place_biases
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.hardware_layers import HardwareLayer, hardware_layers
from bittrue.targets.max78002.kernels import Block, blocks, kernel_words, place_kernels, quadrant_of
from bittrue.targets.max78002.memory_map import MemoryMap, map_of
from bittrue.targets.max78002.placement import place_tensors, spread
from bittrue.targets.max78002.stages import stages_of


@dataclass(frozen=True, eq=False)
class Plan:
    """A net on a chip.

    Parameters
    ----------
    net : Net
    memory : MemoryMap
        Of the chip.
    layers : tuple of HardwareLayer
        In the order in which they run.
    quadrants : tuple of int
        Quadrants in use; quadrant 0 always is.
    kernels : tuple of Block
        What kernel memory is loaded with.
    biases : dict
        Bytes of each bias memory by quadrant.
    """

    net: Net
    memory: MemoryMap
    layers: tuple[HardwareLayer, ...]
    quadrants: tuple[int, ...]
    kernels: tuple[Block, ...]
    biases: Memories

    @property
    def binary(self) -> bool:
        """Whether weights of one bit mean -1 and +1, and not -1 and 0."""
        return any(layer.stage.bits < 0 for layer in self.layers)


def plan(net: Net, device: Device) -> Plan:
    """Place a net on a chip.

    Raises `BadInput`, with layer and limit, for a net that the chip cannot have or that does not fit.
    """
    channels, length = net.input.shape if len(net.input.shape) == 2 else (0, 0)
    stages, memory = stages_of(net, device), map_of(device)
    layers = hardware_layers(stages, (channels, length), memory)
    placed = _with_kernels(layers, memory)
    quadrants = _quadrants(placed)
    biased, biases = place_biases(placed, quadrants, memory)
    return Plan(net, memory, tuple(biased), quadrants, tuple(blocks(biased)), biases)


def _with_kernels(layers: Sequence[HardwareLayer], memory: MemoryMap) -> list[HardwareLayer]:
    """Layers with the places of tensors and kernels: all from processor 0, or spread where that does not fit."""
    try:
        return place_kernels(place_tensors(layers, memory), memory)
    except BadInput as error:
        firsts = spread(layers, [kernel_words(layer) for layer in layers])
        if not any(firsts):
            raise
        moved = place_tensors(layers, memory, firsts)
        try:
            return place_kernels(moved, memory)
        except BadInput:
            raise error from None


def _quadrants(layers: Sequence[HardwareLayer]) -> tuple[int, ...]:
    """Quadrants that take part in a layer, or hold the last result."""
    tensors = [*(layer.given for layer in layers), layers[-1].result]
    return tuple(
        sorted(
            {0}
            | {
                quadrant
                for tensor in tensors
                for quadrant in range(quadrant_of(tensor.first), quadrant_of(tensor.last) + 1)
            }
        )
    )

"""The whole of a net on a chip: hardware layers with all their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.spec import Net
from bittrue.targets.max78002.biases import Memories, place_biases
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.hardware_layers import hardware_layers
from bittrue.targets.max78002.kernels import Block, blocks, kernel_words, place_kernels, quadrant_of
from bittrue.targets.max78002.memory_map import MemoryMap, map_of
from bittrue.targets.max78002.placement import place_tensors
from bittrue.targets.max78002.processors import first_processors, spread
from bittrue.targets.max78002.stages import stages_and_outputs


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
    outputs : tuple of int
        Numbers of the layers that put out the net's results.
    """

    net: Net
    memory: MemoryMap
    layers: tuple[HardwareLayer, ...]
    quadrants: tuple[int, ...]
    kernels: tuple[Block, ...]
    biases: Memories
    outputs: tuple[int, ...]

    @property
    def results(self) -> tuple[HardwareLayer, ...]:
        """The layers that put out the net's results."""
        return tuple(self.layers[index] for index in self.outputs)

    @property
    def binary(self) -> bool:
        """Whether weights of one bit mean -1 and +1, and not -1 and 0."""
        return any(layer.stage.bits < 0 for layer in self.layers)


def plan(net: Net, device: Device) -> Plan:
    """Place a net on a chip.

    Raises `BadInput`, with layer and limit, for a net that the chip cannot have or that does not fit.
    """
    (stages, names), memory = stages_and_outputs(net, device), map_of(device)
    layers = hardware_layers(stages, net.input.shape, memory)
    outputs = tuple(next(layer.index for layer in layers if layer.name == name) for name in names)
    placed = _with_kernels(layers, memory, [index + 1 for index in outputs])
    quadrants = _quadrants(placed, outputs)
    biased, biases = place_biases(placed, quadrants, memory)
    return Plan(net, memory, tuple(biased), quadrants, tuple(blocks(biased)), biases, outputs)


def _with_kernels(layers: Sequence[HardwareLayer], memory: MemoryMap, results: list[int]) -> list[HardwareLayer]:
    """Layers with the places of tensors and kernels: all from processor 0, or spread where that does not fit."""
    try:
        return place_kernels(place_tensors(layers, memory, results), memory)
    except BadInput as error:
        firsts = spread(layers, [kernel_words(layer) for layer in layers])
        if firsts == first_processors(layers):
            raise
        moved = place_tensors(layers, memory, results, firsts)
        try:
            return place_kernels(moved, memory)
        except BadInput:
            raise error from None


def _quadrants(layers: Sequence[HardwareLayer], outputs: Sequence[int]) -> tuple[int, ...]:
    """Quadrants that take part in a layer, or hold a result of the net."""
    tensors = [*(layer.given for layer in layers), *(layers[index].result for index in outputs)]
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

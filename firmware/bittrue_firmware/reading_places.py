"""Where a layer reads each value of the net's tensors, and whether that is where they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import LANES
from bittrue_firmware.project import PlacedLayer, Project
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.tracing import Traced, parts

Codes = npt.NDArray[np.int64]
Places = tuple[Codes, Codes, Codes]
"""Data memory, word and byte lane of each value ``(channels, pixels)``."""


def read_places(settings: LayerSettings, channels: int, pixels: int, operand: int = 0) -> Places:
    """Where the layer reads a tensor ``(channels, pixels)``."""
    own, number = np.arange(channels)[:, None], np.arange(pixels)
    count = len(settings.processors)
    processors = np.array(settings.processors)[own % count]
    unit, operands = settings.unit, settings.operands.count
    if settings.linear and settings.rows == settings.columns == 1:  # flattened: as many words as there are passes
        unit = max(1, settings.passes // pixels)
    words = settings.read + number * unit + own // count * operands + operand
    lanes = processors % LANES
    if settings.big:
        words, lanes = settings.read + number // LANES, number % LANES
    instances, words, lanes = np.broadcast_arrays(processors // LANES, words, lanes)
    return instances, words, lanes


def input_places(settings: LayerSettings, shape: tuple[int, ...]) -> Places:
    """Where the layer reads each value of an input of ``shape``, in that shape."""
    instances, words, lanes = read_places(settings, shape[0], int(np.prod(shape[1:])))
    return instances.reshape(shape), words.reshape(shape), lanes.reshape(shape)


def misplaced(project: Project, number: int, settings: LayerSettings, found: Traced) -> Iterator[str]:
    """In words, what layer ``number`` does not read where it was written.

    Of the net's input, which the CPU writes, the place is where the first layer that reads it alone reads it.
    """
    if len(found.operands) != settings.operands.count:
        return
    ends = {layer.node for layer in project.layers[:number]}
    for operand, name in enumerate(found.operands):
        start = 0
        names = list(parts(project.net, name, ends))
        shapes = [_frame(project, part) for part in names]
        channels, pixels = sum(shape[0] for shape in shapes), shapes[0][1]
        places = read_places(settings, channels, pixels, operand)
        for part, shape in zip(names, shapes, strict=True):
            read = tuple(array[start : start + shape[0]] for array in places)
            start += shape[0]
            sources = [layer for layer in project.layers[:number] if layer.node == part]
            if sources and shape[1] == pixels and not any(_same(read, layer.places) for layer in sources):
                yield _sentence(settings, sources[-1], part, read)
                return


def _frame(project: Project, name: str) -> tuple[int, int]:
    shape = project.net.types[name].shape
    channels = shape[0]
    return channels, int(np.prod(shape[1:]))


def _same(read: Sequence[Codes], written: Places) -> bool:
    return all(np.array_equal(*pair) for pair in zip(read, written, strict=True))


def _sentence(settings: LayerSettings, source: PlacedLayer, name: str, read: Sequence[Codes]) -> str:
    instances, words, lanes = source.places
    wrong = np.argwhere((read[0] != instances) | (read[1] != words) | (read[2] != lanes))
    channel, pixel = (int(n) for n in wrong[0])
    found, wanted = (
        f"data memory {int(place[0][channel, pixel])}, word {int(place[1][channel, pixel])}, byte "
        f"{int(place[2][channel, pixel])}"
        for place in (read, source.places)
    )
    return (
        f"it reads channel {channel}, sample {pixel} of {name} from {found} (its {settings.operands.count} operands "
        f"start at word {settings.read}); {source.name} writes it to {wanted}"
    )

"""Where a layer reads each value of the net's tensors, and whether that is where they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import LANES
from bittrue_firmware.project import Project
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
    unit *= -(-channels // count) if settings.folded else 1
    if settings.linear and settings.rows == settings.columns == 1 and settings.pool == (1, 1):  # flattened
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


def misplaced(
    project: Project, number: int, settings: LayerSettings, first: LayerSettings, found: Traced
) -> Iterator[str]:
    """In words, what layer ``number`` does not read where it was written.

    The CPU writes the net's input to where the ``first`` layer reads it.
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
            written = {layer.name: layer.places for layer in project.layers[:number] if layer.node == part}
            if part in project.net.inputs:
                written["the CPU"] = read_places(first, *shape)
            if written and not any(_same(read, there) for there in written.values()):
                yield _sentence(settings, part, read, *list(written.items())[-1])
                return


def _frame(project: Project, name: str) -> tuple[int, int]:
    shape = project.net.types[name].shape
    channels = shape[0]
    return channels, int(np.prod(shape[1:]))


def _same(read: Sequence[Codes], written: Places) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(read, written, strict=True))


def _sentence(settings: LayerSettings, name: str, read: Sequence[Codes], writer: str, written: Places) -> str:
    if read[0].shape != written[0].shape:
        return f"it reads {name} as {read[0].shape} values, and {writer} writes {written[0].shape}"
    differ = [one != other for one, other in zip(read, written, strict=True)]
    channel, pixel = (int(n) for n in np.argwhere(differ[0] | differ[1] | differ[2])[0])
    found, wanted = (
        f"data memory {int(place[0][channel, pixel])}, word {int(place[1][channel, pixel])}, byte "
        f"{int(place[2][channel, pixel])}"
        for place in (read, written)
    )
    return (
        f"it reads channel {channel}, sample {pixel} of {name} from {found} (its {settings.operands.count} operands "
        f"start at word {settings.read}); {writer} writes it to {wanted}"
    )

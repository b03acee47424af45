"""Data memory after a layer, beside what the net says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import LANES
from bittrue_firmware.data_memory import DataMemory
from bittrue_firmware.project import PlacedLayer

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """The first place in a layer that is not as the net says: a sentence."""

    layer: int
    name: str
    sentence: str

    def __str__(self) -> str:
        return f"layer {self.layer}, {self.name}: {self.sentence}"


def spot(place: Sequence[int]) -> str:
    """A value's place ``(channel, sample)`` or ``(channel, row, column)`` in words."""
    names = ("channel", "row", "column") if len(place) == 3 else ("channel", "sample")
    return ", ".join(f"{name} {number}" for name, number in zip(names, place, strict=False))


def compare(layer: int, placed: PlacedLayer, memory: DataMemory, wanted: Codes) -> Difference | None:
    """The first difference in the order of the words, or None.

    Parameters
    ----------
    layer : int
    placed : PlacedLayer
    memory : DataMemory
        As the layer left it.
    wanted : int64 array (channels, length), (channels, rows, columns) or (channels,)
        What the net gives.
    """
    instances, words, lanes = placed.places
    shape = wanted.shape if wanted.ndim > 1 else (placed.channels, placed.length)
    wanted = wanted.reshape(placed.channels, placed.length)
    if placed.bits == 8:
        found = memory.bytes[instances, words, lanes].view(np.int8).astype(np.int64)
        known = memory.known[instances, words, lanes]
    else:
        found = memory.bytes[instances, words].copy().view("<i4")[..., 0].astype(np.int64)
        known = np.asarray(memory.known[instances, words].all(axis=-1))
    wrong = (found != wanted) | ~known
    if not wrong.any():
        return None
    order = np.where(wrong, (words * 16 + instances) * LANES + lanes, np.iinfo(np.int64).max)
    channel, pixel = (int(n) for n in np.unravel_index(int(order.argmin()), order.shape))
    address = memory.chip.data_address(int(instances[channel, pixel]), int(words[channel, pixel]))
    value = spot([int(n) for n in np.unravel_index(channel * placed.length + pixel, shape)])
    byte = "" if placed.bits == 32 else f", byte {int(lanes[channel, pixel])}"
    holds = f"holds {int(found[channel, pixel])}" if known[channel, pixel] else "was never written"
    return Difference(
        layer,
        placed.name,
        f"the word at 0x{address:08x}{byte}, {value}, {holds}; the net has "
        f"{int(wanted[channel, pixel])} there ({int(wrong.sum())} of {wrong.size} values differ)",
    )

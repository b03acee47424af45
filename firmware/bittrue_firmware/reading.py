"""What a layer reads: pixels out of data memory, pooled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import INSTANCES, LANES
from bittrue_firmware.data_memory import DataMemory
from bittrue_firmware.fault import FirmwareFault
from bittrue_firmware.settings import LayerSettings

Codes = npt.NDArray[np.int64]
Known = npt.NDArray[np.bool_]


def read_words(settings: LayerSettings) -> Codes:
    """Words ``(passes, rows, columns, pool)`` that every processor reads, or bytes of one where data are CHW.

    ``read + (row * stride * columns + column + tap * pool_step) * passes + pass``.
    """
    rows = np.arange(settings.rows) * settings.stride * settings.columns
    pixels = rows[:, None, None] + np.arange(settings.columns)[:, None] + np.arange(settings.pool) * settings.pool_step
    if settings.big:
        return settings.read * LANES + pixels[None]
    return settings.read + pixels[None] * settings.passes + np.arange(settings.passes)[:, None, None, None]


class Reader:
    """Reads what a layer's processors take from data memory.

    Raises `FirmwareFault`, when it is made, for words that do not exist.
    """

    def __init__(self, settings: LayerSettings, memory: DataMemory) -> None:
        self.settings, self.memory = settings, memory
        words = read_words(settings)
        self._words, lanes = (words // LANES, words % LANES) if settings.big else (words, None)
        for processor in settings.processors:
            memory.check(processor // LANES, self._words, f"layer {settings.index}")
        own = np.array(settings.processors).reshape(-1, 1, 1, 1, 1)
        lanes = own % LANES if lanes is None else lanes
        places: tuple[npt.NDArray[np.intp], ...] = np.broadcast_arrays(own // LANES, self._words, lanes)
        self._index = np.ravel_multi_index(places, (INSTANCES, memory.chip.data_words, LANES))
        """Place of each byte in the memories, ``(processors, passes, rows, columns, pool)``."""

    def read(self) -> tuple[Codes, Known]:
        """Pooled data ``(processors, passes, rows, columns)``, and which of them were written before; others are 0.

        The average is ``trunc(sum / pool)``, toward zero.
        """
        memory, average = self.memory, self.settings.average
        values = memory.bytes.view(np.int8).reshape(-1).take(self._index).astype(np.int64)
        known = memory.known.reshape(-1).take(self._index)
        if not known.all():
            values = np.where(known, values, 0)
        if not average:
            return np.asarray(values.max(axis=-1)), np.asarray(known.all(axis=-1))
        total = values.sum(axis=-1)
        return np.asarray(np.sign(total) * (np.abs(total) // self.settings.pool)), np.asarray(known.all(axis=-1))

    def check_known(self, known: Known, weight: Codes | None) -> None:
        """Raise `FirmwareFault` for data that count in the result and were never written.

        What does not count: channels whose weights are all 0; where channels are not summed, those of a last pass, of
        which some may be nobody's; and what a frame of several columns, as which the chip takes a widely dilated
        kernel, has behind its end. Results that depend on it are unknown.
        """
        settings = self.settings
        if known.all() or settings.columns > 1:
            return
        counts = np.asarray(~known.all(axis=(2, 3)))
        if settings.kind != "conv":
            counts[:, 1:] &= np.arange(1, settings.passes) < settings.passes - 1
        if weight is not None:
            shape = len(weight), -1, settings.passes, settings.taps
            counts &= (weight.reshape(shape) != 0).any(axis=(1, 3))
        for number, group in np.argwhere(counts):
            processor = settings.processors[number]
            seen = self.memory.known.reshape(-1).take(self._index[number])
            words = np.broadcast_to(self._words, seen.shape)[group][~seen[group]]
            address = self.memory.chip.data_address(processor // LANES, int(words.min()))
            raise FirmwareFault(
                f"layer {settings.index} reads data memory at 0x{address:08x} for processor {processor}, where nothing "
                f"was written"
            )

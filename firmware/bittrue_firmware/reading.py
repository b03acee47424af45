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
    """Words ``(operands, passes, rows, columns, pool)`` that every processor reads, or bytes of one where data are CHW.

    ``read + pixel * unit + pass * operands + operand``, with the pixel of tap ``(i, j)`` of a window
    ``(row * stride + i * row step) * width + column * stride + j * column step``.
    """
    down, across = (np.arange(size) * step for size, step in zip(settings.pool, settings.pool_step, strict=True))
    taps = (down[:, None] * settings.width + across).reshape(-1)
    rows, columns = np.arange(settings.rows) * settings.stride, np.arange(settings.columns) * settings.stride
    pixels = rows[:, None, None] * settings.width + columns[:, None] + taps
    if settings.big:
        return settings.read * LANES + pixels[None, None]
    operands, passes = np.arange(settings.operands.count), np.arange(settings.passes) * settings.operands.count
    starts = settings.read + passes + operands[:, None]
    return np.asarray(starts[..., None, None, None] + pixels * settings.unit)


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
        own = np.array(settings.processors).reshape(-1, 1, 1, 1, 1, 1)
        lanes = own % LANES if lanes is None else lanes
        places: tuple[npt.NDArray[np.intp], ...] = np.broadcast_arrays(own // LANES, self._words, lanes)
        self._index = np.ravel_multi_index(places, (INSTANCES, memory.chip.data_words, LANES))
        """Place of each byte in the memories, ``(processors, operands, passes, rows, columns, pool)``."""

    def read(self) -> tuple[Codes, Known]:
        """Data ``(processors, passes, rows, columns)``, pooled and of all operands, and which of them were written
        before; others are 0.
        """
        memory, operands = self.memory, self.settings.operands
        values = memory.bytes.view(np.int8).reshape(-1).take(self._index).astype(np.int64)
        known = memory.known.reshape(-1).take(self._index)
        if not known.all():
            values = np.where(known, values, 0)
        if operands.pool_first:
            found = operands.combine(self._pooled(values))
        else:
            found = self._pooled(operands.combine(values))
        return found, np.asarray(known.all(axis=(1, -1)))

    def _pooled(self, values: Codes) -> Codes:
        """The last axis as one value: its maximum, or ``trunc(sum / size)``, toward zero."""
        if not self.settings.average:
            return np.asarray(values.max(axis=-1))
        total = values.sum(axis=-1)
        return np.asarray(np.sign(total) * (np.abs(total) // values.shape[-1]))

    def check_known(self, known: Known, weight: Codes | None) -> None:
        """Raise `FirmwareFault` for data that count in the result and were never written.

        What does not count: channels whose weights are all 0; where channels are not summed, those of a last pass, of
        which some may be nobody's (of passes that are rows, any); the byte of a layer that only prepares averages; and
        what a frame as which the chip takes a widely dilated kernel has behind its end. Results that depend on it are
        unknown.
        """
        settings = self.settings
        if known.all() or settings.resets:
            return
        counts = ~known if not self._may_end_early() else ~known & ~_tail(known)
        counts = np.asarray(counts.all(axis=(2, 3)) if settings.folded else counts.any(axis=(2, 3)))
        if settings.kind != "conv":
            counts[:, 1:] &= np.arange(1, settings.passes) < settings.passes - 1
        if weight is not None:
            shape = len(weight), -1, settings.passes, settings.taps
            counts &= (weight.reshape(shape) != 0).any(axis=(1, 3))
        for number, group in np.argwhere(counts):
            processor = settings.processors[number]
            seen = self.memory.known.reshape(-1).take(self._index[number])
            words = np.broadcast_to(self._words, seen.shape)[:, group][~seen[:, group]]
            address = self.memory.chip.data_address(processor // LANES, int(words.min()))
            raise FirmwareFault(
                f"layer {settings.index} reads data memory at 0x{address:08x} for processor {processor}, where nothing "
                f"was written"
            )

    def _may_end_early(self) -> bool:
        """Whether the layer has the form of a dilated kernel of one dimension: 3 x 3, one zero around, no pooling."""
        settings = self.settings
        form = settings.taps == 9, settings.pad_rows == settings.pad_columns == 1, settings.pool == (1, 1)
        return all(form) and settings.operands.count == settings.upsampling == 1 and settings.kernel_columns == 3


def _tail(known: Known) -> Known:
    """What was never written from some pixel of the last row on to its end, in data ``(..., rows, columns)``."""
    found = np.zeros_like(known)
    found[..., -1, :] = np.logical_and.accumulate(~known[..., -1, ::-1], axis=-1)[..., ::-1]
    return found

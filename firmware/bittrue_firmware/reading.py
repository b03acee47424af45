"""What a layer reads: pixels out of data memory, pooled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import LANES
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


def read(settings: LayerSettings, memory: DataMemory) -> tuple[Codes, Known]:
    """Pooled data ``(processors, passes, rows, columns)``, and which of them were written before; others are 0.

    The average is ``trunc(sum / pool)``, toward zero.
    """
    values, known = [], []
    for processor in settings.processors:
        instance, words, lanes = _place(settings, processor)
        memory.check(instance, words, f"layer {settings.index}")
        seen = memory.known[instance, words, lanes]
        values.append(np.where(seen, memory.bytes[instance, words, lanes].view(np.int8), 0).astype(np.int64))
        known.append(seen)
    return _pooled(settings, np.stack(values)), np.asarray(np.stack(known).all(axis=-1))


def check_known(settings: LayerSettings, memory: DataMemory, known: Known, weight: Codes | None) -> None:
    """Raise `FirmwareFault` for data that count in the result and were never written.

    What does not count: channels whose weights are all 0; where channels are not summed, those of a last pass, of which
    some may be nobody's; and what a frame of several columns, as which the chip takes a widely dilated kernel, has
    behind its end. Results that depend on it are unknown.
    """
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
        instance, words, lanes = _place(settings, processor)
        unknown = ~memory.known[instance, words, lanes][group]
        address = memory.chip.data_address(instance, int(words[group][unknown].min()))
        raise FirmwareFault(
            f"layer {settings.index} reads data memory at 0x{address:08x} for processor {processor}, where nothing was "
            f"written"
        )


def _place(settings: LayerSettings, processor: int) -> tuple[int, Codes, Codes]:
    """Data memory, words and lanes of a processor's data, both ``(passes, rows, columns, pool)``."""
    instance, lane = divmod(processor, LANES)
    words = read_words(settings)
    if settings.big:
        return instance, words // LANES, words % LANES
    return instance, words, np.full(words.shape, lane)


def _pooled(settings: LayerSettings, values: Codes) -> Codes:
    if not settings.average:
        return np.asarray(values.max(axis=-1))
    total = values.sum(axis=-1)
    return np.asarray(np.sign(total) * (np.abs(total) // settings.pool))

"""Weights of a layer, taken out of the kernel memories."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import PROCESSORS
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.weight_memory import WeightMemory

Codes = npt.NDArray[np.int64]


def weights_of(settings: LayerSettings, memory: WeightMemory) -> Codes:
    """Weights ``(processors, kernels, rows, columns)``, in the order in which they meet the data.

    Kernel ``i`` of ``B``-bit weights takes the bits from ``i * B % 8`` on of the bytes from ``i * B // 8 * taps`` on,
    its last weight first. Codes are two's complement; one bit set is -1, and clear 0, or +1 where weights are binary.
    """
    what = f"layer {settings.index}"
    slots = 8 // settings.bits
    groups = -(-settings.kernels // slots)
    shape = (groups, settings.taps)
    found = []
    for processor in settings.processors:
        quadrant, own = divmod(processor, PROCESSORS)
        stream = memory.stream(quadrant, own, settings.first_byte, groups * settings.taps, what)
        found.append(_codes(stream.reshape(shape), settings)[: settings.kernels, ::-1])
    return np.stack(found).reshape(len(found), settings.kernels, settings.kernel_rows, settings.kernel_columns)


def _codes(groups: npt.NDArray[np.uint8], settings: LayerSettings) -> Codes:
    """Bytes ``(groups, taps)`` as codes ``(kernels, taps)``."""
    bits = settings.bits
    shifts = np.arange(0, 8, bits)
    fields = groups[:, None, :].astype(np.int64) >> shifts[None, :, None] & (1 << bits) - 1
    codes = 1 - 2 * fields if settings.binary else fields - (fields >> bits - 1 << bits)
    return codes.reshape(-1, groups.shape[1])

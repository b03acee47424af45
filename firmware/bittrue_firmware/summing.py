"""What a layer computes: sums, depthwise sums, or nothing, then shift, clamp and activation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue_firmware.bias_memory import BiasMemory
from bittrue_firmware.fault import FirmwareFault
from bittrue_firmware.reading import Codes, Known
from bittrue_firmware.settings import LayerSettings

BIAS_STEP = 128
"""Accumulator units of a bias byte."""

LIMIT = 1 << 31
"""The accumulator has 32 bits."""


def accumulators(
    settings: LayerSettings, data: Codes, known: Known, weight: Codes, bias: BiasMemory
) -> tuple[Codes, Known]:
    """Accumulators and whether they are known, ``(outputs, rows, columns)``: ``sum(w * x) + 128 * b``.

    Parameters
    ----------
    settings : LayerSettings
    data, known : arrays (processors, passes, rows, columns)
        Pooled data, and which of them were written.
    weight : int64 array (processors, kernels, kernel rows, kernel columns)
        Kernels in the order output, pass; of a depthwise layer one a pass.
    bias : BiasMemory
        An output of a last, partly used pass may lack its bias: it is then unknown.
    """
    windows, unknown = _windows(settings, data), _windows(settings, ~known)
    processors, rows, columns = len(data), settings.output_rows, settings.output_columns
    if settings.kind == "depthwise":
        sums = np.einsum("pthwkl,ptkl->tphw", windows, weight)
        missing = np.einsum("pthwkl,ptkl->tphw", unknown, weight != 0)
    else:
        kernels = weight.reshape(processors, settings.outputs, -1).swapaxes(0, 1).reshape(settings.outputs, -1)
        sums = kernels @ _rows(windows)
        missing = (kernels != 0) @ _rows(unknown) if unknown.any() else np.zeros(sums.shape, np.bool_)
    shape = (settings.outputs, rows, columns)
    offsets, there = biases(settings, bias)
    sums = sums.reshape(shape) + offsets[:, None, None]
    if np.abs(sums).max(initial=0) >= LIMIT:
        raise FirmwareFault(
            f"layer {settings.index} sums up to {int(np.abs(sums).max()):,}, more than an accumulator of 32 bits holds"
        )
    return sums, ~missing.reshape(shape).astype(np.bool_) & there[:, None, None]


def results(settings: LayerSettings, sums: Codes) -> Codes:
    """``clamp(floor(acc * 2**s / 128 + 1/2), -128, 127)``, then ReLU or ``min(abs(y), 127)``; wide: ``acc`` itself."""
    if settings.wide:
        return sums
    down = 7 - settings.shift
    scaled: Codes = (sums + (1 << down - 1)) >> down if down > 0 else sums << -down
    clamped: Codes = np.clip(scaled, -128, 127)
    if settings.activation == "relu":
        return np.maximum(clamped, 0)
    return np.minimum(np.abs(clamped), 127) if settings.activation == "abs" else clamped


def _windows(settings: LayerSettings, data: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``(processors, passes, output rows, output columns, kernel rows, kernel columns)``, zeros around the frame."""
    rows, columns = (settings.pad_rows, settings.pad_rows), (settings.pad_columns, settings.pad_columns)
    padded = np.pad(data, ((0, 0), (0, 0), rows, columns))
    return np.lib.stride_tricks.sliding_window_view(
        padded, (settings.kernel_rows, settings.kernel_columns), axis=(2, 3)
    )


def _rows(windows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Windows as a matrix: processor, pass and weight down, pixels across."""
    processors, passes, rows, columns, *kernel = windows.shape
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(processors * passes * kernel[0] * kernel[1], rows * columns)


def biases(settings: LayerSettings, memory: BiasMemory) -> tuple[Codes, Known]:
    """What the bias adds to the accumulator of each output, ``128 * b``, and whether it is known."""
    values = np.zeros(settings.outputs, np.int64)
    known = np.ones(settings.outputs, np.bool_)
    if not settings.bias:
        return values, known
    what = f"layer {settings.index}"
    for output in range(settings.outputs):
        quadrant, index = _place(settings, output)
        spare = settings.kind == "conv" and output % settings.positions and output >= settings.positions
        if spare and (index >= memory.known.shape[1] or not memory.known[quadrant, index]):
            known[output] = False
        else:
            values[output] = BIAS_STEP * memory.load(quadrant, index, what)
    return values, known


def _place(settings: LayerSettings, output: int) -> tuple[int, int]:
    """Quadrant and index of an output's bias byte.

    A depthwise layer works in time slots: slot ``t`` has processors ``t, 4 + t, 8 + t, 12 + t`` of a quadrant, and
    takes their four biases from four neighbouring bytes.
    """
    if settings.kind != "depthwise":
        ((quadrant, offset),) = settings.bias.items()
        return quadrant, offset + output
    number, processor = divmod(output, len(settings.processors))
    quadrant, own = divmod(settings.processors[processor], 16)
    return quadrant, settings.bias[quadrant] + 16 * number + 4 * (own % 4) + own // 4

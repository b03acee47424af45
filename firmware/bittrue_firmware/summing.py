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


class Summer:
    """Accumulators of a layer: ``sum(w * x) + 128 * b``.

    The products are summed in float64, which is exact: they are at most 2^14 and the sums far below 2^53.

    Parameters
    ----------
    settings : LayerSettings
    weight : int64 array (processors, kernels, kernel rows, kernel columns)
        Kernels in the order output, pass; of a depthwise layer one a pass.
    bias : BiasMemory
        An output of a last, partly used pass may lack its bias: it is then unknown.
    """

    def __init__(self, settings: LayerSettings, weight: Codes, bias: BiasMemory) -> None:
        self.settings = settings
        self._offsets, self._there = biases(settings, bias)
        windows = _windows(settings, len(weight))
        if settings.kind == "depthwise":
            self._index = windows.swapaxes(0, 1)
            self._weight = weight.swapaxes(0, 1)[:, :, None, None].astype(np.float64)
            return
        processors, passes, rows, columns, *kernel = windows.shape
        down = processors * passes * kernel[0] * kernel[1]
        self._index = windows.transpose(0, 1, 4, 5, 2, 3).reshape(down, rows * columns)
        kernels = weight.reshape(processors, settings.outputs, -1).swapaxes(0, 1)
        self._weight = kernels.reshape(settings.outputs, -1).astype(np.float64)

    def sums(self, data: Codes, known: Known) -> tuple[Codes, Known]:
        """Accumulators and whether they are known, ``(outputs, rows, columns)``.

        Parameters
        ----------
        data, known : arrays (processors, passes, rows, columns)
            Pooled data, and which of them were written.

        Raises
        ------
        FirmwareFault
            For a sum of more than 32 bits.
        """
        settings = self.settings
        shape = (settings.outputs, settings.output_rows, settings.output_columns)
        sums = self._summed(self._weight, data).astype(np.int64).reshape(shape) + self._offsets[:, None, None]
        if sums.size and max(int(sums.max()), -int(sums.min())) >= LIMIT:
            raise FirmwareFault(
                f"layer {settings.index} sums up to {int(np.abs(sums).max()):,}, more than an accumulator of 32 bits "
                f"holds"
            )
        there = np.broadcast_to(self._there[:, None, None], shape)
        if known.all():
            return sums, there
        return sums, (self._summed(self._weight != 0, ~known) == 0).reshape(shape) & there

    def _summed(self, weight: npt.NDArray[Any], data: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Sums of products over each window; around the frame are zeros."""
        windows = np.append(data, 0).astype(np.float64).take(self._index)
        if self.settings.kind == "depthwise":
            return np.asarray((windows * weight).sum(axis=(-2, -1)))
        return np.asarray(weight @ windows)


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


def _windows(settings: LayerSettings, processors: int) -> npt.NDArray[np.intp]:
    """Where each pixel of each window stands in data ``(processors, passes, rows, columns)`` with a zero behind them.

    Shape ``(processors, passes, output rows, output columns, kernel rows, kernel columns)``. Zeros are around the
    frame, and behind each pixel and row of it where it is upsampled.
    """
    twice = settings.upsampling
    shape = processors, settings.passes, settings.rows, settings.columns
    count = processors * settings.passes * settings.rows * settings.columns
    frame = np.full((*shape[:2], settings.rows * twice, settings.columns * twice), count)
    frame[:, :, ::twice, ::twice] = np.arange(count).reshape(shape)
    rows, columns = (settings.pad_rows, settings.pad_rows), (settings.pad_columns, settings.pad_columns)
    padded = np.pad(frame, ((0, 0), (0, 0), rows, columns), constant_values=count)
    kernel = settings.kernel_rows, settings.kernel_columns
    return np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))


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

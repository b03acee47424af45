"""How the windows of a pool are shared out among units that take one sample a clock."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.lower.frames import READ, Buffer, Walk
from bittrue.lower.windows import Windows
from bittrue.spec import AvgPool1d, TensorType
from bittrue.spec.pool import Pool1d

DIVISION = 2
"""Clocks of a division besides those of its bits: the magnitude, and the sign put back."""


@dataclass(frozen=True)
class Pools:
    """``units`` side by side, each with several channels, one window after another.

    Parameters
    ----------
    channels : int
        Of the layer.
    each : int
        Of a unit; the last unit repeats the last channel.
    divisor : int
        What the sum of a window is divided by; 0 for the largest sample instead.
    bits : int
        Of a sample.
    buffer : Buffer
    """

    channels: int
    each: int
    divisor: int
    bits: int
    buffer: Buffer

    @property
    def units(self) -> int:
        """Units side by side."""
        return -(-self.channels // self.each)

    @property
    def division(self) -> int:
        """Clocks from the sum of a window to its mean: one a bit and a few more, none where nothing is divided."""
        return self.bits + DIVISION if self.divisor else 0

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a window to the strobe of its column: word, result, division, collector."""
        return READ + 2 + self.buffer.walks[0].clocks + self.division


def of_pool1d(layer: Pool1d, given: TensorType, windows: Windows, clocks: int) -> Pools:
    """`Pools` of a layer that computes a frame in ``clocks`` clocks.

    Raises `BadInput` for a window with more samples than it has clocks.
    """
    interval, pace = clocks // windows.count, clocks // windows.length
    if layer.size > interval:
        raise BadInput(f"windows of {layer.size} samples come every {interval} clocks; choose a longer interval")
    channels = given.shape[0]
    units = -(-channels // min(interval // layer.size, pace))
    each = -(-channels // units)
    walk = Walk(0, layer.size, 1, each, 1)
    held = tuple((tuple(min(u * each + c, channels - 1) for c in range(each)),) for u in range(-(-channels // each)))
    buffer = Buffer(windows, pace, interval, (walk,), 0, held)
    return Pools(channels, each, layer.size if isinstance(layer, AvgPool1d) else 0, given.format.bits, buffer)

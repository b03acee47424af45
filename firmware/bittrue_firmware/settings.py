"""What the registers of a layer say, in words of the layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bittrue_firmware.geometry import Geometry


@dataclass(frozen=True)
class LayerSettings(Geometry):
    """A layer as its registers describe it; all numbers are counts, words or pixels, nothing is a register field.

    Parameters, besides those of `Geometry`
    ----------
    index : int
    kind : "conv", "depthwise" or "pass"
        A linear layer is a "conv" of kernel 1; "pass" moves (pooled) data on.
    enabled : mapping of int to int
        Bit mask of the processors in use, by quadrant; quadrants without any are left out.
    read, big : int, bool
        First word that is read; whether four pixels of one channel share a word (CHW) instead of four channels.
    average : bool
        Average of the window, cut off toward zero, instead of its maximum.
    first_byte, bits, kernels : int
        Where a processor's weights start in its stream, their width, and how many kernels they are.
    binary : bool
        One-bit weights are -1 (bit set) and +1 instead of -1 and 0.
    bias : mapping of int to int
        Offset of the layer's bias bytes, by quadrant that holds some.
    positions : int
        Output channels of a pass.
    shift : int
        The result is ``floor(acc * 2**shift / 128 + 1/2)``.
    wide : bool
        The result is ``acc`` itself, 32 bits.
    activation : "none", "relu" or "abs"
    write : mapping of int to (int, int)
        Data memory and word of the first result, by quadrant that writes.
    pixel_step, pass_step : int
        Words from pixel to pixel and from output pass to output pass.
    folded : bool
        Whether one pass stands for several, over as many times the rows: operands on the MAX78000.
    """

    index: int
    kind: Literal["conv", "depthwise", "pass"]
    enabled: Mapping[int, int]
    read: int
    big: bool
    average: bool
    first_byte: int
    bits: int
    kernels: int
    binary: bool
    bias: Mapping[int, int]
    positions: int
    shift: int
    wide: bool
    activation: Literal["none", "relu", "abs"]
    write: Mapping[int, tuple[int, int]]
    pixel_step: int
    pass_step: int
    folded: bool

    @property
    def processors(self) -> list[int]:
        """The processors in use, 0 to 63."""
        return [
            16 * quadrant + i for quadrant, mask in sorted(self.enabled.items()) for i in range(16) if mask >> i & 1
        ]

    @property
    def taps(self) -> int:
        """Weights of a kernel."""
        return self.kernel_rows * self.kernel_columns

    @property
    def output_rows(self) -> int:
        """Rows of the result."""
        return self.rows * self.upsampling + 2 * self.pad_rows - self.kernel_rows + 1

    @property
    def output_columns(self) -> int:
        """Columns of the result."""
        return self.columns * self.upsampling + 2 * self.pad_columns - self.kernel_columns + 1

    @property
    def pixels(self) -> int:
        """Pixels of the result."""
        return self.output_rows * self.output_columns

    @property
    def resets(self) -> bool:
        """Whether it moves one byte only: it prepares the averages of the layer behind it and computes nothing."""
        return self.kind == "pass" and self.rows == self.columns == self.passes == len(self.processors) == 1

    @property
    def outputs(self) -> int:
        """Output channels, with those that fill up the last pass."""
        return self.kernels // self.passes if self.kind == "conv" else len(self.processors) * self.passes

"""Frames, windows and kernels of a layer, from the count, pooling and stride registers."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue_firmware.chip import Chip
from bittrue_firmware.fields import Fields
from bittrue_firmware.frame_lines import Line, check_distance, frame_lines
from bittrue_firmware.operands import Operands, operands_of

_LCTL = 0x23FD_FBE0
"""Bits of LCTL that the model has: 29, 25-18, 16-11, 9-5."""


@dataclass(frozen=True)
class Geometry:
    """Shape of what a layer reads and of its kernels.

    Parameters
    ----------
    rows, columns : int
        Pixels after pooling. A frame of one dimension has one column.
    width : int
        Pixels of a row in data memory.
    unit : int
        Words from pixel to pixel.
    operands : Operands
    pad_rows, pad_columns : int
        Zeros on either side.
    pool, pool_step : (int, int)
        Rows and columns of a pooling window, and their distances.
    stride : int
        Distance of windows along both axes.
    upsampling : int
        2 where a zero follows each pixel, and a row of zeros each row: a transposed convolution. Else 1.
    kernel_rows, kernel_columns : int
    passes : int
        Groups of channels that are summed one after the other; when flattening, positions times groups.
    linear : bool
        A kernel of one weight without the one-dimensional mode.
    """

    rows: int
    columns: int
    width: int
    unit: int
    operands: Operands
    pad_rows: int
    pad_columns: int
    pool: tuple[int, int]
    pool_step: tuple[int, int]
    stride: int
    upsampling: int
    kernel_rows: int
    kernel_columns: int
    passes: int
    linear: bool


def geometry(chip: Chip, fields: Fields, kind: str) -> Geometry:
    """The geometry of a layer. Raises `FirmwareFault` where registers contradict each other."""
    kernel_rows, kernel_columns, linear = _kernel(fields, kind)
    _check_control(chip, fields, kind, kernel_rows, kernel_columns)
    stride = fields.part("STRIDE", 0, 3) + 1
    rows, columns = frame_lines(chip, fields, stride)
    pools = rows.pool > 1 or columns.pool > 1
    operands = operands_of(fields, kind, pools)
    _check_size(fields, kind, operands)
    passes, flat = _passes(fields, kind, linear)
    if chip.clears:
        unit = check_distance(fields, columns, stride, passes, operands.count)
    else:
        fields.only("STRIDE", 0xF)
        unit = operands.count * passes
    fields.need(pools or fields.bit("LCTL", 8), "LCTL", "without pooling, bit 8 (maximum) is set")
    fields.need(pools or stride == 1 or rows.count * columns.count > 1, "STRIDE", "one window has no stride")
    whole = operands.count == passes == 1
    fields.need(whole or not fields.bit("LCTL", 6), "LCTL", "CHW data (bit 6) are read in one pass, not flattened")
    one = fields.bit("ONED", 12)
    fields.need(not one or (columns.length == 1 and not columns.pad), "CCNT", "a frame of one dimension has one column")
    fields.need(not flat or rows.count == columns.count == 1, "RCNT", "flattening gives one result")
    fields.need(kind != "pass" or not rows.pad + columns.pad, "RCNT", "a pass-through has no padding")
    double = kernel_rows == kernel_columns == 3
    tram = flat or (columns.count + 2 * columns.pad - kernel_columns if double else 0)
    fields.equal("TPTR", tram, "the columns' results less one, or the flattened positions")
    upsampling = _upsampling(fields, kind, double, rows, columns, stride)
    return Geometry(
        rows.count // upsampling, columns.count // upsampling, columns.length // upsampling, unit, operands,
        rows.pad, columns.pad, (rows.pool, columns.pool), (rows.pool_step, columns.pool_step), stride, upsampling,
        kernel_rows, kernel_columns, passes, linear,
    )  # fmt: skip


def _kernel(fields: Fields, kind: str) -> tuple[int, int, bool]:
    """Rows and columns of the kernel, and whether the layer is linear."""
    fields.only("ONED", 0x3F_FFFF)
    size = fields.part("ONED", 8, 11)
    if kind == "pass":
        rows, columns, linear = 1, 1, False
    elif fields.bit("ONED", 12):
        fields.need(1 <= size <= 9, "ONED", "one-dimensional kernels have 1 to 9 weights")
        rows, columns, linear = size, 1, False
    elif size == 1:
        rows, columns, linear = 1, 1, True
    else:
        fields.need(size == 0, "ONED", "its bits 11 to 8, the kernel's length, need bit 12")
        rows, columns, linear = 3, 3, False
    start = fields.part("ONED", 4, 7)
    fields.need(start < rows * columns, "ONED", f"kernels of {rows * columns} weights start at less than that")
    return rows, columns, linear


def _check_size(fields: Fields, kind: str, operands: Operands) -> None:
    """A pass-through has the size of a kernel of one weight, unless operands meet in it."""
    if kind == "pass":
        wanted = int(operands.count == 1)
        fields.need(
            fields.part("ONED", 8, 12) == wanted, "ONED", f"its bits 12 to 8 are {wanted} where {operands.count} pass"
        )
        mode, word = (3, "3 of a pass-through") if operands.count == 1 else (1, "1 of operands without a convolution")
        fields.need(fields.part("POST", 24, 25) == mode, "POST", f"its bits 25 and 24 should be {word}")


def _check_control(chip: Chip, fields: Fields, kind: str, rows: int, columns: int) -> None:
    fields.only("LCTL", _LCTL)
    fields.need(fields.bit("LCTL", 5), "LCTL", "bit 5 is always set")
    fields.need(fields.bit("LCTL", 11), "LCTL", "only shared writing (bit 11) is modelled")
    fields.need(
        fields.bit("LCTL", 29) == (kind == "depthwise"), "LCTL", "bit 29 (broadcast) belongs to depthwise layers"
    )
    stated = 0 if kind == "pass" or not chip.clears else (rows - 1) << 22 | (columns - 1) << 18
    fields.need(fields["LCTL"] & 0x3FC_0000 == stated, "LCTL", f"its kernel size should be 0x{stated:08x}")


def _upsampling(fields: Fields, kind: str, double: bool, rows: Line, columns: Line, stride: int) -> int:
    if not fields.bit("POST", 28):
        return 1
    fields.need(kind == "conv" and double, "POST", "transposed convolutions (bit 28) have kernels of 3 x 3")
    plain = rows.pool == columns.pool == stride == 1
    fields.need(plain, "POST", "pooling in front of a transposed convolution (bit 28) is not modelled")
    for name, line in (("RCNT", rows), ("CCNT", columns)):
        fields.need(line.count % 2 == 0, name, "a transposed convolution (bit 28 of POST) counts each pixel twice")
    return 2


def _passes(fields: Fields, kind: str, linear: bool) -> tuple[int, int]:
    """Passes, and what TPTR holds when flattening."""
    low, high = fields.part("LCTL2", 0, 3), fields.part("POST", 18, 21)
    if not fields.bit("POST", 27):
        fields.need(high == 0, "POST", "a count of flattened positions (bits 21 to 18) needs bit 27")
        return low + 1, 0
    last = high << 4 | low
    fields.need(linear and kind == "conv", "POST", "only linear layers flatten (bit 27)")
    return last + 1, last << 16 | 2 * last + 1

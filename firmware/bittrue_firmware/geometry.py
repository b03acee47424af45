"""Frames, windows and kernels of a layer, from the count, pooling and stride registers."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue_firmware.chip import Chip
from bittrue_firmware.fields import Fields

_LCTL = 0x23FD_FBE0
"""Bits of LCTL that the model has: 29, 25-18, 16-11, 9-5."""


@dataclass(frozen=True)
class Geometry:
    """Shape of what a layer reads and of its kernels.

    Parameters
    ----------
    rows, columns : int
        Pixels after pooling. A frame of one dimension has one column.
    pad_rows, pad_columns : int
        Zeros on either side.
    pool, pool_step, stride : int
        Pixels of a pooling window, their distance, and the distance of windows.
    kernel_rows, kernel_columns : int
    passes : int
        Groups of channels that are summed one after the other; when flattening, positions times groups.
    linear : bool
        A kernel of one weight without the one-dimensional mode.
    """

    rows: int
    columns: int
    pad_rows: int
    pad_columns: int
    pool: int
    pool_step: int
    stride: int
    kernel_rows: int
    kernel_columns: int
    passes: int
    linear: bool


def geometry(chip: Chip, fields: Fields, kind: str) -> Geometry:
    """The geometry of a layer. Raises `FirmwareFault` where registers contradict each other."""
    rows, columns, linear = _kernel(fields, kind)
    _check_control(chip, fields, kind, rows, columns)
    pool, pool_step = _pool(chip, fields)
    stride = fields.part("STRIDE", 0, 3) + 1
    passes, flat = _passes(fields, kind, linear)
    if chip.clears:
        windows, pad_rows, distance = _count(fields, "RCNT")
        across, pad_columns, one = _count(fields, "CCNT")
        fields.need(one == 1, "CCNT", "the distance of columns, its bits 31 to 16, should be 1")
        fields.need(windows % stride == 0, "RCNT", f"the last row is no multiple of the stride {stride}")
        _check_distance(fields, distance, stride, passes, flat, windows)
        count, width = windows // stride + 1, across + 1
    else:
        length, pad_rows = _length(fields, "RCNT")
        width, pad_columns = _length(fields, "CCNT")
        fields.only("STRIDE", 0xF)
        rest = length - (pool - 1) * pool_step - 1
        fields.need(rest >= 0, "RCNT", f"{length} rows hold no pooling window")
        count = rest // stride + 1
    two = columns > 1
    fields.need(two or (width == 1 and not pad_columns), "CCNT", "a frame of one dimension has one column")
    fields.need(not two or pool == stride == 1, "PRCNT", "pooling is modelled in one dimension only")
    fields.need(not flat or count == 1, "RCNT", "flattening gives one result")
    tram = flat or (width + 2 * pad_columns - columns if two else 0)
    fields.equal("TPTR", tram, "the columns' results less one, or the flattened positions")
    return Geometry(count, width, pad_rows, pad_columns, pool, pool_step, stride, rows, columns, passes, linear)


def _kernel(fields: Fields, kind: str) -> tuple[int, int, bool]:
    """Rows and columns of the kernel, and whether the layer is linear."""
    fields.only("ONED", 0x1FFF)
    size = fields.part("ONED", 8, 11)
    if fields.bit("ONED", 12):
        fields.need(1 <= size <= 9 and kind != "pass", "ONED", "one-dimensional kernels have 1 to 9 weights")
        rows, columns, linear = size, 1, False
    elif size == 1:
        rows, columns, linear = 1, 1, True
    else:
        fields.need(size == 0, "ONED", "its bits 11 to 8, the kernel's length, need bit 12")
        rows, columns, linear = 3, 3, False
    start = fields.part("ONED", 4, 7)
    fields.need(start < rows * columns, "ONED", f"kernels of {rows * columns} weights start at less than that")
    fields.need(kind != "depthwise" or not linear, "ONED", "depthwise layers are modelled in one dimension only")
    return rows, columns, linear


def _check_control(chip: Chip, fields: Fields, kind: str, rows: int, columns: int) -> None:
    fields.only("LCTL", _LCTL)
    fields.need(fields.bit("LCTL", 5), "LCTL", "bit 5 is always set")
    fields.need(fields.bit("LCTL", 11), "LCTL", "only shared writing (bit 11) is modelled")
    fields.need(
        fields.bit("LCTL", 29) == (kind == "depthwise"), "LCTL", "bit 29 (broadcast) belongs to depthwise layers"
    )
    stated = 0 if kind == "pass" or not chip.clears else (rows - 1) << 22 | (columns - 1) << 18
    fields.need(fields["LCTL"] & 0x3FC_0000 == stated, "LCTL", f"its kernel size should be 0x{stated:08x}")
    fields.equal("PCCNT", 0, "pooling has one column")


def _pool(chip: Chip, fields: Fields) -> tuple[int, int]:
    """Pixels of a pooling window and their distance."""
    fields.only("PRCNT", 0xFF if chip.clears else 0xF)
    last, step = fields.part("PRCNT", 0, 3), fields.part("PRCNT", 4, 7) + 1
    fields.need(last % step == 0, "PRCNT", f"the last pixel of the window is no multiple of the dilation {step}")
    pools = fields.bit("LCTL", 7)
    fields.need(pools == (last > 0), "PRCNT", f"pooling (bit 7 of LCTL) is {'on' if pools else 'off'}")
    return last // step + 1, step


def _passes(fields: Fields, kind: str, linear: bool) -> tuple[int, int]:
    """Passes, and what TPTR holds when flattening."""
    low, high = fields.part("LCTL2", 0, 3), fields.part("POST", 18, 21)
    if not fields.bit("POST", 27):
        fields.need(high == 0, "POST", "a count of flattened positions (bits 21 to 18) needs bit 27")
        return low + 1, 0
    last = high << 4 | low
    fields.need(linear and kind == "conv", "POST", "only linear layers flatten (bit 27)")
    return last + 1, last << 16 | 2 * last + 1


def _count(fields: Fields, register: str) -> tuple[int, int, int]:
    """The MAX78002's form: last pixel, padding, distance of elements."""
    fields.only(register, 0xFFFF_E7FF)
    padded, pad = fields.bit(register, 15), fields.part(register, 13, 14)
    fields.need(padded or not pad, register, "padding (bits 14 and 13) needs bit 15")
    return fields.part(register, 0, 10), pad + 1 if padded else 0, fields.part(register, 16, 31)


def _length(fields: Fields, register: str) -> tuple[int, int]:
    """The MAX78000's form: length and padding."""
    fields.only(register, 0x3_03FF)
    pad = fields.part(register, 16, 17)
    length = fields.part(register, 0, 9) + 1 - 2 * pad
    fields.need(length > 0, register, f"with {pad} zeros on either side nothing is left")
    return length, pad


def _check_distance(fields: Fields, distance: int, stride: int, passes: int, flat: int, last: int) -> None:
    fields.need(fields["STRIDE"] >> 4 == distance, "STRIDE", f"its bits from 4 up should be RCNT's distance {distance}")
    if last:
        fields.need(distance == stride * passes, "RCNT", f"elements are {stride * passes} words apart, not {distance}")
    else:
        whole = distance and distance % stride == 0 and passes % (distance // stride) == 0
        fields.need(bool(whole), "RCNT", f"a distance of {distance} words does not divide {passes} passes")

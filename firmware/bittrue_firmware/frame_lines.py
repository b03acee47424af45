"""How a layer goes through a frame: along its rows and along its columns, from the count and pooling registers."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue_firmware.chip import Chip
from bittrue_firmware.fields import Fields


@dataclass(frozen=True)
class Line:
    """One axis of a frame as the registers have it.

    Parameters
    ----------
    count : int
        Windows along it; where zeros are put between pixels, pixels and zeros.
    length : int
        Pixels along it; of the MAX78002's rows, those that windows reach, for no register has their number.
    pad : int
        Zeros on either side.
    pool, pool_step : int
        Pixels of a pooling window, and their distance.
    rest : int
        Pixels from the last window to the next line, on the MAX78002: the distance that CCNT holds.
    """

    count: int
    length: int
    pad: int
    pool: int
    pool_step: int
    rest: int


def frame_lines(chip: Chip, fields: Fields, stride: int) -> tuple[Line, Line]:
    """Rows and columns. Raises `FirmwareFault` where registers contradict each other."""
    found = []
    for name, pools in (("RCNT", "PRCNT"), ("CCNT", "PCCNT")):
        pool, step = _pool(chip, fields, pools)
        if chip.clears:
            last, pad, distance = _count(fields, name)
            word = "row" if name == "RCNT" else "column"
            fields.need(last % stride == 0, name, f"the last {word} is no multiple of the stride {stride}")
            length = last + (distance if name == "CCNT" else (pool - 1) * step + 1)
            found.append(Line(last // stride + 1, length, pad, pool, step, distance))
        else:
            length, pad = _length(fields, name)
            rest = length - (pool - 1) * step - 1
            fields.need(rest >= 0, name, f"{length} pixels hold no pooling window")
            found.append(Line(rest // stride + 1, length, pad, pool, step, 0))
    rows, columns = found
    on = fields.bit("LCTL", 7)
    fields.need(
        on == (rows.pool > 1 or columns.pool > 1), "PRCNT", f"pooling (bit 7 of LCTL) is {'on' if on else 'off'}"
    )
    if chip.clears:
        span = (columns.pool - 1) * columns.pool_step + 1
        fields.need(
            span <= columns.rest < span + stride,
            "CCNT",
            f"windows of {span} columns, {stride} apart, do not fill rows that end {columns.rest} columns behind the "
            f"last",
        )
    return rows, columns


def check_distance(fields: Fields, columns: Line, stride: int, passes: int, operands: int) -> int:
    """Words from pixel to pixel, by the registers of the MAX78002, which agree.

    STRIDE holds ``stride`` such distances, and RCNT what leads from the last window of a row to the first of the next:
    ``(rest + (stride - 1) * width)`` of them.
    """
    step = fields["STRIDE"] >> 4
    fields.need(step > 0 and step % stride == 0, "STRIDE", f"its bits from 4 up are no multiple of the stride {stride}")
    unit = step // stride
    wanted = (columns.rest + (stride - 1) * columns.length) * unit
    fields.need(
        fields["RCNT"] >> 16 == wanted,
        "RCNT",
        f"rows of {columns.length} pixels, {unit} words apart, are {wanted} words away, not {fields['RCNT'] >> 16}",
    )
    whole = operands * passes
    one = columns.count == 1 and not fields.part("RCNT", 0, 10) and operands == 1 and passes % unit == 0
    gap = unit % whole == 0 and (unit == whole or passes == 1)
    fields.need(
        one or gap, "STRIDE", f"pixels are {unit} words apart; {operands} operands of {passes} passes take {whole}"
    )
    return unit


def _pool(chip: Chip, fields: Fields, register: str) -> tuple[int, int]:
    """Pixels of a pooling window along one axis, and their distance."""
    fields.only(register, 0xFF if chip.clears else 0xF)
    last, step = fields.part(register, 0, 3), fields.part(register, 4, 7) + 1
    fields.need(last % step == 0, register, f"the last pixel of the window is no multiple of the dilation {step}")
    fields.need(last > 0 or step == 1, register, "a window of one pixel has no dilation")
    return last // step + 1, step


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

"""The raster of a video mode: where in a picture a clock is.

Source: CEA-861-D, table 3 (format 4 is 1280x720 at 60 Hz, both syncs positive).
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out


@dataclass(frozen=True)
class Span:
    """A line in pixels, or a picture in lines: sync, back porch, picture, front porch."""

    sync: int
    back: int
    active: int
    front: int

    @property
    def total(self) -> int:
        """All four."""
        return self.sync + self.back + self.active + self.front


@dataclass(frozen=True)
class Mode:
    """Across and down; both syncs are high where they are."""

    across: Span
    down: Span


HD = Mode(Span(40, 220, 1280, 110), Span(5, 20, 720, 5))
"""1280x720 at 60 Hz: 1650 x 750 clocks of 74.25 MHz."""


class Raster(wiring.Component):
    """Counts through a mode for ever: a line begins with its sync, and so does a picture, with that of a line.

    Ports
    -----
    hsync, vsync, active : out
        Registers; ``active`` in the picture.
    first, last : out
        Registers: the first pixel of the picture, and the last of a line of it.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        super().__init__({name: Out(1) for name in ("hsync", "vsync", "active", "first", "last")})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        across, down = self.mode.across, self.mode.down
        x, y = Signal(range(across.total)), Signal(range(down.total))
        left, top = across.sync + across.back, down.sync + down.back
        in_line, in_picture = Signal(), Signal()
        with m.If(x == across.total - 1):
            m.d.sync += [x.eq(0), y.eq(y + 1)]
            with m.If(y == down.total - 1):
                m.d.sync += y.eq(0)
        with m.Else():
            m.d.sync += x.eq(x + 1)
        m.d.comb += [
            in_line.eq((x >= left) & (x < left + across.active)),
            in_picture.eq((y >= top) & (y < top + down.active)),
        ]
        m.d.sync += [
            self.hsync.eq(x < across.sync),
            self.vsync.eq(y < down.sync),
            self.active.eq(in_line & in_picture),
            self.first.eq((x == left) & (y == top)),
            self.last.eq((x == left + across.active - 1) & in_picture),
        ]
        return m

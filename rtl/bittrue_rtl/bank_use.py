"""Which banks may not be changed now."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class BankUse(wiring.Component):
    """A bank is busy from the clock after it is selected, or a sample enters with it, until neither is so any more.

    Parameters
    ----------
    banks : int
    most : int
        Samples that can be inside at a time.

    Ports
    -----
    select : in
        The bank that new samples use.
    enter, enter_bank : in
        A sample enters with that bank.
    leave, leave_bank : in
        One leaves.
    busy : out
        One bit a bank. For at least two clocks after a sample has left its bank may still seem busy; never the other
        way round.
    """

    def __init__(self, banks: int, most: int) -> None:
        self.banks, self.most = banks, most
        bits = (banks - 1).bit_length()
        super().__init__(
            {
                "select": In(bits),
                **{name: In(1) for name in ("enter", "leave")},
                **{name: In(bits) for name in ("enter_bank", "leave_bank")},
                "busy": Out(banks),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        for bank in range(self.banks):
            entered, left = Signal(name=f"entered{bank}"), Signal(name=f"left{bank}")
            inside = Signal(range(self.most + 1), name=f"inside{bank}")
            m.d.sync += [
                entered.eq(self.enter & (self.enter_bank == bank)),
                left.eq(self.leave & (self.leave_bank == bank)),
                inside.eq(inside + entered - left),
                self.busy[bank].eq((self.select == bank) | entered | (inside != 0)),
            ]
        return m

"""The two clocks of the programmable logic: FCLK0 of the processing system for the net, FCLK1 for buses and DMA.

Each is the IO PLL divided twice by whole numbers::

    f = 1000 MHz / (divisor0 * divisor1),  1 <= divisor <= 63

so only some frequencies exist. Asked for another, Vivado takes the next one below, and so does `fclk`. The two have no
known phase, even where one is a multiple of the other.

Source: Zynq-7000 technical reference manual (UG585), chapter 25; the crystal of the PYNQ-Z1 has 50 MHz and its IO PLL
multiplies by 20.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bittrue.errors import BadInput, amount

CLOCK_MHZ = 200.0
"""Of the net, where nobody says otherwise: a fifth below the 256 to 270 MHz that are estimated before placement
(docs/timing.md), which is what is left for wires longer than the estimate knows."""
BUS_MHZ = 100.0
"""Of buses and DMA, always: the data mover in an AXI DMA is characterised up to 150 MHz for Artix-7 at speed grade -1,
which is the logic of an xc7z020-1, and the DMA's throughput is measured at 100 MHz (PG022 and PG021, performance)."""
IO_PLL_MHZ = 1000
"""Output of the IO PLL of the PYNQ-Z1."""
LOWEST_MHZ, HIGHEST_MHZ = 10, 250
"""Below, neighbouring frequencies are closer than the hundredths of MHz that Vivado is told; above, no FCLK goes."""
_LARGEST = 63


@dataclass(frozen=True)
class Fclk:
    """A frequency that the board can make.

    Parameters
    ----------
    divisor0, divisor1 : int
        1 to 63, ``divisor0 >= divisor1``.
    """

    divisor0: int
    divisor1: int

    @property
    def mhz(self) -> float:
        """The frequency in MHz."""
        return IO_PLL_MHZ / (self.divisor0 * self.divisor1)

    @property
    def asked(self) -> str:
        """What to ask Vivado for, in MHz: the frequency with two digits, rounded up, so that it finds this one."""
        return f"{math.ceil(self.mhz * 100) / 100:.2f}"

    @property
    def hz(self) -> int:
        """The frequency in whole Hz, rounded down."""
        return IO_PLL_MHZ * 1_000_000 // (self.divisor0 * self.divisor1)


def fclk(mhz: float) -> Fclk:
    """The highest frequency that the board can make and that is not above ``mhz``.

    Raises `BadInput` outside of `LOWEST_MHZ` to `HIGHEST_MHZ`.
    """
    if not LOWEST_MHZ <= mhz <= HIGHEST_MHZ:
        raise BadInput(
            f"clock {amount(mhz)} MHz is out of range; FCLK0 of the PYNQ-Z1 goes from {LOWEST_MHZ} to {HIGHEST_MHZ} MHz"
        )
    product = math.ceil(IO_PLL_MHZ / mhz)
    while True:
        for small in range(math.isqrt(product), 0, -1):
            if product % small == 0 and product // small <= _LARGEST:
                return Fclk(product // small, small)
        product += 1


BUS = fclk(BUS_MHZ)
"""The clock of buses and DMA."""

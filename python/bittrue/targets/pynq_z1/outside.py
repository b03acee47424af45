"""Pins of the chip that the design uses: those of the processing system, and the HDMI connector where it is driven.

Names of the processing system's are those that Vivado gives the interfaces DDR and FIXED_IO, whatever the design.
"""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.targets.pynq_z1.design import PS7, Design
from bittrue.targets.pynq_z1.video import HDMI, TMDS

_DDR = {
    "addr": ("DDR_Addr", 15), "ba": ("DDR_BankAddr", 3), "cas_n": ("DDR_CAS_n", 0), "ck_n": ("DDR_Clk_n", 0),
    "ck_p": ("DDR_Clk", 0), "cke": ("DDR_CKE", 0), "cs_n": ("DDR_CS_n", 0), "dm": ("DDR_DM", 4),
    "dq": ("DDR_DQ", 32), "dqs_n": ("DDR_DQS_n", 4), "dqs_p": ("DDR_DQS", 4), "odt": ("DDR_ODT", 0),
    "ras_n": ("DDR_RAS_n", 0), "reset_n": ("DDR_DRSTB", 0), "we_n": ("DDR_WEB", 0),
}  # fmt: skip
"""Pins of the memory: port of the processing system and bits; 32 of data, 16 of which the board uses."""
_FIXED = {
    "ddr_vrn": ("DDR_VRN", 0), "ddr_vrp": ("DDR_VRP", 0), "mio": ("MIO", 54), "ps_clk": ("PS_CLK", 0),
    "ps_porb": ("PS_PORB", 0), "ps_srstb": ("PS_SRSTB", 0),
}  # fmt: skip
_KINDS = {"DDR_Clk": "clk", "DDR_Clk_n": "clk", "DDR_DRSTB": "rst"}
INTERFACES = {"DDR": _DDR, "FIXED_IO": _FIXED}


@dataclass(frozen=True)
class Outside:
    """A pin, or several side by side.

    Parameters
    ----------
    name : str
        Of the design's port.
    cell, inner : str
        The port of a cell behind it.
    direction, kind : str
        ``O`` or ``IO``; ``clk``, ``rst`` or ``undef``.
    bits : int
        0: a scalar.
    """

    name: str
    cell: str
    inner: str
    direction: str = "IO"
    kind: str = "undef"
    bits: int = 0


def instance(cell: str) -> str:
    """A cell's name in a hand-off file: its path without strokes."""
    return cell.replace("/", "_")


def outside(design: Design) -> list[Outside]:
    """All pins of an overlay."""
    found = [
        Outside(f"{interface}_{name}", PS7, port, "IO", _KINDS.get(port, "undef"), bits)
        for interface, pins in INTERFACES.items()
        for name, (port, bits) in pins.items()
    ]
    if design.video:
        for name, balls in TMDS.items():
            found.append(Outside(name, HDMI, name, "O", "undef", len(balls) if len(balls) > 1 else 0))
    return found

"""A PYNQ-Z1 without the board: the real pynq library on top, a generated shell, Verilated, underneath.

    from bittrue_sim import virtual_board

    board = virtual_board.install("build/tdnn")  # a folder that `bittrue overlay --simulated` wrote
    ...                                          # any program for the board: pynq.Overlay, MMIO, allocate, DMA
    virtual_board.uninstall()

Registers of the net, and every word of its streams, are those of the generated Verilog. The AXI DMA, the processor's
clock registers, the interconnect and the memory are behavioural models; see docs/board.md.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.cosim.stalls import Stalls
from bittrue.cosim.weight_memory import MemoryTiming
from bittrue.errors import BadInput
from bittrue.extras import install as install_extra
from bittrue_sim.virtual_board.faults import FAULTS

if TYPE_CHECKING:
    from bittrue_sim.virtual_board.device import VirtualDevice

__all__ = ["FAULTS", "install", "uninstall"]


UNEVEN = MemoryTiming(latency=40, stall=0.02, burst=8)
"""How memory answers reads of weights where nothing else is said: late, and now and then not at once."""


def install(
    folder: str | PathLike[str], *, stalls: Stalls | None = None, memory: MemoryTiming = UNEVEN
) -> VirtualDevice:
    """Make the simulated board pynq's active device.

    Parameters
    ----------
    folder : path
        An overlay folder with ``rtl`` and ``overlay``.
    stalls : Stalls, optional
        Of the core's streams, as an uneven memory makes them.
    memory : MemoryTiming
        Of the memory that the core reads weights from.

    Raises
    ------
    BadInput
        Where pynq is not installed or the folder holds no overlay.
    """
    place = Path(folder).expanduser().absolute()
    if not list(place.glob("rtl/*_shell.v")):
        raise BadInput(f"{place} holds no rtl/<net>_shell.v; write it with: bittrue overlay NET -o DIR --simulated")
    try:
        from pynq.pl_server.device import Device

        from bittrue_sim.virtual_board.device import VirtualDevice
    except ImportError as error:
        raise BadInput(f"the simulated board needs pynq 3.1.2 ({error}); {install_extra('virtual-board')}") from None
    uninstall()
    device = VirtualDevice(place, stalls or Stalls(), memory)
    Device.active_device = device
    return device


def uninstall() -> None:
    """Take the simulated board away; pynq then finds what devices there are."""
    from pynq.pl_server.device import Device, DeviceMeta
    from pynq.ps import Clocks

    for owner, name in (DeviceMeta, "_active_device"), (Device, "_active_device"), (Clocks, "_real_instance"):
        if name in vars(owner):
            delattr(owner, name)
    Clocks.device = None

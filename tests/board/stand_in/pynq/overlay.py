"""Overlay and DefaultIP: cells are bound to drivers by their VLNV."""

from __future__ import annotations

import json
from pathlib import Path

_DRIVERS: dict[str, type] = {}


class DefaultIP:
    """A cell with registers."""

    def __init_subclass__(cls) -> None:
        for vlnv in getattr(cls, "bindto", ()):
            _DRIVERS[vlnv] = cls

    def __init__(self, description: dict[str, object]) -> None:
        self.mmio = description["mmio"]

    def read(self, offset: int = 0) -> int:
        """A register's value."""
        return self.mmio.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        assert type(value) is int and 0 <= value < 1 << 32, "pynq takes a plain int of 32 bits"
        self.mmio.write(offset, value)


class Device:
    """The board; its name says what it is."""

    name = "stand-in for a PYNQ-Z1"
    active_device: Device


Device.active_device = Device()


class Overlay:
    """The hardware of a bit file; the manifest beside it says what that is."""

    def __init__(self, bitfile_name: str, download: bool = True) -> None:
        from pynq.hardware import NetHardware
        from pynq.lib.dma import DMA

        assert type(bitfile_name) is str and Path(bitfile_name).is_file()
        manifest = json.loads(Path(bitfile_name).with_suffix(".json").read_text())
        net = NetHardware(manifest)
        setattr(self, manifest["cells"]["ip"], _DRIVERS[manifest["vlnv"]]({"mmio": net}))
        setattr(self, manifest["cells"]["dma"], DMA(net))

"""The block design as a whole: cells, wires, streams, buses and addresses, with the video hierarchy or without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bittrue.targets.pynq_z1 import video, video_wiring, weights
from bittrue.targets.pynq_z1.axi_signals import DMA_LITE, GP, HP, READ_ONLY, SHELL, WRITE_ONLY, Interface, mover
from bittrue.targets.pynq_z1.design import (
    ADDRESSES,
    DDR_BASE,
    DDR_RANGE,
    DMA,
    IP,
    PS7,
    REGISTER_RANGE,
    Design,
)
from bittrue.targets.pynq_z1.source_wiring import SOURCE_BUSES, SOURCE_NETS, SOURCE_STREAMS
from bittrue.targets.pynq_z1.wiring import BUS_CLOCK, BUSES, NETS, STREAMS, Pin, Wire

Stream = tuple[Pin, Pin, str]


@dataclass(frozen=True)
class Mapped:
    """A range of addresses: what a master's interface finds there.

    Parameters
    ----------
    master, slave : Pin
        Interfaces.
    block : str
        Name of the address block of the slave.
    base, size : int
        In bytes.
    """

    master: Pin
    slave: Pin
    block: str
    base: int
    size: int

    @property
    def kind(self) -> str:
        """``MEMORY`` or ``REGISTER``."""
        return "MEMORY" if self.slave.cell == PS7 else "REGISTER"


@dataclass(frozen=True)
class Layout:
    """Everything that `Design` is made of.

    Parameters
    ----------
    cells : mapping of path to VLNV
        ``video/axi_vdma`` is a cell in a hierarchy.
    nets, streams, buses
        As in `bittrue.targets.pynq_z1.wiring`.
    interfaces : mapping of cell and name to Interface
        All memory-mapped ones but those of SmartConnects, which are what their partners are.
    addresses : tuple of Mapped
    """

    cells: Mapping[str, str]
    nets: tuple[Wire, ...]
    streams: tuple[Stream, ...]
    buses: tuple[tuple[Pin, Pin], ...]
    interfaces: Mapping[tuple[str, str], Interface]
    addresses: tuple[Mapped, ...]


def layout(design: Design) -> Layout:
    """That of an overlay."""
    config = design.dma_config()
    interfaces = {
        (PS7, "M_AXI_GP0"): GP,
        (PS7, "S_AXI_HP0"): HP,
        (DMA, "S_AXI_LITE"): DMA_LITE,
        (DMA, "M_AXI_S2MM"): mover(int(config["c_m_axi_s2mm_data_width"]), WRITE_ONLY),
        (IP, "s_axi_ctrl"): SHELL,
    }
    if not design.source:
        interfaces[DMA, "M_AXI_MM2S"] = mover(int(config["c_m_axi_mm2s_data_width"]), READ_ONLY)
    movers = [name for name in ("M_AXI_MM2S", "M_AXI_S2MM") if (DMA, name) in interfaces]
    plain = Layout(
        design.vlnv,
        *((SOURCE_NETS, SOURCE_STREAMS, SOURCE_BUSES) if design.source else (NETS, STREAMS, BUSES)),
        interfaces,
        (
            _registers(DMA, "S_AXI_LITE", "Reg", ADDRESSES[DMA]),
            _registers(IP, "s_axi_ctrl", "reg0", ADDRESSES[IP]),
            *(_memory(DMA, name, "S_AXI_HP0") for name in movers),
        ),
    )
    if design.weights:
        plain = _with_weights(plain)
    return _with_video(plain) if design.video else plain


def _with_weights(plain: Layout) -> Layout:
    return Layout(
        {**plain.cells, **weights.CELLS},
        tuple(replace(wire, loads=wire.loads + weights.LOADS.get(wire.driver, ())) for wire in plain.nets),
        plain.streams,
        plain.buses + weights.BUSES,
        {**plain.interfaces, (IP, weights.MASTER): weights.READER, (PS7, weights.PORT): HP},
        (*plain.addresses, _memory(IP, weights.MASTER, weights.PORT)),
    )


def _with_video(plain: Layout) -> Layout:
    return Layout(
        {**plain.cells, **video.CELLS},
        tuple(_extended(wire) for wire in plain.nets) + video_wiring.NETS,
        plain.streams + video_wiring.STREAMS,
        plain.buses + video_wiring.BUSES,
        {**plain.interfaces, **video_wiring.INTERFACES, (PS7, video.PORT): HP},
        (
            *plain.addresses,
            _registers(video.VDMA, "S_AXI_LITE", "Reg", video.ADDRESSES[video.VDMA]),
            _registers(video.INTC, "s_axi", "Reg", video.ADDRESSES[video.INTC]),
            _memory(video.VDMA, "M_AXI_MM2S", video.PORT),
        ),
    )


def _extended(wire: Wire) -> Wire:
    """A wire of the plain design with what the video hierarchy hangs on it; its interrupt takes the first place."""
    if wire.driver == BUS_CLOCK:
        return replace(wire, loads=wire.loads + video_wiring.BUS_LOADS)
    if wire.driver.cell == "bus_reset":
        return replace(wire, loads=wire.loads + video_wiring.RESET_LOADS[wire.driver.name])
    if wire.driver == Pin(PS7, "FCLK_RESET0_N"):
        return replace(wire, loads=(*wire.loads, Pin(video.RESET, "ext_reset_in")))
    if wire.driver.cell == DMA and wire.kind == "INTERRUPT":
        (load,) = wire.loads
        place = int(load.name[2:]) + 1
        return replace(wire, loads=(Pin(load.cell, f"In{place}"),))
    return wire


def _registers(cell: str, interface: str, block: str, base: int) -> Mapped:
    return Mapped(Pin(PS7, "M_AXI_GP0"), Pin(cell, interface), block, base, REGISTER_RANGE)


def _memory(cell: str, interface: str, port: str) -> Mapped:
    block = f"{port.removeprefix('S_AXI_')}_DDR_LOWOCM"
    return Mapped(Pin(cell, interface), Pin(PS7, port), block, DDR_BASE, DDR_RANGE)

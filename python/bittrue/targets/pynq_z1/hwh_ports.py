"""Ports of the cells in a hand-off file: what each is, and what it is connected to.

As Vivado writes them: a port that drives something or is driven has a ``SIGNAME``, that of its driver, or for the
signals of a bus that of its master; a vector has ``LEFT`` and ``RIGHT``; resets say their polarity and interrupts their
sensitivity. Ports that are not connected are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bittrue.targets.pynq_z1.axi_signals import Interface
from bittrue.targets.pynq_z1.clock import BUS
from bittrue.targets.pynq_z1.design import DESIGN, PS7, Design
from bittrue.targets.pynq_z1.layout import Layout
from bittrue.targets.pynq_z1.outside import instance, outside
from bittrue.targets.pynq_z1.video import CLOCK, PIXEL_BITS, PIXEL_HZ
from bittrue.targets.pynq_z1.wiring import NET_CLOCK, Pin

STREAM_SIGNALS = (("TDATA", False), ("TKEEP", False), ("TLAST", False), ("TVALID", False), ("TREADY", True))
"""Signals of a stream, and whether they run against it; pixels have TUSER besides."""
_VECTORS = ("interconnect_aresetn", "peripheral_aresetn")
"""Resets of one bit that are vectors nevertheless."""
BOARD = f"{DESIGN}_imp"
"""Where pins of the chip are said to be."""


@dataclass
class Port:
    """A port, its attributes in the order of Vivado, and what it is connected to."""

    attributes: dict[str, str]
    connections: list[tuple[str, str]] = field(default_factory=list)


def ports(cell: str, design: Design, plan: Layout) -> list[Port]:
    """All connected ports of a cell, by name."""
    found = [*_wires(cell, design, plan), *_streams(cell, design, plan), *_buses(cell, plan)]
    found += [
        _port(pin.inner, pin.direction, pin.kind, f"{instance(cell)}_{pin.inner}", [(BOARD, pin.name)], pin.bits)
        for pin in outside(design)
        if pin.cell == cell
    ]
    return sorted(found, key=lambda port: port.attributes["NAME"])


def frequency(driver: Pin, design: Design) -> int:
    """Of what a clock's driver drives, in Hz."""
    if driver.cell == CLOCK:
        return PIXEL_HZ * (5 if driver.name == "clk_out2" else 1)
    return (design.clock if driver == NET_CLOCK else BUS).hz


def signal(interface: Pin, name: str) -> str:
    """Name of a port of an interface: ``m_axis_mm2s_tdata``, ``M_AXI_GP0_ARADDR``, ``S00_AXI_araddr``."""
    if interface.cell == PS7:
        return f"{interface.name}_{name}".upper()
    smart = interface.name[1:3].isdigit()
    return f"{interface.name if smart else interface.name.lower()}_{name.lower()}"


def interface_of(pin: Pin, plan: Layout) -> Interface:
    """The signals of an interface; a SmartConnect's are those of its partner."""
    if (pin.cell, pin.name) in plan.interfaces:
        return plan.interfaces[pin.cell, pin.name]
    (other,) = (ends[1 - ends.index(pin)] for ends in plan.buses if pin in ends)
    return plan.interfaces[other.cell, other.name]


def stream_signals(side: str) -> tuple[tuple[str, bool], ...]:
    """Signals of one of the streams of `Layout`."""
    return (*STREAM_SIGNALS, ("TUSER", False)) if side == "pixels" else STREAM_SIGNALS


def stream_bits(side: str, design: Design) -> int:
    """Bits of TDATA of one of the streams of `Layout`."""
    return {"input": design.input_bits, "output": design.output_bits, "pixels": PIXEL_BITS}[side]


def _port(name: str, direction: str, kind: str, signame: str, to: list[tuple[str, str]], bits: int = 0) -> Port:
    attributes = {"DIR": direction, "NAME": name, "SIGIS": kind, "SIGNAME": signame}
    if bits:
        attributes |= {"LEFT": str(bits - 1), "RIGHT": "0"}
    return Port(attributes, to)


def _wires(cell: str, design: Design, plan: Layout) -> Iterator[Port]:
    """Clocks, resets, interrupts, and the like."""
    for net in plan.nets:
        for pin in net.pins:
            if pin.cell != cell:
                continue
            drives = pin is net.driver
            others = net.loads if drives else (net.driver,)
            to = [(instance(other.cell), other.name) for other in others]
            name = f"{instance(net.driver.cell)}_{net.driver.name}"
            port = _port(pin.name, "O" if drives else "I", net.kind, name, to, _bits(pin, plan))
            if net.kind == "clk":
                port.attributes["CLKFREQUENCY"] = str(frequency(net.driver, design))
            elif net.kind == "rst":
                port.attributes["POLARITY"] = "ACTIVE_LOW"
            elif net.kind == "INTERRUPT":
                port.attributes |= _sensitivity(pin, plan)
            yield port


def _bits(pin: Pin, plan: Layout) -> int:
    if pin.name in _VECTORS or pin.name == "intr" or pin.name.startswith("In"):
        return 1
    if pin.name in ("dout", "IRQ_F2P"):
        return sum(load.cell == "interrupts" for net in plan.nets for load in net.loads)
    return 0


def _sensitivity(pin: Pin, plan: Layout) -> dict[str, str]:
    if pin.cell == "interrupts":
        return {}
    count = _bits(pin, plan) if pin.name == "IRQ_F2P" else 1
    return {"SENSITIVITY": ":".join(["LEVEL_HIGH"] * count)}


def _streams(cell: str, design: Design, plan: Layout) -> Iterator[Port]:
    for source, sink, side in plan.streams:
        width = stream_bits(side, design)
        for here, there, out in ((source, sink, True), (sink, source, False)):
            if here.cell != cell:
                continue
            for name, against in stream_signals(side):
                bits = {"TDATA": width, "TKEEP": width // 8, "TUSER": 1}.get(name, 0)
                signame = f"{instance(source.cell)}_{signal(source, name)}"
                to = [(instance(there.cell), signal(there, name))]
                yield _port(signal(here, name), "O" if out is not against else "I", "undef", signame, to, bits)


def _buses(cell: str, plan: Layout) -> Iterator[Port]:
    for master, slave in plan.buses:
        for here, there, out in ((master, slave, True), (slave, master, False)):
            if here.cell != cell:
                continue
            for name, bits, forward in interface_of(here, plan).signals():
                signame = f"{instance(master.cell)}_{signal(master, name)}"
                to = [(instance(there.cell), signal(there, name))]
                yield _port(signal(here, name), "O" if out is forward else "I", "undef", signame, to, bits)

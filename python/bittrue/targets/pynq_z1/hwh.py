"""The hardware hand-off of the overlay as Vivado would write it: what the simulated board loads.

Vivado writes the real ``.hwh`` of a bitstream. This one is made from `Design` alone and has what ``pynq`` looks at, in
the words of Vivado: cells with their VLNV and parameters, the address map, the register maps, and ports and interfaces
with their connections. docs/vivado.md says what it was held against and what it leaves out.

Format: the XML that Vivado writes for a block design, learnt from public hand-offs of Zynq-7000 designs.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bittrue.targets.pynq_z1.axi_signals import Interface
from bittrue.targets.pynq_z1.design import DDR_BASE, DDR_RANGE, DESIGN, DMA, IP, PART, PS7, Design
from bittrue.targets.pynq_z1.dma_registers import DMA_REGISTERS
from bittrue.targets.pynq_z1.hwh_parameters import parameters
from bittrue.targets.pynq_z1.hwh_ports import (
    frequency,
    interface_of,
    ports,
    signal,
    stream_bits,
    stream_signals,
)
from bittrue.targets.pynq_z1.layout import Layout, Mapped, layout
from bittrue.targets.pynq_z1.outside import INTERFACES, instance, outside
from bittrue.targets.pynq_z1.video import INTC, VDMA
from bittrue.targets.pynq_z1.wiring import BUS_CLOCK, Pin

EDW_VERSION = "1.2"
_AXIMM, _AXIS = "xilinx.com:interface:aximm:1.0", "xilinx.com:interface:axis:1.0"
_MEMORY_IDS = "6"
"""Bits of the identifiers that a memory port has, whether they are connected or not."""
_BLOCKS = {DMA: ("S_AXI_LITE", "Reg"), IP: ("s_axi_ctrl", "reg0"), VDMA: ("S_AXI_LITE", "Reg"), INTC: ("s_axi", "Reg")}


def hwh(design: Design) -> str:
    """Text of the file."""
    plan = layout(design)
    root = Element("EDKSYSTEM", EDWVERSION=EDW_VERSION, TIMESTAMP="", VIVADOVERSION="none: written by bittrue")
    device, package, speed = PART[2:7], "clg400", "-1"
    SubElement(root, "SYSTEMINFO", ARCH="zynq", DEVICE=device, NAME=DESIGN, PACKAGE=package, SPEEDGRADE=speed)
    _external(root, design)
    modules = SubElement(root, "MODULES")
    for cell in plan.cells:
        _module(modules, cell, design, plan)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _external(root: Element, design: Design) -> None:
    """Pins of the chip, and their interfaces."""
    group = SubElement(root, "EXTERNALPORTS")
    for pin in outside(design):
        name = f"{instance(pin.cell)}_{pin.inner}"
        port = SubElement(group, "PORT", DIR=pin.direction, NAME=pin.name, SIGIS=pin.kind, SIGNAME=name)
        if pin.bits:
            port.set("LEFT", str(pin.bits - 1))
            port.set("RIGHT", "0")
        SubElement(SubElement(port, "CONNECTIONS"), "CONNECTION", INSTANCE=instance(pin.cell), PORT=pin.inner)
    group = SubElement(root, "EXTERNALINTERFACES")
    for interface, pins in INTERFACES.items():
        bus = SubElement(group, "BUSINTERFACE", BUSNAME=f"{PS7}_{interface}", NAME=interface, TYPE="INITIATOR")
        maps = SubElement(bus, "PORTMAPS")
        for name in pins:
            SubElement(maps, "PORTMAP", LOGICAL=name.upper(), PHYSICAL=f"{interface}_{name}")


def _module(modules: Element, cell: str, design: Design, plan: Layout) -> None:
    """One cell."""
    kind, version = plan.cells[cell].split(":")[2:]
    name, smart = instance(cell), kind == "smartconnect"
    module = SubElement(
        modules,
        "MODULE",
        FULLNAME=f"/{cell}",
        HWVERSION=version,
        INSTANCE=name,
        IPTYPE="BUS" if smart else "PERIPHERAL",
        IS_ENABLE="1",
        MODTYPE=kind,
        VLNV=plan.cells[cell],
    )
    if cell == PS7:
        module.set("CONFIGURABLE", "TRUE")
        module.set("IS_PL", "FALSE")
    else:
        module.set("MODCLASS", "BUS" if smart else "PERIPHERAL")
    if smart:  # a block design of its own
        inner = f"{DESIGN}_{cell.rpartition('/')[2]}_0"
        for key, value in (("BD", inner), ("BDTYPE", "SBD"), ("DRIVERMODE", "CORE"), ("SIM_BD", inner)):
            module.set(key, value)
    _address_blocks(module, cell, plan)
    group = SubElement(module, "PARAMETERS")
    for key, value in parameters(design, cell).items():
        SubElement(group, "PARAMETER", NAME=key, VALUE=value)
    group = SubElement(module, "PORTS")
    for port in ports(cell, design, plan):
        element = SubElement(group, "PORT", port.attributes)
        connections = SubElement(element, "CONNECTIONS")
        for there, name in port.connections:
            SubElement(connections, "CONNECTION", INSTANCE=there, PORT=name)
    _interfaces(module, cell, design, plan)
    _memory_map(module, cell, plan)


def _address_blocks(module: Element, cell: str, plan: Layout) -> None:
    """What lies behind a cell's interfaces: memory of the processing system, registers of the others.

    The packaged shell does not list its registers, and of the video DMA and the interrupt controller the driver reads
    by offsets.
    """
    seen: dict[str, Mapped] = {entry.slave.name: entry for entry in plan.addresses if entry.slave.cell == cell}
    if not seen:
        return
    group = SubElement(module, "ADDRESSBLOCKS")
    if cell == PS7:
        for name, entry in seen.items():
            _block(group, "", name, entry.block, DDR_RANGE - DDR_BASE, "memory")
        return
    block = _block(group, "read-write", *_BLOCKS[cell], 0x1000, "register")
    registers = SubElement(block, "REGISTERS")
    for register, offset, fields in DMA_REGISTERS if cell == DMA else ():
        element = SubElement(registers, "REGISTER", NAME=register)
        _properties(element, ADDRESS_OFFSET=f"0x{offset:X}", SIZE="32", ACCESS="read-write", IS_ENABLED="true")
        places = SubElement(element, "FIELDS")
        for name, low, bits in fields:
            place = SubElement(places, "FIELD", NAME=name)
            _properties(place, ACCESS="read-write", BIT_OFFSET=str(low), BIT_WIDTH=str(bits))


def _block(group: Element, access: str, interface: str, name: str, size: int, usage: str) -> Element:
    return SubElement(
        group, "ADDRESSBLOCK", ACCESS=access, INTERFACE=interface, NAME=name, RANGE=str(size), USAGE=usage
    )


def _properties(element: Element, **values: str) -> None:
    for name, value in values.items():
        SubElement(element, "PROPERTY", NAME=name, VALUE=value)


def _interfaces(module: Element, cell: str, design: Design, plan: Layout) -> None:
    """Bus interfaces of a cell with their signals."""
    group = SubElement(module, "BUSINTERFACES")
    if cell == PS7:
        for name, pins in INTERFACES.items():
            vlnv = (
                "xilinx.com:interface:ddrx:1.0"
                if name == "DDR"
                else "xilinx.com:display_processing_system7:fixedio:1.0"
            )
            found = {key.upper(): port for key, (port, _) in pins.items()}
            _interface(group, name, "INITIATOR", vlnv, f"{PS7}_{name}", {}, found)
    for source, sink, side in plan.streams:
        for here, role in ((source, "INITIATOR"), (sink, "TARGET")):
            if here.cell == cell:
                values = {"TDATA_NUM_BYTES": stream_bits(side, design) // 8, "TUSER_WIDTH": int(side == "pixels")}
                values |= {"HAS_TLAST": 1, "HAS_TKEEP": 1, "HAS_TREADY": 1, "HAS_TSTRB": 0}
                texts = {key: str(value) for key, value in values.items()} | _clock_of(here, design, plan)
                found = {name: signal(here, name) for name, _ in stream_signals(side)}
                bus = f"{instance(source.cell)}_{source.name}"
                _interface(group, here.name, role, _AXIS, bus, texts, found)
    for master, slave in plan.buses:
        for here, role in ((master, "MASTER"), (slave, "SLAVE")):
            if here.cell == cell:
                kind = interface_of(here, plan)
                found = {name.upper(): signal(here, name) for name, _, _ in kind.signals()}
                bus = f"{instance(master.cell)}_{master.name}"
                values_mm = _bus_parameters(kind) | _clock_of(here, design, plan)
                if here.cell == PS7 and role == "SLAVE":
                    values_mm["ID_WIDTH"] = _MEMORY_IDS
                element = _interface(group, here.name, role, _AXIMM, bus, values_mm, found)
                element.set("DATAWIDTH", str(kind.data_bits))


def _interface(
    group: Element, name: str, role: str, vlnv: str, bus: str, values: dict[str, str], signals: dict[str, str]
) -> Element:
    element = SubElement(group, "BUSINTERFACE", BUSNAME=bus, NAME=name, TYPE=role, VLNV=vlnv)
    for key, value in values.items():
        SubElement(element, "PARAMETER", NAME=key, VALUE=value)
    maps = SubElement(element, "PORTMAPS")
    for logical, physical in signals.items():
        SubElement(maps, "PORTMAP", LOGICAL=logical, PHYSICAL=physical)
    return element


def _bus_parameters(kind: Interface) -> dict[str, str]:
    values = {"ADDR_WIDTH": kind.address_bits, "DATA_WIDTH": kind.data_bits, "ID_WIDTH": kind.id_bits}
    names = {"PROTOCOL": kind.protocol, "READ_WRITE_MODE": kind.mode}
    return {name: str(value) for name, value in values.items()} | names


def _clock_of(interface: Pin, design: Design, plan: Layout) -> dict[str, str]:
    """Frequency and domain of an interface's clock: a cell with one clock has it on all of them."""
    clocks = {
        load.name: net.driver
        for net in plan.nets
        if net.kind == "clk"
        for load in net.loads
        if load.cell == interface.cell
    }
    name = interface.name.lower()
    driver = clocks.get(f"{name}_aclk") or clocks.get(f"{interface.name}_ACLK") or clocks.get("aclk")
    if interface.cell == "control":  # the only one with two: the net's registers are on the net's clock
        driver = clocks["aclk1"] if interface.name == "M01_AXI" else clocks["aclk"]
    if driver is None:  # a stream of a DMA: its memory side's clock
        driver = clocks.get("m_axis_mm2s_aclk") or BUS_CLOCK
    domain = f"{DESIGN}_{driver.cell.rpartition('/')[2]}_0_{driver.name}"
    return {"CLK_DOMAIN": domain, "FREQ_HZ": str(frequency(driver, design)), "PHASE": "0.0"}


def _memory_map(module: Element, cell: str, plan: Layout) -> None:
    """What a cell's masters reach."""
    found = [entry for entry in plan.addresses if entry.master.cell == cell]
    if not found:
        return
    group = SubElement(module, "MEMORYMAP")
    for entry in found:
        base, size = entry.base, entry.size
        SubElement(
            group,
            "MEMRANGE",
            ADDRESSBLOCK=entry.block,
            BASENAME="C_BASEADDR",
            BASEVALUE=f"0x{base:08X}",
            HIGHNAME="C_HIGHADDR",
            HIGHVALUE=f"0x{base + size - 1:08X}",
            INSTANCE=instance(entry.slave.cell),
            IS_DATA="TRUE",
            IS_INSTRUCTION="TRUE",
            MASTERBUSINTERFACE=entry.master.name,
            MEMTYPE=entry.kind,
            SLAVEBUSINTERFACE=entry.slave.name,
        )
    peripherals = SubElement(module, "PERIPHERALS")
    for name in dict.fromkeys(instance(entry.slave.cell) for entry in found):
        SubElement(peripherals, "PERIPHERAL", INSTANCE=name)

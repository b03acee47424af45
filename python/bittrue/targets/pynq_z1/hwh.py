"""The hardware hand-off of the overlay, as far as the board's software reads it: what the simulated board loads.

Vivado writes the real ``.hwh`` of a bitstream. This one is made from `Design` alone and has what ``pynq`` looks at:
cells with their VLNV and parameters, the address map, the register maps, clocks, resets, interrupts and streams with
their connections. Signals of memory-mapped buses are left out.

Format: the XML that Vivado writes for a block design, learnt from public hand-offs of Zynq-7000 designs.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bittrue.targets.pynq_z1.clock import BUS
from bittrue.targets.pynq_z1.design import (
    ADDRESSES,
    DDR_BASE,
    DDR_RANGE,
    DESIGN,
    DMA,
    FROM_NET,
    IP,
    PART,
    PS7,
    REGISTER_RANGE,
    TO_NET,
    VLNV,
    Design,
)
from bittrue.targets.pynq_z1.dma_registers import DMA_REGISTERS
from bittrue.targets.pynq_z1.wiring import NET_CLOCK, NETS, STREAMS, Pin

EDW_VERSION = "1.2"
_AXIMM, _AXIS = "xilinx.com:interface:aximm:1.0", "xilinx.com:interface:axis:1.0"
_SHELL_INTERFACE, _DMA_INTERFACE = "s_axi_ctrl", "S_AXI_LITE"
_STREAM_SIGNALS = (("TDATA", False), ("TKEEP", False), ("TLAST", False), ("TVALID", False), ("TREADY", True))
"""Signals of a stream, and whether they run against it."""


def hwh(design: Design) -> str:
    """Text of the file."""
    root = Element("EDKSYSTEM", EDWVERSION=EDW_VERSION, TIMESTAMP="", VIVADOVERSION="none: written by bittrue")
    device, package, speed = PART[2:6], "clg400", "-1"
    SubElement(root, "SYSTEMINFO", ARCH="zynq", DEVICE=device, NAME=DESIGN, PACKAGE=package, SPEEDGRADE=speed)
    SubElement(root, "EXTERNALPORTS")
    SubElement(root, "EXTERNALINTERFACES")
    modules = SubElement(root, "MODULES")
    for cell in VLNV:
        _module(modules, cell, design)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def parameters(design: Design, cell: str) -> dict[str, str]:
    """The parameters that the file gives for a cell."""
    if cell == PS7:
        return _ps7(design)
    if cell == DMA:
        config = design.dma_config()
        generics = {name.upper(): value for name, value in config.items() if name not in _NO_GENERIC}
        return generics | config | _window(DMA)
    if cell in (TO_NET, FROM_NET):
        return design.converter_config(cell)
    if cell == IP:
        return _window(IP)
    return {}


_NO_GENERIC = ("c_addr_width", "c_single_interface")
"""Parameters of the DMA's dialogue that its VHDL does not have."""


def _ps7(design: Design) -> dict[str, str]:
    """The processing system's parameters: clocks, ports in use, and the memory."""
    found = {
        "PCW_CRYSTAL_PERIPHERAL_FREQMHZ": "50",
        "PCW_USE_M_AXI_GP0": "1",
        "PCW_USE_S_AXI_HP0": "1",
        "PCW_S_AXI_HP0_DATA_WIDTH": "64",
        "PCW_USE_FABRIC_INTERRUPT": "1",
    }
    for k, clock in enumerate((design.clock, BUS, None, None)):
        divisors = (clock.divisor0, clock.divisor1) if clock else (1, 1)
        found |= {f"PCW_FCLK{k}_PERIPHERAL_DIVISOR{n}": str(divisor) for n, divisor in enumerate(divisors)}
        found[f"PCW_FCLK{k}_PERIPHERAL_CLKSRC"] = "IO PLL"
        found[f"PCW_FPGA_FCLK{k}_ENABLE"] = "1" if clock else "0"
        if clock:
            found |= {f"PCW_FPGA{k}_PERIPHERAL_FREQMHZ": clock.asked, f"PCW_CLK{k}_FREQ": str(clock.hz)}
    return found | {"C_BASEADDR": f"0x{DDR_BASE:08X}", "C_HIGHADDR": f"0x{DDR_BASE + DDR_RANGE - 1:08X}"}


def _window(cell: str) -> dict[str, str]:
    """First and last address of a cell's registers, under the names that Vivado gives them."""
    prefix = "C" if cell == DMA else f"C_{_SHELL_INTERFACE.upper()}"
    base = ADDRESSES[cell]
    return {f"{prefix}_BASEADDR": f"0x{base:08X}", f"{prefix}_HIGHADDR": f"0x{base + REGISTER_RANGE - 1:08X}"}


def _module(modules: Element, cell: str, design: Design) -> None:
    """One cell."""
    kind, version = VLNV[cell].split(":")[2:]
    bus = kind in ("smartconnect",)
    module = SubElement(
        modules,
        "MODULE",
        FULLNAME=f"/{cell}",
        HWVERSION=version,
        INSTANCE=cell,
        IPTYPE="BUS" if bus else "PERIPHERAL",
        IS_ENABLE="1",
        MODTYPE=kind,
        VLNV=VLNV[cell],
    )
    if cell == PS7:
        module.set("IS_PL", "FALSE")
    if cell in (DMA, IP):
        _address_block(module, cell)
    group = SubElement(module, "PARAMETERS")
    for name, value in parameters(design, cell).items():
        SubElement(group, "PARAMETER", NAME=name, VALUE=value)
    _ports(module, cell, design)
    _interfaces(module, cell, design)
    _memory_map(module, cell)


def _address_block(module: Element, cell: str) -> None:
    """The registers behind a cell's AXI4-Lite interface; the packaged shell does not list its own."""
    interface, name, size = (_DMA_INTERFACE, "Reg", 0x1000) if cell == DMA else (_SHELL_INTERFACE, "reg0", 0x1000)
    block = SubElement(
        SubElement(module, "ADDRESSBLOCKS"),
        "ADDRESSBLOCK",
        ACCESS="read-write",
        INTERFACE=interface,
        NAME=name,
        RANGE=str(size),
        USAGE="register",
    )
    registers = SubElement(block, "REGISTERS")
    for register, offset, fields in DMA_REGISTERS if cell == DMA else ():
        element = SubElement(registers, "REGISTER", NAME=register)
        _properties(element, ADDRESS_OFFSET=f"0x{offset:X}", SIZE="32", ACCESS="read-write", IS_ENABLED="true")
        group = SubElement(element, "FIELDS")
        for field, low, bits in fields:
            place = SubElement(group, "FIELD", NAME=field)
            _properties(place, ACCESS="read-write", BIT_OFFSET=str(low), BIT_WIDTH=str(bits))


def _properties(element: Element, **values: str) -> None:
    for name, value in values.items():
        SubElement(element, "PROPERTY", NAME=name, VALUE=value)


def _ports(module: Element, cell: str, design: Design) -> None:
    """Clocks, resets, interrupts and stream signals of a cell with what they are connected to."""
    group = SubElement(module, "PORTS")
    for net in NETS:
        for pin in net.pins:
            if pin.cell != cell:
                continue
            others = net.loads if pin is net.driver else (net.driver,)
            port = _port(group, pin.name, "O" if pin is net.driver else "I", net.kind, others)
            if net.kind == "clk":
                port.set("CLKFREQUENCY", str((design.clock if net.driver == NET_CLOCK else BUS).hz))
    for source, sink, bits in STREAMS:
        for here, there, out in ((source, sink, True), (sink, source, False)):
            if here.cell != cell:
                continue
            width = design.input_bits if bits == "input" else design.output_bits
            for signal, against in _STREAM_SIGNALS:
                other = Pin(there.cell, _signal(there, signal))
                port = _port(group, _signal(here, signal), "O" if out is not against else "I", "undef", (other,))
                size = {"TDATA": width, "TKEEP": width // 8}.get(signal, 0)
                if size:
                    port.set("LEFT", str(size - 1))
                    port.set("RIGHT", "0")


def _signal(interface: Pin, signal: str) -> str:
    """Name of a signal of a stream: ``m_axis_mm2s_tdata`` of ``M_AXIS_MM2S``."""
    return f"{interface.name}_{signal}".lower()


def _port(group: Element, name: str, direction: str, kind: str, others: tuple[Pin, ...]) -> Element:
    port = SubElement(group, "PORT", DIR=direction, NAME=name, SIGIS=kind)
    connections = SubElement(port, "CONNECTIONS")
    for other in others:
        SubElement(connections, "CONNECTION", INSTANCE=other.cell, PORT=other.name)
    return port


def _interfaces(module: Element, cell: str, design: Design) -> None:
    """Bus interfaces of a cell: streams with their signals, memory-mapped ones without."""
    group = SubElement(module, "BUSINTERFACES")
    plain = {
        PS7: (("M_AXI_GP0", "MASTER", 32), ("S_AXI_HP0", "SLAVE", 64)),
        DMA: (
            (_DMA_INTERFACE, "SLAVE", 32),
            ("M_AXI_MM2S", "MASTER", int(design.dma_config()["c_m_axi_mm2s_data_width"])),
            ("M_AXI_S2MM", "MASTER", int(design.dma_config()["c_m_axi_s2mm_data_width"])),
        ),
        IP: ((_SHELL_INTERFACE, "SLAVE", 32),),
    }
    for name, role, width in plain.get(cell, ()):
        bus = SubElement(group, "BUSINTERFACE", NAME=name, TYPE=role, VLNV=_AXIMM, DATAWIDTH=str(width))
        SubElement(bus, "PARAMETER", NAME="DATA_WIDTH", VALUE=str(width))
    for source, sink, bits in STREAMS:
        for here, role in ((source, "INITIATOR"), (sink, "TARGET")):
            if here.cell != cell:
                continue
            name = f"{source.cell}_{source.name}"
            bus = SubElement(group, "BUSINTERFACE", BUSNAME=name, NAME=here.name, TYPE=role, VLNV=_AXIS)
            width = design.input_bits if bits == "input" else design.output_bits
            for key, value in (("TDATA_NUM_BYTES", width // 8), ("HAS_TLAST", 1), ("HAS_TKEEP", 1), ("HAS_TREADY", 1)):
                SubElement(bus, "PARAMETER", NAME=key, VALUE=str(value))
            maps = SubElement(bus, "PORTMAPS")
            for signal, _ in _STREAM_SIGNALS:
                SubElement(maps, "PORTMAP", LOGICAL=signal, PHYSICAL=_signal(here, signal))


def _memory_map(module: Element, cell: str) -> None:
    """What a cell's masters reach."""
    if cell not in (PS7, DMA):
        return
    group = SubElement(module, "MEMORYMAP")
    if cell == PS7:
        for slave, interface, block in ((DMA, _DMA_INTERFACE, "Reg"), (IP, _SHELL_INTERFACE, "reg0")):
            _range(group, block, ADDRESSES[slave], REGISTER_RANGE, slave, "M_AXI_GP0", interface, "REGISTER")
        return
    for master in ("M_AXI_MM2S", "M_AXI_S2MM"):
        _range(group, "HP0_DDR_LOWOCM", DDR_BASE, DDR_RANGE, PS7, master, "S_AXI_HP0", "MEMORY")


def _range(group: Element, block: str, base: int, size: int, instance: str, master: str, slave: str, kind: str) -> None:
    SubElement(
        group,
        "MEMRANGE",
        ADDRESSBLOCK=block,
        BASENAME="C_BASEADDR",
        BASEVALUE=f"0x{base:08X}",
        HIGHNAME="C_HIGHADDR",
        HIGHVALUE=f"0x{base + size - 1:08X}",
        INSTANCE=instance,
        IS_DATA="TRUE",
        IS_INSTRUCTION="TRUE",
        MASTERBUSINTERFACE=master,
        MEMTYPE=kind,
        SLAVEBUSINTERFACE=slave,
    )

"""The ports of a net's AXI shell, and the wrapper that brings them to the C++ bench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bittrue.cosim.module_ports import Port, check_ports, declared_ports
from bittrue.cosim.streams import HardwareFault
from bittrue.cosim.weight_memory import HEADER, MASTER, SIGNALS
from bittrue.lower.registers import BY_NAME

WRAPPER = "bittrue_shell_bench"
ADDRESS_BITS = 12
WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
"""Bits of tdata that a shell may have."""
CONTROL: Mapping[str, Port] = {
    "awaddr": ("input", ADDRESS_BITS),
    "awprot": ("input", 3),
    "awvalid": ("input", 1),
    "awready": ("output", 1),
    "wdata": ("input", 32),
    "wstrb": ("input", 4),
    "wvalid": ("input", 1),
    "wready": ("output", 1),
    "bresp": ("output", 2),
    "bvalid": ("output", 1),
    "bready": ("input", 1),
    "araddr": ("input", ADDRESS_BITS),
    "arprot": ("input", 3),
    "arvalid": ("input", 1),
    "arready": ("output", 1),
    "rdata": ("output", 32),
    "rresp": ("output", 2),
    "rvalid": ("output", 1),
    "rready": ("input", 1),
}
"""Of the AXI4-Lite slave ``s_axi_ctrl_``."""


@dataclass(frozen=True)
class ShellPorts:
    """Widths of a shell's streams.

    Parameters
    ----------
    module : str
        Name of the Verilog module.
    input_bits, output_bits : int
        Width of tdata.
    """

    module: str
    input_bits: int
    output_bits: int
    weights: bool = False
    """Whether it reads weights from memory."""

    @classmethod
    def of(cls, verilog: str, module: str) -> ShellPorts:
        """Read the widths from the text, and make sure that it has a shell's ports and no other.

        Raises `BadInput` where the text has no such module and `HardwareFault` for ports that are not a shell's.
        """
        declared = declared_ports(verilog, module)
        widths = []
        for name in ("s_axis_tdata", "m_axis_tdata"):
            bits = declared.get(name, ("", 0))[1]
            if bits not in WIDTHS:
                raise HardwareFault(f"module {module}: port {name} has {bits} bits; a shell has one of {WIDTHS}")
            widths.append(bits)
        ports = cls(module, widths[0], widths[1], f"{MASTER}_araddr" in declared)
        check_ports(verilog, module, ports.expected())
        return ports

    def expected(self) -> dict[str, Port]:
        """Direction and width of every port by name."""
        ports: dict[str, Port] = {"aclk": ("input", 1), "aresetn": ("input", 1)}
        ports |= {f"s_axi_ctrl_{name}": port for name, port in CONTROL.items()}
        for stream, there, back, bits in self._streams():
            ports |= {
                f"{stream}_tdata": (there, bits),
                f"{stream}_tkeep": (there, bits // 8),
                f"{stream}_tlast": (there, 1),
                f"{stream}_tvalid": (there, 1),
                f"{stream}_tready": (back, 1),
            }
        return ports | (SIGNALS if self.weights else {})

    def wrapper(self) -> str:
        """Verilog around the module: every tdata and tkeep as at least three 32-bit words, the rest as it is."""
        ports, wires, pins = [], [], []
        for name, (direction, bits) in self.expected().items():
            wide = name.endswith(("tdata", "tkeep"))
            width = 32 * words(bits) if wide else bits
            ports.append(f"{direction} [{width - 1}:0] {name}" if width > 1 else f"{direction} {name}")
            pins.append(f".{name}({name}[{bits - 1}:0])" if wide else f".{name}({name})")
            if wide and direction == "output" and width > bits:
                wires.append(f"  assign {name}[{width - 1}:{bits}] = 0;\n")
        body = f"{''.join(wires)}  \\{self.module} dut ({', '.join(pins)});\n"
        return f"module {WRAPPER}({', '.join(ports)});\n{body}endmodule\n"

    def header(self) -> str:
        """C++: how many words the wrapper's ports have, and how a soft reset is asked for."""
        sizes = {
            "IN_WORDS": words(self.input_bits),
            "IN_KEEP": words(self.input_bits // 8),
            "OUT_WORDS": words(self.output_bits),
            "OUT_KEEP": words(self.output_bits // 8),
            "OUT_BYTES": self.output_bits // 8,
            "SOFT_RESET": BY_NAME["CONTROL"].offset,
            "SOFT_RESET_BIT": BY_NAME["CONTROL"].encode(reset=1),
        }
        memory = HEADER if self.weights else ""
        return f"{memory}constexpr int {', '.join(f'{name} = {size}' for name, size in sizes.items())};\n"

    def _streams(self) -> tuple[tuple[str, str, str, int], ...]:
        return ("s_axis", "input", "output", self.input_bits), ("m_axis", "output", "input", self.output_bits)


def words(bits: int) -> int:
    """32-bit words of a port on the wrapper: at least 3, because Verilator keeps narrower ones as scalars."""
    return max(3, -(-bits // 32))

"""The ports of a net's AXI shell, and the wrapper that brings them to the C++ bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bittrue.cosim.module_ports import Port, check_ports, declared_ports
from bittrue.cosim.streams import HardwareFault
from bittrue.cosim.weight_memory import HEADER, MASTER, SIGNALS
from bittrue.lower.registers import BY_NAME

WRAPPER = "bittrue_shell_bench"
ADDRESS_BITS = 12
WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
"""Bits of tdata that a shell may have."""
NARROWEST = WIDTHS[0]
"""Bits of the stream that the wrapper has in the place of one that a shell lacks."""
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
        Width of tdata; 0 for a shell without an input stream.
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
        sourceless = not any(name.startswith("s_axis_") for name in declared)
        widths = [0] if sourceless else []
        for name in ("s_axis_tdata", "m_axis_tdata")[sourceless:]:
            bits = declared.get(name, ("", 0))[1]
            if bits not in WIDTHS:
                raise HardwareFault(f"module {module}: port {name} has {bits} bits; a shell has one of {WIDTHS}")
            widths.append(bits)
        ports = cls(module, widths[0], widths[1], f"{MASTER}_araddr" in declared)
        check_ports(verilog, module, ports.expected())
        return ports

    def expected(self) -> dict[str, Port]:
        """Direction and width of every port by name."""
        return self._ports(self._streams()[not self.input_bits :])

    def _ports(self, streams: Sequence[tuple[str, str, str, int]]) -> dict[str, Port]:
        ports: dict[str, Port] = {"aclk": ("input", 1), "aresetn": ("input", 1)}
        ports |= {f"s_axi_ctrl_{name}": port for name, port in CONTROL.items()}
        for stream, there, back, bits in streams:
            ports |= {
                f"{stream}_tdata": (there, bits),
                f"{stream}_tkeep": (there, bits // 8),
                f"{stream}_tlast": (there, 1),
                f"{stream}_tvalid": (there, 1),
                f"{stream}_tready": (back, 1),
            }
        return ports | (SIGNALS if self.weights else {})

    def wrapper(self) -> str:
        """Verilog around the module: every tdata and tkeep as at least three 32-bit words, the rest as it is.

        A stream that the module has not is there and takes nothing.
        """
        ports, pins = [], []
        wires = [] if self.input_bits else ["  assign s_axis_tready = 1'b0;\n"]
        own = self.expected()
        for name, (direction, bits) in self._ports(self._streams()).items():
            wide = name.endswith(("tdata", "tkeep"))
            width = 32 * words(bits) if wide else bits
            ports.append(f"{direction} [{width - 1}:0] {name}" if width > 1 else f"{direction} {name}")
            if name in own:
                pins.append(f".{name}({name}[{bits - 1}:0])" if wide else f".{name}({name})")
            if wide and direction == "output" and width > bits:
                wires.append(f"  assign {name}[{width - 1}:{bits}] = 0;\n")
        body = f"{''.join(wires)}  \\{self.module} dut ({', '.join(pins)});\n"
        return f"module {WRAPPER}({', '.join(ports)});\n{body}endmodule\n"

    def header(self) -> str:
        """C++: how many words the wrapper's ports have, and how a soft reset is asked for."""
        sizes = {
            "IN_WORDS": words(self.input_bits or NARROWEST),
            "IN_KEEP": words((self.input_bits or NARROWEST) // 8),
            "OUT_WORDS": words(self.output_bits),
            "OUT_KEEP": words(self.output_bits // 8),
            "OUT_BYTES": self.output_bits // 8,
            "SOFT_RESET": BY_NAME["CONTROL"].offset,
            "SOFT_RESET_BIT": BY_NAME["CONTROL"].encode(reset=1),
        }
        memory = HEADER if self.weights else ""
        return f"{memory}constexpr int {', '.join(f'{name} = {size}' for name, size in sizes.items())};\n"

    def _streams(self) -> tuple[tuple[str, str, str, int], ...]:
        return ("s_axis", "input", "output", self.input_bits or NARROWEST), (
            "m_axis",
            "output",
            "input",
            self.output_bits,
        )


def words(bits: int) -> int:
    """32-bit words of a port on the wrapper: at least 3, because Verilator keeps narrower ones as scalars."""
    return max(3, -(-bits // 32))

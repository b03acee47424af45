"""Read the ports that a Verilog text declares, and hold them against what a bench expects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bittrue.cosim.streams import HardwareFault, Stream
from bittrue.errors import BadInput

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\(\*(?!\)).*?\*\)", re.DOTALL)
_PORT = re.compile(
    r"\b(input|output|inout)\s+(?:wire\s+|reg\s+|logic\s+)?(?:signed\s+)?(?:\[\s*(\d+)\s*:\s*(\d+)\s*\]\s*)?"
    r"(\\\S+|\w+)"
)

Port = tuple[str, int]
"""Direction (``"input"``, ``"output"``, ``"inout"``) and width in bits."""


def declared_ports(verilog: str, module: str) -> dict[str, Port]:
    """Ports of one module by name; each declaration names one port and has numbers for its range.

    Raises `BadInput` where the text has no such module.
    """
    text = _COMMENT.sub(" ", verilog)
    start = re.search(rf"\bmodule\s+(?:{re.escape(module)}\b|\\{re.escape(module)}\s)", text)
    if start is None:
        raise BadInput(f"the Verilog text has no module {module}; generate it for this net")
    body = text[start.end() :].partition("endmodule")[0]
    return {
        name.lstrip("\\"): (direction, abs(int(high or 0) - int(low or 0)) + 1)
        for direction, high, low, name in _PORT.findall(body)
    }


def expected_ports(inputs: Sequence[Stream], outputs: Sequence[Stream], taps: Sequence[Stream]) -> dict[str, Port]:
    """The ports of a module with these streams, clock and reset."""
    ports: dict[str, Port] = {"clk": ("input", 1), "rst": ("input", 1)}
    for stream in inputs:
        ports |= _stream_ports(stream, "input") | {f"{stream.name}_tready": ("output", 1)}
    for stream in outputs:
        ports |= _stream_ports(stream, "output") | {f"{stream.name}_tready": ("input", 1)}
    for stream in taps:
        ports |= _stream_ports(stream, "output")
    return ports


def check_ports(verilog: str, module: str, expected: Mapping[str, Port]) -> None:
    """Make sure that the module has exactly the expected ports.

    An output that nothing drives becomes an *input* in Amaranth's Verilog, and simulators accept that silently.
    Raises `HardwareFault` for the first port that is missing, unknown, or of another direction or width.
    """
    declared = declared_ports(verilog, module)
    for name, (direction, bits) in expected.items():
        if name not in declared:
            raise HardwareFault(f"module {module} has no port {name}; {direction} of {bits} bits expected")
        if declared[name] != (direction, bits):
            found = declared[name]
            hint = "; an output that nothing drives turns into an input" if found[0] != direction else ""
            raise HardwareFault(
                f"module {module}: port {name} is {found[0]} of {found[1]} bits, {direction} of {bits} expected{hint}"
            )
    extra = [name for name in declared if name not in expected]
    if extra:
        raise HardwareFault(f"module {module} has a port {extra[0]} that no stream of the net explains")


def _stream_ports(stream: Stream, direction: str) -> dict[str, Port]:
    return {f"{stream.name}_tdata": (direction, stream.bits), f"{stream.name}_tvalid": (direction, 1)}

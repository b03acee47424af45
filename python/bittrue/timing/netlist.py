"""A flat netlist as Yosys writes it: cells with their pins, and the bits that join them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bittrue.errors import BadInput, shown
from bittrue.readers.documents import json_document

REGISTER = "bittrue_register"
"""Attribute of a signal that a flip-flop of its own module drives, as `bittrue.timing.synthesis` sets it."""
Bit = int | str
"""A net by its number, or a constant: ``"0"``, ``"1"``, ``"x"``."""
NOTES = ("$scopeinfo",)
"""Cells that are no hardware."""


@dataclass(frozen=True)
class Cell:
    """A primitive of the part.

    Parameters
    ----------
    name, kind : str
        ``kind`` is ``"LUT6"``, ``"FDRE"``, ``"DSP48E1"``, ...
    parameters : mapping
    inputs, outputs : mapping
        Bits by pin, the least significant first.
    """

    name: str
    kind: str
    parameters: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, tuple[Bit, ...]] = field(repr=False)
    outputs: Mapping[str, tuple[Bit, ...]] = field(repr=False)

    def number(self, parameter: str, default: int) -> int:
        """A parameter as an integer: Yosys writes a string of binary digits. Raises `BadInput`."""
        given = self.parameters.get(parameter, default)
        try:
            return given if isinstance(given, int) else int(given, 2)
        except (TypeError, ValueError):
            raise BadInput(
                f"cell {self.name} ({self.kind}) has {parameter} = {shown(given)}; write binary digits"
            ) from None


@dataclass(frozen=True)
class Netlist:
    """The cells of one module without submodules.

    Parameters
    ----------
    top : str
    cells : tuple of Cell
    ports_in, ports_out : mapping
        Bits of the module's own ports by name.
    names : mapping
        A name of each bit that has one: a register's before that of a wire, then the shortest.
    """

    top: str
    cells: tuple[Cell, ...] = field(repr=False)
    ports_in: Mapping[str, tuple[Bit, ...]] = field(repr=False)
    ports_out: Mapping[str, tuple[Bit, ...]] = field(repr=False)
    names: Mapping[int, str] = field(repr=False)

    def kinds(self) -> dict[str, int]:
        """Number of cells of every kind."""
        return dict(sorted(Counter(cell.kind for cell in self.cells).items()))

    def fan_out(self) -> dict[int, int]:
        """Number of pins and output ports that read each bit."""
        readers: Counter[int] = Counter()
        for pins in (self.ports_out, *(cell.inputs for cell in self.cells)):
            readers.update(bit for bits in pins.values() for bit in bits if isinstance(bit, int))
        return readers


def read_netlist(data: bytes, top: str, what: str = "the netlist") -> Netlist:
    """The module ``top`` of a text that Yosys's ``write_json`` wrote.

    Parameters
    ----------
    data : bytes
    top : str
        The module's name.
    what : str
        What the text is, for messages.

    Raises
    ------
    BadInput
        Where it is no JSON, no netlist, or has no such module.
    """
    document = json_document(data, what)
    modules = document.get("modules") if isinstance(document, dict) else None
    if not isinstance(modules, dict):
        raise BadInput(f"{what} has no modules, so it is no netlist; write one with Yosys's write_json")
    if top not in modules:
        raise BadInput(f"{what} has no module {shown(top)}, only {shown(list(modules))}; name one of them")
    try:
        return _module(modules[top], top)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"{what}: module {top} is no netlist ({type(error).__name__}: {error}); write it with Yosys's write_json"
        ) from None


def _module(module: Mapping[str, Any], top: str) -> Netlist:
    cells = tuple(_cell(name, each) for name, each in module["cells"].items() if each["type"] not in NOTES)
    ports: dict[str, dict[str, tuple[Bit, ...]]] = {"input": {}, "output": {}, "inout": {}}
    for name, port in module["ports"].items():
        ports[port["direction"]][name] = _bits(port["bits"])
    return Netlist(top, cells, ports["input"], ports["output"], _names(module["netnames"]))


def _cell(name: str, cell: Mapping[str, Any]) -> Cell:
    sides: dict[str, dict[str, tuple[Bit, ...]]] = {"input": {}, "output": {}}
    for pin, bits in cell["connections"].items():
        sides[cell["port_directions"][pin]][pin] = _bits(bits)
    if not isinstance(cell["type"], str):
        raise ValueError(f"cell {name} is of type {shown(cell['type'])}")
    return Cell(name, cell["type"], dict(cell["parameters"]), sides["input"], sides["output"])


def _bits(bits: list[Bit]) -> tuple[Bit, ...]:
    if not all(isinstance(bit, int | str) for bit in bits):
        raise ValueError(f"bits {shown(bits)}")
    return tuple(bits)


def _names(signals: Mapping[str, Any]) -> dict[int, str]:
    best: dict[int, tuple[tuple[bool, bool, int, str], str]] = {}
    for name, signal in signals.items():
        rank = (bool(signal["hide_name"]), REGISTER not in signal["attributes"], len(name), name)
        bits = _bits(signal["bits"])
        for at, bit in enumerate(bits):
            if isinstance(bit, int) and (bit not in best or rank < best[bit][0]):
                best[bit] = (rank, f"{name}[{at}]" if len(bits) > 1 else name)
    return {bit: name for bit, (_, name) in best.items()}

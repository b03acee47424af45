"""Netlists by hand, as Yosys's write_json would write them."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from bittrue.timing.netlist import Netlist, read_netlist

DRIVEN = {"O", "CO", "Q", "Q31", "P", "PCOUT", "ACOUT", "BCOUT", "DOADO", "DOA", "DOB", "DOC", "DOD", "SPO", "DPO"}
"""Pins that are outputs."""
Bits = int | str | list[int | str]


class Draft:
    """Cells that are put together one after another; each call returns the bit, or bits, that the cell drives."""

    def __init__(self) -> None:
        self.cells: dict[str, Any] = {}
        self.names: dict[str, Any] = {}
        self.ports: dict[str, Any] = {}
        self._bits = count(2)

    def bit(self) -> int:
        return next(self._bits)

    def cell(self, kind: str, parameters: dict[str, Any] | None = None, name: str = "", **pins: Bits) -> str:
        name = name or f"{kind}_{len(self.cells)}"
        self.cells[name] = {
            "type": kind,
            "parameters": parameters or {},
            "port_directions": {pin: "output" if pin in DRIVEN else "input" for pin in pins},
            "connections": {pin: bits if isinstance(bits, list) else [bits] for pin, bits in pins.items()},
        }
        return name

    def ff(self, d: int | str, name: str = "") -> int:
        q = self.bit()
        self.cell("FDRE", D=d, CE="1", R="0", C="0", Q=q)
        if name:
            self.name(name, [q], register=True)
        return q

    def lut(self, *inputs: int | str) -> int:
        o = self.bit()
        self.cell(f"LUT{len(inputs)}", O=o, **{f"I{k}": bit for k, bit in enumerate(inputs)})
        return o

    def name(self, name: str, bits: list[int], *, register: bool = False, hidden: bool = False) -> None:
        attributes = {"bittrue_register": "1"} if register else {}
        self.names[name] = {"hide_name": int(hidden), "bits": bits, "attributes": attributes}

    def document(self) -> dict[str, Any]:
        return {"modules": {"top": {"cells": self.cells, "netnames": self.names, "ports": self.ports}}}

    def read(self) -> Netlist:
        return read_netlist(json.dumps(self.document()).encode(), "top")

"""Where in a net a cell lies: the layer, and the register's name in it, from the hierarchy in flat names."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bittrue.timing.edges import nets
from bittrue.timing.netlist import Cell, Netlist

BETWEEN = "between layers"
"""What belongs to no layer: the register at the input, forks, queues of branches, the ports."""
NETWORK = "network"
"""The component whose parts are the layers."""


@dataclass(frozen=True)
class Place:
    """``layer`` by its node's name, ``register`` with the components on the way to it: ``segment0 lane3 acc[5]``."""

    layer: str
    register: str

    def __str__(self) -> str:
        return f"{self.layer} {self.register}" if self.layer != BETWEEN else self.register

    @property
    def alike(self) -> str:
        """The same for places that differ in numbers only: lanes, bits, copies."""
        return re.sub(r"\d+", "#", str(self))


def place(name: str, layers: Collection[str]) -> Place:
    """The place of a flat name: ``network.fc1.segment0.lane3.acc[5]`` is ``segment0 lane3 acc[5]`` of ``fc1``.

    Parameters
    ----------
    name : str
        As Yosys's ``flatten`` writes it.
    layers : collection of str
        Names of the parts that count as layers: those of ``network`` where the name has it, else of the top.
    """
    parts = re.split(r"\.(?![^\[]*\])", name)
    inner = parts[parts.index(NETWORK) + 1 :] if NETWORK in parts else parts
    if len(inner) > 1 and inner[0] in layers:
        return Place(inner[0], " ".join(inner[1:]))
    return Place(BETWEEN, " ".join(inner))


def name_of(cell: Cell, netlist: Netlist) -> str:
    """The name of what a cell drives, that of the bus where it drives several bits; else its own, or what that holds.

    Names that Yosys gives begin with ``$`` and may hold that of a signal behind a backslash.
    """
    bits = [bit for driven in cell.outputs.values() for bit in nets(driven)]
    driven = sorted({netlist.names[bit] for bit in bits if bit in netlist.names}, key=lambda name: (len(name), name))
    names = (*(name for name in driven if not name.startswith("$")), cell.name, *driven)
    name = next((name for name in names if not name.startswith("$")), "")
    if not name:
        held = (re.search(r"\\((?:[\w\[\]]+\.)+[\w\[\]]+)", name) for name in names)
        name = next((found[1] for found in held if found), cell.name)
    return re.sub(r"\[\d+\]$", "", name) if len(bits) > 1 else name

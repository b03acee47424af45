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
    """The name of what a cell drives, that of the bus where it drives several bits; else what its own name holds."""
    bits = [bit for driven in cell.outputs.values() for bit in nets(driven)]
    names = (netlist.names[bit] for bit in bits if bit in netlist.names)
    best = min(names, key=lambda name: (name.startswith("$"), len(name), name), default=cell.name)
    if len(bits) > 1:
        best = re.sub(r"\[\d+\]$", "", best)
    hidden = re.search(r"\\((?:[\w\[\]]+\.)+[\w\[\]]*)", best) if best.startswith("$") else None
    return hidden[1].rstrip(".") if hidden else best

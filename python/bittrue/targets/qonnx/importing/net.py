"""The net in the making: names, types, what each tensor can hold, and what has to be said about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bittrue.errors import BadInput
from bittrue.num import Interval
from bittrue.ranges import node_range
from bittrue.ranges.sums import Intervals
from bittrue.spec import Activation, Layer, Linear, Net, Node, TensorType, Weighted
from bittrue.spec.net import INPUT
from bittrue.targets.qonnx.importing.values import Coded, Mapped

FLOAT = 1 << 24
"""Up to which magnitude a float32 executor makes no error."""


@dataclass
class Building:
    """Inputs and nodes so far. With ``requantise``, what does not fit is changed and reported, else refused."""

    requantise: bool
    inputs: dict[str, TensorType] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    spread: dict[str, Intervals] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    uses: dict[str, int] = field(default_factory=dict)
    sources: dict[str, tuple[Coded, ...]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: {INPUT})
    words: dict[int, tuple[Mapped, Coded]] = field(default_factory=dict)

    def add_input(self, name: str, tensor: TensorType) -> Coded:
        """An input of the net."""
        self.inputs[name] = tensor
        self.taken.add(name)
        self.spread[name] = (Interval.of(tensor.format),) * tensor.shape[0]
        return Coded(name, tensor)

    def add(self, layer: Layer, sources: tuple[Coded, ...], wish: str) -> Coded:
        """A node with a name like ``wish``."""
        types = [source.type for source in sources]
        tensor, name = layer.output_type(*types), self._name(wish)
        found = node_range(layer, types, [self.spread[source.name] for source in sources])
        if found.acc_bits > 63:
            raise BadInput(f"node {name} sums to {found.acc_bits} bits, more than 63; narrow its weights or its input")
        if any(interval.magnitude > FLOAT for interval in found.acc):
            self.remarks.append(f"{name}: sums of {found.acc_bits} bits, which are exact here and rounded in float32")
        self.nodes.append(Node(name, layer, tuple(source.name for source in sources)))
        self.sources[name] = sources
        self.spread[name] = found.output
        return Coded(name, tensor)

    def reach(self, layer: Layer, sources: tuple[Coded, ...]) -> Intervals:
        """What a layer can produce."""
        types = [source.type for source in sources]
        return node_range(layer, types, [self.spread[source.name] for source in sources]).output

    def folded(self, source: Coded, activation: Activation) -> Coded | None:
        """``source`` with an activation in the linear layer that makes it, if nothing else takes it; else None."""
        place = next((k for k, node in enumerate(self.nodes) if node.name == source.name), None)
        layer = None if place is None else self.nodes[place].layer
        if place is None or not isinstance(layer, Weighted) or not isinstance(layer.activation, Linear):
            return None
        if self.uses.get(source.name, 0) > 1:
            return None
        layer = replace(layer, activation=activation)
        self.nodes[place] = replace(self.nodes[place], layer=layer)
        self.spread[source.name] = self.reach(layer, self.sources[source.name])
        return source

    def change(self, what: str, fix: str) -> None:
        """Report a change, or refuse it with ``fix`` where none was asked for."""
        if not self.requantise:
            raise BadInput(f"{what}; {fix}, or import it with --requantise, which changes that and says so")
        self.remarks.append(f"changed: {what}")

    def net(self, name: str, outputs: list[Coded]) -> Net:
        """The whole net."""
        ends = {output.name for output in outputs}
        if ends & set(self.inputs):
            raise BadInput("the model gives an input back; a net has a layer between")
        named = [node.name for node in self.nodes if node.name in ends]
        clean = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:60] or "net"
        return Net(clean if clean[0].isalpha() else f"n{clean}"[:60], self.inputs, tuple(self.nodes), 0, tuple(named))

    def _name(self, wish: str) -> str:
        clean = re.sub(r"[^a-z0-9_]", "_", wish.lower()).strip("_")[:32] or "layer"
        clean = clean if clean[0].isalpha() else f"n{clean}"
        numbered = (f"{clean}_{k}" for k in range(2, len(self.taken) + 3))
        name = clean if clean not in self.taken else next(each for each in numbered if each not in self.taken)
        self.taken.add(name)
        return name

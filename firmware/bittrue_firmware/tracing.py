"""What of a net a hardware layer computes: back from its node to tensors that other layers, or the CPU, wrote."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from bittrue.spec import Layer, Net, Node
from bittrue.spec.arranging import Concat, Flatten, Reshape
from bittrue.spec.eltwise import Add, BitwiseOr, BitwiseXor, Sub
from bittrue.spec.pool import Pool
from bittrue.spec.weighted import Weighted

FUNCTIONS: dict[type[Layer], str] = {Add: "add", Sub: "sub", BitwiseOr: "or", BitwiseXor: "xor"}
"""What operands can do on the chip, by layer."""


@dataclass(frozen=True)
class Traced:
    """The nodes of one hardware layer, from its result back.

    Parameters
    ----------
    sum : Node, optional
        The convolution or matrix.
    meeting : Node, optional
        Where operands meet, element by element.
    after, before : tuple of Node
        Poolings of what the operands gave, and of the operands. Where none meet, a pooling is "before".
    operands : tuple of str
        The tensors that are read, by the names of their nodes.
    """

    sum: Node | None = None
    meeting: Node | None = None
    after: tuple[Node, ...] = ()
    before: tuple[Node, ...] = ()
    operands: tuple[str, ...] = ()


@dataclass
class _Tracer:
    net: Net
    ends: Collection[str]
    nodes: dict[str, Node] = field(default_factory=dict)

    def back(self, name: str, found: Traced) -> Traced:
        """Follow a tensor back, from ``name``, into what is known of the layer."""
        node = self.nodes.get(name)
        if node is None or name in self.ends:
            return replace(found, operands=(*found.operands, name))
        layer = node.layer
        if isinstance(layer, Weighted) and not (found.sum or found.meeting or found.before or found.operands):
            return self.back(node.inputs[0], replace(found, sum=node))
        if isinstance(layer, Pool):
            return self.back(node.inputs[0], replace(found, before=(*found.before, node)))
        if type(layer) in FUNCTIONS and not found.meeting:
            met = replace(found, meeting=node, after=found.before, before=())
            for given in node.inputs:
                met = self.back(given, met)
            return met
        if isinstance(layer, Flatten | Reshape) and not found.meeting:
            return self.back(node.inputs[0], found)
        return replace(found, operands=(*found.operands, name))


def traced(net: Net, end: str, ends: Collection[str]) -> Traced:
    """What the hardware layer whose result is node ``end`` computes from the results ``ends`` of other layers.

    A node that is another layer's result already is moved on: there is no sum, and it is the one operand.
    """
    nodes = {node.name: node for node in net.nodes}
    tracer = _Tracer(net, set(ends) - {end}, nodes)
    node = nodes[end]
    if isinstance(node.layer, Flatten | Reshape):
        return tracer.back(node.inputs[0], Traced())
    return tracer.back(end, Traced())


def parts(net: Net, name: str, ends: Collection[str]) -> Iterator[str]:
    """The tensors whose channels, one after the other, are those of ``name``; itself unless it is a `Concat`."""
    nodes = {node.name: node for node in net.nodes}
    while name in nodes and name not in ends and isinstance(nodes[name].layer, Flatten | Reshape):
        name = nodes[name].inputs[0]
    if name in ends or name not in nodes or not isinstance(nodes[name].layer, Concat):
        yield name
        return
    for given in nodes[name].inputs:
        yield from parts(net, given, ends)

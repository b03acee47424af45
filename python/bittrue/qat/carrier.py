"""Whether float64 carries a net: every word of 53 bits at most, every partial sum below ``2**53``."""

from __future__ import annotations

from collections.abc import Mapping

from bittrue.num import Interval
from bittrue.qat.module import NotCarried
from bittrue.ranges import node_range, ranges
from bittrue.spec import Layer, Net

CARRIER = 1 << 53
"""float64 holds every integer below this magnitude."""


def check_carrier(net: Net, extreme: Mapping[str, Layer] | None = None) -> None:
    """Raise `NotCarried` where a tensor or a partial sum of a net is beyond float64.

    ``extreme`` has, by node, the trained layers with the parameters of the largest sums that training could reach; then
    any input codes are thought of. Without, it is the net's own parameters that count, and the ranges of its tensors.
    """
    for name, tensor in net.types.items():
        if tensor.format.bits > 53:
            raise NotCarried(
                f"net {net.name}: tensor {name} has {tensor.format.bits} bits; float64 carries 53, so narrow it"
            )
    found = {} if extreme is not None else ranges(net)
    for node in net.nodes:
        types, layer = net.input_types(node), node.layer
        if extreme is not None:
            layer = extreme.get(node.name, layer)
            found[node.name] = node_range(layer, types, [(Interval.of(t.format),) * t.shape[0] for t in types])
        # torch may add the bias last, so a partial sum may lie one bias away from those in the range
        largest = max((acc.magnitude for acc in found[node.name].acc), default=0)
        largest += max((abs(int(bias)) for bias in getattr(layer, "bias", ())), default=0)
        if largest >= CARRIER:
            raise NotCarried(
                f"net {net.name}, node {node.name}: a partial sum can reach {largest}, beyond the 2^53 that float64 "
                f"carries exactly; narrow the weights or the inputs"
            )

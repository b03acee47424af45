"""A trained net grown into a larger one of the same kind, which computes the same function before it is trained."""

from __future__ import annotations

from typing import Any

import torch

from bittrue.apps.dpd.float_net import Parameters
from bittrue.errors import BadInput
from bittrue.qat import Network
from bittrue.spec import ComplexFIR, Dense, MemoryTaps, Net


@torch.no_grad()
def grow(network: Network, parent: Parameters, smaller: Net) -> None:
    """Put the float parameters of a smaller net into a freshly drawn network.

    Features, neurons and taps keep their weights, by their delay from the sample that the output answers. New neurons
    keep what was drawn for them, but nothing that was there looks at them: those weights become zero, as do those of
    new features and taps.

    Parameters
    ----------
    network : Network
        Drawn at random, filters zero.
    parent : mapping from ``"<node>.<parameter>"`` to float arrays
    smaller : Net
        Of the parent: the same nodes, of which echoes may be missing.

    Raises
    ------
    BadInput
        Where the smaller net has a node, a neuron, a feature or a tap that the network lacks, or another activation.
    """
    net = network.template
    own, old = {node.name: node.layer for node in net.nodes}, {node.name: node.layer for node in smaller.nodes}
    if [name for name in own if name != "echo"] != [name for name in old if name != "echo"]:
        raise BadInput(f"net {smaller.name} has other layers than {net.name}; start with a net of as many")
    if "echo" in old and "echo" not in own:
        raise BadInput(
            f"net {smaller.name} has an echo, which {net.name} lacks; add echo_taps, or begin with another net"
        )
    columns = _places(smaller, net, "features")
    for name, layer in old.items():
        module: Any = network.layers[name]
        if isinstance(layer, Dense):
            units, weight, same = len(layer.bias), module.weight, own[name]
            if not isinstance(same, Dense) or same.activation != layer.activation:
                raise BadInput(
                    f"net {smaller.name} has another activation in {name} than {net.name}; give it the same leaky_shift"
                )
            if units > len(weight):
                raise BadInput(
                    f"net {smaller.name} has {units:,} neurons in {name}, and {net.name} {len(weight):,}; give it "
                    f"as many"
                )
            weight[:units] = 0.0
            weight[torch.arange(units)[:, None], torch.tensor(columns)] = torch.from_numpy(parent[f"{name}.weight"])
            module.bias[:units] = torch.from_numpy(parent[f"{name}.bias"])
            columns = list(range(units))
        elif isinstance(layer, ComplexFIR):
            module.weight[_places(smaller, net, name)] = torch.from_numpy(parent[f"{name}.weight"])


def _places(smaller: Net, net: Net, name: str) -> list[int]:
    """Where a node of the larger net has the features or taps of the smaller one's."""
    old, own = _delays(smaller, name), _delays(net, name)
    for delay, what in old:
        if (delay, what) not in own:
            raise BadInput(f"net {smaller.name} has {what} of delay {delay} in {name}, which {net.name} lacks; add it")
    return [own.index(place) for place in old]


def _delays(net: Net, name: str) -> list[tuple[int, str]]:
    """Delay from the sample that the output answers, and kind, of every feature or tap of a node."""
    layer = next(node.layer for node in net.nodes if node.name == name)
    ahead = 0 if name == "echo" else net.delay
    if isinstance(layer, MemoryTaps):
        return [(tap - ahead, f"feature {part}") for tap, part in layer.features]
    assert isinstance(layer, ComplexFIR)
    return [(tap - ahead, f"a tap of power {term.power}") for term in layer.terms for tap in term.taps]

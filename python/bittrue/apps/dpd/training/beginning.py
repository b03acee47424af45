"""Where training begins: at random weights, or at the float parent of a net."""

from __future__ import annotations

import math

import torch

from bittrue.apps.dpd import float_net, recipe
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.topology import skeleton
from bittrue.apps.dpd.training import sparse
from bittrue.apps.dpd.training.generator import xavier_
from bittrue.committed import located
from bittrue.errors import BadInput
from bittrue.qat import Network
from bittrue.spec import Dense


def initial(plan: Recipe) -> Network:
    """The network of a recipe as its first stage finds it.

    Where ``sparse.start`` names a net, with the parameters of its float parent. Else drawn by the recipe's seed,
    filters zero: ``uniform`` weights and biases within ``+-initial_gain/sqrt(inputs)``, or ``xavier``
    (`bittrue.apps.dpd.training.generator.xavier_`).

    Raises `BadInput` where that net has no float parent and recipe, or another section ``[net]``.
    """
    network = Network(skeleton(plan))
    if plan.sparse is not None and plan.sparse.start:
        return _parent(plan, plan.sparse.start, network)
    generator = torch.Generator().manual_seed(plan.train.seed)
    if plan.train.initial == "xavier":
        xavier_(network, generator)
        return network
    with torch.no_grad():
        for node in network.template.nodes:
            if isinstance(node.layer, Dense):
                bound = plan.train.initial_gain / math.sqrt(node.layer.weight.shape[1])
                for name in ("weight", "bias"):
                    getattr(network.layers[node.name], name).uniform_(-bound, bound, generator=generator)
    return network


def _parent(plan: Recipe, start: str, network: Network) -> Network:
    """The network with the parameters of a net's float parent."""
    folder = located(start)
    if recipe.load(folder / "recipe.toml").net != plan.net:
        raise BadInput(
            f"sparse.start is {start}, whose recipe has another section [net] than {plan.name}; take that section, or "
            f"another net"
        )
    parent = float_net.load(folder / float_net.FILE, skeleton(plan))
    network.load_state_dict({f"node_{key}": torch.from_numpy(value) for key, value in parent.items()})
    if plan.sparse is not None and (left := sparse.products(network)) < plan.sparse.products:
        raise BadInput(
            f"sparse.start is {start}, whose float parent has {left:,} products left, and {plan.sparse.products:,} are "
            f"asked for: zeros stay zero; begin with a denser net, or ask for as many at most"
        )
    return network

"""Where training begins: at random weights, or at the float parent of a net."""

from __future__ import annotations

import math

import torch

from bittrue.apps.dpd import float_net, recipe
from bittrue.apps.dpd.recipe import Recipe, Sparse
from bittrue.apps.dpd.topology import skeleton
from bittrue.apps.dpd.training import sparse
from bittrue.apps.dpd.training.generator import xavier_
from bittrue.apps.dpd.training.growing import grow
from bittrue.committed import located
from bittrue.errors import BadInput
from bittrue.limits import FILE
from bittrue.qat import Network
from bittrue.spec import Dense


def initial(plan: Recipe) -> Network:
    """The network of a recipe as its first stage finds it.

    Drawn by the recipe's seed, filters zero: ``uniform`` weights and biases within ``+-initial_gain/sqrt(inputs)``, or
    ``xavier`` (`bittrue.apps.dpd.training.generator.xavier_`). Where ``sparse.start`` names a net, its float parent is
    put in (`bittrue.apps.dpd.training.growing.grow`).

    Raises `BadInput` where that net has no float parent and recipe, or cannot grow into this one, and where a
    checkpoint would not hold the equations that ``train.memory`` remembers.
    """
    network = Network(skeleton(plan))
    unknowns = sum(parameter.numel() for parameter in network.parameters())
    if plan.train.memory and 8 * unknowns**2 > FILE // 2:
        raise BadInput(
            f"train.memory keeps {8 * unknowns**2:,} bytes for the equations of {unknowns:,} parameters in a "
            f"checkpoint, and {FILE // 2:,} are read; make the net smaller, or leave it out"
        )
    _draw(plan, network)
    if plan.sparse is not None and plan.sparse.start:
        _begin(plan, plan.sparse, network)
    return network


def _draw(plan: Recipe, network: Network) -> None:
    generator = torch.Generator().manual_seed(plan.train.seed)
    if plan.train.initial == "xavier":
        xavier_(network, generator)
        return
    with torch.no_grad():
        for node in network.template.nodes:
            if isinstance(node.layer, Dense):
                bound = plan.train.initial_gain / math.sqrt(node.layer.weight.shape[1])
                for name in ("weight", "bias"):
                    getattr(network.layers[node.name], name).uniform_(-bound, bound, generator=generator)


def _begin(plan: Recipe, asked: Sparse, network: Network) -> None:
    """Give the network the parameters of a net's float parent."""
    folder = located(asked.start)
    smaller = skeleton(recipe.load(folder / "recipe.toml"))
    grow(network, float_net.load(folder / float_net.FILE, smaller), smaller)
    goal, unit = sparse.goal(asked)
    if not plan.train.float_epochs and (left := sparse.left(network, asked)) < goal:
        raise BadInput(
            f"sparse.start is {asked.start}, whose float parent has {left:,} {unit} left, and {goal:,} are asked for: "
            f"zeros stay zero; begin with a denser net, or ask for as many at most"
        )

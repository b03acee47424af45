"""Scaling hidden neurons without changing the network: leaky activations commute with positive factors."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from bittrue.qat import Network
from bittrue.spec import Dense, Linear


@torch.no_grad()
def equalise(network: Network, known: Mapping[str, Tensor]) -> None:
    """Scale every hidden neuron up to the ends of its formats, and its weights in the next layer back.

    With ``s_j > 0``: ``w[j, :] *= s_j``, ``b[j] *= s_j`` and ``next.w[:, j] /= s_j`` leave the float function as it is.
    ``s_j`` makes the neuron's largest weight the largest of the weight format, unless its output on the data would
    then exceed half of its own format's range.

    Parameters
    ----------
    network : Network
        A chain of dense layers behind its features, in float mode.
    known : mapping from node name to values
        As `Network.precompute` returns it, of the training data.
    """
    chain = [node for node in network.template.nodes if isinstance(node.layer, Dense)]
    for node, following in pairwise(chain):
        layer, module, successor = node.layer, network.layers[node.name], network.layers[following.name]
        if not isinstance(layer, Dense) or isinstance(layer.activation, Linear) or following.inputs != (node.name,):
            continue
        weight: Tensor = module.get_parameter("weight")
        reached = network.evaluate(known, (node.name,))[node.name].abs().amax(0)
        by_weight = layer.weight_format.hi * layer.weight_format.scale / weight.abs().amax(1)
        by_output = 0.5 * layer.output.hi * layer.output.scale / reached
        scale = torch.minimum(by_weight, by_output)
        scale = torch.where(torch.isfinite(scale), scale, torch.ones_like(scale))
        weight *= scale[:, None]
        module.get_parameter("bias").mul_(scale)
        successor.get_parameter("weight").div_(scale)

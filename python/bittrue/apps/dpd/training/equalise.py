"""`bittrue.parent.rescale` inside training: neurons that fill their formats before quantisation-aware fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from bittrue.parent import rescale, scalable
from bittrue.qat import Network


@torch.no_grad()
def equalise(network: Network, known: Mapping[str, Tensor]) -> None:
    """Scale every hidden neuron up to the ends of its formats, and its weights in the next layer back.

    The factors are not rounded to powers of two: what follows is training, which moves the weights anyway.

    Parameters
    ----------
    network : Network
        In float mode; layers that are not leaky, ReLU or linear between dense layers stay as they are.
    known : mapping from node name to values
        As `Network.precompute` returns it, of the training data.
    """
    net = network.template
    nodes = [node.name for node, _ in scalable(net)]
    reached = {name: values.abs().amax(0).numpy() for name, values in network.evaluate(known, nodes).items()}
    own = {name.removeprefix("node_"): value.numpy() for name, value in network.named_parameters()}
    for name, value in rescale(net, own, reached, powers_of_two=False).items():
        network.get_parameter(f"node_{name}").copy_(torch.from_numpy(value))

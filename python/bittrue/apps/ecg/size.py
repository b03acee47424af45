"""Size of an integer net: weights, biases, bytes, multiplications."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.apps.ecg.inference import work
from bittrue.spec import Net, Weighted


@dataclass(frozen=True)
class Size:
    """``weights`` and ``biases``; ``bytes``, weights with their bits and a byte a bias; ``macs`` of one beat."""

    weights: int
    biases: int
    bytes: int
    macs: int


def size_of(net: Net) -> Size:
    """The `Size` of a net."""
    layers = [node.layer for node in net.nodes if isinstance(node.layer, Weighted)]
    bits = sum(layer.weight.size * layer.weight_format.bits for layer in layers)
    biases = sum(layer.bias.size for layer in layers)
    return Size(sum(layer.weight.size for layer in layers), biases, -(-bits // 8) + biases, work(net))

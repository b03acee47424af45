"""From float parameters to an integer net, and what does not fit on the way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format, fit_format, outside
from bittrue.parent.parameters import Parameters, Real, fraction, trainable
from bittrue.spec import Net, Node

BIAS_BITS = 52
"""A bias saturates at this width, a quarter of what a float64 accumulator holds; training does the same."""


@dataclass(frozen=True)
class Misfit:
    """Weights of a layer that lie outside its weight format.

    Parameters
    ----------
    node : str
    count, size : int
        How many of how many.
    largest : float
        The one farthest from zero.
    format : Format
    """

    node: str
    count: int
    size: int
    largest: float
    format: Format

    def __str__(self) -> str:
        fmt, positive = self.format, self.largest > 0
        limit = fmt.decode(fmt.hi if positive else fmt.lo)
        return (
            f"{self.node}: {self.count} of {self.size} weights do not fit {fmt}, the farthest is {self.largest:.6g} "
            f"and the limit {limit:.6g}"
        )


def quantise(net: Net, parameters: Parameters) -> Net:
    """The net with the formats of ``net`` and the codes of ``parameters``.

    ``code = clamp(floor(v * 2**frac + 1/2), lo, hi)``; a bias has the fractional bits of its accumulator. With the
    parameters of `bittrue.parent.decoded` this is ``net`` itself. Raises `BadInput` for a parameter that is missing,
    of another shape, NaN or infinite.
    """
    check(net, parameters)
    nodes = []
    for node in net.nodes:
        types, found = net.input_types(node), {}
        for field in trainable(node.layer):
            frac, value = fraction(node.layer, types, field), parameters[f"{node.name}.{field}"]
            bits = BIAS_BITS if field == "bias" else node.layer.weight_format.bits  # type: ignore[attr-defined]
            found[field] = Format(bits, frac).encode(value)
        nodes.append(Node(node.name, _replace(node.layer, **found), node.inputs))
    return replace(net, nodes=tuple(nodes))


def misfits(net: Net, parameters: Parameters) -> tuple[Misfit, ...]:
    """The layers with weights that saturate in `quantise`."""
    check(net, parameters)
    found = []
    for node in net.nodes:
        if "weight" not in trainable(node.layer):
            continue
        fmt: Format = node.layer.weight_format  # type: ignore[attr-defined]
        weight = parameters[f"{node.name}.weight"]
        beyond = weight[outside(weight, fmt)]
        if beyond.size:
            largest = float(beyond[np.argmax(abs(beyond))])
            found.append(Misfit(node.name, beyond.size, weight.size, largest, fmt))
    return tuple(found)


def fitted(net: Net, parameters: Parameters, nodes: Collection[str] | None = None) -> Net:
    """``net`` with the finest weight formats, word lengths as they are, in which no weight saturates.

    Only in ``nodes`` where they are given. The codes are those of `quantise`.
    """
    check(net, parameters)
    formats = {
        node.name: fit_format(parameters[f"{node.name}.weight"], node.layer.weight_format.bits)  # type: ignore[attr-defined]
        for node in net.nodes
        if "weight" in trainable(node.layer) and (nodes is None or node.name in nodes)
    }
    return quantise(_formatted(net, formats), parameters)


def with_weight_format(net: Net, fmt: Format, parameters: Parameters) -> Net:
    """``net`` with all weights in one format, and the saturated codes of `quantise`."""
    formats = {node.name: fmt for node in net.nodes if "weight" in trainable(node.layer)}
    return quantise(_formatted(net, formats), parameters)


def check(net: Net, parameters: Parameters) -> None:
    """Raise `BadInput` where a parameter of ``net`` is missing, has another shape, or is not finite."""
    for node in net.nodes:
        for field, codes in trainable(node.layer).items():
            name = f"{node.name}.{field}"
            found: Real | None = parameters.get(name)
            if found is None or found.shape != codes.shape:
                shape = "missing" if found is None else f"of shape {found.shape}"
                raise BadInput(f"parameter {name} is {shape}; net {net.name} has {codes.shape} of them, so train it")
            if not np.isfinite(found).all():
                raise BadInput(f"parameter {name} holds NaN or infinity; restart training at a lower rate")


def _formatted(net: Net, formats: dict[str, Format]) -> Net:
    """The net with other weight formats, and zeros for codes."""
    nodes = []
    for node in net.nodes:
        layer = node.layer
        if node.name in formats:
            zeros: dict[str, npt.NDArray[np.int64]] = {k: np.zeros_like(v) for k, v in trainable(layer).items()}
            layer = _replace(layer, weight_format=formats[node.name], **zeros)
        nodes.append(Node(node.name, layer, node.inputs))
    return replace(net, nodes=tuple(nodes))


def _replace(layer: Any, **changes: Any) -> Any:
    return replace(layer, **changes) if changes else layer

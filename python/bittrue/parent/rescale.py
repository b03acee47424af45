"""Scaling hidden neurons without changing the network: leaky activations commute with positive factors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bittrue.parent.parameters import Parameters, Real
from bittrue.spec import Dense, Net, Node

HEADROOM = 0.5
"""Share of a format's range that a scaled neuron may fill on the measured signal."""


def scalable(net: Net) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Dense layers whose neurons can be scaled, with the layers that take the factors back.

    Those are hidden dense layers, linear, ReLU or leaky, whose output only dense layers take. One that feeds a
    `Table` (a tanh, say) is not: ``tanh(s * a)`` is not ``s * tanh(a)``.
    """
    for node in net.nodes[:-1]:
        following = tuple(other for other in net.nodes if node.name in other.inputs)
        if isinstance(node.layer, Dense) and all(isinstance(other.layer, Dense) for other in following):
            yield node, following


def rescale(
    net: Net,
    parameters: Parameters,
    reached: Mapping[str, Real],
    limits: Mapping[str, float] | None = None,
    headroom: float = HEADROOM,
    powers_of_two: bool = True,
) -> dict[str, Real]:
    """Parameters of the same float function whose neurons fill their formats.

    With ``s_j > 0``: ``w[j, :] *= s_j``, ``b[j] *= s_j`` and ``next.w[:, j] /= s_j`` leave the float function as it is,
    to the last bit where ``s_j`` is a power of two. ``s_j`` brings neuron ``j`` up (or down) until its largest weight
    is at the limit or its output fills its format's range as far as allowed, whichever is less. Narrow formats such
    as Q8.8, of whose range a net fills little, then cut off less of every neuron.

    Parameters
    ----------
    net : Net
        Topology and formats.
    parameters : mapping
    reached : mapping of node name to float array (units,)
        Largest ``|output|`` of every neuron on a signal, of at least the nodes of `scalable`.
    limits : mapping of node name to float, optional
        How large a layer's weights may become; the end of its weight format if not given.
    headroom : float
        Share of the output format that ``reached`` may become: the signal to come may be larger than the one measured.
    powers_of_two : bool
        False takes ``s_j`` as it is, for a training that goes on afterwards.

    Returns
    -------
    dict
        All parameters; those of other layers are the same.
    """
    result = {name: np.array(value, dtype=np.float64) for name, value in parameters.items()}
    for node, following in scalable(net):
        layer = node.layer
        if not isinstance(layer, Dense):
            continue
        fmt, weight = layer.weight_format, result[f"{node.name}.weight"]
        limit = fmt.hi * fmt.scale if limits is None else limits[node.name]
        with np.errstate(divide="ignore"):
            by_weight = limit / abs(weight).max(1)
            by_output = headroom * layer.output.hi * layer.output.scale / reached[node.name]
        scale = np.minimum(by_weight, by_output)
        scale = np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)
        if powers_of_two:
            scale = np.ldexp(0.5, np.frexp(scale)[1])
        weight *= scale[:, None]
        result[f"{node.name}.bias"] *= scale
        for other in following:
            result[f"{other.name}.weight"] /= scale
    return result

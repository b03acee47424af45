"""The rescale pass of an export: the same float function, with neurons and weights that use their words better."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from bittrue.apps.dpd import float_net
from bittrue.apps.dpd.exporting.quantisation import Trial
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.parent import Parameters, fitted, quantise, rescale, scalable
from bittrue.spec import MemoryTaps, Net, Node

EXPONENTS = range(-2, 11)
"""Weights may grow up to 2 to one of these; more bits before the point leave fewer behind it."""

MARGIN = 0.1
"""Decibels that a further exponent must gain."""

What = Literal["hidden", "all"]


@dataclass(frozen=True, eq=False)
class Rescaled:
    """A net after the pass.

    Parameters
    ----------
    net : Net
        Its codes are those of ``parameters``.
    parameters : mapping
        The same float function as before, to the last bit.
    changed : dict of str to (Format, Format)
        Formats before and after, of ``"<node> weights"`` or ``"<node> output"``, where they are not the same.
    """

    net: Net
    parameters: Parameters
    changed: dict[str, tuple[Format, Format]]


def rescaled(net: Net, parameters: Parameters, signals: Trial, what: What = "hidden", fixed: bool = False) -> Rescaled:
    """Scale hidden neurons by powers of two (`bittrue.parent.rescale`), and choose how far by measuring.

    Parameters
    ----------
    net, parameters
        As they would be exported.
    signals : Trial
        Ranges and choices come from its signal ``seen``.
    what : str
        ``"hidden"``: tensors keep their formats; a layer's weights keep their word length and get the exponent that
        their new size needs. ``"all"``: features also move their binary point to where the input has its own, since
        powers of an envelope up to 1 leave the upper half of a Q8.8 word empty.
    fixed : bool
        Weights keep their format too: a neuron grows as far as it allows, and shrinks where its weights do not fit.

    Raises
    ------
    BadInput
        Where the net has nothing that could be rescaled.
    """
    start = _moved(net, signals) if what == "all" else net
    nodes = [node.name for node, _ in scalable(net)]
    if not nodes and start is net:
        raise BadInput(
            f"net {net.name} has no hidden layer whose neurons can be scaled (those behind a tanh cannot); export it "
            f"without --rescale"
        )
    taps = float_net.taps(net, parameters, signals.seen)
    reached = {name: abs(taps[name]).max(0) for name in nodes}
    if fixed:
        own: Parameters = rescale(start, parameters, reached)
        return _result(net, quantise(start, own), own)
    touched = set(nodes) | {other.name for _, following in scalable(net) for other in following}
    candidates = [(quantise(start, parameters), parameters)]
    for exponent in EXPONENTS if nodes else ():
        own = rescale(start, parameters, reached, dict.fromkeys(nodes, 2.0**exponent * (1 - 2.0**-10)))
        candidates.append((fitted(start, own, touched), own))
    errors = [signals.error(*pair, seen=True) for pair in candidates]
    best, own = next(pair for pair, error in zip(candidates, errors, strict=True) if error <= min(errors) + MARGIN)
    return _result(net, best, own)


def _moved(net: Net, signals: Trial) -> Net:
    """The net whose features have as many bits before the point as its input needs, word lengths unchanged."""
    nodes = []
    for node in net.nodes:
        layer = node.layer
        if isinstance(layer, MemoryTaps):
            bits, whole = layer.output.bits, net.input.format.bits - net.input.format.frac
            reached = abs(float_net.evaluate(layer, {}, net.input_types(node), signals.seen)).max()
            whole = max(whole, math.ceil(math.log2(reached) - 0.01) + 1) if reached > 0 else whole
            if bits - whole > layer.output.frac:
                layer = replace(layer, output=Format(bits, bits - whole))
        nodes.append(Node(node.name, layer, node.inputs))
    same = all(old.layer is new.layer for old, new in zip(net.nodes, nodes, strict=True))
    return net if same else replace(net, nodes=tuple(nodes))


def _result(before: Net, after: Net, parameters: Parameters) -> Rescaled:
    changed = {}
    for old, new in zip(before.nodes, after.nodes, strict=True):
        for field, word in (("weight_format", "weights"), ("output", "output")):
            pair = getattr(old.layer, field, None), getattr(new.layer, field, None)
            if pair[0] != pair[1]:
                changed[f"{old.name} {word}"] = pair
    return Rescaled(after, parameters, changed)  # type: ignore[arg-type]

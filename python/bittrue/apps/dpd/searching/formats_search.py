"""Search for words no longer than they must be: every tensor's and layer's format by range, then by sensitivity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bittrue.apps.dpd import float_net
from bittrue.apps.dpd.exporting.quantisation import Trial
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.num import Format, fit_format
from bittrue.parent import Parameters, quantise, trainable
from bittrue.spec import ComplexFIR, Layer, Net, Node, Table

HEADROOM = 1.25
"""The signal to come may be that much larger inside the net than the one measured."""

LEAST_BITS = 4
OUTPUT, WEIGHTS, BASIS = "output", "weights", "basis"

Knob = tuple[str, str]
"""A node and one of its formats: ``output``, ``weights`` or ``basis``."""

Formats = dict[Knob, Format]
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Chosen:
    """The result, and how it came about.

    Parameters
    ----------
    net : Net
        With the chosen formats, its codes rounded from the float parameters.
    before, ranged, after : dict of knob to Format
        As given, by range, and by sensitivity.
    largest : dict of knob to float
        Largest magnitude measured.
    sensitivity : dict of knob to float
        Error in dB of the result if this format lost one bit more.
    errors : tuple of three floats
        Output error against the float net in dB with the three sets of formats, on the signal of the choices.
    """

    net: Net
    before: Formats
    ranged: Formats
    after: Formats
    largest: dict[Knob, float]
    sensitivity: dict[Knob, float]
    errors: tuple[float, float, float]


def choose(net: Net, parameters: Parameters, signals: Trial, budget: float, report: Report) -> Chosen:
    """Formats for a net whose integer output stays within ``budget`` dB of its float output.

    1. *Range.* Every format moves its binary point, word length kept, to where `HEADROOM` times the largest magnitude
       measured still fits, if that lowers the output error.
    2. *Sensitivity.* Again and again the least significant bit goes whose loss raises the output error least, of all
       formats together, until any further loss would exceed the budget.

    The net's input and output formats stay: they are its interface.

    Parameters
    ----------
    net : Net
        Topology and first formats.
    parameters : mapping
        The float parent.
    signals : Trial
        Its signal ``seen`` measures and decides.
    budget : float
        In dB, such as -60: ``10*log10(sum |y - f|^2 / sum |f|^2)``.
    report : callable
        Told the error, the bits dropped, and 0.

    Raises
    ------
    BadInput
        Where even the first formats exceed the budget.
    """

    def error(formats: Formats) -> float:
        return signals.error(quantise(reformatted(net, formats), parameters), parameters, seen=True)

    before = formats_of(net)
    largest = magnitudes(net, parameters, signals)
    ranged, least = dict(before), error(before)
    first = least
    for knob, fmt in before.items():
        moved = ranged | {knob: fit_format(np.array([HEADROOM * largest[knob]]), fmt.bits)}
        found = error(moved) if _allowed(moved[knob]) else least
        if found < least:
            ranged, least = moved, found
    if least > budget:
        raise BadInput(
            f"net {net.name} is {least:.1f} dB from its float parent with formats chosen by range, above the budget of "
            f"{budget:g} dB; raise the budget or start from longer words"
        )
    formats, reached, dropped = dict(ranged), least, 0
    while True:
        tried = {knob: error(formats | {knob: shorter(fmt)}) for knob, fmt in formats.items() if fmt.bits > LEAST_BITS}
        if not tried or min(tried.values()) > budget:
            break
        best = min(tried, key=lambda knob: tried[knob])
        formats[best], reached, dropped = shorter(formats[best]), tried[best], dropped + 1
        report(f"{reached:.1f} dB with {dropped} bits fewer", dropped, 0)
    result = quantise(reformatted(net, formats), parameters)
    return Chosen(result, before, ranged, formats, largest, tried, (first, least, reached))


def formats_of(net: Net) -> Formats:
    """Every format that may change: of layers' weights, of basis signals, and of all tensors but input and output."""
    found: Formats = {}
    last = net.nodes[-1].name
    for node in net.nodes:
        layer: Any = node.layer
        if "weight" in trainable(layer):
            found[node.name, WEIGHTS] = layer.weight_format
        if isinstance(layer, ComplexFIR):
            found[node.name, BASIS] = layer.basis
        if node.name != last:
            found[node.name, OUTPUT] = layer.output
    return found


def reformatted(net: Net, formats: Mapping[Knob, Format]) -> Net:
    """``net`` with other formats: codes of parameters are zero, tables are tabulated anew."""
    nodes: list[Node] = []
    types = {"input": net.input.format}
    for node in net.nodes:
        layer: Any = node.layer
        changes: dict[str, Any] = {key: np.zeros_like(codes) for key, codes in trainable(layer).items()}
        for part, field in ((OUTPUT, "output"), (WEIGHTS, "weight_format"), (BASIS, "basis")):
            if (node.name, part) in formats:
                changes[field] = formats[node.name, part]
        if isinstance(layer, Table):
            before = net.types[node.inputs[0]].format if node.inputs[0] != "input" else net.input.format
            layer = _tabulated(layer, before, types[node.inputs[0]], changes.get("output", layer.output))
        else:
            layer = replace(layer, **changes)
        types[node.name] = layer.output
        nodes.append(Node(node.name, layer, node.inputs))
    return replace(net, nodes=tuple(nodes))


def _tabulated(layer: Table, before: Format, given: Format, output: Format) -> Layer:
    """A table of the same function, straight lines between its entries, for words of other formats."""
    places, values = before.decode(np.arange(before.lo, before.hi + 1)), layer.output.decode(layer.values)
    return Table(output.encode(np.interp(given.decode(np.arange(given.lo, given.hi + 1)), places, values)), output)


def magnitudes(net: Net, parameters: Parameters, signals: Trial) -> dict[Knob, float]:
    """Largest magnitude of every tensor of the float net on the signal, and of every layer's weights."""
    found: dict[Knob, float] = {}
    tensors = float_net.taps(net, parameters, signals.seen)
    largest = float(abs(signals.seen).max())
    for knob in formats_of(net):
        node, part = knob
        if part == WEIGHTS:
            found[knob] = float(abs(parameters[f"{node}.weight"]).max())
        else:
            found[knob] = largest if part == BASIS else float(abs(tensors[node]).max())
    return found


def shorter(fmt: Format) -> Format:
    """The format without its least significant bit."""
    return Format(fmt.bits - 1, fmt.frac - 1)


def _allowed(fmt: Format) -> bool:
    return 0 <= fmt.frac <= 62


def savings(before: Net, after: Net, interval: int) -> list[tuple[str, str, str]]:
    """Lines of name, before and after: what the formats change in hardware, by formula."""
    pair = before, after
    old, new = (cost(net, interval) for net in pair)
    lines = [("constants in bits", f"{old.rom_bits:,}", f"{new.rom_bits:,}")]
    lines.append((f"DSP48E1 at {interval} clocks a sample", str(old.dsps), str(new.dsps)))
    tensors = [[net.types[node.name] for node in net.nodes] for net in pair]
    widths = [sum(tensor.format.bits * tensor.shape[0] for tensor in some) for some in tensors]
    return [*lines, ("bits of all tensors, a sample", f"{widths[0]:,}", f"{widths[1]:,}")]

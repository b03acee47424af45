"""How much every layer of a quantised net adds to the error of its outputs."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from bittrue.num import Format
from bittrue.qat.tracing.floating import FloatNet
from bittrue.qat.tracing.graph import Graph
from bittrue.qat.tracing.operations import Kept, Sum
from bittrue.qat.tracing.quantised import Quantised
from bittrue.qat.tracing.report import Report, Row, snr
from bittrue.qat.tracing.searching import noise, outputs, spaced
from bittrue.spec import Pool

MEASURED = 256
"""Most samples of a report."""


@torch.no_grad()
def report(network: Quantised, graph: Graph, inputs: Mapping[str, Tensor]) -> Report:
    """What the integers of ``network`` lost against the float ``graph``, on `MEASURED` of the samples at most."""
    given = spaced(inputs, MEASURED)
    values = FloatNet(graph)(given)
    wanted = {name: values[name] for name in graph.outputs}
    power = sum(float((y**2).sum()) for y in wanted.values())
    found = outputs(network, given)
    network_input = given if len(given) > 1 else next(iter(given.values())).to("cpu")
    taps = network.taps(network_input)
    rows = []
    for name in graph.inputs:
        fmt = network.template.inputs[name].format
        ends = _clamped(values[name], fmt)
        rows.append(Row(name, "input", str(fmt), "", ends, snr(power, _alone(network, None, given, wanted))))
    for part in graph.parts:
        layer, fmt = network.layers[part.name].layer, network.template.types[part.name].format
        if isinstance(part.operation, Kept) and not (isinstance(layer, Pool) and layer.kind == "avg"):
            continue
        weights = str(layer.weight_format) if isinstance(part.operation, Sum) else ""
        alone = snr(power, _alone(network, part.name, given, wanted))
        rows.append(Row(part.name, type(layer).__name__, str(fmt), weights, _clamped(taps[part.name], fmt), alone))
    worst = max(float((found[name] - y).abs().max()) for name, y in wanted.items())
    return Report(
        len(next(iter(given.values()))),
        snr(power, noise(network, given, wanted)),
        worst,
        _agreement(found, wanted),
        tuple(rows),
    )


def _alone(network: Quantised, name: str | None, given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> float:
    """The error where one layer, or the input, is quantised and nothing else is."""
    network.enable_qat(False)
    try:
        if name is None:
            network.quantised_input = True
        else:
            network.layers[name].quantised = True
        return noise(network, given, wanted)
    finally:
        network.enable_qat(True)


def _clamped(values: Tensor, fmt: Format) -> float:
    """The share of values at the ends of a format, or beyond them."""
    return float(((values <= fmt.lo * fmt.scale) | (values >= fmt.hi * fmt.scale)).double().mean())


def _agreement(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> float | None:
    if len(wanted) > 1:
        return None
    ((name, y),) = wanted.items()
    if y.ndim != 2 or y.shape[1] < 2:
        return None
    return float((found[name].argmax(1) == y.argmax(1)).double().mean())

"""The second step of `ptq`: formats changed one by one, kept where the outputs come nearer to float."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.qat.tracing.choosing import Choice
from bittrue.qat.tracing.floating import FloatNet
from bittrue.qat.tracing.graph import Graph
from bittrue.qat.tracing.quantised import Quantised

TRIED = 128
"""Most samples that a change is judged by."""
GAIN = 0.99
"""A change stays where the error is less than this share of what it was."""
STEPS = (1, -1)
"""Fractional bits by which a format is changed."""


def searched(
    graph: Graph, choice: Choice, inputs: Mapping[str, Tensor], build: Callable[[Choice], Quantised], weights: bool
) -> Quantised:
    """The network of the least error that one pass over all formats finds.

    Layer by layer in the order of evaluation, the format of its result and (``weights``) that of its weights are tried
    with one fractional bit more and one less. The error is ``sum((y_net - y)**2)`` over the outputs.
    """
    few = spaced(inputs, TRIED)
    values = FloatNet(graph)(few)
    wanted = {name: values[name] for name in graph.outputs}
    best = build(choice)
    least = noise(best, few, wanted)
    for change in _changes(graph, choice, weights):
        for step in STEPS:
            try:
                changed = change(choice, step)
                network = build(changed)
            except BadInput:  # a format, or an accumulator, beyond its limits
                continue
            found = noise(network, few, wanted)
            if found < GAIN * least:
                least, best, choice = found, network, changed
                break
    return best


def spaced(inputs: Mapping[str, Tensor], most: int) -> dict[str, Tensor]:
    """At most so many samples of each input, at equal distances."""
    count = len(next(iter(inputs.values())))
    rows = torch.linspace(0, count - 1, min(count, most)).to(torch.int64)
    return {name: tensor[rows.to(tensor.device)] for name, tensor in inputs.items()}


@torch.no_grad()
def outputs(network: Quantised, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All outputs by name, as the module would give them: exponents of a chip taken back."""
    found = network(dict(inputs) if len(inputs) > 1 else next(iter(inputs.values())).to("cpu"))
    named = found if isinstance(found, dict) else {network.template.last: found}
    return {name: y * 2.0 ** network.exponents[name] for name, y in named.items()}


def noise(network: Quantised, inputs: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> float:
    """``sum((y_net - y)**2)`` over all outputs."""
    found = outputs(network, inputs)
    return sum(float(((found[name] - y) ** 2).sum()) for name, y in wanted.items())


Change = Callable[[Choice, int], Choice]


def _changes(graph: Graph, choice: Choice, weights: bool) -> Iterator[Change]:
    """One for each format that may be changed."""
    for name in graph.shapes:
        if choice.groups[name] == name and name not in choice.fixed:
            yield lambda now, step, name=name: now.with_tensor(name, _finer(now.tensors[name], step))  # type: ignore[misc]
        if weights and name in choice.weights and f"{name}.weight" not in choice.fixed:
            yield lambda now, step, name=name: now.with_weight(name, _finer(now.weights[name], step))  # type: ignore[misc]


def _finer(fmt: Format, step: int) -> Format:
    return Format(fmt.bits, fmt.frac + step)

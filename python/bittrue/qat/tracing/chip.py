"""Words of the MAX78002: the same codes, all of them called Q1.7, so that scales are in weights and shifts alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.qat.tracing.choosing import Choice, chip_weights
from bittrue.qat.tracing.floating import Seen
from bittrue.qat.tracing.graph import Graph, Part
from bittrue.qat.tracing.operations import Fixed, Pointwise, Sum
from bittrue.spec import LeakyReLU, Mul
from bittrue.spec.stages import DATA


def check(graph: Graph, seen: Mapping[str, Seen]) -> None:
    """Raise `BadInput` for what the chip has not, and for samples outside of -1..1."""
    for part in graph.parts:
        lacks = "" if not isinstance(part.operation, Pointwise) else "no tables; use ReLU"
        if getattr(part.operation, "kind", None) is Mul or isinstance(part.operation, Fixed):
            lacks = "no products of tensors and no constants; leave them out"
        if isinstance(part.operation, Sum) and isinstance(part.operation.activation, LeakyReLU):
            lacks = "ReLU, Abs and no other activation; use nn.ReLU"
        if lacks:
            raise BadInput(f"{part.place}: the MAX78002 has {lacks}")
    for name in graph.inputs:
        largest = max(abs(seen[name].low), abs(seen[name].high))
        if largest > 1:
            power = 1 << int(np.frexp(np.nextafter(largest, 0))[1])
            raise BadInput(
                f"net {graph.name}: samples of {name} reach {largest:.6g}, and the MAX78002 takes -1..1; divide them "
                f"by {power}, in training too"
            )


def as_chip(graph: Graph, choice: Choice) -> tuple[Graph, Choice, dict[str, int]]:
    """The graph whose tensors are all within -1..1, its formats, and the power of two that took each there.

    A tensor ``x`` of ``graph`` is ``2**exponent * x'``, with ``x'`` that of the result: the codes are the same, and
    ``exponent = 7 - frac`` of the format that was chosen for ``x``. A weight becomes
    ``w * 2**(e_in - e_out)`` and a bias ``b * 2**-e_out``.
    """
    exponents = {name: DATA.frac - fmt.frac for name, fmt in choice.tensors.items()}
    parts, weights = [], dict[str, Format]()
    for part in graph.parts:
        operation = part.operation
        if isinstance(operation, Sum):
            given, out = exponents[part.inputs[0]], exponents[part.name]
            weight, bias = np.ldexp(operation.weight, given - out), np.ldexp(operation.bias, -out)
            operation = replace(operation, weight=weight, bias=bias)
            weights[part.name] = chip_weights(weight, bias)
        parts.append(Part(part.name, operation, part.inputs, part.place))
    scaled = replace(graph, parts=parts)
    return scaled, Choice(dict.fromkeys(choice.tensors, DATA), weights, choice.groups, choice.fixed), exponents

"""Formats of tensors and weights: from ranges, from errors of rounding and clamping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format, fit_format, fit_with_biases
from bittrue.qat.tracing.floating import Seen
from bittrue.qat.tracing.formats import Formats
from bittrue.qat.tracing.graph import Graph
from bittrue.qat.tracing.operations import Pointwise
from bittrue.spec.stages import DATA

FINER = 4
"""How many finer formats than that of the range are tried: what lies outside of them is clamped."""
CHIP_FRAC = (-8, 22)
"""Fractional bits of weights that the chip's total shift of -15 to 15 allows."""


@dataclass
class Choice:
    """The format of every tensor and of every layer's weights, by name.

    ``fixed`` names what was said and is not to be changed: heads of groups of tensors, and ``"<node>.weight"``.
    """

    tensors: dict[str, Format]
    weights: dict[str, Format]
    groups: dict[str, str]
    fixed: frozenset[str] = frozenset()

    def with_tensor(self, head: str, fmt: Format) -> Choice:
        """Another format for a group of tensors."""
        tensors = {name: fmt if self.groups[name] == head else own for name, own in self.tensors.items()}
        return Choice(tensors, self.weights, self.groups, self.fixed)

    def with_weight(self, name: str, fmt: Format) -> Choice:
        """Another format for the weights of a layer."""
        return Choice(self.tensors, {**self.weights, name: fmt}, self.groups, self.fixed)


def choose(graph: Graph, seen: Mapping[str, Seen], formats: Formats, clamp: bool) -> Choice:
    """Formats for all of a graph.

    Parameters
    ----------
    graph : Graph
    seen : mapping of str to Seen
        Every tensor, on samples.
    formats : Formats
    clamp : bool
        False: the finest format that holds all that was seen. True: the one of the least mean squared error, which may
        clamp some of it.

    Raises
    ------
    BadInput
        For a name that the graph has not, and for two formats of tensors that must have one.
    """
    groups, fixed = graph.groups(formats.chip), set[str]()
    formats.check(graph.shapes, graph.sums)
    tensors: dict[str, Format] = {}
    for head in dict.fromkeys(groups.values()):
        members = [name for name, own in groups.items() if own == head]
        fmt = _said(graph, formats, members)
        if isinstance(fmt, Format):
            fixed.add(head)
        else:
            together = seen[members[0]]
            for name in members[1:]:
                together = together.with_other(seen[name])
            fmt = finest(np.append(together.values, (together.low, together.high)), fmt, clamp)
        tensors |= dict.fromkeys(members, fmt)
    weights = {}
    for name, operation in graph.sums.items():
        word = formats.weight(name)
        if isinstance(word, Format):
            fixed.add(f"{name}.weight")
            weights[name] = word
        elif formats.chip:
            weights[name] = chip_weights(operation.weight, operation.bias)
        else:
            weights[name] = finest(operation.weight, int(word), clamp)  # type: ignore[arg-type]
    return Choice({name: tensors[name] for name in graph.shapes}, weights, groups, frozenset(fixed))


def finest(values: npt.ArrayLike, bits: int, clamp: bool) -> Format:
    """The finest format that holds all values, or (``clamp``) the one of the least mean squared error."""
    held = fit_format(values, bits)
    if not clamp:
        return held
    tried = [Format(bits, frac) for frac in range(held.frac, min(held.frac + FINER, 126) + 1)]
    return min(tried, key=lambda fmt: error(np.asarray(values, np.float64), fmt))


def error(values: npt.NDArray[np.float64], fmt: Format) -> float:
    """The mean squared error of values in a format."""
    return float(np.mean((fmt.decode(fmt.encode(values)) - values) ** 2))


def chip_weights(weight: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> Format:
    """The finest 8-bit format of weights and biases that the chip can shift by."""
    fmt = fit_with_biases(weight, 8, bias, 8)
    return Format(8, min(max(fmt.frac, CHIP_FRAC[0]), CHIP_FRAC[1]))


def _said(graph: Graph, formats: Formats, members: list[str]) -> Format | int:
    """The format, or the bits, of tensors that share one. Raises `BadInput` where two are said."""
    if formats.chip:
        return DATA if set(members) & set(graph.inputs) else 8
    said = {name: formats.tensor(name) for name in members if name in formats.tensors}
    if len(set(said.values())) > 1:
        text = ", ".join(f"{name} {word}" for name, word in said.items())
        raise BadInput(f"net {graph.name}: tensors that have one format are given several: {text}; give one")
    word = next(iter(said.values()), formats.bits)
    looked_up = any(isinstance(part.operation, Pointwise) and part.inputs[0] in members for part in graph.parts)
    if looked_up and not said:
        return min(formats.bits, formats.table_bits)
    return word  # type: ignore[return-value]

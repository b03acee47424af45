"""Nets that are one but for their codes: banks of one piece of hardware, or of one memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from bittrue.errors import BadInput
from bittrue.spec.arranging import Constant
from bittrue.spec.net import Net
from bittrue.spec.table import Table


def check_alike(banks: Mapping[str, Net]) -> None:
    """Raise `BadInput`, naming the first difference, unless all nets are one but for weights and biases."""
    if not banks:
        raise BadInput("no banks are given; name at least one net")
    (first, net), *others = banks.items()
    for name, other in others:
        difference = _difference(net, other)
        if difference:
            raise BadInput(
                f"bank {name} differs from bank {first} in {difference}; banks share every layer and format and differ "
                f"in codes alone, so train them by one recipe"
            )


def _difference(a: Net, b: Net) -> str:
    """What besides weights and biases tells two nets apart, or nothing."""
    for own in fields(a):
        if own.name not in ("nodes", "outputs") and getattr(a, own.name) != getattr(b, own.name):
            return f"{own.name}: {getattr(b, own.name)} against {getattr(a, own.name)}"
    if [(n.name, n.inputs, type(n.layer)) for n in a.nodes] != [(n.name, n.inputs, type(n.layer)) for n in b.nodes]:
        return f"the layers: {', '.join(n.name for n in b.nodes)} against {', '.join(n.name for n in a.nodes)}"
    if a.outputs != b.outputs:
        return f"the outputs: {', '.join(b.outputs)} against {', '.join(a.outputs)}"
    for mine, other in zip(a.nodes, b.nodes, strict=True):
        for field in fields(mine.layer):  # type: ignore[arg-type]
            one, two = getattr(mine.layer, field.name), getattr(other.layer, field.name)
            if isinstance(one, np.ndarray):
                if one.shape != two.shape:
                    return f"{mine.name}.{field.name}: shape {two.shape} against {one.shape}"
                if isinstance(mine.layer, Table | Constant) and not np.array_equal(one, two):
                    return f"the constants of {mine.name}"
            elif one != two:
                return f"{mine.name}.{field.name}: {two} against {one}"
    return ""

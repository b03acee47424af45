"""Functions of one word: operators run on all of its values, and what comes out becomes a table, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bittrue.errors import BadInput
from bittrue.spec import Abs, ReLU, Table
from bittrue.targets.qonnx.importing.dyadic import codes_of, half_even
from bittrue.targets.qonnx.importing.net import Building
from bittrue.targets.qonnx.importing.quantiser import Quantiser
from bittrue.targets.qonnx.importing.rounding import output_format
from bittrue.targets.qonnx.importing.values import MAPPED, Array, Coded, Mapped

UNARY: dict[str, Callable[..., Array]] = {
    "Relu": lambda x: np.maximum(x, 0),
    "Abs": np.abs,
    "Neg": np.negative,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": half_even,
    "Sign": np.sign,
}
"""Operators whose results no executor rounds in its own way."""
BINARY: dict[str, Callable[[Any, Any], Array]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Max": np.maximum,
    "Min": np.minimum,
}
"""Operators of two numbers; one of them is a constant here."""


def quantised(net: Building, mapped: Mapped, wanted: Quantiser) -> Coded:
    """What a Quant node makes of every code of the word: a table, or the word where nothing changes."""
    if not mapped.values.dtype.kind == "f":
        raise BadInput(f"{wanted.name} takes integers; cast them to float32 before")
    fmt = output_format(net, wanted)
    if wanted.scale.size != 1:
        raise BadInput(f"{wanted.name} has {wanted.scale.size} scales; a tensor of a net has one format")
    step = replace(wanted, scale=np.asarray(2.0**-fmt.frac, np.float32))
    values = step.codes(mapped.values).astype(np.int64)
    return _table(net, mapped.source, Table(values, fmt), wanted.name)


def coded(net: Building, mapped: Mapped, name: str) -> Coded:
    """A function whose values are codes of the word's own format, such as a ReLU's, without a Quant node."""
    if id(mapped) in net.words:
        return net.words[id(mapped)][1]
    fmt = mapped.source.type.format
    values = codes_of(mapped.values, fmt.frac, f"the values of {name}")
    if values.min() < fmt.lo or values.max() > fmt.hi:
        raise BadInput(f"{name} leaves {fmt}, the format of what it takes; put a Quant node behind it")
    done = _table(net, mapped.source, Table(values, fmt), name)
    net.words[id(mapped)] = mapped, done
    return done


def unchanged(net: Building, source: Coded, wanted: Quantiser) -> bool:
    """Whether a Quant node lets all codes of a tensor pass as they are, in the format that they have."""
    fmt, given = wanted.format, source.type.format
    if fmt is None or fmt.frac != given.frac or (wanted.bits == 1 and wanted.signed):
        return False
    return all(wanted.lo <= interval.lo and interval.hi <= wanted.hi for interval in net.spread[source.name])


def _table(net: Building, source: Coded, table: Table, name: str) -> Coded:
    fmt = source.type.format
    codes = np.arange(fmt.lo, fmt.hi + 1)
    seen = net.spread[source.name]
    low, high = min(each.lo for each in seen) - fmt.lo, max(each.hi for each in seen) - fmt.lo + 1
    if table.output == fmt and (table.values[low:high] == codes[low:high]).all():
        return source
    if table.output == fmt and (table.values == np.maximum(codes, 0)).all():
        done = net.folded(source, ReLU())
    elif table.output == fmt and (table.values == np.minimum(np.abs(codes), fmt.hi)).all():
        done = net.folded(source, Abs())
    else:
        done = None
    if done is not None:
        return done
    if fmt.bits > MAPPED // 2:
        net.remarks.append(f"{name}: became a table of {len(codes):,} entries")
    return net.add(table, (source,), name)

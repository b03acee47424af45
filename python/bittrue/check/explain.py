"""What goes into one word of a tensor: the operands and the sum of the reference, for the report of a divergence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue import spec
from bittrue.check import operands_of_samples as samples
from bittrue.check import operands_of_windows as windows
from bittrue.check.operand_rows import Rows
from bittrue.spec import Net
from bittrue.spec.layer import rule

Codes = npt.NDArray[np.int64]

RULES: dict[type, Callable[..., tuple[str, Rows]]] = {
    spec.MemoryTaps: samples.memory_taps,
    spec.ComplexFIR: samples.complex_fir,
    spec.Table: samples.table,
    spec.Dense: samples.dense,
    spec.Conv: windows.conv,
    spec.Pool: windows.pool,
    spec.Add: windows.eltwise,
    spec.Sub: windows.eltwise,
    spec.Mul: windows.mul,
    spec.ComplexMul: windows.complex_mul,
    spec.Bitwise: windows.bitwise,
    **dict.fromkeys(
        (spec.Flatten, spec.Reshape, spec.Concat, spec.Upsample, spec.Interleave, spec.Constant), windows.moved
    ),
}
"""``(layer, types, inputs, where) -> (formula, rows)`` by kind of layer."""


@dataclass(frozen=True)
class Operands:
    """How a word comes about: ``formula`` of the layer, and ``rows`` of ``(what, value)`` in the reference."""

    formula: str
    rows: tuple[tuple[str, str], ...]


def explain(
    net: Net, codes: Codes | Mapping[str, Codes], taps: Mapping[str, Codes], name: str, where: tuple[int, ...]
) -> Operands:
    """`Operands` of the word ``where = (sample, *channel)`` of node ``name``.

    Parameters
    ----------
    net : Net
    codes : int64 array (N, *net.input.shape), or one by input
        The stream from reset.
    taps : dict of codes
        What the reference makes of it.
    """
    node = next(node for node in net.nodes if node.name == name)
    known = {**net.check_inputs(codes), **taps}
    found = rule(RULES, node.layer, "bittrue.check.explain has no rule for")
    formula, rows = found(node.layer, net.input_types(node), [known[source] for source in node.inputs], where)
    return Operands(formula, tuple(rows))

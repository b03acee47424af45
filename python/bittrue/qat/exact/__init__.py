"""The integer function of every layer on int64 tensors: for nets whose words or sums float64 does not carry.

Nothing here is trained. A valid net keeps every partial sum within 63 bits, in any order of the terms, so int64 holds
them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from bittrue.qat import arranging, pool
from bittrue.qat.exact import eltwise, samples, weighted
from bittrue.ranges import ranges
from bittrue.spec import (
    Add,
    Bitwise,
    ComplexFIR,
    ComplexMul,
    Constant,
    Conv,
    Dense,
    MemoryTaps,
    Mul,
    Net,
    Pool,
    Sub,
    Table,
)
from bittrue.spec.layer import rule

__all__ = ["RULES", "evaluate"]

RULES: dict[type, Callable[..., Tensor]] = {
    MemoryTaps: samples.memory_taps,
    ComplexFIR: samples.complex_fir,
    Table: samples.table,
    Dense: weighted.dense,
    Conv: weighted.conv,
    Pool: pool.exact,
    **arranging.RULES,
    Constant: arranging.constant,
    Add: eltwise.add,
    Sub: eltwise.add,
    Mul: eltwise.mul,
    ComplexMul: eltwise.complex_mul,
    Bitwise: eltwise.bitwise,
}
"""``(layer, types, *inputs) -> codes`` by kind of layer."""


def evaluate(net: Net, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Codes of every tensor of ``net`` by name, inputs included, of int64 input codes ``(N, *shape)`` by name."""
    ranges(net)  # refuses a net whose accumulators int64 does not carry
    known, samples = dict(inputs), len(next(iter(inputs.values())))
    for node in net.nodes:
        found: Any = rule(RULES, node.layer, "the int64 torch leg has no rule for")
        result: Tensor = found(node.layer, net.input_types(node), *(known[source] for source in node.inputs))
        known[node.name] = result if node.inputs else result.expand(samples, *result.shape)
    return known

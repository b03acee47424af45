"""Ranges of a whole net, node by node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from bittrue import spec
from bittrue.errors import BadInput
from bittrue.num import Interval
from bittrue.ranges import eltwise, samples, weighted, windows
from bittrue.ranges.range import Range
from bittrue.ranges.sums import Intervals
from bittrue.spec import Layer, Net, TensorType
from bittrue.spec.layer import rule

RULES: dict[type, Callable[..., Range]] = {
    spec.MemoryTaps: samples.memory_taps,
    spec.ComplexFIR: samples.complex_fir,
    spec.Table: samples.table,
    spec.Dense: weighted.dense,
    spec.Conv: weighted.conv,
    spec.Pool: windows.pool,
    spec.Flatten: windows.flatten,
    spec.Reshape: windows.reshape,
    spec.Concat: windows.concat,
    spec.Upsample: windows.upsample,
    spec.Interleave: windows.interleave,
    spec.Constant: windows.constant,
    spec.Add: eltwise.add,
    spec.Sub: eltwise.add,
    spec.Mul: eltwise.mul,
    spec.ComplexMul: eltwise.complex_mul,
    spec.Bitwise: eltwise.bitwise,
}
"""``(layer, types, intervals of the inputs) -> Range`` by kind of layer."""


def ranges(net: Net) -> dict[str, Range]:
    """`Range` of every node of ``net`` by name, computed once a net.

    Raises `BadInput` where an accumulator needs more than 63 bits.
    """
    if net not in _KNOWN:
        _KNOWN[net] = _ranges(net)
    return dict(_KNOWN[net])


_KNOWN: WeakKeyDictionary[Net, dict[str, Range]] = WeakKeyDictionary()
"""A net does not change, so neither do its ranges."""


def _ranges(net: Net) -> dict[str, Range]:
    known = {name: Range((Interval.of(tensor.format),) * tensor.shape[0]) for name, tensor in net.inputs.items()}
    for node in net.nodes:
        given = [known[source].output for source in node.inputs]
        found = node_range(node.layer, net.input_types(node), given)
        if found.acc_bits > 63:
            raise BadInput(
                f"net {net.name}, node {node.name}: the accumulator needs {found.acc_bits} bits, more than 63; "
                f"narrow the weights or the inputs"
            )
        known[node.name] = found
    return {node.name: known[node.name] for node in net.nodes}


def node_range(layer: Layer, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """Range of one layer for inputs of the given types and channel intervals.

    Raises `BadInput` for a kind of layer without a rule.
    """
    found: Any = rule(RULES, layer, "bittrue.ranges has no rule for")
    result: Range = found(layer, types, given)
    return result

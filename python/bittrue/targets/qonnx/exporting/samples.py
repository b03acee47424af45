"""Layers on I/Q samples: powers of the envelope as int64, delays as rows of zeros before the stream."""

from __future__ import annotations

import numpy as np

from bittrue.num import Format, Interval
from bittrue.ranges import basis_interval, envelope_interval
from bittrue.targets.qonnx.exporting import quant
from bittrue.targets.qonnx.exporting.carriers import DOUBLE, SINGLE, carrier
from bittrue.targets.qonnx.exporting.eltwise import as_codes, as_values
from bittrue.targets.qonnx.exporting.task import Task
from bittrue.targets.qonnx.graph import Graph, Tensor


def memory_taps(graph: Graph, task: Task) -> Tensor:
    """All parts of all taps beside each other, then the features in their order."""
    layer, (given,), fmt = task.layer, task.types, task.layer.output
    iq = _requantised(graph, task.operands[0], given.format, fmt)
    envelopes = {power: _envelope(graph, task, power, fmt) for power in layer.powers}
    parts: list[int | str] = ["I", "Q", *layer.powers]
    kind = DOUBLE if DOUBLE in {x.kind for x in (iq, *envelopes.values())} else SINGLE
    columns = [graph.cast(x, kind) for x in (iq, *envelopes.values())]
    together = graph.op("Concat", columns, ((task.samples, len(parts)), kind), axis=1)
    taps = sorted({tap for tap, _ in layer.features})
    stretched = _delayed(graph, [(together, tap) for tap in taps])
    order = [taps.index(tap) * len(parts) + parts.index(part) for tap, part in layer.features]
    index = graph.constant(order, np.int64, "order")
    return graph.op("Gather", [stretched, index], (task.shape, kind), axis=1)


def complex_fir(graph: Graph, task: Task) -> Tensor:
    """The basis of every tap beside each other, times a real matrix ``(2 J, 2)``."""
    layer = task.layer
    columns: list[tuple[Tensor, int]] = []
    for term in layer.terms:
        basis = _basis(graph, task, term.power)
        columns += [(basis, tap) for tap in term.taps]
    rows = np.array([[[re, im], [-im, re]] for re, im in layer.weight.tolist()], np.int64).reshape(-1, 2)
    matrix = quant.constants(graph, rows, _negatable(layer.weight_format), DOUBLE, "weight")
    stacked = graph.cast(_delayed(graph, columns), DOUBLE)
    acc = graph.op("MatMul", [stacked, graph.cast(matrix, DOUBLE)], (task.shape, DOUBLE))
    largest = sum(interval.magnitude for interval in task.range.acc)
    carrier(largest + (1 << max(layer.shift - 1, 0)), [], task.sums())
    acc = quant.plus_half(graph, acc, layer.output) if layer.shift > 0 else acc
    return quant.quantised(graph, acc, layer.output, task.range.output)


def _negatable(fmt: Format) -> Format:
    """A format that also holds ``-lo``."""
    return Format(fmt.bits + 1, fmt.frac)


def _requantised(graph: Graph, x: Tensor, given: Format, fmt: Format) -> Tensor:
    """I and Q in another format."""
    if given.frac > fmt.frac:
        x = quant.plus_half(graph, graph.cast(x, DOUBLE), fmt)
    return quant.quantised(graph, x, fmt, (Interval.of(fmt),))


def _basis(graph: Graph, task: Task, power: int) -> Tensor:
    """``(I, Q)`` times a power of the envelope, in the format of the basis."""
    layer, given = task.layer, task.types[0].format
    if not power:
        return _requantised(graph, task.operands[0], given, layer.basis)
    envelope = graph.cast(_envelope(graph, task, power, layer.basis), DOUBLE)
    iq = graph.cast(task.operands[0], DOUBLE)
    product = graph.op("Mul", [iq, envelope], iq)  # up to 31 bits, and the half
    if given.frac > 0:
        product = quant.plus_half(graph, product, layer.basis)
    source = task.given[0]
    codes = tuple(basis_interval(part, source, power, given.frac, layer.basis) for part in source)
    return quant.quantised(graph, product, layer.basis, codes)


def _envelope(graph: Graph, task: Task, power: int, fmt: Format) -> Tensor:
    """``requantise(|x|**power)`` as a column: the exact integer root, products and shifts in int64."""
    given = task.types[0].format
    iq = as_codes(graph, task.operands[0], given.frac)
    parts = []
    for k in (0, 1):
        index = graph.constant([k], np.int64, "part")
        parts.append(graph.op("Gather", [iq, index], ((task.samples, 1), np.int64), axis=1))
    column = parts[0]
    squared = graph.op("Add", [graph.op("Mul", [part, part], part) for part in parts], column)
    exact = squared
    if power % 2:
        wide = graph.cast(squared, DOUBLE)  # the root of an integer below 2^52, cut off, is right
        exact = graph.cast(graph.op("Floor", [graph.op("Sqrt", [wide], wide)], wide), np.int64)
    if power > 2:
        exact = graph.op("Mul", [exact, squared], column)
    exact = _shifted(graph, exact, power * given.frac - fmt.frac, fmt)
    reach = envelope_interval(task.given[0], power).requantised(power * given.frac - fmt.frac, fmt)
    return as_values(graph, exact, fmt.frac, carrier(reach.magnitude, [fmt.frac], task.sums("the envelope")))


def _shifted(graph: Graph, x: Tensor, shift: int, fmt: Format) -> Tensor:
    """`requantise` of int64 codes of 0 or more, up to ``2**62``, as int64."""

    def with_number(operator: str, y: Tensor, number: int) -> Tensor:
        return graph.op(operator, [y, graph.constant([number], np.int64, "number")], y)

    if shift > 63:
        x = with_number("Mul", x, 0)
    elif shift > 0:  # (x >> s) + (x >> s - 1 & 1) without overflow
        x = with_number("Div", with_number("Add", with_number("Div", x, 1 << (shift - 1)), 1), 2)
    elif fmt.hi >> -shift:  # a word that saturates anyway is cut before it leaves 64 bits
        x = with_number("Mul", with_number("Min", x, (fmt.hi >> -shift) + 1), 1 << -shift) if shift else x
    else:
        x = with_number("Mul", with_number("Min", x, 1), fmt.hi)
    return with_number("Min", x, fmt.hi)


def _delayed(graph: Graph, columns: list[tuple[Tensor, int]]) -> Tensor:
    """Tensors ``(N, width)``, each delayed by its samples with zeros before the first, beside each other."""
    found, longer = [], {}
    for x, delay in columns:
        if delay:
            rows, width = x.shape
            most = min(rows, max(each for of, each in columns if of is x))
            if x.name not in longer:
                ahead = [graph.constant([most, 0, 0, 0], np.int64, "pads"), graph.constant(0, x.kind)]
                longer[x.name] = graph.op("Pad", [x, *ahead], ((rows + most, width), x.kind))
            start = most - min(rows, delay)
            ends = [graph.constant(each, np.int64, "slice") for each in ([start], [start + rows], [0])]
            x = graph.op("Slice", [longer[x.name], *ends], x)
        found.append(x)
    kind = DOUBLE if DOUBLE in {x.kind for x in found} else SINGLE
    found = [graph.cast(x, kind) for x in found]
    shape = (found[0].shape[0], sum(x.shape[1] for x in found))
    return graph.op("Concat", found, (shape, kind), axis=1)

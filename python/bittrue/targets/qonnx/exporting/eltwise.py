"""Operations element by element, and tables."""

from __future__ import annotations

from functools import reduce

import numpy as np

from bittrue.spec import BitwiseOr, Mul, Sub
from bittrue.targets.qonnx.exporting import quant
from bittrue.targets.qonnx.exporting.carriers import DOUBLE, SINGLE, carrier, of_codes, with_half
from bittrue.targets.qonnx.exporting.task import Task
from bittrue.targets.qonnx.graph import Graph, Tensor


def add(graph: Graph, task: Task) -> Tensor:
    """Of `Add` and `Sub`: the operators of these names, then one rounding."""
    formats = [given.format for given in task.types]
    frac = task.layer.acc_frac(formats)
    largest = sum(task.largest(k) << (frac - fmt.frac) for k, fmt in enumerate(formats))
    operands = _carried(graph, task, largest)
    operator = "Sub" if isinstance(task.layer, Sub) else "Add"
    return _rounded(graph, task, reduce(lambda a, b: graph.op(operator, [a, b], a), operands))


def mul(graph: Graph, task: Task) -> Tensor:
    """Of `Mul`."""
    a, b = _carried(graph, task, task.largest(0) * task.largest(1))
    return _rounded(graph, task, graph.op("Mul", [a, b], a))


def complex_mul(graph: Graph, task: Task) -> Tensor:
    """Of `ComplexMul`: channels apart, four products, and channels together again."""
    operands = _carried(graph, task, 2 * task.largest(0) * task.largest(1))
    channels = task.shape[1]
    part = ((task.samples, channels // 2, *task.shape[2:]), operands[0].kind)
    first, second = ([_channels(graph, x, range(k, channels, 2), part) for k in (0, 1)] for x in operands)

    def product(i: int, k: int) -> Tensor:
        return graph.op("Mul", [first[i], second[k]], part)

    real = graph.op("Sub", [product(0, 0), product(1, 1)], part)
    imaginary = graph.op("Add", [product(0, 1), product(1, 0)], part)
    both = graph.op("Concat", [real, imaginary], (task.shape, part[1]), axis=1)
    order = [k // 2 + k % 2 * (channels // 2) for k in range(channels)]
    return _rounded(graph, task, _channels(graph, both, order, (task.shape, part[1])))


def bitwise(graph: Graph, task: Task) -> Tensor:
    """On the codes as int64."""
    operator = "BitwiseOr" if isinstance(task.layer, BitwiseOr) else "BitwiseXor"
    fmt = task.output.format
    operands = [as_codes(graph, x, fmt.frac) for x in task.operands]
    codes = reduce(lambda a, b: graph.op(operator, [a, b], a), operands)
    return as_values(graph, codes, fmt.frac, of_codes(fmt, task.range.output, task.sums("the result")))


def table(graph: Graph, task: Task) -> Tensor:
    """``Gather`` of the values by the codes."""
    layer, given = task.layer, task.types[0].format
    kind = of_codes(layer.output, task.range.output, task.sums("a value"))
    if kind == SINGLE and max(abs(int(layer.values.min())), int(layer.values.max())) > 1 << 24:
        kind = DOUBLE
    codes = as_codes(graph, task.operands[0], given.frac)
    index = graph.op("Sub", [codes, graph.constant(given.lo, np.int64)], codes)
    values = graph.constant(np.ldexp(layer.values.astype(np.float64), -layer.output.frac), kind, "values")
    found = graph.op("Gather", [values, index], (task.shape, kind), axis=0)
    return quant.quantised(graph, found, layer.output, task.range.output)


def as_codes(graph: Graph, x: Tensor, frac: int) -> Tensor:
    """``v * 2**frac`` as int64."""
    return graph.cast(quant.scaled(graph, x, frac), np.int64)


def as_values(graph: Graph, codes: Tensor, frac: int, kind: np.dtype) -> Tensor:
    """``c * 2**-frac`` of int64 codes."""
    return graph.cast(quant.scaled(graph, graph.cast(codes, kind), -frac), kind)


def _carried(graph: Graph, task: Task, largest: int) -> list[Tensor]:
    """The operands in a type that holds all results and the half that rounds them."""
    formats = [given.format for given in task.types]
    frac, shift = task.layer.acc_frac(formats), task.layer.shift(formats)
    need = with_half(largest, shift) if shift > 0 else largest
    fracs = [frac, *(fmt.frac for fmt in formats), task.layer.output.frac + 1]
    kind = carrier(need, fracs, task.sums("the sum" if not isinstance(task.layer, Mul) else "the product"))
    kind = DOUBLE if DOUBLE in (kind, *(x.kind for x in task.operands)) else SINGLE
    return [graph.cast(x, kind) for x in task.operands]


def _rounded(graph: Graph, task: Task, acc: Tensor) -> Tensor:
    layer = task.layer
    if layer.shift([given.format for given in task.types]) > 0:
        acc = quant.plus_half(graph, acc, layer.output)
    return quant.quantised(graph, acc, layer.output, task.range.output)


def _channels(graph: Graph, x: Tensor, order: object, like: tuple[tuple[int, ...], object]) -> Tensor:
    index = graph.constant(list(order), np.int64, "channels")  # type: ignore[call-overload]
    return graph.op("Gather", [x, index], like, axis=1)

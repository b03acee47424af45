"""Tensors whose axes stand in another order than the net has them: graphs of Keras keep channels last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bittrue.errors import BadInput, shown
from bittrue.targets.qonnx.importing.model import Model, Operation
from bittrue.targets.qonnx.importing.values import Array, Coded, Known, Shuffled, Turned, Value

QUANTS = ("Quant", "IntQuant")
AGNOSTIC = {"Relu", "LeakyRelu", "Abs", "Neg", "Floor", "Ceil", "Round", "Sign", "Clip", "Identity", "Dropout", "Cast"}
AGNOSTIC |= {"Add", "Sub", "Mul", "Div", "Max", "Min", *QUANTS}
"""Operators that do the same to every element, wherever it stands."""


def channels_last(model: Model, name: str) -> bool:
    """Whether the graph brings the channels of an input to the front before it does anything with their order."""
    rank, waiting = len(model.inputs[name]), [name]
    front = [0, rank - 1, *range(1, rank - 1)]
    takers: dict[str, list[Operation]] = {}
    for node in model.operations:
        takers.setdefault(next(iter(node.inputs), ""), []).append(node)
    while rank > 2 and waiting:
        for node in takers.get(waiting.pop(), ()):
            if node.operator == "Transpose" and node.attributes.get("perm") == front:
                return True
            waiting += node.outputs[:1] if node.operator in AGNOSTIC else ()
    return False


def last(value: Value, rank: int) -> Turned:
    """A value with channels in front as the graph has it, with channels last."""
    return Turned(value, (0, *range(2, rank), 1))


def transposed(node: Operation, value: Value) -> Value:
    """``Transpose``; where it undoes an earlier one nothing is left."""
    rank = len(value.perm) if isinstance(value, Turned) else None
    perm = node.attributes.get("perm")
    if not isinstance(perm, list) or perm[:1] != [0] or sorted(perm) != list(range(rank or len(perm))):
        raise BadInput(f"{node} has the order {shown(perm)}; the samples stay in front")
    if isinstance(value, Turned):
        perm, value = [value.perm[k] for k in perm], value.value
    return value if perm == sorted(perm) else Turned(value, tuple(perm))


def flattened(flat: Coded, shape: Sequence[int], perm: Sequence[int]) -> Shuffled:
    """The vector that a graph makes of a tensor whose axes it has in the order ``perm``."""
    places = np.arange(flat.type.elements).reshape(shape)
    return Shuffled(flat, places.transpose([axis - 1 for axis in perm[1:]]).reshape(-1))


def rows(node: Operation, value: Shuffled, weight: Known) -> Known:
    """The matrix ``(inputs, outputs)`` with its rows in the net's order."""
    if weight.array.ndim != 2 or len(weight.array) != len(value.order):
        raise BadInput(f"{node} has weights of shape {weight.array.shape} for {len(value.order)} inputs; match them")
    return Known(_back(weight.array.T, value.order).T, weight.format)


def straight(node: Operation, operands: list[Value | None]) -> tuple[list[Value | None], Callable[[Value], Value]]:
    """Operands with the net's order of axes, and what gives the result the graph's order again.

    Raises `BadInput` where the orders of operands differ, or the operator depends on them.
    """
    given = [each for each in operands if each is not None and not isinstance(each, Known)]
    orders = {_order(each) for each in given}
    if orders <= {()}:
        return operands, lambda value: value
    if len(orders) > 1 or node.operator not in AGNOSTIC:
        raise BadInput(
            f"{node} meets axes in another order than the net has them; keep channels in front in the export"
        )
    first = given[0]
    back: list[Value | None] = []
    for place, each in enumerate(operands):
        if isinstance(each, Turned | Shuffled):
            back.append(each.value)
        elif isinstance(each, Known) and each.array.size > 1 and not (place and node.operator in QUANTS):
            back.append(Known(_straight(node, each.array, first), each.format))
        else:
            back.append(each)
    if isinstance(first, Turned):
        return back, lambda value: Turned(value, first.perm)
    assert isinstance(first, Shuffled)
    return back, lambda value: Shuffled(value, first.order)


def _order(value: Value) -> tuple[int, ...]:
    if isinstance(value, Turned):
        return value.perm
    return tuple(value.order.tolist()) if isinstance(value, Shuffled) else ()


def _straight(node: Operation, array: Array, like: Any) -> Array:
    if isinstance(like, Shuffled):
        return _back(array, like.order) if array.shape[-1] == len(like.order) else array
    rank = len(like.perm)
    if array.ndim > rank:
        raise BadInput(f"{node} has a constant of {array.ndim} axes for a tensor of {rank}; match them")
    whole = array.reshape((1,) * (rank - array.ndim) + array.shape)
    return whole.transpose(np.argsort(like.perm))


def _back(array: Array, order: Array) -> Array:
    found = np.empty_like(array)
    found[..., order] = array
    return found

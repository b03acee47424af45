"""Operators on constants alone, run as NumPy runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bittrue.errors import BadInput
from bittrue.limits import ELEMENTS
from bittrue.targets.qonnx.importing.mapped import BINARY
from bittrue.targets.qonnx.importing.model import Operation
from bittrue.targets.qonnx.importing.values import Array, Known

TYPES = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}
"""NumPy's type by the number that ``Cast`` has."""


def _reshape(node: Operation, array: Array, shape: Array) -> Array:
    return array.reshape([array.shape[k] if each == 0 else int(each) for k, each in enumerate(shape)])


def _transpose(node: Operation, array: Array) -> Array:
    return array.transpose(node.attributes.get("perm"))


def _axes(node: Operation, given: tuple[Array, ...]) -> tuple[int, ...]:
    return tuple(int(each) for each in (given[0] if given else node.attributes.get("axes", ())))


def _squeeze(node: Operation, array: Array, *given: Array) -> Array:
    return np.squeeze(array, _axes(node, given) or None)


def _unsqueeze(node: Operation, array: Array, *given: Array) -> Array:
    return np.expand_dims(array, _axes(node, given))


RULES: dict[str, Callable[..., Array]] = {
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Neg": lambda node, array: -array,
    "Cast": lambda node, array: array.astype(TYPES[node.attributes["to"]]),
    "Concat": lambda node, *arrays: np.concatenate(arrays, node.attributes["axis"]),
}


def folded(node: Operation, operands: list[Known]) -> Known:
    """The constant that an operator makes of constants. Raises `BadInput` for another operator."""
    arrays: list[Any] = [each.array for each in operands]
    if node.operator in BINARY and len(arrays) == 2:
        if np.prod(np.broadcast_shapes(*(each.shape for each in arrays)), dtype=float) > ELEMENTS:
            raise BadInput(f"{node} makes more than {ELEMENTS:,} elements of constants; fold it before the export")
        with np.errstate(all="ignore"):
            found = np.asarray(BINARY[node.operator](*arrays))
        if not np.isfinite(found).all():
            raise BadInput(f"{node} divides constants by zero or leaves their range; fold it before the export")
        return Known(found)
    if node.operator not in RULES:
        raise BadInput(f"{node} takes constants alone, and is not known for them; fold it before the export")
    keeps = operands[0].format if node.operator != "Cast" and len(operands) <= 2 and node.operator != "Neg" else None
    return Known(np.asarray(RULES[node.operator](node, *arrays)), keeps)

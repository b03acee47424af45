"""What each operator of ONNX makes of a tensor of the net."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bittrue.errors import BadInput, shown
from bittrue.spec import LeakyReLU, Linear, ReLU
from bittrue.targets.qonnx.importing import arranging, layers, mapped
from bittrue.targets.qonnx.importing.dyadic import power_of_two
from bittrue.targets.qonnx.importing.folding import TYPES
from bittrue.targets.qonnx.importing.model import Operation
from bittrue.targets.qonnx.importing.net import Building
from bittrue.targets.qonnx.importing.values import Array, Coded, Given, Known, Mapped, Mean, Sums, Value

Operands = Sequence[Value | None]


def coded(net: Building, node: Operation, value: Value | None) -> Coded:
    """An operand as a tensor of the net. Raises `BadInput` where it has no format."""
    if isinstance(value, Coded):
        return value
    if isinstance(value, Mapped):
        return mapped.coded(net, value, node.inputs[0])
    what = f"input {shown(value.name)}" if isinstance(value, Given) else "a tensor"
    raise BadInput(f"{node} takes {what} that has no format; put a Quant node before it")


def known(node: Operation, operands: Operands, place: int) -> Known | None:
    """A constant operand, or None where there is none. Raises `BadInput` for another."""
    value = operands[place] if place < len(operands) else None
    if value is not None and not isinstance(value, Known):
        raise BadInput(f"{node} takes a tensor where a net has constants; export it with constants")
    return value


def needed(node: Operation, operands: Operands, place: int) -> Known:
    """A constant operand that must be there."""
    value = known(node, operands, place)
    if value is None:
        raise BadInput(f"{node} lacks an operand; restore the file")
    return value


def constant(net: Building, node: Operation, operands: Operands) -> Value:
    """``Constant``."""
    value = next(iter(node.attributes.values()), None)
    if value is None or isinstance(value, str):
        raise BadInput(f"{node} holds no numbers; export it again")
    return Known(np.asarray(value))


def passed(net: Building, node: Operation, operands: Operands) -> Value:
    """``Identity`` and ``Dropout``."""
    if not operands or operands[0] is None:
        raise BadInput(f"{node} lacks an operand; restore the file")
    return operands[0]


def cast(net: Building, node: Operation, operands: Operands) -> Value:
    """``Cast``: to another floating point nothing changes, words become integers."""
    value, kind = passed(net, node, operands), TYPES.get(node.attributes.get("to", 0))
    if kind in (np.float32, np.float64) and not isinstance(value, Mapped):
        return value
    if kind not in (np.int32, np.int64, np.float32) or not isinstance(value, Coded | Mapped):
        raise BadInput(f"{node} is to type {node.attributes.get('to')}; cast to float32 or float64, or words to int64")
    word = value if isinstance(value, Mapped) else Mapped.of(value, str(node))
    return Mapped(word.source, word.values.astype(kind))


def product(net: Building, node: Operation, operands: Operands) -> Value:
    """``MatMul``, ``Gemm``, ``Conv``, ``ConvTranspose``."""
    x, weight = coded(net, node, operands[0] if operands else None), needed(node, operands, 1)
    bias = known(node, operands, 2)
    if node.operator == "MatMul":
        return layers.product(node, x, weight)
    return layers.gemm(node, x, weight, bias) if node.operator == "Gemm" else layers.convolution(node, x, weight, bias)


def normalised(net: Building, node: Operation, operands: Operands) -> Value:
    """``BatchNormalization``."""
    sums = operands[0] if operands else None
    if not isinstance(sums, Sums):
        raise BadInput(f"{node} stands behind no layer with weights; fold it before the export")
    return layers.normalised(node, sums, [needed(node, operands, place).array for place in range(1, 5)])


def activated(net: Building, node: Operation, operands: Operands) -> Value:
    """``Relu``, ``LeakyRelu`` and the other functions of one number."""
    value, leaky = passed(net, node, operands), node.operator == "LeakyRelu"
    if isinstance(value, Sums):
        return _activated(node, value)
    word = value if isinstance(value, Mapped) else Mapped.of(coded(net, node, value), str(node))
    if leaky:
        slope = word.values.dtype.type(node.attributes.get("alpha", 0.01))
        return Mapped(word.source, np.where(word.values >= 0, word.values, word.values * slope))
    return Mapped(word.source, mapped.UNARY[node.operator](word.values))


def _activated(node: Operation, sums: Sums) -> Sums:
    if not isinstance(sums.activation, Linear) or node.operator not in ("Relu", "LeakyRelu"):
        raise BadInput(f"{node} stands between a layer and its Quant node; put that before it")
    sums = sums.but(bias=sums.bias + sums.after, after=0.0)
    if node.operator == "Relu":
        return sums.but(activation=ReLU())
    exponent = power_of_two(node.attributes.get("alpha", 0.01))
    if exponent is None or not -15 <= exponent <= -1:
        raise BadInput(f"{node} has the slope {node.attributes.get('alpha', 0.01):g}; layers have 2^-1 to 2^-15")
    return sums.but(activation=LeakyReLU(-exponent))


def combined(net: Building, node: Operation, operands: Operands) -> Value:
    """``Add``, ``Sub``, ``Mul``, ``Div``, ``Max``, ``Min`` of two tensors, or of one and a constant."""
    if len(operands) != 2:
        raise BadInput(f"{node} takes {len(operands)} operands; give two")
    first, second = operands
    if isinstance(first, Known) or isinstance(second, Known):
        return _with_constant(net, node, first, second)
    if node.operator == "Max" and isinstance(first, Sums) and isinstance(second, Sums):
        return _leaky(node, first, second)
    if node.operator not in ("Add", "Sub", "Mul"):
        raise BadInput(f"{node} of two tensors has no layer; take it out of the model")
    parts = [each if isinstance(each, Sums) else coded(net, node, each) for each in (first, second)]
    return arranging.joined(node, *parts)


def _with_constant(net: Building, node: Operation, first: Value | None, second: Value | None) -> Value:
    number = first if isinstance(first, Known) else second
    value, turned = (second, True) if number is first else (first, False)
    assert isinstance(number, Known)
    if isinstance(value, Sums):
        return _shifted(node, value, number.array.astype(np.float64), turned)
    if isinstance(value, Mean):
        raise BadInput(f"{node} stands between a pool and its Quant node; put that before it")
    if number.array.size != 1:
        raise BadInput(f"{node} takes a constant of shape {number.array.shape}; give a word one number")
    word = value if isinstance(value, Mapped) else Mapped.of(coded(net, node, value), str(node))
    constant, values = number.array.reshape(()), word.values
    if constant.dtype.kind == "f" == values.dtype.kind:  # float64 where the graph computes in that
        values = values.astype(constant.dtype)
    pair = (constant.astype(values.dtype), values)
    pair = pair if turned else pair[::-1]
    with np.errstate(all="ignore"):
        found: Array = np.asarray(mapped.BINARY[node.operator](*pair))
    if not np.isfinite(found).all():
        raise BadInput(f"{node} divides by zero or leaves float32; take it out of the model")
    return Mapped(word.source, found)


def _shifted(node: Operation, sums: Sums, number: Array, turned: bool) -> Sums:
    """Sums plus, minus, times or by a constant, or that minus sums."""
    if node.operator == "Add" or (node.operator == "Sub" and not turned):
        return layers.added(node, sums, number if node.operator == "Add" else -number)
    if node.operator == "Sub":
        return layers.added(node, layers.multiplied(node, sums, np.asarray(-1.0)), number)
    if node.operator == "Mul":
        return layers.multiplied(node, sums, number)
    if node.operator == "Div" and not turned and number.all():
        return layers.multiplied(node, sums, 1.0 / number)
    raise BadInput(f"{node} stands between a layer and its Quant node; put that before it")


def _leaky(node: Operation, first: Sums, second: Sums) -> Sums:
    """``max(y, 2^-k y)``: how a leaky ReLU is written where there is no LeakyRelu."""
    if first.weight is None or second.weight is None or first.sources != second.sources:
        raise BadInput(f"{node} of two tensors has no layer; take it out of the model")
    for slope in range(1, 16):
        scale = 2.0**-slope
        if np.array_equal(first.weight * scale, second.weight) and np.array_equal(first.bias * scale, second.bias):
            return first.but(activation=LeakyReLU(slope))
    raise BadInput(f"{node} of two tensors has no layer; take it out of the model")


def clipped(net: Building, node: Operation, operands: Operands) -> Value:
    """``Clip`` of a word."""
    value = passed(net, node, operands)
    word = value if isinstance(value, Mapped) else Mapped.of(coded(net, node, value), str(node))
    ends = []
    for place, key in ((1, "min"), (2, "max")):
        end = known(node, operands, place)
        number = node.attributes.get(key) if end is None else end.array
        if number is not None and np.size(number) != 1:
            raise BadInput(f"{node} has {np.size(number)} ends; give one number")
        ends.append(None if number is None else word.values.dtype.type(np.reshape(number, ())))
    low, high = ends
    values = word.values if low is None else np.maximum(word.values, low)
    return Mapped(word.source, values if high is None else np.minimum(values, high))


def gathered(net: Building, node: Operation, operands: Operands) -> Value:
    """``Gather`` of constants by a word: a table."""
    values, index = (operands[0], operands[1]) if len(operands) == 2 else (None, None)
    if not isinstance(values, Known) or values.array.ndim != 1 or not isinstance(index, Mapped):
        raise BadInput(f"{node} picks from a tensor; a net only looks words up in constants")
    places, size = index.values, len(values.array)
    if places.dtype.kind != "i" or places.min() < -size or places.max() >= size:
        raise BadInput(f"{node} looks up places {places.min()} to {places.max()} of {size}; match them")
    return Mapped(index.source, values.array[places].astype(np.float32))


def moved(net: Building, node: Operation, operands: Operands) -> Value:
    """``Flatten``, ``Reshape``, ``Concat``, ``Resize`` and pools."""
    if node.operator == "Concat":
        return arranging.concatenated(net, node, tuple(coded(net, node, each) for each in operands))
    x = coded(net, node, operands[0] if operands else None)
    if node.operator == "MaxPool":
        return arranging.largest(net, node, x)
    if node.operator in ("AveragePool", "GlobalAveragePool"):
        return arranging.mean(node, x)
    if node.operator in ("Resize", "Upsample"):
        place = 2 if node.operator == "Resize" else 1
        return arranging.upsampled(net, node, x, needed(node, operands, place).array)
    if node.operator == "Flatten":
        if int(node.attributes.get("axis", 1)) != 1:
            raise BadInput(f"{node} keeps other axes than the samples apart; flatten from axis 1")
        return arranging.reshaped(net, node, x, (0, -1))
    return arranging.reshaped(net, node, x, [int(each) for each in needed(node, operands, 1).array.reshape(-1)])


RULES: dict[str, Callable[[Building, Operation, Operands], Value]] = {
    "Constant": constant,
    "BatchNormalization": normalised,
    "Cast": cast,
    "Clip": clipped,
    "Gather": gathered,
    **dict.fromkeys(("Identity", "Dropout"), passed),
    **dict.fromkeys(("MatMul", "Gemm", "Conv", "ConvTranspose"), product),
    **dict.fromkeys((*mapped.UNARY, "LeakyRelu"), activated),
    **dict.fromkeys(mapped.BINARY, combined),
    **dict.fromkeys(("Flatten", "Reshape", "Concat", "MaxPool", "AveragePool", "GlobalAveragePool"), moved),
    **dict.fromkeys(("Resize", "Upsample"), moved),
}
"""By the name of the operator."""

"""The graph run on what tensors are instead of on numbers: operator by operator, a net comes out."""

from __future__ import annotations

import re
from collections import Counter

from bittrue.errors import BadInput, shown
from bittrue.spec import Net, TensorType
from bittrue.spec.net import INPUT
from bittrue.targets.qonnx.importing import layouts, mapped, rounding
from bittrue.targets.qonnx.importing.folding import folded
from bittrue.targets.qonnx.importing.model import Model, Operation
from bittrue.targets.qonnx.importing.net import Building
from bittrue.targets.qonnx.importing.operators import RULES, coded
from bittrue.targets.qonnx.importing.quantiser import Quantiser
from bittrue.targets.qonnx.importing.values import Coded, Given, Known, Mapped, Mean, Shuffled, Sums, Turned, Value


class Interpreter:
    """Values by the name of their tensor. ``requantise`` as of `Building`."""

    def __init__(self, model: Model, requantise: bool) -> None:
        self.model, self.net = model, Building(requantise)
        self.needed = _needed(model)
        takes = Counter(name for node in self.needed for name in node.inputs)
        self.takes = takes + Counter(model.outputs)
        self.values: dict[str, Value] = {name: Known(array) for name, array in model.constants.items()}
        for name, shape in model.inputs.items():
            if self.takes[name]:
                self.values[name] = self._given(name, _sample(name, shape))
        self.quantised: dict[str, tuple[Quantiser, Coded]] = {}

    def _given(self, name: str, shape: tuple[int, ...]) -> Value:
        if not layouts.channels_last(self.model, name):
            return Given(name, shape)
        self.net.remarks.append(f"input {shown(name)} has its channels last in the graph, and in front in the net")
        return layouts.last(Given(name, (shape[-1], *shape[:-1])), len(shape) + 1)

    def run(self, name: str) -> Net:
        """The net. Raises `BadInput` for what has no layer."""
        for node in self.needed:
            for each in node.inputs:
                if each and each not in self.values:
                    raise BadInput(f"{node} takes {shown(each)}, which no earlier node makes; sort the graph")
            result = self._value(node)
            self.values[node.outputs[0]] = result
            self._count(node.outputs[0], result)
        return self.net.net(name, [self._end(each) for each in self.model.outputs])

    def _value(self, node: Operation) -> Value:
        operands = [self.values[name] if name else None for name in node.inputs]
        if node.operator == "Constant":
            return RULES["Constant"](self.net, node, [])
        first = operands[0] if operands else None
        if node.operator == "Transpose" and first is not None and not isinstance(first, Known):
            return layouts.transposed(node, first)
        if node.operator in ("Flatten", "Reshape") and isinstance(first, Turned):
            return self._flattened(node, first, operands)
        if node.operator in ("MatMul", "Gemm") and isinstance(first, Shuffled):
            operands = self._ordered(node, first, operands)
        operands, turn = layouts.straight(node, operands)
        return turn(self._straight(node, operands))

    def _flattened(self, node: Operation, turned: Turned, operands: list[Value | None]) -> Value:
        """A vector of a tensor whose axes stand in another order."""
        x = coded(self.net, node, turned.value)
        flat = RULES[node.operator](self.net, node, [x, *operands[1:]])
        if not isinstance(flat, Coded) or len(flat.type.shape) != 1:
            raise BadInput(f"{node} makes no vector of axes in another order; keep channels in front in the export")
        return layouts.flattened(flat, x.type.shape, turned.perm)

    def _ordered(self, node: Operation, x: Shuffled, operands: list[Value | None]) -> list[Value | None]:
        """Operands of a matrix product with the rows of the matrix in the net's order."""
        weight, turned = operands[1], node.attributes.get("transB", 0)
        if not isinstance(weight, Known):
            raise BadInput(f"{node} takes a tensor where a net has constants; export it with constants")
        weight = layouts.rows(node, x, Known(weight.array.T, weight.format) if turned else weight)
        return [x.value, Known(weight.array.T, weight.format) if turned else weight, *operands[2:]]

    def _straight(self, node: Operation, operands: list[Value | None]) -> Value:
        """What an operator makes of operands whose axes stand in the net's order."""
        if node.operator in layouts.QUANTS:
            return self._quantised(node, operands)
        known = [each for each in operands if isinstance(each, Known)]
        if node.operator == "BipolarQuant":
            return _bipolar(node, known)
        if operands and len(known) == len(operands) and node.operator not in ("Identity", "Dropout"):
            return folded(node, known)
        if node.operator not in RULES:
            raise BadInput(f"{node} has no layer; take it out of the model, or put its work before or behind the net")
        return RULES[node.operator](self.net, node, operands)

    def _quantised(self, node: Operation, operands: list[Value | None]) -> Value:
        parameters = [each.array for each in operands[1:] if isinstance(each, Known)]
        wanted, value = Quantiser.of(node, parameters), operands[0]
        if isinstance(value, Known):
            return wanted.constant(value)
        if isinstance(value, Given):
            return self._input(value, wanted)
        if isinstance(value, Sums):
            return rounding.quantised(self.net, value, wanted)
        if isinstance(value, Mean):
            return self._mean(value, wanted)
        if isinstance(value, Coded):
            if mapped.unchanged(self.net, value, wanted):
                return value
            value = Mapped.of(value, wanted.name)
        if not isinstance(value, Mapped):
            raise BadInput(f"{node} has no tensor to quantise; restore the file")
        return mapped.quantised(self.net, value, wanted)

    def _input(self, given: Given, wanted: Quantiser) -> Coded:
        if given.name in self.quantised:
            first, coded = self.quantised[given.name]
            if (first.lo, first.hi, first.format) != (wanted.lo, wanted.hi, wanted.format):
                raise BadInput(f"input {shown(given.name)} is quantised in two ways; put one Quant node behind it")
            return coded
        fmt = rounding.output_format(self.net, wanted)
        alone = len([each for each in self.model.inputs if self.takes[each]]) == 1
        name = INPUT if alone else re.sub("[^a-z0-9_]", "_", f"in_{given.name}".lower())[:32]
        if name in self.net.inputs:
            name = f"{name}_{len(self.net.inputs)}"
        coded = self.net.add_input(name, TensorType(given.shape, fmt))
        self.quantised[given.name] = wanted, coded
        self.net.remarks.append(f"{name}: codes {wanted.lo} to {wanted.hi} of {fmt}; feed no others")
        return coded

    def _mean(self, mean: Mean, wanted: Quantiser) -> Coded:
        positive = all(interval.lo >= 0 for interval in self.net.spread[mean.source.name])
        cuts = wanted.rounding == "DOWN" or (wanted.rounding == "FLOOR" and positive)
        if cuts and mapped.unchanged(self.net, mean.source, wanted):
            return self.net.add(mean.pool, (mean.source,), wanted.result)
        if mean.sums is None:
            raise BadInput(
                f"{wanted.name} follows means of windows whose places are no power of two; quantise them DOWN in the "
                f"format of the input, as AvgPool does, or choose another window"
            )
        return rounding.quantised(self.net, mean.sums, wanted)

    def _end(self, name: str) -> Coded:
        value = self.values.get(name)
        if isinstance(value, Turned):
            self.net.remarks.append(f"output {shown(name)} has its axes in another order in the graph than in the net")
            value = value.value
        if isinstance(value, Coded):
            return value
        if isinstance(value, Sums):
            return rounding.raw(self.net, value, name)
        if isinstance(value, Mapped):
            return mapped.coded(self.net, value, name)
        raise BadInput(f"output {shown(name)} is no quantised tensor of a layer; put a Quant node before it")

    def _count(self, name: str, value: Value) -> None:
        """How many operators take a tensor of the net, under whichever name."""
        value = value.value if isinstance(value, Turned | Shuffled) else value
        if isinstance(value, Coded):
            again = value.name in self.net.uses  # under another name, which took it
            self.net.uses[value.name] = self.net.uses.get(value.name, 0) + self.takes[name] - again
        if isinstance(value, Mapped) and self.takes[name] > 1:
            self.net.uses[value.source.name] = self.net.uses.get(value.source.name, 0) + 1


def _needed(model: Model) -> list[Operation]:
    """The nodes that a result depends on, in order."""
    wanted, found = set(model.outputs), []
    for node in reversed(model.operations):
        if wanted & set(node.outputs):
            found.append(node)
            wanted |= set(node.inputs)
    return found[::-1]


def _sample(name: str, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    if len(shape) < 2 or any(length is None or length < 1 for length in shape[1:]):
        raise BadInput(
            f"input {shown(name)} has shape {shown(shape)}; it needs samples in front and fixed lengths behind"
        )
    return tuple(int(length) for length in shape[1:] if length is not None)


def _bipolar(node: Operation, known: list[Known]) -> Known:
    if len(known) != 2:
        raise BadInput(f"{node} quantises a tensor to -1 and 1, which no layer rounds to; only weights may be so")
    one = Quantiser(known[1].array, 1, True, False, "ROUND", str(node), node.result)
    return one.constant(known[0])

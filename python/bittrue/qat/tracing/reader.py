"""From the calls of a module to operations: what can be folded into a layer before is folded as it is read."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from bittrue.errors import BadInput
from bittrue.qat.tracing.graph import Graph
from bittrue.qat.tracing.operations import Fixed, Kept, Operation, Real, Sum
from bittrue.qat.tracing.standins import OTHERWISE, stand_in
from bittrue.spec import Activation, Conv1d, Conv2d, Flatten, LeakyReLU, Linear, MaxPool1d, MaxPool2d, ReLU, Reshape
from bittrue.spec import Upsample as Upsampling
from bittrue.spec.net import INPUT
from bittrue.spec.stages import node_name

Rule = Callable[["Reader", fx.Node, Any], str]
"""``(reader, node, module or None) -> name``: adds what a call computes, and names the tensor."""

_LINEAR = Linear()
_MONOTONE = (MaxPool1d, MaxPool2d, Flatten, Reshape, Upsampling)
"""Layers that a ReLU may change places with."""


def numbers(tensor: Any) -> Real:
    """A tensor, or a number, as a float64 array."""
    if isinstance(tensor, Tensor):
        return np.asarray(tensor.detach().to("cpu", torch.float64).numpy())
    return np.asarray(tensor, dtype=np.float64)


class Reader:
    """Makes the operations of one traced module.

    Parameters
    ----------
    root : Module
        What ``graph`` refers to.
    graph : fx.Graph
        Of `bittrue.qat.tracing.tracer.trace`.
    name : str
        Of the net.
    modules, functions : mapping
        Rules by type of module, and by name of function.
    """

    def __init__(
        self, root: nn.Module, graph: fx.Graph, name: str, modules: dict[type, Rule], functions: dict[str, Rule]
    ) -> None:
        self.root, self.graph = root, Graph(name)
        self._modules, self._functions = modules, functions
        self._traced, self._names, self._taken = graph, dict[fx.Node, str](), {INPUT}

    def read(self) -> Graph:
        """The operations. Raises `BadInput`, naming the place, for what no layer can do."""
        given = [node for node in self._traced.nodes if node.op == "placeholder"]
        for node in given:
            name = INPUT if len(given) == 1 else self._name(node)
            self._names[node] = name
            self.graph.inputs.append(name)
            self.graph.shapes[name] = self.shape(node)
        for node in self._traced.nodes:
            if node.op == "output":
                self.graph.outputs = self._outputs(node)
            elif node not in self._names and not self.fixed(node):
                self._names[node] = self._read(node)
                self._check(node)
        self._prune()
        return self.graph

    # ---- what rules ask ---------------------------------------------------------------------------------------------

    def shape(self, node: fx.Node) -> tuple[int, ...]:
        """The shape of one sample of a tensor. Raises `BadInput` where there is none, or no axis of samples."""
        value, count = node.meta["value"], self._batch
        if not isinstance(value, Tensor):
            self.refuse(node, f"gives {type(value).__name__}, not a tensor")
        if value.ndim < 2 or len(value) != count:
            self.refuse(
                node, f"gives shape {tuple(value.shape)} for {count} samples; every sample keeps its own axis 0"
            )
        return tuple(value.shape[1:])

    def fixed(self, node: Any) -> bool:
        """Whether a node, or a plain value, is the same for every sample because nothing of the input is in it."""
        if not isinstance(node, fx.Node):
            return True
        return node.op != "placeholder" and node not in self._names and all(map(self.fixed, node.all_input_nodes))

    def value(self, given: Any) -> Any:
        """A plain value, or that of a fixed node. Raises `BadInput` for a parameter, which would not be trained."""
        if not isinstance(given, fx.Node):
            return given
        value = given.meta["value"]
        if isinstance(value, nn.Parameter) and value.requires_grad:
            self.refuse(given, "is a parameter outside of a layer", "requires_grad_(False), or a buffer")
        for node in given.all_input_nodes:
            self.value(node)
        return value

    def tensor(self, given: Any, like: tuple[int, ...] | None = None) -> str:
        """The name of the tensor that a node is; a fixed one, spread to the shape ``like``, is added as it is."""
        if not self.fixed(given):
            return self._names[given]
        value = numbers(self.value(given))
        spread = np.broadcast_to(value, (self._batch, *like)) if like else value
        if spread.ndim < 2 or not (spread == spread[:1]).all():
            at = self.place(given) if isinstance(given, fx.Node) else f"net {self.graph.name}: a constant"
            raise BadInput(f"{at} differs from sample to sample, or is no tensor (N, ...); make it an input of forward")
        return self.graph.add(self._unique("constant"), Fixed(spread[0].copy()), (), "a constant")

    def add(self, node: fx.Node, operation: Operation, *inputs: str, suffix: str = "") -> str:
        """Append an operation; its name."""
        name = self._unique(f"{self._name(node)}_{suffix}") if suffix else self._unique(self._name(node))
        return self.graph.add(name, operation, inputs, self.place(node))

    def reshaped(self, node: fx.Node, source: str, shape: tuple[int, ...]) -> str:
        """The same numbers in the same order under another shape; of several shapes the last one counts."""
        while (part := self.graph.part(source)) and isinstance(part.operation, Kept):
            if not isinstance(part.operation.made, Flatten | Reshape):
                break
            (source,) = part.inputs
        if shape == self.graph.shapes[source]:
            return source
        return self.add(node, Kept(Flatten() if len(shape) == 1 else Reshape(shape)), source, suffix="shape")

    def scaled(self, node: fx.Node, source: str, factor: Real, offset: Real, trained: bool = False) -> str:
        """``factor * x + offset``, one number a channel: in the layer before, else by a filter for each channel."""
        part = self.graph.part(source)
        before = part.operation if part is not None and self._users(source) == {node} else None
        if isinstance(before, Sum) and before.activation == Linear():
            before.scale(factor, offset)
            if trained:
                before.frozen = frozenset()
            return source
        return self._filtered(node, source, factor, offset, trained=trained)

    def activated(self, node: fx.Node, source: str, activation: Activation) -> str:
        """An activation: in the layer before, also in front of a maximum in between, else by a layer of its own."""
        name, users = source, {node}
        while (part := self.graph.part(name)) is not None and self._users(name) <= users:
            if isinstance(part.operation, Sum) and part.operation.activation == Linear():
                part.operation.activation = activation
                return source
            moved = isinstance(part.operation, Kept) and isinstance(part.operation.made, _MONOTONE)
            if not moved or not isinstance(activation, ReLU | LeakyReLU):
                break
            (name,), users = part.inputs, self._aliases(name)
        return self.same(node, source, activation)

    def same(self, node: fx.Node, source: str, activation: Activation = _LINEAR, **options: Any) -> str:
        """A layer that weighs every channel by 1: for an activation, or for zeros around it (``padding``)."""
        channels = self.graph.shapes[source][0]
        return self._filtered(node, source, np.ones(channels), np.zeros(channels), activation, **options)

    def place(self, node: fx.Node) -> str:
        """Where a call stands."""
        return f"net {self.graph.name}: {node.meta['place']}"

    def refuse(self, node: fx.Node, why: str, instead: str = "") -> NoReturn:
        """Raise `BadInput`: where, why, and what could stand in."""
        raise BadInput(f"{self.place(node)} {why}; what could stand in: {instead or stand_in(self.kind(node))}")

    def kind(self, node: fx.Node) -> str:
        """The name of the module's type, or of the function."""
        module = self._module(node)
        if module is not None:
            return type(module).__name__
        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        return function_name(node.target) or str(name)

    # ---- within -----------------------------------------------------------------------------------------------------

    @property
    def _batch(self) -> int:
        return len(next(iter(self._traced.nodes)).meta["value"])

    def _read(self, node: fx.Node) -> str:
        """The tensor that a call makes."""
        rule = self._rule(node)
        try:
            return rule(self, node, self._module(node))
        except (LookupError, TypeError):  # arguments that the rule does not expect
            self.refuse(node, f"is called by {node.args} and {dict(node.kwargs)}", "the tensor first, then numbers")

    def _rule(self, node: fx.Node) -> Rule:
        module = self._module(node)
        if module is not None:
            found = next((self._modules[kind] for kind in type(module).__mro__ if kind in self._modules), None)
        else:
            found = self._functions.get(function_name(node.target))
        return found or self.refuse(node, "is no operation that a net has")

    def _module(self, node: fx.Node) -> nn.Module | None:
        return self.root.get_submodule(str(node.target)) if node.op == "call_module" else None

    def _filtered(
        self,
        node: fx.Node,
        source: str,
        factor: Real,
        offset: Real,
        activation: Activation = _LINEAR,
        trained: bool = False,
        **options: Any,
    ) -> str:
        """A filter of one weight for each channel."""
        shape = self.graph.shapes[source]
        if len(shape) > 3:
            self.refuse(node, f"stands behind a tensor of shape {shape}", OTHERWISE)
        if len(shape) == 1:
            source = self.add(node, Kept(Reshape((*shape, 1))), source, suffix="column")
        axes = max(1, len(shape) - 1)
        weight = np.asarray(factor, np.float64).reshape(-1, 1, *(1,) * axes)
        frozen = frozenset[str]() if trained else frozenset({"weight", "bias"})
        kind: Any = (Conv1d, Conv2d)[axes - 1]
        filters = Sum(kind, weight, offset, {"groups": len(weight), **options}, activation, frozen)
        if len(shape) > 1:
            return self.add(node, filters, source)
        return self.add(node, Kept(Flatten()), self.add(node, filters, source, suffix="filters"))

    def _aliases(self, name: str) -> set[fx.Node]:
        """The calls whose result a tensor is."""
        return {node for node, known in self._names.items() if known == name}

    def _users(self, name: str) -> set[fx.Node]:
        """The calls that take a tensor."""
        same = self._aliases(name)
        return {user for node in same for user in node.users} - same

    def _outputs(self, node: fx.Node) -> list[str]:
        given = node.args[0]
        found = list(given.values()) if isinstance(given, dict) else given
        nodes = list(found) if isinstance(found, list | tuple) else [found]
        inside = [
            part
            for part in nodes
            if isinstance(part, fx.Node) and self._names.get(part, INPUT) not in self.graph.inputs
        ]
        names = [self._names.get(part, INPUT) for part in inside]
        if not nodes or len(set(names)) < len(nodes):
            raise BadInput(
                f"net {self.graph.name}: forward returns {given}; let it return results of layers, each once, as one "
                f"tensor, a tuple or a dictionary"
            )
        return names

    def _check(self, node: fx.Node) -> None:
        found, wanted = self.graph.shapes[self._names[node]], self.shape(node)
        if found != wanted:
            self.refuse(node, f"gives shape {wanted} where a layer gives {found}")

    def _prune(self) -> None:
        needed = set(self.graph.outputs)
        for part in reversed(self.graph.parts):
            if part.name in needed:
                needed.update(part.inputs)
        self.graph.parts = [part for part in self.graph.parts if part.name in needed]
        names = {*self.graph.inputs, *(part.name for part in self.graph.parts)}
        self.graph.shapes = {name: shape for name, shape in self.graph.shapes.items() if name in names}

    def _name(self, node: fx.Node) -> str:
        if node.op != "call_module":
            return node_name(node.name)
        path = str(node.target)
        return node_name(f"{self.kind(node)}_{path}" if path.isdecimal() else path)

    def _unique(self, name: str) -> str:
        found = next(text for text in _numbered(name[:36]) if text not in self._taken)
        self._taken.add(found)
        return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{count}" for count in itertools.count(2))


def function_name(target: Any) -> str:
    """The name of a function of PyTorch's, an operator or a method, without the underscore of those in place."""
    if isinstance(target, str):
        return target.removesuffix("_")
    name = str(getattr(target, "__name__", "")) if target not in DISPATCHED else DISPATCHED[target]
    known = any(getattr(place, name, None) is target for place in (torch, functional, operator)) or target in DISPATCHED
    return OPERATORS.get(name, name.removesuffix("_")) if known else ""


OPERATORS = {"iadd": "add", "isub": "sub", "imul": "mul", "truediv": "div", "itruediv": "div", "pos": "clone"}
DISPATCHED = {
    getattr(functional, name): name
    for kind in ("max_pool", "adaptive_max_pool")
    for name in (f"{kind}1d", f"{kind}2d", f"{kind}3d")
}
"""Functions whose own name says nothing."""

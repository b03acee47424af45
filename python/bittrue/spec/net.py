"""Net: a named chain or graph of layers, with one input or several, and one output or several."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, listed, shown
from bittrue.limits import DELAY, ELEMENTS, NODES
from bittrue.num.arrays import integer, plain
from bittrue.spec.layer import Layer, TensorType

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
INPUT = "input"
"""The name under which nodes refer to the one input of a net."""


@dataclass(frozen=True)
class Node:
    """A layer in its place: ``inputs`` names earlier nodes, or inputs of the net (``"input"`` where it has one).

    One name may stand without a list.

    Raises `BadInput` for a name that is none, no layer, or inputs that are no names.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise BadInput(f"a node has {shown(self.name)} for its name; give text")
        if not isinstance(self.layer, Layer):
            raise BadInput(f"node {self.name} has {shown(self.layer)} for its layer; give one of bittrue.spec's layers")
        inputs = (self.inputs,) if isinstance(self.inputs, str) else self.inputs
        names = tuple(inputs) if isinstance(inputs, list | tuple) else (None,)
        if not all(isinstance(name, str) for name in names):
            raise BadInput(f"node {self.name} has inputs {shown(self.inputs)}; name earlier nodes, or 'input'")
        if len(names) > NODES:
            raise BadInput(f"node {self.name} takes {len(names):,} tensors, more than {NODES:,}; add them in groups")
        object.__setattr__(self, "inputs", names)


@dataclass(frozen=True, eq=False)
class Net:
    """A frozen network: its meaning is one integer function of codes ``(N, *shape)``, an array an input and an output.

    Nodes stand in the order of evaluation. Every tensor has a name, that of its node: the *tap* by which the legs are
    compared. Axis 0 of all arrays counts the same samples.

    Parameters
    ----------
    name : str
    inputs : TensorType, or dict of TensorType by name
        A single one is called ``"input"``.
    nodes : tuple of Node
    delay : int
        Samples by which the outputs lag what they are about: output ``n`` answers input ``n - delay``, and what lies
        between is look-ahead. It is a promise to whoever aligns signals; the integer function does not depend on it.
    outputs : tuple of str, optional
        Names of the nodes that are results, in the order of evaluation; without, the last node.

    Raises
    ------
    BadInput
        For a name twice, an input that does not exist (yet), a node or an input that nothing uses, layers that do not
        fit, a delay that is not within the net's memory, or a net beyond the limits of docs/net-format.md.
    """

    name: str
    inputs: dict[str, TensorType]
    nodes: tuple[Node, ...]
    delay: int = 0
    outputs: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        inputs: TensorType | Mapping[str, TensorType],
        nodes: Sequence[Node],
        delay: int = 0,
        outputs: Sequence[str] = (),
    ) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,60}", name):
            raise BadInput(f"net name {shown(name)}: use a letter, then up to 60 letters, digits, '-' and '_'")
        self._set(name=name, inputs=_inputs(name, inputs), nodes=_nodes(name, nodes))
        _ = self.types  # refuses names and layers that do not fit
        self._set(outputs=self._results(outputs))
        self._check_used()
        self._check_limits()
        samples = integer(delay)
        if samples is None or not 0 <= samples <= self.memory:
            raise BadInput(
                f"net {self.name} declares a delay of {shown(delay)} samples; its outputs see 0 to {self.memory} back"
            )
        self._set(delay=samples)

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check_limits(self) -> None:
        if self.elements > ELEMENTS:
            raise BadInput(
                f"net {self.name}: its tensors have {self.elements:,} elements together, more than {ELEMENTS:,}; make "
                f"them smaller"
            )
        if self.memory > DELAY:
            raise BadInput(
                f"net {self.name} looks {self.memory:,} samples back, more than {DELAY:,}; shorten its delays"
            )

    def _results(self, given: object) -> tuple[str, ...]:
        """The names of the results; `BadInput` unless they are nodes in the order of evaluation."""
        names = [node.name for node in self.nodes]
        given = (given,) if isinstance(given, str) else given
        if not isinstance(given, list | tuple):
            raise BadInput(f"net {self.name} has outputs {shown(given)}; give a list of names of nodes")
        wanted: list[object] = list(given)
        wanted = wanted or [*names[-1:]]
        chosen = set(map(str, wanted))
        if wanted != (found := [name for name in names if name in chosen]):
            raise BadInput(
                f"net {self.name} has outputs {shown(wanted)}; name nodes, each once, in the order of evaluation"
            )
        return tuple(found)

    def _check_used(self) -> None:
        used = {source for node in self.nodes for source in node.inputs} | set(self.outputs)
        for name in self.inputs:
            if name not in used:
                raise BadInput(f"net {self.name}: nothing uses input {name}; remove it")
        for node in self.nodes:
            if node.name not in used:
                raise BadInput(f"net {self.name}: nothing uses node {node.name}; make it an output or remove it")

    @cached_property
    def types(self) -> dict[str, TensorType]:
        """Type of every tensor by its name, the inputs first."""
        types = dict(self.inputs)
        for node in self.nodes:
            if not _NAME.fullmatch(node.name) or node.name in types:
                raise BadInput(
                    f"net {self.name}: node name {shown(node.name)} is taken or not a lower-case identifier; "
                    f"choose another"
                )
            missing = [source for source in node.inputs if source not in types]
            if missing:
                raise BadInput(
                    f"net {self.name}: node {node.name} takes {shown(missing[0])}, which is not an earlier "
                    f"node; choose one of {listed(islice(types, 20))}"
                )
            arity = node.layer.arity
            if arity is not None and len(node.inputs) != arity:
                raise BadInput(
                    f"net {self.name}: {type(node.layer).__name__} {node.name} takes {arity} "
                    f"{'input' if arity == 1 else 'inputs'}, not {len(node.inputs)}; name the tensors it runs on"
                )
            try:
                types[node.name] = node.layer.output_type(*(types[source] for source in node.inputs))
            except BadInput as error:
                raise BadInput(f"net {self.name}, node {node.name}: {error}") from None
        return types

    @cached_property
    def elements(self) -> int:
        """Elements of all tensors together, the inputs among them, for one sample."""
        return sum(tensor.elements for tensor in self.types.values())

    @property
    def input(self) -> TensorType:
        """Type of the input. Raises `BadInput` for a net with several."""
        if len(self.inputs) > 1:
            raise BadInput(f"net {self.name} has inputs {listed(self.inputs)}; here a net with one input is needed")
        return self.inputs[INPUT]

    @property
    def last(self) -> str:
        """Name of the result. Raises `BadInput` for a net with several."""
        if len(self.outputs) > 1:
            raise BadInput(f"net {self.name} has outputs {listed(self.outputs)}; here a net with one output is needed")
        return self.outputs[0]

    @property
    def output(self) -> TensorType:
        """Type of the result. Raises `BadInput` for a net with several."""
        return self.types[self.last]

    @cached_property
    def memory(self) -> int:
        """How many earlier samples of the inputs an output depends on."""
        reach = dict.fromkeys(self.inputs, 0)
        for node in self.nodes:
            reach[node.name] = node.layer.memory + max((reach[source] for source in node.inputs), default=0)
        return max(reach[name] for name in self.outputs)

    def input_types(self, node: Node) -> tuple[TensorType, ...]:
        """Types of what a node takes."""
        return tuple(self.types[source] for source in node.inputs)

    def check_codes(self, codes: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Codes of the one input as int64 ``(N, *input.shape)``; a single sample gains the leading axis.

        Raises `BadInput` for another shape, a type that is not integer, a code outside the input's format, or a net
        with several inputs.
        """
        return self._checked(codes, self.input, "")

    def check_inputs(
        self, codes: npt.ArrayLike | Mapping[str, npt.ArrayLike], copy: bool = True
    ) -> dict[str, npt.NDArray[Any]]:
        """Codes of every input by name, each as of `check_codes`; a net with one input also takes its array alone.

        Without ``copy`` the arrays themselves are returned, of whatever integers, for those who do not write into them.

        Raises `BadInput` as `check_codes`, for an input that is missing or unknown, and for inputs of which one has
        more samples than another.
        """
        if not isinstance(codes, Mapping):
            if len(self.inputs) > 1:
                raise BadInput(
                    f"net {self.name} takes inputs {listed(self.inputs)}; give a dictionary of one array each"
                )
            return {INPUT: self._checked(codes, self.input, "", copy)}
        if set(codes) != set(self.inputs):
            raise BadInput(
                f"net {self.name} takes inputs {listed(self.inputs)}, not {shown(', '.join(map(str, codes)))}; give "
                f"one array for each"
            )
        one = len(self.inputs) == 1
        checked = {
            name: self._checked(codes[name], self.inputs[name], "" if one else name, copy) for name in self.inputs
        }
        lengths = {name: len(array) for name, array in checked.items()}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"net {self.name} is given {shown(lengths)} samples by input; give as many of each")
        return checked

    def _checked(self, codes: npt.ArrayLike, given: TensorType, which: str, copy: bool = True) -> npt.NDArray[Any]:
        at = f" at input {which}" if which else ""
        array = plain(codes, f"the array of samples for net {self.name}{at}")
        if array.shape == given.shape and len(given.shape) > 1:
            array = array[np.newaxis]
        if array.ndim != len(given.shape) + 1 or array.shape[1:] != given.shape or not len(array):
            shape = ", ".join(("N", *map(str, given.shape)))
            raise BadInput(
                f"net {self.name} takes samples of shape ({shape}){at}, not {array.shape}; reshape the array"
            )
        what = f"{which} sample " if which else "sample "
        return given.format.check(array, what) if copy else given.format.checked(array, what)


def _nodes(net: str, given: object) -> tuple[Node, ...]:
    """The nodes of a net; `BadInput` where they are none, or too many."""
    nodes = tuple(given) if isinstance(given, list | tuple) else (None,)
    if not all(isinstance(node, Node) for node in nodes):
        raise BadInput(f"net {net} has {shown(given)} for its nodes; give a list of Node")
    if not nodes:
        raise BadInput(f"net {net} has no layers; give it at least one")
    if len(nodes) > NODES:
        raise BadInput(f"net {net} has {len(nodes):,} layers, more than {NODES:,}; make it smaller")
    return nodes


def _inputs(net: str, given: object) -> dict[str, TensorType]:
    """The inputs of a net by name; `BadInput` where they are none."""
    inputs: dict[Any, Any] = dict(given) if isinstance(given, Mapping) else {INPUT: given}
    if not inputs or not all(isinstance(tensor, TensorType) for tensor in inputs.values()):
        raise BadInput(f"net {net} has {shown(given)} for its input; give a TensorType(shape, format)")
    if len(inputs) > NODES:
        raise BadInput(f"net {net} has {len(inputs):,} inputs, more than {NODES:,}; make it smaller")
    bad = [name for name in inputs if not isinstance(name, str) or not _NAME.fullmatch(name)]
    if bad or (len(inputs) == 1 and INPUT not in inputs):
        name = bad[0] if bad else next(iter(inputs))
        raise BadInput(
            f"net {net} has an input called {shown(name)}; use a lower-case identifier, and 'input' for a single one"
        )
    return inputs

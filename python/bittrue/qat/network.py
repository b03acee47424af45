"""A net in training: `torch.nn.Module` whose forward pass is the integer net that it exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from bittrue.errors import BadInput, listed
from bittrue.qat.carrier import check_carrier
from bittrue.qat.layers import module_of
from bittrue.qat.module import LayerModule
from bittrue.qat.quantise import Grid, quantise
from bittrue.qat.trained import Staged, Trained
from bittrue.spec import Net, Node, TensorType
from bittrue.spec.net import INPUT

Values = Any
"""A tensor where a net has one input or output, a dictionary of tensors by name where it has several."""


class Network(nn.Module):
    """Trainable float64 parameters in the shape of a net.

    The law, for every parameter value and with all layers quantised:

        network(x) == net.output.format.decode(ref.run(net, net.input.format.encode(x))),  net = network.to_net()

    With several inputs ``x`` is a dictionary of tensors by name; with several outputs so is ``network(x)``.

    Parameters
    ----------
    net : Net
        Topology, formats, activations; its codes are the first parameters.
    trainable : bool
        False freezes the parameters, and accepts a net by the ranges of its actual weights where otherwise any
        weights of the same formats must be safe to carry.

    Attributes
    ----------
    quantised_input : bool
        Whether `forward` rounds its input into the net's input format.

    Raises
    ------
    BadInput
        Where a tensor has more than 53 bits, a bias more than 52, or an accumulator could reach ``2**53``, so that
        float64 is not exact (`NotCarried`; `bittrue.qat.run` executes such a net all the same).
    """

    def __init__(self, net: Net, trainable: bool = True) -> None:
        super().__init__()
        self.template, self.quantised_input = net, True
        for node in net.nodes:
            try:
                self.add_module(f"node_{node.name}", module_of(node.layer, net.input_types(node)))
            except BadInput as error:
                raise type(error)(f"net {net.name}, node {node.name}: {error}") from None
        self.requires_grad_(trainable)
        self._check_carrier(trainable)

    @property
    def layers(self) -> dict[str, LayerModule]:
        """The module of every node by its name."""
        return {node.name: getattr(self, f"node_{node.name}") for node in self.template.nodes}

    @property
    def trained(self) -> dict[str, Trained]:
        """Those of `layers` that have parameters."""
        return {name: module for name, module in self.layers.items() if isinstance(module, Trained)}

    def enable_qat(self, on: bool = True) -> None:
        """Quantise the input and every layer, or (``on=False``) none: then this is the plain float network."""
        self.quantised_input = on
        for module in self.layers.values():
            module.quantised = on

    def forward(self, x: Values) -> Values:
        """Output values ``(..., N, *output.shape)`` of input values ``(..., N, *input.shape)``, float64.

        Axis ``N`` counts samples, and it is time for nets with memory, whose history starts at zero in every sequence
        of the batch axes before it. Raises `BadInput` for other inputs or shapes, integers, NaN or infinity.
        """
        found = self.evaluate(self._enter(x), self.template.outputs)
        return found if len(found) > 1 else found[self.template.last]

    def forward_from(self, known: Mapping[str, Tensor]) -> Tensor:
        """Output values from tensors inside the net: only the nodes between these and the output are evaluated.

        For several outputs there is ``evaluate(known, net.outputs)``.

        Parameters
        ----------
        known : mapping from node name (or an input's, ``"input"`` where there is one) to that tensor's values
            Taken as they are; also ``"<node>.basis"`` for the basis signals of a ComplexFIR. `precompute` makes the
            mapping with which training on shuffled samples needs no history.
        """
        last = self.template.last
        return self.evaluate(known, (last,))[last]

    def taps(self, x: Values) -> dict[str, Tensor]:
        """Values of every node by its name, for input as in `forward`."""
        return self.evaluate(self._enter(x), [node.name for node in self.template.nodes])

    def evaluate(self, known: Mapping[str, Tensor], wanted: Iterable[str]) -> dict[str, Tensor]:
        """Values of the ``wanted`` nodes, from tensors as in `forward_from`; no other is held longer than needed."""
        wanted = tuple(wanted)
        needed = self._needed(known, wanted)
        nodes = [node for node in self.template.nodes if node.name in needed]
        last_use = {source: node.name for node in nodes for source in node.inputs}
        layers, values, batch = self.layers, dict(known), self._batch(known)
        for node in nodes:
            module, basis = layers[node.name], values.pop(f"{node.name}.basis", None)
            if isinstance(module, Staged) and basis is not None:
                values[node.name] = module.weigh(basis)
            else:
                values[node.name] = self._value(node, values, batch)
            for source in node.inputs:
                if last_use[source] == node.name and source not in wanted:
                    values.pop(source, None)
        return {name: values[name] for name in wanted}

    def _value(self, node: Node, values: Mapping[str, Tensor], batch: tuple[int, ...]) -> Tensor:
        """What a node makes of its inputs; a node without any gives its one sample to all of the batch axes."""
        result: Tensor = self.layers[node.name](*(values[source] for source in node.inputs))
        return result if node.inputs else result.expand(*batch, *result.shape)

    def _batch(self, known: Mapping[str, Tensor]) -> tuple[int, ...]:
        """The axes ``(..., N)`` that tensors of `forward_from` have before those of a sample."""
        for name, tensor in known.items():
            return tuple(tensor.shape[: -(2 if name.endswith(".basis") else len(self.template.types[name].shape))])
        return (1,)

    @torch.no_grad()
    def precompute(self, x: Values) -> dict[str, Tensor]:
        """What of the net does not depend on parameters, once for all samples: the argument of `forward_from`.

        Every tensor has the leading axes of ``x``. With these the rest of the net has no memory, so rows can be
        shuffled and drawn: ``network.forward_from({name: t[rows] for name, t in fixed.items()})`` equals
        ``network(x)[rows]``. Compute it anew after switching the quantisation of a layer.

        Raises `BadInput` where a layer looks back at a tensor that is trained.
        """
        fixed, kept = self._enter(x), {}
        batch = self._batch(fixed)
        for node in self.template.nodes:
            module = self.layers[node.name]
            ready = [source for source in node.inputs if source in fixed]
            if len(ready) == len(node.inputs) and not list(module.parameters()):
                fixed[node.name] = self._value(node, fixed, batch)
            elif len(ready) == len(node.inputs) and isinstance(module, Staged):
                kept[f"{node.name}.basis"] = module.basis(*(fixed[source] for source in node.inputs))
            elif node.layer.memory:
                raise BadInput(
                    f"net {self.template.name}: node {node.name} looks back at a trained tensor, so its samples cannot "
                    f"be shuffled; train on whole sequences with forward"
                )
            else:
                kept |= {source: fixed[source] for source in ready}
        return kept | {name: fixed[name] for name in self.template.outputs if name in fixed}

    def to_net(self) -> Net:
        """The integer net of the present parameters: rounded half up and saturated, biases at accumulator scale.

        Raises `BadInput` where a parameter is NaN or infinite.
        """
        for name, value in self.named_parameters():
            if not torch.isfinite(value).all():
                raise BadInput(
                    f"net {self.template.name}: parameter {name.removeprefix('node_')} holds NaN or infinity; restart "
                    f"training at a lower rate"
                )
        layers = self.layers
        nodes = tuple(Node(node.name, layers[node.name].to_layer(), node.inputs) for node in self.template.nodes)
        return replace(self.template, nodes=nodes)

    def clamped(self) -> dict[str, int]:
        """How many parameters of every layer with parameters saturate in `to_net`."""
        return {name: module.clamped() for name, module in self.trained.items()}

    @torch.no_grad()
    def clamp_(self) -> None:
        """Move saturated parameters to the ends of their formats, where the gradient can move them again."""
        for module in self.trained.values():
            for name, (frac, lo, hi) in module.grids().items():
                getattr(module, name).clamp_(lo * 2.0**-frac, hi * 2.0**-frac)

    def fit_weight_formats(self, bits: int | None = None) -> None:
        """Give every layer the finest weight format that its present weights do not saturate.

        ``bits`` is the word length; without it every layer keeps its own. Raises `BadInput` as the constructor does.
        """
        before = {module: module.layer for module in self.trained.values()}
        try:
            for module in before:
                module.fit(bits)
            self._check_carrier(True)
        except BadInput:
            for module, layer in before.items():
                module.layer = layer
            raise

    def _enter(self, x: Values) -> dict[str, Tensor]:
        """The inputs by name, rounded where the input is quantised."""
        net = self.template
        given = dict(x) if isinstance(x, Mapping) else {INPUT: x}
        if given.keys() != net.inputs.keys():
            raise BadInput(
                f"net {net.name} takes inputs {listed(net.inputs)}, not {listed(map(str, given))}; give one "
                f"tensor for each, by name"
            )
        entered = {name: self._entered(given[name], net.inputs[name], name) for name in net.inputs}
        batches = {tuple(entered[name].shape[: -len(tensor.shape)]) for name, tensor in net.inputs.items()}
        if len(batches) > 1:
            raise BadInput(f"net {net.name} is given inputs of {batches} samples; give as many of each")
        return entered

    def _entered(self, x: Tensor, given: TensorType, name: str) -> Tensor:
        net, at = self.template.name, f" at input {name}" if len(self.template.inputs) > 1 else ""
        if not isinstance(x, Tensor):
            raise BadInput(f"net {net} takes tensors of PyTorch{at}, not {type(x).__name__}; use torch.from_numpy")
        if x.ndim <= len(given.shape) or x.shape[x.ndim - len(given.shape) :] != given.shape or not x.numel():
            shape = ", ".join(("..., N", *map(str, given.shape)))
            raise BadInput(f"net {net} takes values of shape ({shape}){at}, not {tuple(x.shape)}")
        if not x.is_floating_point():
            raise BadInput(f"net {net} takes float values{at}, not {x.dtype}; decode codes first")
        x = x.to(torch.float64)
        if not torch.isfinite(x.detach()).all():
            raise BadInput(f"net {net} is fed NaN or infinity{at}; clean the data")
        return quantise(x, Grid.of(given.format)) if self.quantised_input else x

    def _needed(self, known: Mapping[str, Tensor], wanted: Iterable[str]) -> set[str]:
        nodes = {node.name: node for node in self.template.nodes}
        bases = {f"{name}.basis" for name, module in self.layers.items() if isinstance(module, Staged)}
        for name in (*known, *wanted):
            if name not in self.template.types and (name not in bases or name not in known):
                raise BadInput(f"net {self.template.name} has no tensor {name!r}; known are {listed(nodes)}")
        needed: set[str] = set()
        open_ends = [name for name in wanted if name not in known]
        while open_ends:
            name = open_ends.pop()
            if name in self.template.inputs:
                raise BadInput(f"net {self.template.name} needs {name!r} besides {listed(known)}; pass it too")
            needed.add(name)
            if f"{name}.basis" not in known:
                open_ends += [source for source in nodes[name].inputs if source not in known and source not in needed]
        return needed

    def _check_carrier(self, trainable: bool) -> None:
        extreme = {name: module.extreme() for name, module in self.trained.items()}
        check_carrier(self.template, extreme if trainable else None)

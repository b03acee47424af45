"""From a module of PyTorch's to a net in training: `prepare` and `ptq`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from bittrue.errors import BadInput, shown
from bittrue.qat.tracing import chip
from bittrue.qat.tracing.choosing import Choice, choose
from bittrue.qat.tracing.floating import FloatNet, measured
from bittrue.qat.tracing.formats import Formats
from bittrue.qat.tracing.functions import FUNCTIONS
from bittrue.qat.tracing.graph import Graph
from bittrue.qat.tracing.modules import MODULES
from bittrue.qat.tracing.quantised import Quantised
from bittrue.qat.tracing.reader import Reader
from bittrue.qat.tracing.samples import example, samples
from bittrue.qat.tracing.searching import searched
from bittrue.qat.tracing.tracer import trace
from bittrue.qat.tracing.weighing import report

STRAY = 1e4
"""Most by which the graph may differ from the module, in steps of its type of numbers at the largest output."""


def prepare(
    module: nn.Module,
    example_input: Any,
    formats: Formats | int | str | Mapping[str, Any] = 8,
    calibration: Any = None,
    name: str | None = None,
) -> Quantised:
    """The net that a module of PyTorch's is, ready to be trained with its bits and to be frozen by ``to_net()``.

    The module is traced on two samples, batch norm is folded, and every tensor and weight gets the finest format of its
    bits that holds what the samples reach. The module itself is not changed.

    Parameters
    ----------
    module : Module
        In ``eval()``, of the layers in docs/your-own-net.md.
    example_input : tensor or array (N, ...), or a tuple of one for each input of ``forward``
        Samples as it will see them. Formats are chosen by them where ``calibration`` is not given.
    formats : int, "max78002", `Formats` or a mapping of its parameters
        Bits of all words, 8 or 16 say.
    calibration : tensor, array, tuple of them, or batches as of a `DataLoader`, optional
        More samples, of which 1,024 at most are taken.
    name : str, optional
        Of the net; without, that of the module's class.

    Raises
    ------
    BadInput
        Naming the place in the source: for an operation that no layer does, with what could stand in; for NaN in a
        parameter, a module in training, samples of another shape, a layer with parameters that runs twice, and for
        what `Network` refuses.
    """
    made, inputs = _read(module, example_input, "example_input", name, trained=True)
    if calibration is not None:
        inputs = _named(made, samples(calibration, module, "calibration"))
    said = Formats.of(formats)
    return _built(made, _chosen(made, inputs, said, clamp=False), said)


def ptq(
    module: nn.Module,
    calibration: Any,
    formats: Formats | int | str | Mapping[str, Any] = 8,
    name: str | None = None,
    search: bool = True,
) -> Quantised:
    """The net that a module of PyTorch's is, quantised without training; ``to_net()`` freezes it.

    Of every tensor and weight, the format is that of the least mean squared error on the samples, which may clamp some.
    Then each is tried one bit finer and coarser, and stays so where the outputs are nearer to those of the module.

    Parameters
    ----------
    module, formats, name :
        As of `prepare`.
    calibration : tensor or array (N, ...), a tuple of one for each input, or batches as of a `DataLoader`
        Samples as the net will see them, of which 1,024 at most are taken.
    search : bool
        False leaves out the second step, which runs the net twice for each format.

    Returns
    -------
    Quantised
        With ``report``, what it lost: printed, a table.

    Raises
    ------
    BadInput
        As `prepare`; a layer may run twice.
    """
    made, inputs = _read(module, calibration, "calibration", name, trained=False)
    said = Formats.of(formats)
    choice = _chosen(made, inputs, said, clamp=True)
    if search:
        network = searched(made, choice, inputs, lambda now: _built(made, now, said), not said.chip)
    else:
        network = _built(made, choice, said)
    network.report = report(network, made, inputs)
    return network


def _chosen(graph: Graph, inputs: Mapping[str, Tensor], formats: Formats, clamp: bool) -> Choice:
    """Formats chosen on samples."""
    seen = measured(FloatNet(graph), inputs)
    if formats.chip:
        chip.check(graph, seen)
    return choose(graph, seen, formats, clamp)


def _built(graph: Graph, choice: Choice, formats: Formats) -> Quantised:
    """The network of a graph and its formats."""
    return Quantised(*chip.as_chip(graph, choice)) if formats.chip else Quantised(graph, choice)


def _read(module: nn.Module, data: Any, what: str, name: str | None, trained: bool) -> tuple[Graph, dict[str, Tensor]]:
    """The graph of a module, and its samples by the names of the inputs."""
    if not isinstance(module, nn.Module) or isinstance(module, torch.jit.ScriptModule):
        raise BadInput(f"{shown(module)} is no module that can be traced; give the nn.Module itself")
    if module.training:
        raise BadInput(
            f"{type(module).__name__} is in training mode; call eval() first: batch norm is folded with its running "
            f"statistics, and dropout left out"
        )
    for key, value in module.state_dict().items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise BadInput(f"{type(module).__name__}: {key} holds NaN or infinity; restart training at a lower rate")
    given = samples(data, module, what)
    pair = example(given)
    root, calls = trace(module, pair)
    if trained:
        _check_once(root, calls)
    graph = Reader(root, calls, name or type(module).__name__, MODULES, FUNCTIONS).read()
    _check_same(module, graph, pair)
    return graph, _named(graph, given)


def _named(graph: Graph, given: tuple[Tensor, ...]) -> dict[str, Tensor]:
    wanted = [graph.shapes[name] for name in graph.inputs]
    if [tuple(tensor.shape[1:]) for tensor in given] != wanted:
        shapes = ", ".join(str(tuple(tensor.shape[1:])) for tensor in given)
        raise BadInput(f"net {graph.name} takes samples of {wanted}, and is given {shapes}; match them")
    return dict(zip(graph.inputs, given, strict=True))


def _check_once(root: nn.Module, calls: fx.Graph) -> None:
    """Raise `BadInput` where a parameter is used twice: as two it would be trained apart."""
    seen = set[int]()
    for node in calls.nodes:
        if node.op == "call_module":
            own = {id(parameter) for parameter in root.get_submodule(str(node.target)).parameters()}
            if own & seen:
                raise BadInput(
                    f"{node.meta['place']} uses parameters a second time; give it a layer of its own, or quantise "
                    f"without training (bittrue.qat.ptq)"
                )
            seen |= own


@torch.no_grad()
def _check_same(module: nn.Module, graph: Graph, pair: list[Tensor]) -> None:
    """Raise `BadInput` unless the graph computes what the module does."""
    wanted: Any = module(*(tensor.clone() for tensor in pair))
    if isinstance(wanted, Mapping):
        wanted = list(wanted.values())
    tensors = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
    values = FloatNet(graph)(dict(zip(graph.inputs, pair, strict=True)))
    for name, tensor in zip(graph.outputs, tensors, strict=True):
        y = tensor.to("cpu", torch.float64)
        worst, largest = float((values[name] - y).abs().max()), float(y.abs().max())
        step = max(torch.finfo(tensor.dtype).eps, torch.finfo(torch.float32).eps)  # the graph's parameters are float32
        if not math.isfinite(worst) or worst > STRAY * step * max(largest, 1e-3):
            raise BadInput(
                f"net {graph.name}: output {name} differs from the module's by {worst:.3g}, so forward does what calls "
                f"do not show, such as writing into a tensor in place that is used again, or drawing numbers; take it "
                f"out"
            )

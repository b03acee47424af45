"""Pruning: the taps and neurons of a trained net that are worth least, and the recipe of the net without them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bittrue.apps.dpd.recipe import Recipe, Topology
from bittrue.apps.dpd.topology import parameter_count, skeleton
from bittrue.apps.dpd.training.examples import Examples
from bittrue.apps.dpd.training.levenberg import CHUNK, jacobian
from bittrue.errors import BadInput
from bittrue.kit.training.surgeon import Surgeon, Vector
from bittrue.parent import Parameters
from bittrue.qat import Network
from bittrue.spec import MemoryTaps, Net

ROWS = 8192
"""Training rows, evenly spaced, that the second derivatives are summed over at most."""

NOTHING = 1e-20
"""Least share of the power that a prediction says: a parent that is no minimum makes the quadratic go below 0."""

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """Something that a recipe can do without: ``name``, the topology without it, and what must become zero.

    ``indices`` are places in the vector of all parameters, in the order of the network.
    """

    name: str
    without: Topology
    indices: Indices


@dataclass(frozen=True)
class Step:
    """A part that was taken away: parameters left, and the predicted error to the ideal drive in dB."""

    name: str
    parameters: int
    error: float


def prune(
    recipe: Recipe, parameters: Parameters, examples: Examples, size: int, report: Callable[[str, int, int], None]
) -> tuple[Recipe, list[Step]]:
    """Take away parts until at most ``size`` parameters are left; the cheapest error a parameter saved goes first.

    What a part is worth says `bittrue.kit.training.surgeon`, with ``H = J^T J`` of the regression. Parts are what
    recipes can express: delays of envelope and I/Q features (of which any may go, so the windows become sparse),
    neurons (by their outgoing weights), and the first and last tap of every filter. The prediction is quadratic; the
    recipe is to be trained, which makes up for more.

    Parameters
    ----------
    recipe, parameters
        A recipe, and the float parent that was trained by it.
    examples : Examples
        What it was trained on.
    size : int
    report : callable

    Returns
    -------
    Recipe, list of Step
        The recipe with the smaller net, its text not yet written; and what went, in order.

    Raises
    ------
    BadInput
        Where the net cannot become so small.
    """
    network = Network(skeleton(recipe))
    network.load_state_dict({f"node_{name}": torch.from_numpy(np.array(value)) for name, value in parameters.items()})
    network.enable_qat(False)
    hessian, error, power = _quadratic(network, examples, report)
    weights = np.array(torch.nn.utils.parameters_to_vector(network.parameters()).detach().numpy())
    surgeon = Surgeon(weights, hessian)
    alive, incoming = _places(network)
    steps: list[Step] = []
    net, begun = recipe.net, (left := parameter_count(network.template))
    while left > size:
        choice = list(parts(net, alive))
        counts = {smaller: _count(recipe, smaller) for smaller in {part.without for part in choice}}
        penalty, part = _cheapest(surgeon, choice, {net: left - count for net, count in counts.items()})
        if part is None:
            raise BadInput(f"recipe {recipe.name} cannot shrink below {left:,} parameters; ask for no fewer")
        left = int(counts[part.without])
        surgeon.fix(part.indices)
        idle = incoming.get(part.name, part.indices[:0])
        surgeon.fix(idle, compensate=False)
        gone = np.concatenate([part.indices, idle])
        incoming = {name: np.setdiff1d(places, gone) for name, places in incoming.items()}
        alive = {name: np.setdiff1d(places, gone) for name, places in alive.items() if name != part.name}
        net, error = part.without, error + penalty
        steps.append(Step(part.name, left, 10 * math.log10(max(error / power, NOTHING))))
        report(f"without {part.name}: {left:,} parameters", begun - left, begun - size)
    return replace(recipe, net=net), steps


def parts(net: Topology, alive: Mapping[str, Indices]) -> Iterator[Part]:
    """Everything that could go from a topology next; ``alive`` are the parameters behind each name."""
    signal = net.iq_taps if net.iq_taps is not None else net.taps
    for tap in net.taps if len(net.taps) > 1 else ():
        smaller = replace(net, taps=_less(net.taps, tap), iq_taps=signal)
        yield Part(f"envelope {tap}", smaller, alive[f"envelope {tap}"])
    for tap in signal if len(signal) > 1 else ():
        yield Part(f"iq {tap}", replace(net, iq_taps=_less(signal, tap)), alive[f"iq {tap}"])
    for layer, units in enumerate(net.hidden, start=1):
        hidden = tuple(count - (k == layer) for k, count in enumerate(net.hidden, start=1))
        for name in [name for name in alive if name.startswith(f"neuron {layer}.")] if units > 1 else ():
            yield Part(name, replace(net, hidden=hidden), alive[name])
    firsts = net.fir_first or (0,) * len(net.fir_taps)
    for k, (first, taps) in enumerate(zip(firsts, net.fir_taps, strict=True)):
        if taps > 1:
            fewer = tuple(count - (j == k) for j, count in enumerate(net.fir_taps))
            later = tuple(start + (j == k) for j, start in enumerate(firsts))
            last = first + taps - 1
            yield Part(
                f"filter {k}.{last}", replace(net, fir_taps=fewer, fir_first=firsts), alive[f"filter {k}.{last}"]
            )
            yield Part(
                f"filter {k}.{first}", replace(net, fir_taps=fewer, fir_first=later), alive[f"filter {k}.{first}"]
            )


def _places(network: Network) -> tuple[dict[str, Indices], dict[str, Indices]]:
    """The parameters whose zeros take a part away, by its name; and those of a neuron that idle without it."""
    start, where = 0, {}
    for name, value in network.named_parameters():
        where[name.removeprefix("node_")] = np.arange(start, start + value.numel()).reshape(tuple(value.shape))
        start += value.numel()
    net: Net = network.template
    features: Any = next(node.layer for node in net.nodes if isinstance(node.layer, MemoryTaps))
    found: dict[str, list[Indices]] = {}
    idle: dict[str, Indices] = {}
    for column, (tap, kind) in enumerate(features.features):
        name = f"envelope {tap}" if isinstance(kind, int) else f"iq {tap}"
        found.setdefault(name, []).append(where["fc1.weight"][:, column])
    for layer in range(1, sum(name.startswith("fc") and name.endswith("weight") for name in where)):
        following = where[f"fc{layer + 1}.weight"]
        for unit in range(following.shape[1]):
            found[f"neuron {layer}.{unit}"] = [following[:, unit]]
            own = where[f"fc{layer}.weight"][unit], where[f"fc{layer}.bias"][[unit]]
            idle[f"neuron {layer}.{unit}"] = np.concatenate(own)
    if "fir.weight" in where:
        terms: Any = next(node.layer for node in net.nodes if node.name == "fir")
        row = iter(where["fir.weight"])
        for k, term in enumerate(terms.terms):
            found |= {f"filter {k}.{tap}": [places] for tap, places in zip(term.taps, row, strict=False)}
    return {name: np.concatenate([places.ravel() for places in groups]) for name, groups in found.items()}, idle


def _quadratic(
    network: Network, examples: Examples, report: Callable[[str, int, int], None]
) -> tuple[Vector, float, float]:
    """``J^T J``, the summed squared error and the summed squared goal, over evenly spaced training rows."""
    rows = examples.rows
    rows = rows[:: max(1, len(rows) // ROWS)]
    fixed = network.precompute(torch.from_numpy(examples.x))
    known = {name: value[rows] for name, value in fixed.items()}
    wanted = torch.from_numpy(examples.u)[rows]
    size = sum(value.numel() for value in network.parameters())
    hessian, error = np.zeros((size, size)), 0.0
    for start in range(0, len(rows), CHUNK):
        report("second derivatives", start, len(rows))
        part = slice(start, start + CHUNK)
        output, derivative = jacobian(network, {name: value[part] for name, value in known.items()})
        flat = derivative.flatten(0, 1)
        hessian += (flat.T @ flat).double().numpy()
        error += float((wanted[part] - output).square().sum())
    return hessian, error, float(wanted.square().sum())


def _cheapest(surgeon: Surgeon, choice: list[Part], saved: Mapping[Topology, float]) -> tuple[float, Part | None]:
    """The part with the least error a parameter saved, and its error; None where no part saves any."""
    best: Part | None = None
    least = price = math.inf
    for part in choice:
        if saved[part.without] > 0:
            penalty = surgeon.penalty(part.indices)
            if best is None or penalty / saved[part.without] < price:
                best, least, price = part, penalty, penalty / saved[part.without]
    return least, best


def _count(recipe: Recipe, net: Topology) -> float:
    """Parameters of the recipe with this topology; infinitely many where there is no such net."""
    try:
        return parameter_count(skeleton(replace(recipe, net=net)))
    except BadInput:
        return math.inf


def _less(taps: tuple[int, ...], tap: int) -> tuple[int, ...]:
    return tuple(other for other in taps if other != tap)

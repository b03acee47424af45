"""Regression of the ideal drive with PyTorch: a float stage, then quantisation-aware fine-tuning."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bittrue import ref
from bittrue.apps.dpd import checkpoint
from bittrue.apps.dpd.equalise import equalise
from bittrue.apps.dpd.float_net import Parameters
from bittrue.apps.dpd.metrics import Real
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.topology import skeleton
from bittrue.qat import Network
from bittrue.spec import Dense, Net

Values = dict[str, Tensor]
Report = Callable[[str, int, int, float], None]
"""Called after every epoch: stage, epochs done, epochs in all, best validation error in dB so far."""


@dataclass(frozen=True, eq=False)
class Examples:
    """What is regressed: ``x -> u``, float64 I/Q ``(N, 2)``, consecutive in time.

    Rows ``skip..trained`` are trained on; the rest, from ``trained``, validates.
    """

    x: Real
    u: Real
    skip: int
    trained: int

    @property
    def digest(self) -> str:
        """SHA-256 of everything in here."""
        text = f"{self.skip} {self.trained} {self.x.shape}".encode()
        return hashlib.sha256(text + self.x.tobytes() + self.u.tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Fitted:
    """The integer net, and the parameters of its float parent by the names of `bittrue.apps.dpd.float_net`."""

    net: Net
    parent: Parameters


class Trainer:
    """Runs both stages on one thread, from the last checkpoint where there is one.

    Parameters
    ----------
    recipe : Recipe
    examples : Examples
    path : Path
        The checkpoint file.
    seconds : float
        Least time between checkpoints; the end of a stage writes one in any case.
    report : callable
    """

    def __init__(self, recipe: Recipe, examples: Examples, path: Path, seconds: float, report: Report) -> None:
        self.recipe, self.examples, self.path, self.seconds, self.report = recipe, examples, path, seconds, report
        self.inputs = examples.digest
        self.written = time.monotonic()

    def run(self) -> Fitted:
        """Train to the end. Raises `BadInput` for a checkpoint of another recipe or of other data."""
        with one_thread():
            state = checkpoint.resume(self.path, self.recipe, self.inputs) or self._start("float", self._initial())
            if state["stage"] == "float":
                parent = self._prepare(self._descend(state))
                state = self._start("qat", parent) | {"parent": copied(parent)}
            if state["stage"] == "qat":
                state |= {"best": self._descend(state), "stage": "done"}
            self._save(state)
            net = network_of(self.recipe, state).to_net()
            check_law(net, self.examples.x[-1024:])
        parent_values = {name.removeprefix("node_"): value.numpy() for name, value in state["parent"].items()}
        return Fitted(net, parent_values)

    def _initial(self) -> Network:
        """Weights and biases uniform in ``+-1/sqrt(inputs)`` from the recipe's seed, filters zero."""
        network = Network(skeleton(self.recipe))
        generator = torch.Generator().manual_seed(self.recipe.train.seed)
        with torch.no_grad():
            for node in network.template.nodes:
                if isinstance(node.layer, Dense):
                    bound = 1 / math.sqrt(node.layer.weight.shape[1])
                    for name in ("weight", "bias"):
                        getattr(network.layers[node.name], name).uniform_(-bound, bound, generator=generator)
        return network

    def _prepare(self, best: Values) -> Network:
        """The float stage's result, its neurons scaled where the recipe says so."""
        network = Network(skeleton(self.recipe))
        network.load_state_dict(best)
        if self.recipe.formats.equalise:
            network.enable_qat(False)
            equalise(network, self._rows(network)[0])
        return network

    def _start(self, stage: str, network: Network) -> checkpoint.State:
        """The state in which a stage starts."""
        values, generator = copied(network), torch.Generator().manual_seed(self.recipe.train.seed + len(stage))
        shared = {"network": values, "best": values, "generator": generator.get_state(), "optimiser": {}}
        return {"stage": stage, "epoch": 0, "best_loss": math.inf, **shared}

    def _descend(self, state: checkpoint.State) -> Values:
        """Run a stage from ``state`` to its end; the parameters that validated best."""
        train, stage = self.recipe.train, state["stage"]
        epochs, rate = getattr(train, f"{stage}_epochs"), getattr(train, f"{stage}_rate")
        network = network_of(self.recipe, state | {"best": state["network"]})
        network.enable_qat(stage == "qat")
        known, seen = self._rows(network)
        u = torch.from_numpy(self.examples.u)
        wanted, unseen = u[self.examples.skip : self.examples.trained], u[self.examples.trained :]
        optimiser = torch.optim.Adam(network.parameters(), lr=rate)
        if state["optimiser"]:
            optimiser.load_state_dict(state["optimiser"])
        generator = torch.Generator()
        generator.set_state(state["generator"])
        best: Values = state["best"]
        least: float = state["best_loss"]
        if state["epoch"] == 0:
            least = error(network, seen, unseen)
        clamp = stage == "qat" or self.recipe.formats.weight != "fit"
        for epoch in range(state["epoch"], epochs):
            order = torch.randperm(len(wanted), generator=generator)
            batches = torch.split(order, train.batch)
            for step, rows in enumerate(batches):
                turn = (epoch + step / len(batches)) / epochs
                optimiser.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * turn))
                optimiser.zero_grad()
                output = network.forward_from({name: value[rows] for name, value in known.items()})
                (output - wanted[rows]).square().sum(-1).mean().backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                if clamp:
                    network.clamp_()
            if (epoch + 1) % train.validate_every == 0 or epoch + 1 == epochs:
                loss = error(network, seen, unseen)
                if loss < least:
                    best, least = copied(network), loss
            now = {"epoch": epoch + 1, "best": best, "best_loss": least, "generator": generator.get_state()}
            if time.monotonic() - self.written >= self.seconds or epoch + 1 == epochs:
                self._save(state | now | {"network": copied(network), "optimiser": optimiser.state_dict()})
            self.report(stage, epoch + 1, epochs, least)
        return best

    def _rows(self, network: Network) -> tuple[Values, Values]:
        """Precomputed tensors of the rows to train on and of those to validate on."""
        fixed = network.precompute(torch.from_numpy(self.examples.x))
        skip, trained = self.examples.skip, self.examples.trained
        return {k: v[skip:trained] for k, v in fixed.items()}, {k: v[trained:] for k, v in fixed.items()}

    def _save(self, state: checkpoint.State) -> None:
        checkpoint.write(self.path, self.recipe, self.inputs, state)
        self.written = time.monotonic()


def network_of(recipe: Recipe, state: checkpoint.State) -> Network:
    """The network of a checkpoint with its best parameters and, after the float stage, its final formats."""
    network = Network(skeleton(recipe))
    if "parent" in state and recipe.formats.weight == "fit":
        network.load_state_dict(state["parent"])
        network.fit_weight_formats(recipe.formats.weight_bits)
    network.load_state_dict(state["best"])
    return network


def copied(network: Network) -> Values:
    """The parameters, detached from the network."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def error(network: Network, known: Values, wanted: Tensor) -> float:
    """``10*log10(sum |y - u|^2 / sum |u|^2)`` in dB."""
    output = network.forward_from(known)
    ratio = float((output - wanted).square().sum() / wanted.square().sum())
    return 10 * math.log10(ratio) if ratio > 0 else -math.inf


def check_law(net: Net, x: Real) -> None:
    """The trained module and the reference must agree to the bit before a net is written."""
    with torch.no_grad():
        trained = Network(net)(torch.from_numpy(x)).numpy()
    if not np.array_equal(trained, net.output.format.decode(ref.run(net, net.input.format.encode(x)))):
        raise RuntimeError(f"net {net.name}: PyTorch and the reference differ; please report this recipe")


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread, so that sums have one order and a recipe has one result on one machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

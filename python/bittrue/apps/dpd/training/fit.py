"""The stages of training one after the other: float, adversarial, quantisation-aware, from the last checkpoint on."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bittrue import ref
from bittrue.apps.dpd.float_net import Parameters
from bittrue.apps.dpd.metrics import Real
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.shown import Report
from bittrue.apps.dpd.topology import skeleton
from bittrue.apps.dpd.training import regression
from bittrue.apps.dpd.training.direct import Direct
from bittrue.apps.dpd.training.equalise import equalise
from bittrue.apps.dpd.training.examples import Examples
from bittrue.apps.dpd.training.gan import Adversarial
from bittrue.apps.dpd.training.generator import xavier_
from bittrue.apps.dpd.training.logs import Log
from bittrue.apps.dpd.training.stage import Loop, Stage, Values, copied
from bittrue.apps.dpd.training.team import Team
from bittrue.qat import Network, checkpoint
from bittrue.qat.threads import one_thread
from bittrue.spec import Dense, Net

VERSION = 1
"""Of a checkpoint's state: ``stage``, ``epoch``, ``network``, ``optimiser``, ``generator``, ``best``, ``best_loss``,
``stale``, from the first integer stage on ``parent``, and what the stages add."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """The integer net, and the parameters of its float parent by the names of `bittrue.apps.dpd.float_net`."""

    net: Net
    parent: Parameters


def plan(recipe: Recipe) -> list[str]:
    """The stages of a recipe in their order: ``float``, ``gan``, ``gan-qat``, ``qat`` as far as it asks for them."""
    train, gan, stages = recipe.train, recipe.gan, ["float"]
    if gan is not None and gan.epochs:
        switch = gan.qat_from if gan.qat_from is not None and train.qat else gan.epochs
        stages += ["gan"] * (switch > 0) + ["gan-qat"] * (switch < gan.epochs)
    return stages + ["qat"] * (train.qat and train.qat_epochs > 0)


class Trainer:
    """Runs all stages on one thread, from the last checkpoint where there is one.

    Parameters
    ----------
    recipe : Recipe
    examples : Examples
    path : Path
        The checkpoint file.
    seconds : float
        Least time between checkpoints; the end of a stage writes one in any case.
    report : callable
    loop : Loop, optional
        What is trained through, where the recipe has a stage that does.
    team : Team, optional
        The processes that train together; only the first writes and reports.
    log : Log, optional
        Where every loss goes.
    """

    def __init__(
        self,
        recipe: Recipe,
        examples: Examples,
        path: Path,
        seconds: float,
        report: Report,
        loop: Loop | None = None,
        team: Team | None = None,
        log: Log | None = None,
    ) -> None:
        self.recipe, self.examples, self.path, self.seconds, self.report = recipe, examples, path, seconds, report
        self.loop, self.team, self.log = loop, team or Team(), log or Log(None)
        self.inputs = examples.digest
        self.written = time.monotonic()

    def run(self) -> Fitted:
        """Train to the end. Raises `BadInput` for a checkpoint of another recipe or of other data."""
        stages = [*plan(self.recipe), "done"]
        with one_thread():
            stored = resumed(self.path, self.recipe, self.inputs)
            state = self._start("float", self._initial()) if stored is None else stored
            self.team.wait()  # nobody writes before everybody has read
            while state["stage"] != "done":
                ended = self._descend(state)
                state = self._follow(ended, stages[stages.index(ended["stage"]) + 1])
            self._save(state)
            net = network_of(self.recipe, state).to_net()
            check_law(net, self.examples.x[-1024:])
        parent_values = {name.removeprefix("node_"): value.numpy() for name, value in state["parent"].items()}
        return Fitted(net, parent_values)

    def _initial(self) -> Network:
        """The first weights from the recipe's seed, filters zero.

        ``uniform``: weights and biases within ``+-initial_gain/sqrt(inputs)``; ``xavier``:
        `bittrue.apps.dpd.training.generator.xavier_`.
        """
        network = Network(skeleton(self.recipe))
        generator = torch.Generator().manual_seed(self.recipe.train.seed)
        if self.recipe.train.initial == "xavier":
            xavier_(network, generator)
            return network
        with torch.no_grad():
            for node in network.template.nodes:
                if isinstance(node.layer, Dense):
                    bound = self.recipe.train.initial_gain / math.sqrt(node.layer.weight.shape[1])
                    for name in ("weight", "bias"):
                        getattr(network.layers[node.name], name).uniform_(-bound, bound, generator=generator)
        return network

    def _follow(self, ended: checkpoint.State, stage: str) -> checkpoint.State:
        """The state in which the stage after one that ended starts, from what validated best there."""
        if "parent" not in ended and (stage == "done" or stage.endswith("qat")):
            parent = self._prepare(ended["best"])
            state = self._start(stage, parent) | {"parent": copied(parent)}
        else:
            state = self._start(stage, network_of(self.recipe, ended))
            state |= {"parent": ended["parent"]} if "parent" in ended else {}
        if stage == "gan-qat" and ended["stage"] == "gan":
            state |= {key: ended[key] for key in ("critic", "critic_optimiser") if key in ended}
        return state

    def _prepare(self, best: Values) -> Network:
        """The float parent: its neurons scaled where the recipe says so."""
        network = Network(skeleton(self.recipe))
        network.load_state_dict(best)
        if self.recipe.formats.equalise:
            network.enable_qat(False)
            known = network.precompute(torch.from_numpy(self.examples.x))
            rows = self.examples.rows
            equalise(network, {name: value[rows] for name, value in known.items()})
        return network

    def _start(self, stage: str, network: Network) -> checkpoint.State:
        """The state in which a stage starts."""
        values, generator = copied(network), torch.Generator().manual_seed(self.recipe.train.seed + len(stage))
        shared = {"network": values, "best": values, "generator": generator.get_state(), "optimiser": {}}
        return {"stage": stage, "epoch": 0, "best_loss": math.inf, "stale": 0, **shared}

    def _stage(self, state: checkpoint.State) -> Stage:
        """What runs the stage of a state."""
        network = network_of(self.recipe, state | {"best": state["network"]})
        name, train = state["stage"], self.recipe.train
        kind: type[Stage] = regression.Adam
        if name.startswith("gan"):
            kind = Adversarial
        elif train.objective == "direct":
            kind = Direct
        elif name == "float" and train.method == "levenberg":
            kind = regression.Levenberg
        return kind(self.recipe, self.examples, network, state, self.team, self.loop)

    def _descend(self, state: checkpoint.State) -> checkpoint.State:
        """Run a stage from ``state`` to its end; the state there, whose ``best`` are the parameters to go on with."""
        with checkpoint.fitting(self.path):
            stage = self._stage(state)
        train = self.recipe.train
        first = max(stage.first, state["epoch"])
        now = {key: state.get(key, 0) for key in ("epoch", "best", "best_loss", "stale")}
        if first == stage.first:
            now["best_loss"], _ = stage.validate()
        for epoch in range(first, stage.epochs):
            if train.patience and now["stale"] >= train.patience:
                break
            losses = stage.epoch(epoch)
            last = epoch + 1 == stage.epochs
            if (epoch + 1) % train.validate_every == 0 or last:
                loss, values = stage.validate()
                losses["validation error in dB"] = loss
                better = loss < now["best_loss"]
                now |= {"best": values, "best_loss": loss, "stale": 0} if better else {"stale": now["stale"] + 1}
            now["epoch"] = epoch + 1
            if time.monotonic() - self.written >= self.seconds or last:
                self._save(state | now | stage.state())
            self.log.scalars(stage.name, epoch + 1, losses)
            self.report(stage.name, epoch + 1, stage.epochs, now["best_loss"])
        return state | now | stage.state()

    def _save(self, state: checkpoint.State) -> None:
        if self.team.leads:
            checkpoint.write(self.path, VERSION, self.recipe.text, self.inputs, state)
        self.written = time.monotonic()


def resumed(path: Path, recipe: Recipe, inputs: str | None = None) -> checkpoint.State | None:
    """The state to go on from, or None where there is none; ``inputs`` as in `checkpoint.resume`.

    Raises `BadInput` where the file is no checkpoint, belongs to another recipe or other data, or does not hold what
    the recipe describes: before the data is read, if it is called there.
    """
    state = checkpoint.resume(path, VERSION, recipe.text, inputs)
    if state is not None:
        with checkpoint.fitting(path):
            if state["stage"] not in (*plan(recipe), "done"):
                raise ValueError(f"stage {state['stage']!r:.40}")
            network_of(recipe, state)
            network_of(recipe, state | {"best": state["network"]})
            torch.Generator().set_state(state["generator"])
            if [type(state[key]) for key in ("epoch", "stale", "best_loss")] != [int, int, float]:
                raise ValueError("epochs or errors that are no numbers")
    return state


def network_of(recipe: Recipe, state: checkpoint.State) -> Network:
    """The network of a checkpoint with its best parameters and, after the float stage, its final formats."""
    network = Network(skeleton(recipe))
    if "parent" in state and recipe.formats.weight == "fit":
        network.load_state_dict(state["parent"])
        network.fit_weight_formats(recipe.formats.weight_bits)
    network.load_state_dict(state["best"])
    return network


def check_law(net: Net, x: Real) -> None:
    """The trained module and the reference must agree to the bit before a net is written."""
    with torch.no_grad():
        trained = Network(net)(torch.from_numpy(x)).numpy()
    if not np.array_equal(trained, net.output.format.decode(ref.run(net, net.input.format.encode(x)))):
        raise RuntimeError(f"net {net.name}: PyTorch and the reference differ; please report this recipe")

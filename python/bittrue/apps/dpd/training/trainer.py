"""The stages of training one after the other: float, adversarial, quantisation-aware, from the last checkpoint on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bittrue import ref
from bittrue.apps.dpd.float_net import Parameters
from bittrue.apps.dpd.metrics import Real
from bittrue.apps.dpd.progress import Report
from bittrue.apps.dpd.recipe import Recipe, Training
from bittrue.apps.dpd.topology import skeleton
from bittrue.apps.dpd.training import regression
from bittrue.apps.dpd.training.beginning import initial
from bittrue.apps.dpd.training.direct import Direct
from bittrue.apps.dpd.training.equalise import equalise
from bittrue.apps.dpd.training.examples import Examples
from bittrue.apps.dpd.training.gan import Adversarial
from bittrue.apps.dpd.training.sparse import DIGITS, ROUND, Digits, Round
from bittrue.apps.dpd.training.stage import Loop, Stage
from bittrue.kit.training import checkpoint
from bittrue.kit.training.averaging import Values, copied
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.keeper import Keeper
from bittrue.kit.training.log import Log
from bittrue.kit.training.loop import Losses, TrainingLoop
from bittrue.kit.training.threads import one_thread
from bittrue.qat import Network
from bittrue.spec import Net

VERSION = 1
"""Of a checkpoint's state: ``stage``, ``epoch``, ``network``, ``optimiser``, ``generator``, ``best``, ``best_loss``,
``stale``, from the first integer stage on ``parent``, and what the stages add."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """The integer net, and the parameters of its float parent by the names of `bittrue.apps.dpd.float_net`."""

    net: Net
    parent: Parameters


def plan(recipe: Recipe) -> list[str]:
    """The stages of a recipe in their order, as far as it asks for them: ``float``, ``gan``, ``gan-qat``, ``sparse-1``,
    ``sparse-2``, ..., ``digits``, ``qat``."""
    train, gan, stages = recipe.train, recipe.gan, ["float"] if recipe.train.float_epochs else []
    if recipe.sparse is not None:
        stages += [f"{ROUND}{k}" for k in range(1, recipe.sparse.rounds + 1)] + [DIGITS] * (recipe.sparse.digits > 0)
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
        self.recipe, self.examples, self.path, self.report = recipe, examples, path, report
        self.loop, self.team, self.log = loop, team or Team(), log or Log(None)
        self.keeper = Keeper(path, VERSION, recipe.text, examples.digest, seconds, self.team.leads)

    def run(self) -> Fitted:
        """Train to the end. Raises `BadInput` for a checkpoint of another recipe or of other data."""
        stages = [*plan(self.recipe), "done"]
        with one_thread():
            stored = resumed(self.path, self.recipe, self.examples.digest)
            state = self._start(stages[0], initial(self.recipe)) if stored is None else stored
            self.team.wait()  # nobody writes before everybody has read
            while state["stage"] != "done":
                ended = self._descend(state)
                state = self._follow(ended, stages[stages.index(ended["stage"]) + 1])
            self.keeper.save(lambda: state, now=True)
            net = network_of(self.recipe, state).to_net()
            check_law(net, self.examples.x[-1024:])
        parent_values = {name.removeprefix("node_"): value.numpy() for name, value in state["parent"].items()}
        return Fitted(net, parent_values)

    def _follow(self, ended: checkpoint.State, stage: str) -> checkpoint.State:
        """The state in which the stage after one that ended starts, from what validated best there."""
        if "parent" not in ended and (stage in ("done", DIGITS) or stage.endswith("qat")):
            parent = self._prepare(ended["best"])
            state = self._start(stage, parent) | {"parent": copied(parent)}
        else:
            state = self._start(stage, network_of(self.recipe, ended))
            state |= {"parent": ended["parent"]} if "parent" in ended else {}
        if stage.startswith(ROUND) and self.recipe.train.memory:
            state["optimiser"] = ended["optimiser"]
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
        elif name.startswith(ROUND):
            kind = Round
        elif name == DIGITS:
            kind = Digits
        elif train.objective == "direct":
            kind = Direct
        elif name == "float" and train.method == "levenberg":
            kind = regression.Levenberg
        return kind(self.recipe, self.examples, network, state, self.team, self.loop)

    def _descend(self, state: checkpoint.State) -> checkpoint.State:
        """Run a stage from ``state`` to its end; the state there, whose ``best`` are the parameters to go on with."""
        with checkpoint.fitting(self.path):
            stage = self._stage(state)
        descent = Descent(stage, state, self.recipe.train)

        def told(losses: Losses) -> None:
            self.log.scalars(stage.name, descent.done, losses)
            self.report(stage.name, descent.done, stage.epochs, descent.best_loss)

        descent.run(lambda last: self.keeper.save(lambda: state | descent.state(), last), told)
        return state | descent.state()


class Descent(TrainingLoop):
    """The epochs of a stage from a state on: the parameters that validated best, and patience."""

    def __init__(self, stage: Stage, state: checkpoint.State, train: Training) -> None:
        self.stage, self.patience = stage, train.patience
        self.done, self.total, self.every = max(stage.first, state["epoch"]), stage.epochs, train.validate_every
        self.best, self.best_loss, self.stale = state["best"], state["best_loss"], state["stale"]
        if self.done == stage.first:
            self.best_loss, self.best = stage.validate()

    def advance(self, number: int) -> Losses:
        return self.stage.epoch(number)

    def look(self) -> Losses:
        loss, values = self.stage.validate()
        better = loss < self.best_loss
        self.stale = 0 if better else self.stale + 1
        if better:
            self.best, self.best_loss = values, loss
        return {"validation error in dB": loss}

    def over(self) -> bool:
        return bool(self.patience) and self.stale >= self.patience

    def state(self) -> checkpoint.State:
        """What a resumed run needs."""
        now = {"epoch": self.done, "best": self.best, "best_loss": self.best_loss, "stale": self.stale}
        return now | self.stage.state()


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

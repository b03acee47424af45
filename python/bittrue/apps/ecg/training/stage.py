"""One stage of training, float or quantised: steps, the moving average, looks at the validation patients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.metrics import Verdict, judge
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.training.examples import Examples
from bittrue.apps.ecg.training.network import Network, average
from bittrue.kit.training.averaging import Values, copied
from bittrue.kit.training.loop import Losses, TrainingLoop
from bittrue.kit.training.schedules import warmed_cosine
from bittrue.kit.training.threads import one_thread

NAMES = FLOAT, QUANTISED = "float", "quantised"

Report = Callable[[str, int, int, float, float], None]
"""Called after every step: stage, steps done, steps in all, mean loss since the last look, best macro-F1 (or NaN)."""


@dataclass(frozen=True, eq=False)
class Look:
    """One look at the validation patients: ``step``, mean training ``loss`` since the last, ``verdict`` on them."""

    step: int
    loss: float
    verdict: Verdict | None


class Stage(TrainingLoop):
    """Trains a network on drawn beats; its state is all that a killed run needs to go on.

    Parameters
    ----------
    name : str
        `FLOAT` or `QUANTISED`: which section of the recipe says how.
    network : Network
        Trained in place.
    train, validation : Beats
        ``validation`` is None where no patient is held out.
    generator : Generator
        Of all randomness.
    """

    def __init__(
        self, name: str, network: Network, train: Beats, validation: Beats | None, generator: Generator
    ) -> None:
        recipe = network.recipe
        self.name, self.network, self.validation, self.generator = name, network, validation, generator
        self.plan = recipe.train if name == FLOAT else recipe.quantise
        self.select, self.smoothing = recipe.train.select, recipe.train.smoothing
        self.examples = Examples(_with_batch(recipe, self.plan.batch), train)
        self.offsets = torch.tensor(recipe.train.offsets or (0.0,))
        self.optimiser = torch.optim.AdamW(network.parameters(), self.plan.rate, weight_decay=self.plan.decay)
        self.average = average(network, self.plan.ema)
        self.done, self.total, self.every = 0, self.plan.steps, self.plan.validate_every
        self.losses, self.loss = [0.0, 0.0], math.nan
        self.best, self.best_score = self.average.values, -math.inf
        self.history: list[Look] = []

    def train(self, save: Callable[[bool], None], report: Report | None = None) -> None:
        """Train to the end. ``save`` is called after every step, with whether it was the last one.

        The quantised stage begins with a look: the rounded float net, which training may not improve on.
        """

        def told(_: Losses) -> None:
            if report:
                best = self.best_score if self.best_score > -math.inf else math.nan
                report(self.name, self.done, self.total, self.loss, best)

        with one_thread():
            if self.name == QUANTISED and not self.history:
                self.look()
            self.run(save, told)

    def advance(self, number: int) -> Losses:
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * warmed_cosine(number / self.total, self.plan.warm)
        x, y = self.examples.draw(self.generator)
        self.network.train()
        loss = functional.cross_entropy(self.network.logits(x) - self.offsets, y, label_smoothing=self.smoothing)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        self.average.update(number + 1)
        self.losses = [self.losses[0] + loss.item(), self.losses[1] + 1]
        self.loss = self.losses[0] / self.losses[1]
        return {}

    def look(self) -> Losses:
        """Judge the average on the validation patients, and keep it where it is the best so far."""
        verdict = None
        if self.validation is not None:
            with self.average.applied():
                verdict = judge(self.validation.y, answers(self.network, self.validation))
            if verdict.macro_f1 > self.best_score:
                self.best, self.best_score = {k: v.clone() for k, v in self.average.values.items()}, verdict.macro_f1
        self.history.append(Look(self.done, self.losses[0] / max(1, self.losses[1]), verdict))
        self.losses = [0.0, 0.0]
        return {}

    def kept(self) -> Values:
        """The average that the recipe keeps: the best of the looks, or the last."""
        return self.best if self.select == "best" else self.average.values

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        history = [[v.step, v.loss, None if v.verdict is None else v.verdict.confusion.tolist()] for v in self.history]
        return {
            "step": self.done,
            "losses": self.losses,
            "network": copied(self.network),
            "average": self.average.values,
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "best": self.best,
            "best_score": self.best_score,
            "history": history,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.done, self.losses, self.best_score = state["step"], list(state["losses"]), state["best_score"]
        self.network.load_state_dict(state["network"])
        self.average = average(self.network, self.plan.ema, state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"])
        self.best = state["best"]
        for step, loss, table in state["history"]:
            verdict = None if table is None else Verdict(np.array(table, dtype=np.int64))
            self.history.append(Look(step, loss, verdict))


@torch.no_grad()
def scores(network: nn.Module, beats: Beats, batch: int = 512) -> Tensor:
    """Scores ``(beats, 5)`` of a network in evaluation mode, which it is left in."""
    network.eval()
    return torch.cat([network(part.float() / 128) for part in torch.split(torch.from_numpy(beats.x), batch)])


def answers(network: nn.Module, beats: Beats) -> npt.NDArray[np.int64]:
    """The class, 0 to 4, that a network calls each beat."""
    return np.asarray(scores(network, beats).argmax(dim=1).numpy(), dtype=np.int64)


def _with_batch(recipe: Recipe, batch: int | None) -> Recipe:
    return recipe if batch is None else replace(recipe, train=replace(recipe.train, batch=batch))

"""One stage of training a hardware net, float or quantised: steps on the direct loss, the average, looks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Generator, Tensor

from bittrue.apps.noise.hardware.objective import DirectLoss
from bittrue.apps.noise.hardware.recipe import Recipe
from bittrue.apps.noise.hardware.twins import Twin, drawn
from bittrue.errors import BadInput
from bittrue.kit.training.averaging import Average, Values, copied
from bittrue.kit.training.loop import Losses, TrainingLoop
from bittrue.kit.training.schedules import warmed_cosine

NAMES = FLOAT, QUANTISED = "float", "quantised"
LOOK_SEED = 1 << 40
"""Of the noise of a look, the same every time; beyond the seeds of training."""


class Stage(TrainingLoop):
    """Trains a twin; its state is all that a killed run needs to go on.

    Parameters
    ----------
    name : str
        `FLOAT` or `QUANTISED`: which section of the recipe says how.
    recipe : Recipe
    twin : Twin
        Trained in place.
    loss : DirectLoss
        Against the targets of this stage's batches.
    generator : Generator
        Of all noise.
    """

    def __init__(self, name: str, recipe: Recipe, twin: Twin, loss: DirectLoss, generator: Generator) -> None:
        self.name, self.recipe, self.twin, self.loss, self.generator = name, recipe, twin, loss, generator
        self.plan = recipe.train if name == FLOAT else recipe.quantise
        self.optimiser = torch.optim.Adam(twin.parameters(), self.plan.rate)
        self.average = Average(twin, self.plan.ema, warm=True)
        self.done, self.total, self.every = 0, self.plan.steps, self.plan.look_every
        self.best, self.best_loss = self.average.state(), math.inf
        self.history: list[tuple[float, ...]] = []

    def advance(self, number: int) -> Losses:
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * warmed_cosine(number / self.total, self.plan.warm)
        parts = self.loss.parts(self.loss.features(self._signals(self.generator)))
        loss = self.loss.total(parts)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.twin.parameters(), self.plan.clip)
        total = float(loss.detach())
        if not (math.isfinite(total) and math.isfinite(float(norm))):
            raise BadInput(
                f"training left the finite numbers: the loss is {total} in step {number + 1} of the {self.name} stage; "
                f"lower its rate, and start anew"
            )
        self.optimiser.step()
        self.average.update(number + 1)
        return {"loss": total, **{name: float(value.detach()) for name, value in parts.items()}}

    @torch.no_grad()
    def look(self) -> Losses:
        """Judge the average by the mean features of several batches of the same noise; keep the best."""
        noise, found = Generator().manual_seed(LOOK_SEED + self.recipe.seed), []
        with self.average.applied():
            for _ in range(self.plan.look_batches):
                found.append(self.loss.features(self._signals(noise)))
        means = [
            {name: torch.stack([own[k][name] for own in found]).mean(0) for name in found[0][k]}
            for k in range(len(found[0]))
        ]
        parts = self.loss.parts(means)
        total = float(self.loss.total(parts))
        if total < self.best_loss:
            self.best, self.best_loss = self.average.state(), total
        self.history.append((float(self.done), total, *(float(value) for value in parts.values())))
        return {"look": total, **{f"look {name}": float(value) for name, value in parts.items()}}

    def _signals(self, generator: Generator) -> Tensor:
        """A batch of every value: ``(values * batch, samples)``."""
        plan = self.plan
        given = drawn(self.twin.spec, self.recipe.codes, plan.batch, plan.samples, generator)
        return self.twin.signals(given, plan.samples)

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            "step": self.done,
            "twin": copied(self.twin),
            "average": self.average.state(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "best": self.best,
            "best_loss": self.best_loss,
            "history": [list(row) for row in self.history],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave. Raises `ValueError` where that is of other shapes."""
        if type(state["step"]) is not int or not 0 <= state["step"] <= self.total:
            raise ValueError(f"step {state['step']!r:.40}")
        self.done, self.best_loss = state["step"], float(state["best_loss"])
        self.twin.load_state_dict(state["twin"])
        _check_shapes(self.twin, state["average"])
        _check_shapes(self.twin, state["best"])
        self.average = Average(self.twin, self.plan.ema, state["average"], warm=True)
        self.optimiser.load_state_dict(state["optimiser"])
        for parameter in self.twin.parameters():
            moments = self.optimiser.state.get(parameter, {})
            if any(moments[key].shape != parameter.shape for key in ("exp_avg", "exp_avg_sq") if self.done):
                raise ValueError("averages of another shape")
        self.generator.set_state(state["generator"])
        self.best = state["best"]
        self.history = [tuple(map(float, row)) for row in state["history"]]


def _check_shapes(twin: Twin, values: Values) -> None:
    own = twin.state_dict()
    if values.keys() != own.keys() or any(values[name].shape != own[name].shape for name in own):
        raise ValueError("weights of another shape")

"""One stage of training a noise source: the direct loss of batches of every value, and of the same noise at a look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor

from bittrue.apps.noise.hardware.objective import DirectLoss
from bittrue.apps.noise.hardware.recipe import Recipe
from bittrue.apps.noise.hardware.running import RunningFeatures
from bittrue.apps.noise.hardware.twins import Twin, drawn
from bittrue.kit.training.quantising_stage import FLOAT, QuantisingStage

LOOK_SEED = 1 << 40
"""Of the noise of a look, the same every time; beyond the seeds of training."""


class Stage(QuantisingStage):
    """Trains a twin.

    Parameters
    ----------
    name : str
        Which section of the recipe says how.
    recipe : Recipe
    twin : Twin
        Trained in place.
    loss : DirectLoss
        Against the targets of this stage's batches.
    generator : Generator
        Of all noise.
    """

    def __init__(self, name: str, recipe: Recipe, twin: Twin, loss: DirectLoss, generator: Generator) -> None:
        self.recipe, self.twin, self.loss = recipe, twin, loss
        self.plan = recipe.train if name == FLOAT else recipe.quantise
        self.running = RunningFeatures(self.plan.memory)
        super().__init__(name, self.plan, twin, generator)

    def losses(self) -> tuple[Tensor, Mapping[str, Tensor]]:
        parts = self.loss.parts(self.running.mixed(self.loss.features(self._signals(self.generator))))
        return self.loss.total(parts), parts

    def state(self) -> dict[str, Any]:
        return super().state() | {"running": self.running.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.running.restore(state["running"], [target.features for target in self.loss.targets])
        super().restore(state)

    def judged(self) -> tuple[float, Mapping[str, float]]:
        """The loss of the mean features of several batches."""
        noise = Generator().manual_seed(LOOK_SEED + self.recipe.seed)
        found = [self.loss.features(self._signals(noise)) for _ in range(self.plan.look_batches)]
        means = [
            {name: torch.stack([own[k][name] for own in found]).mean(0) for name in found[0][k]}
            for k in range(len(found[0]))
        ]
        parts = self.loss.parts(means)
        return float(self.loss.total(parts)), {name: float(value) for name, value in parts.items()}

    def _signals(self, generator: Generator) -> Tensor:
        """A batch of every value: ``(values * batch, samples)``."""
        plan = self.plan
        given = drawn(self.twin.spec, self.recipe.codes, plan.batch, plan.samples, generator)
        return self.twin.signals(given, plan.samples)

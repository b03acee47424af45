"""The direct loss: features of generated signals against those of the process, value by value."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from bittrue.apps.noise.hardware.features import Features, Scale, features, scale_of
from bittrue.apps.noise.hardware.recipe import Objective, Recipe, StagePlan
from bittrue.apps.noise.processes import draw
from bittrue.errors import BadInput

PARTS = ("spectrum", "samples", "increments", "octaves", "magnitude", "likeness", "variations")
"""Of the loss, named as their weights."""
assert all(part in {field.name for field in fields(Objective)} for part in PARTS)


@dataclass(frozen=True, eq=False)
class Target:
    """The features of one set: their means over batches of the size of a step, so that both have the same bias."""

    scale: Scale
    features: Features


def targets(recipe: Recipe, plan: StagePlan, step: Callable[[str, int, int], None]) -> list[Target]:
    """The targets of all values for the batches of a stage, from ``process.signals`` signals of the process each.

    Raises `BadInput` for a process that does not exist, and for signals of another law than a number's.
    """
    found = []
    sources = recipe.process.sources
    for number, source in enumerate(sources):
        step("drawing targets", number, len(sources))
        signals = draw(source.process, source.law, recipe.process.signals, plan.samples, recipe.process.seed)[1]
        values = torch.from_numpy(signals).to(torch.float32)
        scale = scale_of(values, recipe.objective)
        parts = [
            features(values[at : at + plan.batch], scale, recipe.objective)
            for at in range(0, len(values) - plan.batch + 1, plan.batch)
        ]
        means = {name: torch.stack([part[name] for part in parts]).mean(0) for name in parts[0]}
        if not all(bool(mean.isfinite().all()) for mean in means.values()):
            raise BadInput(f"features of {recipe.process.sets[number]} are no finite numbers; choose another set")
        found.append(Target(scale, means))
    step("drawing targets", len(sources), len(sources))
    return found


def digest(given: list[Target]) -> str:
    """SHA-256 of all features: whose targets a checkpoint was trained on."""
    total = hashlib.sha256()
    for target in given:
        for name, values in target.features.items():
            total.update(name.encode() + np.ascontiguousarray(values.numpy()).tobytes())
    return total.hexdigest()


class DirectLoss:
    """``sum over parts of weight * mean over values and features of (feature - target)^2``.

    Parameters
    ----------
    plan : Objective
    targets : list of Target
        One a value.
    """

    def __init__(self, plan: Objective, targets: list[Target]) -> None:
        self.plan, self.targets = plan, targets

    def features(self, signals: Tensor) -> list[Features]:
        """Of every value: signals ``(values * batch, L)``, those of one value one after another."""
        parts = signals.chunk(len(self.targets))
        return [features(part, t.scale, self.plan) for part, t in zip(parts, self.targets, strict=True)]

    def parts(self, found: list[Features]) -> dict[str, Tensor]:
        """Mean squared differences by part, not weighted."""
        return {
            name: torch.stack(
                [(own[name] - t.features[name]).square().mean() for own, t in zip(found, self.targets, strict=True)]
            ).mean()
            for name in found[0]
        }

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """The weighted sum."""
        return torch.stack([getattr(self.plan, name) * value for name, value in parts.items()]).sum()

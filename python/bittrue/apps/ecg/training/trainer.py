"""Training from the first step to the integer net: float, fold, quantised; checkpoints all along."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from bittrue.apps.ecg.datasets import Material
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.training.network import Network, quantised
from bittrue.apps.ecg.training.stage import FLOAT, QUANTISED, Report, Stage, answers
from bittrue.kit.training import checkpoint
from bittrue.kit.training.averaging import Values
from bittrue.kit.training.keeper import Keeper

VERSION = 2
"""Of a checkpoint's state: ``stage``, ``floats`` (of the float stage when it ended, None within it), `Stage.state`."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training gave, in evaluation mode: the ``floating`` network with batch norm, and the ``quantised`` one."""

    floating: Network
    quantised: Network


class Trainer:
    """Trains a recipe; a run that was killed goes on from its checkpoint and ends in the same net, bit for bit.

    The float stage ends in the average that the recipe keeps. Its batch norm is folded, every layer is quantised, and
    the quantised stage begins there with an optimiser of its own and the random numbers where they are.

    Parameters
    ----------
    recipe : Recipe
    material : Material
        Beats to train on and to validate on.
    path : path, optional
        File of the checkpoint; none is written without it.
    seconds : float
        Least time between checkpoints.
    report : callable, optional
    """

    def __init__(
        self,
        recipe: Recipe,
        material: Material,
        path: str | os.PathLike[str] | None = None,
        seconds: float = 20.0,
        report: Report | None = None,
    ) -> None:
        self.recipe, self.material = recipe, material
        self.report = report
        self.keeper = Keeper(Path(path) if path else None, VERSION, recipe.text, material.digest, seconds)
        torch.manual_seed(recipe.train.seed)
        network = Network(recipe)
        with torch.no_grad():
            network.fc.get_parameter("op.bias").add_(torch.tensor(recipe.train.offsets or (0.0,)))
        self.floats: Values | None = None
        generator = torch.Generator().manual_seed(recipe.train.seed)
        self.stage = Stage(FLOAT, network, material.learnt, material.held, generator)
        if state := self.keeper.resume():
            with self.keeper.fitting():
                if state["stage"] == QUANTISED:
                    self._quantise(state["floats"])
                self.stage.restore(state)

    def run(self) -> Fitted:
        """Train to the end."""
        if self.stage.name == FLOAT:
            self.stage.train(self._save, self.report)
            self._quantise(self.stage.kept())
        self.stage.train(self._save, self.report)
        last = quantised(Network(self.recipe))
        last.load_state_dict(self.stage.kept())
        return Fitted(self._floating(), last.eval())

    def _quantise(self, floats: Values) -> None:
        """From the float stage, which ended in ``floats``, to the quantised one."""
        self.floats = {name: value.clone() for name, value in floats.items()}
        network, held = quantised(self._floating()), self.material.held
        self.stage = Stage(QUANTISED, network, self.material.learnt, held, self.stage.generator)

    def _floating(self) -> Network:
        network = Network(self.recipe)
        network.load_state_dict(self.floats or {})
        return network.eval()

    def _save(self, now: bool) -> None:
        """Write a checkpoint, ``now`` or where the last is old enough."""
        stage = self.stage
        self.keeper.save(lambda: {"stage": stage.name, "floats": self.floats, **stage.state()}, now)


def check(path: Path, recipe: Recipe) -> None:
    """Raises `BadInput` where a file of that path is no checkpoint of the recipe: before the beats are read."""
    state = checkpoint.resume(path, VERSION, recipe.text)
    if state is not None:
        with checkpoint.fitting(path):
            network = Network(recipe)
            if state["stage"] == QUANTISED:
                network.load_state_dict(state["floats"])
                network = quantised(network)
            elif state["stage"] != FLOAT:
                raise ValueError(f"stage {state['stage']!r:.40}")
            for name in ("network", "average", "best"):
                network.load_state_dict(state[name])
            torch.Generator().set_state(state["generator"])


__all__ = ["VERSION", "Fitted", "Report", "Trainer", "answers", "check"]

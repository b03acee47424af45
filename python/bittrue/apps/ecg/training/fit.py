"""The training loop: steps, looks at the validation patients, checkpoints."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.metrics import Verdict, judge
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.training import checkpoint
from bittrue.apps.ecg.training.examples import Examples
from bittrue.apps.ecg.training.network import Average, Network, Values, copied

Report = Callable[[int, int, float, float], None]
"""Called after every look: steps done, steps in all, loss, best macro-F1 so far (NaN without validation patients)."""


@dataclass(frozen=True, eq=False)
class Look:
    """One look at the validation patients: ``step``, mean training ``loss`` since the last, ``verdict`` on them."""

    step: int
    loss: float
    verdict: Verdict | None


class Trainer:
    """Trains a recipe on beats; a run that was killed goes on from its checkpoint and ends in the same net.

    Parameters
    ----------
    recipe : Recipe
    train, validation : Beats
        ``validation`` is None where no patient is held out.
    path : path, optional
        File of the checkpoint; none is written without it.
    seconds : float
        Least time between checkpoints.
    report : callable, optional
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Beats,
        validation: Beats | None,
        path: str | os.PathLike[str] | None = None,
        seconds: float = 20.0,
        report: Report | None = None,
    ) -> None:
        self.recipe, self.validation = recipe, validation
        self.path, self.seconds, self.report = path and Path(path), seconds, report
        self.inputs = _digest(train, validation)
        self.examples = Examples(recipe, train)
        torch.manual_seed(recipe.train.seed)
        self.network = Network(recipe)
        self.offsets = torch.tensor(recipe.train.offsets or (0.0,))
        with torch.no_grad():
            self.network.fc.bias.add_(self.offsets)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.train.rate, weight_decay=recipe.train.decay
        )
        self.generator = torch.Generator().manual_seed(recipe.train.seed)
        self.average = Average(self.network, recipe.train.ema)
        self.step, self.losses = 0, [0.0, 0.0]
        self.best, self.best_score = self.average.values, -math.inf
        self.history: list[Look] = []
        if self.path and (state := checkpoint.resume(self.path, recipe, self.inputs)):
            self._restore(state)

    def run(self) -> Network:
        """Train to the end; the kept average as a network in evaluation mode."""
        plan, saved = self.recipe.train, time.monotonic()
        while self.step < plan.steps:
            self.take()
            if self.step % plan.validate_every == 0 or self.step == plan.steps:
                self.look()
            if self.path and (self.step == plan.steps or time.monotonic() - saved > self.seconds):
                checkpoint.write(self.path, self.recipe, self.inputs, self.state())
                saved = time.monotonic()
        kept = Network(self.recipe)
        kept.load_state_dict(self.best if plan.select == "best" else self.average.values)
        return kept.eval()

    def take(self) -> None:
        """One step of the optimiser."""
        plan = self.recipe.train
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate * pace(self.step / plan.steps, plan.warm)
        x, y = self.examples.draw(self.generator)
        self.network.train()
        loss = functional.cross_entropy(self.network(x) - self.offsets, y, label_smoothing=plan.smoothing)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        self.step += 1
        self.average.update(self.step)
        self.losses = [self.losses[0] + loss.item(), self.losses[1] + 1]

    def look(self) -> None:
        """Judge the average on the validation patients, and keep it where it is the best so far."""
        verdict = None
        if self.validation is not None:
            own = copied(self.network)
            self.network.load_state_dict(self.average.values)
            verdict = judge(self.validation.y, answers(self.network, self.validation))
            self.network.load_state_dict(own)
            if verdict.macro_f1 > self.best_score:
                self.best, self.best_score = {k: v.clone() for k, v in self.average.values.items()}, verdict.macro_f1
        loss = self.losses[0] / max(1, self.losses[1])
        self.history.append(Look(self.step, loss, verdict))
        self.losses = [0.0, 0.0]
        if self.report:
            best = self.best_score if verdict else math.nan
            self.report(self.step, self.recipe.train.steps, loss, best)

    def state(self) -> checkpoint.State:
        """All that a resumed run needs."""
        history = [(v.step, v.loss, None if v.verdict is None else v.verdict.confusion.tolist()) for v in self.history]
        return {
            "step": self.step,
            "losses": self.losses,
            "network": copied(self.network),
            "average": self.average.values,
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "best": self.best,
            "best_score": self.best_score,
            "history": history,
        }

    def _restore(self, state: checkpoint.State) -> None:
        self.step, self.losses, self.best_score = state["step"], list(state["losses"]), state["best_score"]
        self.network.load_state_dict(state["network"])
        self.average = Average(self.network, self.recipe.train.ema, state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"])
        self.best = state["best"]
        for step, loss, table in state["history"]:
            verdict = None if table is None else Verdict(np.array(table, dtype=np.int64))
            self.history.append(Look(step, loss, verdict))


def pace(turn: float, warm: float) -> float:
    """Learning rate relative to its highest: half a cosine up from 1/25 over the share ``warm``, then one down to 0."""
    if turn < warm:
        return 1 / 25 + (1 - 1 / 25) * 0.5 * (1 - math.cos(math.pi * turn / warm))
    return 0.5 * (1 + math.cos(math.pi * (turn - warm) / max(1e-9, 1 - warm)))


@torch.no_grad()
def scores(network: nn.Module, beats: Beats, batch: int = 512) -> Tensor:
    """Scores ``(beats, 5)`` of a network in evaluation mode, which it is left in."""
    network.eval()
    parts = torch.split(torch.from_numpy(beats.x), batch)
    return torch.cat([network(part.float() / 128) for part in parts])


def answers(network: nn.Module, beats: Beats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The class, 0 to 4, that a network calls each beat."""
    found: np.ndarray[tuple[int], np.dtype[np.int64]] = scores(network, beats).argmax(dim=1).numpy()
    return found


def _digest(*sets: Beats | None) -> str:
    total = hashlib.sha256()
    for beats in sets:
        if beats is not None:
            total.update(" ".join(beats.names).encode())
            for array in (beats.x, beats.y, beats.record):
                total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


__all__ = ["Look", "Report", "Trainer", "Values", "answers", "pace", "scores"]

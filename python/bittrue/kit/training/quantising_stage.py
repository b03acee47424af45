"""One stage of training a net for hardware, float or quantised: steps, the average, looks that keep the best."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Generator, Tensor, nn

from bittrue.errors import BadInput
from bittrue.kit.training.averaging import Average, Values, copied, everything
from bittrue.kit.training.loop import Losses, TrainingLoop
from bittrue.kit.training.schedules import warmed_cosine

NAMES = FLOAT, QUANTISED = "float", "quantised"


class Plan(Protocol):
    """What a recipe's section says of a stage."""

    @property
    def steps(self) -> int:
        """In all."""

    @property
    def rate(self) -> float:
        """Of Adam, at its highest."""

    @property
    def warm(self) -> float:
        """Share of the steps in which the rate rises."""

    @property
    def ema(self) -> float:
        """Decay of the average."""

    @property
    def clip(self) -> float:
        """Largest norm of the gradients."""

    @property
    def look_every(self) -> int:
        """Steps between two looks."""


class QuantisingStage(TrainingLoop):
    """Trains a network; its state is all that a killed run needs to go on.

    Parameters
    ----------
    name : str
        `FLOAT` or `QUANTISED`.
    plan : Plan
    network : Module
        Trained in place.
    generator : Generator
        Of all that is drawn in training.
    averaged : callable
        As of `Average`.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        network: nn.Module,
        generator: Generator,
        averaged: Callable[[str, Tensor], bool] = everything,
    ) -> None:
        self.name, self.rates, self.network, self.generator, self.averaged = name, plan, network, generator, averaged
        self.optimiser = torch.optim.Adam(network.parameters(), plan.rate)
        self.average = self._average()
        self.done, self.total, self.every = 0, plan.steps, plan.look_every
        self.best, self.best_loss = self.average.state(), math.inf
        self.history: list[tuple[float, ...]] = []

    @abstractmethod
    def losses(self) -> tuple[Tensor, Mapping[str, Tensor]]:
        """What is descended on, of the next batch, and its parts by name."""

    @abstractmethod
    def judged(self) -> tuple[float, Mapping[str, float]]:
        """What is kept small, of the network with its averages, and its parts by name; without gradients."""

    def advance(self, number: int) -> Losses:
        for group in self.optimiser.param_groups:
            group["lr"] = self.rates.rate * warmed_cosine(number / self.total, self.rates.warm)
        loss, parts = self.losses()
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.rates.clip)
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
        """Judge the average; keep the best."""
        with self.average.applied():
            total, parts = self.judged()
        if total < self.best_loss:
            self.best, self.best_loss = self.average.state(), total
        self.history.append((float(self.done), total, *parts.values()))
        return {"look": total, **{f"look {name}": value for name, value in parts.items()}}

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            "step": self.done,
            "twin": copied(self.network),
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
        self.network.load_state_dict(state["twin"])
        self._check_shapes(state["average"])
        self._check_shapes(state["best"])
        self.average = self._average(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        for parameter in self.network.parameters():
            moments = self.optimiser.state.get(parameter, {})
            if any(moments[key].shape != parameter.shape for key in ("exp_avg", "exp_avg_sq") if self.done):
                raise ValueError("averages of another shape")
        self.generator.set_state(state["generator"])
        self.best = state["best"]
        self.history = [tuple(map(float, row)) for row in state["history"]]

    def _average(self, values: Values | None = None) -> Average:
        return Average(self.network, self.rates.ema, values, warm=True, averaged=self.averaged)

    def _check_shapes(self, values: Values) -> None:
        own = self.network.state_dict()
        if values.keys() != own.keys() or any(values[name].shape != own[name].shape for name in own):
            raise ValueError("weights of another shape")

"""Base of every stage of training."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from bittrue.apps.dpd.metrics import Channel
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.training.examples import Examples
from bittrue.errors import BadInput
from bittrue.kit.training.averaging import Average, Values, copied
from bittrue.kit.training.distributed import Team
from bittrue.qat import Network

State = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Loop:
    """The amplifier to train through.

    Parameters
    ----------
    build : callable
        Makes the differentiable model, float ``(B, N, 2)`` to ``(B, N, 2)``; called where a stage needs it.
    gain : float
        The goal is ``gain * x``.
    channel : Channel
    """

    build: Callable[[], nn.Module]
    gain: float
    channel: Channel

    @cached_property
    def amplifier(self) -> nn.Module:
        """The model, built once."""
        return self.build()


class Stage(ABC):
    """A stage: one network, its optimiser, its random numbers, and the epochs that it runs.

    Parameters
    ----------
    recipe, examples, network, team
    state : mapping
        As `state` made it, or that in which a stage starts: at least ``epoch``, ``generator`` and ``optimiser``.
    loop : Loop, optional
        Where the stage needs an amplifier model.

    Attributes
    ----------
    first, epochs : int
        The stage's epochs are ``first`` to ``epochs - 1``.
    on_cpu : bool
        Whether the stage stays there, whatever devices the team has.
    """

    on_cpu = False
    first: int = 0
    epochs: int

    def __init__(
        self,
        recipe: Recipe,
        examples: Examples,
        network: Network,
        state: Mapping[str, Any],
        team: Team,
        loop: Loop | None = None,
    ) -> None:
        self.recipe, self.examples, self.team, self.loop = recipe, examples, team, loop
        self.name = str(state["stage"])
        self.quantised = self.name.endswith("qat")
        self.device = torch.device("cpu") if self.on_cpu else team.device
        self.network = network.to(self.device)
        self.network.enable_qat(self.quantised)
        self.average = Average(network, recipe.train.ema, state.get("ema"))
        self.generator = torch.Generator()
        self.generator.set_state(state["generator"])
        self.clamps = self.quantised or recipe.formats.weight != "fit"
        self.zeros = self._zeros()
        self.prepare(state)

    @abstractmethod
    def prepare(self, state: Mapping[str, Any]) -> None:
        """Make data and optimisers ready, from ``state`` where it has something of them."""

    @abstractmethod
    def epoch(self, number: int) -> dict[str, float]:
        """Run one epoch; every loss by its name, for the logs."""

    @abstractmethod
    def score(self) -> float:
        """Validation error in dB of the network as it is: the lower the better."""

    def validate(self) -> tuple[float, Values]:
        """Validation error in dB of the averaged parameters, and these."""
        with self.average.applied():
            return self.score(), copied(self.network)

    def stepped(self) -> None:
        """After every step of an optimiser of the network."""
        if self.clamps:
            self.network.clamp_()
        self.pruned()
        self.average.update()

    @torch.no_grad()
    def pruned(self) -> None:
        """Set the weights to zero that were zero at the beginning, where a stage before made them so."""
        for name, parameter in self.network.named_parameters():
            if name in self.zeros:
                parameter[self.zeros[name]] = 0.0

    def state(self) -> State:
        """What a resumed run needs of this stage."""
        own = {"network": copied(self.network), "generator": self.generator.get_state()}
        return own | ({"ema": self.average.state()} if self.average.decay else {})

    def _zeros(self) -> Values:
        """Where weights are zero for good, by their name."""
        if self.recipe.sparse is None or not self.quantised:
            return {}
        return {name: value.detach() == 0 for name, value in self.network.named_parameters() if name.endswith("weight")}

    def closed(self) -> Loop:
        """The loop; `BadInput` where the training was given none."""
        if self.loop is None:
            raise BadInput(f"stage {self.name} of this recipe needs an amplifier model and its channel; give a Loop")
        return self.loop

    def tensor(self, array: Any) -> Tensor:
        """A NumPy array on the stage's device."""
        return torch.from_numpy(array).to(self.device)


@torch.no_grad()
def error(network: Network, known: Mapping[str, Tensor], wanted: Tensor) -> float:
    """``10*log10(sum |y - u|^2 / sum |u|^2)`` in dB."""
    output = network.forward_from(known)
    return decibel(float((output - wanted).square().sum() / wanted.square().sum()))


def decibel(ratio: float) -> float:
    """``10*log10(ratio)``; minus infinity for 0."""
    return 10 * math.log10(ratio) if ratio > 0 else -math.inf

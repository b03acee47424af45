"""Regression of the ideal drive, sample by sample: by Adam, or by Levenberg-Marquardt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from bittrue.apps.dpd.recipe import Shape
from bittrue.apps.dpd.topology import skeleton
from bittrue.apps.dpd.training.levenberg import LevenbergMarquardt, Shaping
from bittrue.apps.dpd.training.sensitivity import felt, sensitivity
from bittrue.apps.dpd.training.stage import Stage, State, decibel, error
from bittrue.errors import BadInput
from bittrue.kit.training.averaging import Values
from bittrue.kit.training.schedules import half_cosine
from bittrue.qat import Network


class Regression(Stage):
    """``x -> u`` on the training ``rows``; ``known`` is what of the network does not depend on parameters."""

    def prepare(self, state: Mapping[str, Any]) -> None:
        self.epochs = self.length()
        x = self.tensor(self.examples.ahead(self.network.template.delay))
        fixed = (self._before_echo() if self.recipe.net.echo_taps else self.network).precompute(x)
        self.known: Values = dict(fixed)
        self.wanted, self.rows = self.tensor(self.examples.u), self.tensor(self.examples.rows)
        self.unseen: Values = {name: value[self.examples.validation] for name, value in fixed.items()}
        self.unseen_wanted = self.wanted[self.examples.validation]

    def _before_echo(self) -> Network:
        """The net without its echo, which looks back at a trained tensor; what else is known does not change."""
        plain = Network(skeleton(replace(self.recipe, net=replace(self.recipe.net, echo_taps=()))))
        plain.enable_qat(self.quantised)
        return plain

    def length(self) -> int:
        """Epochs of the stage."""
        return int(getattr(self.recipe.train, f"{self.name}_epochs"))

    def score(self) -> float:
        return error(self.network, self.unseen, self.unseen_wanted)


class Adam(Regression):
    """Adam on shuffled rows, mean squared error, the rate along half a cosine."""

    def prepare(self, state: Mapping[str, Any]) -> None:
        super().prepare(state)
        self.rate: float = getattr(self.recipe.train, f"{self.name}_rate")
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=self.rate)
        if state["optimiser"]:
            self.optimiser.load_state_dict(state["optimiser"])

    def epoch(self, number: int) -> dict[str, float]:
        order = self.rows[torch.randperm(len(self.rows), generator=self.generator).to(self.device)]
        batches, losses = torch.split(order, self.recipe.train.batch), []
        for step, batch in enumerate(batches):
            own, weight = self.team.share(batch)
            turn = (number + step / len(batches)) / self.epochs
            self.optimiser.param_groups[0]["lr"] = self.rate * half_cosine(turn)
            self.optimiser.zero_grad()
            if len(own):
                output = self.network.forward_from({name: value[own] for name, value in self.known.items()})
                loss = (output - self.wanted[own]).square().sum(-1).mean()
                (loss * weight).backward()  # type: ignore[no-untyped-call]
                losses.append(loss.detach())
            self.team.average(self.network.parameters())
            self.optimiser.step()
            self.stepped()
        return {"regression": float(torch.stack(losses).mean())} if losses else {}

    def state(self) -> State:
        return super().state() | {"optimiser": self.optimiser.state_dict()}


class Levenberg(Regression):
    """One Levenberg-Marquardt step an epoch, on ``batch`` rows drawn anew; every process of a team does the same.

    With the recipe's ``[shape]`` the rows are whole segments of consecutive samples, and the error is weighted over
    frequency.
    """

    on_cpu = True
    sensed: Tensor | None = None

    def prepare(self, state: Mapping[str, Any]) -> None:
        super().prepare(state)
        self.segments = self.rows[:, None]
        self.shaping = None if self.recipe.shape is None else self._shaping(self.recipe.shape)
        train = self.recipe.train
        self.solver = LevenbergMarquardt(self.network, train.damping, self.shaping, train.memory)
        if self.recipe.shape is not None and self.recipe.shape.sensitivity:
            self.sensed = sensitivity(self.closed().amplifier.cpu(), self.examples.u)
        if state["optimiser"]:
            self.solver.load_state_dict(state["optimiser"])

    def epoch(self, number: int) -> dict[str, float]:
        known, wanted, sensed = self.drawn()
        if self.solver.memory:
            self.solver.damping = self.damping(number)
        loss = self.solver.step(known, wanted, sensed)
        self.stepped()
        return {"regression": loss / len(wanted), "damping": self.solver.damping}

    def damping(self, number: int) -> float:
        """Of a step with a memory: falling in even ratios."""
        train = self.recipe.train
        return float(train.damping * (train.least_damping / train.damping) ** (number / max(1, self.epochs - 1)))

    def drawn(self) -> tuple[Values, Tensor, Tensor | None]:
        """What of the network is known in the rows of a step, drawn anew, what is wanted and sensed there."""
        count, length = self.segments.shape
        drawn = torch.randperm(count, generator=self.generator)[: max(1, self.recipe.train.batch // length)]
        rows = self.segments[drawn].flatten()
        sensed = None if self.sensed is None else self.sensed[rows]
        return {name: value[rows] for name, value in self.known.items()}, self.wanted[rows], sensed

    def state(self) -> State:
        return super().state() | {"optimiser": self.solver.state_dict()}

    @torch.no_grad()
    def score(self) -> float:
        """The error weighted over frequency as in training, in overlapping segments; else as any regression's."""
        if self.shaping is None:
            return super().score()
        segment, rows = len(self.shaping.weight), len(self.unseen_wanted)
        if rows < segment:
            raise BadInput(f"shape.segment is {segment}, but {rows} samples validate; choose shorter segments")
        firsts = torch.tensor([*range(0, rows - segment, max(1, segment // 4)), rows - segment])
        place = (firsts[:, None] + torch.arange(segment)).flatten()
        wanted = self.unseen_wanted[place]
        errors = wanted - self.network.forward_from(self.unseen)[place]
        sensed = None if self.sensed is None else self.sensed[self.examples.validation][place]
        left, whole = (float(self.shaping.apply(felt(x, sensed)).square().sum()) for x in (errors, wanted))
        return decibel(left / whole)

    def _shaping(self, shape: Shape) -> Shaping:
        """The weights over frequency; also cuts the training rows into overlapping segments."""
        channel = self.closed().channel
        firsts = self.examples.frames(shape.segment, max(1, shape.segment // 4))
        self.segments = torch.from_numpy(firsts)[:, None] + torch.arange(shape.segment)
        bandwidth, rate = channel.bandwidth, channel.sample_rate
        adjacent = bandwidth / channel.n_sub_ch / rate
        return Shaping.channels(shape.segment, bandwidth / rate, adjacent, shape.left, shape.right, shape.beyond)

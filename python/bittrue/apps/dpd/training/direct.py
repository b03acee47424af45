"""Training through the amplifier: the error of its output, by gradients through its differentiable model."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from bittrue.apps.dpd.captures.data import to_complex
from bittrue.apps.dpd.closed_loop import whole_segments
from bittrue.apps.dpd.metrics import measure
from bittrue.apps.dpd.training.stage import Stage, State, decibel
from bittrue.kit.training.averaging import Values
from bittrue.kit.training.schedules import half_cosine


class ThroughAmplifier(Stage):
    """What stages share that look at the amplifier's output: frames of consecutive samples, and the loop closed.

    A frame has ``skip`` samples in front that fill the amplifier's memory and are not judged; the net's own history is
    complete, because its features are computed on the whole signal.
    """

    rate: float
    length: int

    def prepare(self, state: Mapping[str, Any]) -> None:
        self.x, self.u = self.tensor(self.examples.x), self.tensor(self.examples.u)
        self.known: Values = self.network.precompute(self.tensor(self.examples.ahead(self.network.template.delay)))
        self.lead = self.recipe.train.skip
        if self.loop is not None:
            own = self.loop.amplifier if self.device.type == "cpu" else deepcopy(self.loop.amplifier)
            self.amplifier = own.to(self.device).requires_grad_(False)  # a judge may hold the one that was given

    def frames(self) -> Tensor:
        """Rows ``(frames, lead + length)`` of all frames of an epoch, shuffled, on a grid with a random offset."""
        whole = self.lead + self.length
        longest = max(len(piece) for piece in self.examples.pieces)
        room = min(self.length, longest - whole + 1)
        offset = int(torch.randint(max(1, room), (), generator=self.generator))
        firsts = torch.from_numpy(self.examples.frames(whole, self.length, offset))
        order = torch.randperm(len(firsts), generator=self.generator)
        return (firsts[order, None] + torch.arange(whole)).to(self.device)

    def drive(self, rows: Tensor) -> Tensor:
        """The net's output ``(*rows.shape, 2)`` for rows of the examples."""
        return self.network.forward_from({name: value[rows] for name, value in self.known.items()})

    def closed_loop(self, drive: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Amplifier output and goal ``(frames, length, 2)`` for the drive of frames, their lead cut off."""
        output = self.amplifier(drive)[:, self.lead :]
        return output, self.closed().gain * self.x[rows][:, self.lead :]

    @torch.no_grad()
    def validated(self) -> tuple[Tensor, Tensor]:
        """Amplifier output and goal ``(N, 2)`` on the validation split, which runs as one sequence."""
        place = self.examples.validation
        first = max(0, place.start - self.lead)
        rows = torch.arange(first, place.stop, device=self.device)[None]
        output = self.amplifier(self.drive(rows))[0, place.start - first :]
        return output, self.closed().gain * self.x[place]


class Direct(ThroughAmplifier):
    """Adam on the relative error of the amplifier's output, over short frames; validated by the same error in dB."""

    def prepare(self, state: Mapping[str, Any]) -> None:
        train = self.recipe.train
        self.closed()
        super().prepare(state)
        self.length = train.sequence
        self.epochs, self.rate = getattr(train, f"{self.name}_epochs"), getattr(train, f"{self.name}_rate")
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=self.rate)
        if state["optimiser"]:
            self.optimiser.load_state_dict(state["optimiser"])

    def epoch(self, number: int) -> dict[str, float]:
        batches = torch.split(self.frames(), max(1, self.recipe.train.batch // self.length))
        losses = []
        for step, batch in enumerate(batches):
            rows, weight = self.team.share(batch)
            self.optimiser.param_groups[0]["lr"] = self.rate * half_cosine((number + step / len(batches)) / self.epochs)
            self.optimiser.zero_grad()
            if len(rows):
                output, goal = self.closed_loop(self.drive(rows), rows)
                loss = (output - goal).square().sum() / goal.square().sum()
                (loss * weight).backward()  # type: ignore[no-untyped-call]
                losses.append(loss.detach())
            self.team.average(self.network.parameters())
            self.optimiser.step()
            self.stepped()
        return {"output error in dB": decibel(float(torch.stack(losses).mean()))} if losses else {}

    def score(self) -> float:
        output, goal = self.validated()
        return decibel(float((output - goal).square().sum() / goal.square().sum()))

    def state(self) -> State:
        return super().state() | {"optimiser": self.optimiser.state_dict()}


def spectral_score(stage: ThroughAmplifier) -> float:
    """Mean of NMSE, EVM and ACLR in dB on the validation split, by the metrics that judge."""
    output, goal = (to_complex(signal.double().cpu().numpy()) for signal in stage.validated())
    channel, samples = whole_segments(stage.closed().channel, len(output))
    found = measure(output[:samples], goal[:samples], channel)
    return (found.nmse + found.evm + found.aclr) / 3

"""The second stage: the net as generator of a conditional Wasserstein GAN, with the spectral loss in the loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from bittrue.apps.dpd.recipe import Gan
from bittrue.apps.dpd.training.direct import ThroughAmplifier, spectral_score
from bittrue.apps.dpd.training.discriminator import Discriminator
from bittrue.apps.dpd.training.spectral import SpectralLoss, channel_for
from bittrue.apps.dpd.training.stage import State, error
from bittrue.apps.dpd.training.wasserstein import WassersteinLoss
from bittrue.errors import BadInput
from bittrue.kit.training.averaging import copied
from bittrue.kit.training.schedules import half_cosine

BETAS = (0.0, 0.9)
"""Of Adam, for generator and critic."""


class Adversarial(ThroughAmplifier):
    """CWGAN-GP: real is the ideal drive, fake the net's, the condition the input; single samples for the critic.

    A step of the generator descends, over whole sequences::

        adversarial * -E D(x, G(x))  +  spectral * SpectralLoss(PA(G(x)), gain * x)  +  supervised * NMSE(G(x), u) in dB

    after ``critic_steps`` of the critic on samples drawn anew. Validated by the mean of NMSE, EVM and ACLR of the
    amplifier model's output where the spectral loss is on, else by the drive's error. The stage ``gan`` runs up to the
    epoch ``qat_from``, the stage ``gan-qat`` from there on with the integer forward pass.
    """

    def prepare(self, state: Mapping[str, Any]) -> None:
        if self.recipe.gan is None:
            raise BadInput(f"stage {self.name} needs the section [gan] of a recipe; add it")
        self.gan: Gan = self.recipe.gan
        gan, last = self.gan, self.gan.epochs
        switch = last if gan.qat_from is None or not self.recipe.train.qat else min(gan.qat_from, last)
        self.first, self.epochs = (switch, last) if self.quantised else (0, switch)
        self.length, self.rate = gan.sequence, gan.rate
        if gan.spectral:
            self.spectral = SpectralLoss(channel_for(self.closed().channel, gan.sequence)).to(self.device)
        super().prepare(state)
        self.wasserstein = WassersteinLoss(gan.penalty)
        self.critic = Discriminator(gan.spectral_norm, self.recipe.train.seed).to(self.device)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=gan.rate, betas=BETAS)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), lr=gan.critic_rate, betas=BETAS)
        if state["optimiser"]:
            self.optimiser.load_state_dict(state["optimiser"])
        if "critic" in state:
            self.critic.load_state_dict(state["critic"])
            self.critic_optimiser.load_state_dict(state["critic_optimiser"])

    def epoch(self, number: int) -> dict[str, float]:
        batches = torch.split(self.frames(), self.gan.batch)
        found: list[dict[str, Tensor]] = []
        for step, batch in enumerate(batches):
            turn = (number + step / len(batches)) / self.gan.epochs
            self.optimiser.param_groups[0]["lr"] = self.rate * half_cosine(turn)
            losses: dict[str, Tensor] = {}
            if self.gan.adversarial:
                for _ in range(self.gan.critic_steps):
                    losses["critic"] = self._critic_step()
            found.append(losses | self._generator_step(batch))
        return {key: float(torch.stack([losses[key] for losses in found]).mean()) for key in found[0]}

    def _critic_step(self) -> Tensor:
        """One step of the critic on as many samples as a step of the generator sees."""
        drawn = torch.randint(len(self.examples.rows), (self.gan.batch * self.length,), generator=self.generator)
        mix = torch.rand(len(drawn), 1, generator=self.generator, dtype=torch.float64)
        (own, weight), (mixed, _) = self.team.share(torch.from_numpy(self.examples.rows)[drawn]), self.team.share(mix)
        rows, mixed = own.to(self.device), mixed.to(self.device)
        with torch.no_grad():
            fake = self.drive(rows)
        self.critic_optimiser.zero_grad()
        loss = self.wasserstein.critic(self.critic, self.x[rows], self.u[rows], fake, mixed)
        (loss * weight).backward()  # type: ignore[no-untyped-call]
        self.team.average(self.critic.parameters())
        self.critic_optimiser.step()
        return loss.detach()

    def _generator_step(self, batch: Tensor) -> dict[str, Tensor]:
        """One step of the generator on sequences; every part of its loss."""
        rows, weight = self.team.share(batch)
        self.optimiser.zero_grad()
        losses: dict[str, Tensor] = {}
        if len(rows):
            drive = self.drive(rows)
            fake, real, x = (signal[:, self.lead :] for signal in (drive, self.u[rows], self.x[rows]))
            if self.gan.adversarial:
                losses["adversarial"] = self.gan.adversarial * self.wasserstein.generator(self.critic, x, fake)
            if self.gan.spectral:
                losses["spectral"] = self.gan.spectral * self.spectral(*self.closed_loop(drive, rows))
            if self.gan.supervised:
                ratio = (fake - real).square().sum((-2, -1)) / real.square().sum((-2, -1))
                losses["supervised"] = self.gan.supervised * 10 * ratio.log10().mean()
            (torch.stack(list(losses.values())).sum() * weight).backward()  # type: ignore[no-untyped-call]
        self.team.average(self.network.parameters())
        self.optimiser.step()
        self.stepped()
        return {name: loss.detach() for name, loss in losses.items()}

    def score(self) -> float:
        if self.gan.spectral:
            return spectral_score(self)
        place = self.examples.validation
        return error(self.network, {name: value[place] for name, value in self.known.items()}, self.u[place])

    def state(self) -> State:
        own = {"optimiser": self.optimiser.state_dict(), "critic": copied(self.critic)}
        return super().state() | own | {"critic_optimiser": self.critic_optimiser.state_dict()}

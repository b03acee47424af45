"""Adversarial training of a generator: WGAN-GP, step by step, resumable to the bit, on one process or several."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from bittrue.apps.noise.gan import latents, phase_shuffle
from bittrue.apps.noise.gan.critic_loss import PENALTY, gradient_penalty
from bittrue.apps.noise.gan.discriminator import Discriminator
from bittrue.apps.noise.gan.generator import Generator
from bittrue.apps.noise.gan.plan import Plan
from bittrue.errors import BadInput
from bittrue.kit.training.averaging import copied
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.loop import Losses, TrainingLoop

COLUMNS = ("Loss_D", "Loss_G", "D(x)", "D(G(z1))", "D(G(z2))", "GP")
"""Of the history, a row a batch: the critic's loss ``D(G(z1)) - D(x) + GP``, the generator's ``-D(G(z2))``, mean scores
of real signals and of generated ones before and after the critic's step, and 10 times the gradient penalty. Between two
steps of the generator the values of the last one stand. (In the origin ``Loss_D`` adds ``D(x)``.)"""


class Trainer(TrainingLoop):
    """Trains the nets of a plan on signals as the nets see them.

    All random numbers, of the order of signals, latent vectors, mixes and phase shuffles, come from one generator on
    the CPU, whose state is part of `state`. Under ``accelerate launch`` every process draws all of them and takes its
    rows of each batch (`Team.share`); a gradient penalty is a mean over signals whose scores do not depend on each
    other, so it is right within each process, and the means of gradients are those of one process. With batch norm a
    process normalises by its own rows, and the leading one's running means are kept.

    Parameters
    ----------
    plan : Plan
    values : tensor (N, C, ...)
        On the CPU.
    limit : float
        Largest magnitude of the values.
    team : Team
    """

    def __init__(self, plan: Plan, values: Tensor, limit: float, team: Team) -> None:
        settings = plan.settings
        self.plan, self.values, self.team, self.device = plan, values, team, _device(team, settings.start_gpu)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.generator, self.critic = Generator(plan, limit), Discriminator(plan)
        self.generator.to(self.device).train()
        self.critic.to(self.device).train()
        optim = settings.optim_params
        self.optimiser_d = torch.optim.Adam(self.critic.parameters(), lr=optim.D.lr, betas=_pair(optim.D.betas))
        self.optimiser_g = torch.optim.Adam(self.generator.parameters(), lr=optim.G.lr, betas=_pair(optim.G.betas))
        self.random = torch.Generator().manual_seed(settings.seed)
        self.batch = settings.dataloader_specs.batch_size
        self.every = -(-len(values) // self.batch)
        if (last := len(values) - (self.every - 1) * self.batch) < team.size:
            raise BadInput(
                f"the last batch of an epoch has {last} of {len(values):,} signals (batch_size {self.batch}), "
                f"and there are {team.size} processes; choose another batch_size or num_samples"
            )
        self.done, self.total = 0, settings.epochs * self.every
        self.order = torch.empty(0, dtype=torch.int64)
        self.rows: list[tuple[float, ...]] = []
        self.scores = (math.nan, math.nan)

    def advance(self, number: int) -> Losses:
        epoch, at = divmod(number, self.every)
        if at == 0:
            self.order = torch.randperm(len(self.values), generator=self.random)
        real = self.values[self.order[at * self.batch : (at + 1) * self.batch]]
        settings, count = self.plan.settings, len(real)
        own, weight = self.team.share(torch.arange(count))
        z = latents.drawn(settings.latent_type, count, settings.model_specs.latent_dim, self.random)
        mix = torch.rand(count, generator=self.random)
        shifts = phase_shuffle.drawn(4 * len(self.critic.shuffled), count, self.random).chunk(4, dim=1)
        real, z, mix = (part[own].to(self.device) for part in (real, z, mix))
        moved: list[Tensor | None] = [part[own] for part in shifts] if self.critic.shuffled else [None] * 4
        turn = at % settings.D_updates == 0
        with torch.set_grad_enabled(turn):
            fake = self.generator(z)
        found = self._critic_step(real, fake.detach(), mix, moved, weight)
        if turn:
            self.scores = self._generator_step(fake, moved[3], weight)
        row = (found[0], self.scores[0], found[1], found[2], self.scores[1], found[3])
        self._check(row, epoch, at)
        self.rows.append(row)
        return dict(zip(COLUMNS, row, strict=True))

    def look(self) -> Losses:
        """Means of the epoch that ended."""
        last = self.rows[-self.every :]
        return {f"epoch {name}": sum(row[k] for row in last) / len(last) for k, name in enumerate(COLUMNS)}

    def _critic_step(
        self, real: Tensor, fake: Tensor, mix: Tensor, moved: list[Tensor | None], weight: float
    ) -> tuple[float, float, float, float]:
        """One step of the critic: its loss, mean scores of real and generated signals, weighted penalty."""
        self.optimiser_d.zero_grad()
        of_real, of_fake = self.critic(real, moved[0]).mean(), self.critic(fake, moved[1]).mean()
        penalty = PENALTY * gradient_penalty(lambda x: self.critic(x, moved[2]), real, fake, mix)
        torch.autograd.backward(weight * (of_fake - of_real + penalty))
        self.team.average(self.critic.parameters())
        self.optimiser_d.step()
        x, g, p = self._mean(weight, of_real, of_fake, penalty)
        return g - x + p, x, g, p

    def _generator_step(self, fake: Tensor, moved: Tensor | None, weight: float) -> tuple[float, float]:
        """One step of the generator on the same latent vectors: its loss, and the mean score."""
        self.optimiser_g.zero_grad()
        self.critic.requires_grad_(False)
        score = self.critic(fake, moved).mean()
        torch.autograd.backward(-weight * score)
        self.critic.requires_grad_(True)
        self.team.average(self.generator.parameters())
        self.optimiser_g.step()
        (mean,) = self._mean(weight, score)
        return -mean, mean

    def _mean(self, weight: float, *values: Tensor) -> list[float]:
        """Means over all signals of the batch, whichever process has them."""
        own = weight * torch.stack([value.detach().double() for value in values])
        if self.team.size > 1:
            own = self.team.accelerator.reduce(own, reduction="mean")
        return [float(value) for value in own]

    def _check(self, row: tuple[float, ...], epoch: int, at: int) -> None:
        """Raises `BadInput` where a loss is no finite number: nothing that is trained on from there is of use."""
        if not all(map(math.isfinite, row)):
            name = next(name for name, value in zip(COLUMNS, row, strict=True) if not math.isfinite(value))
            raise BadInput(
                f"training left the finite numbers: {name} is {row[COLUMNS.index(name)]} in epoch {epoch + 1}, batch "
                f"{at + 1}; lower lr in optim_params or choose another weight_init, and start anew"
            )

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs. Raises `BadInput` for weights that are not finite: no file holds those."""
        networks = {"generator": copied(self.generator), "critic": copied(self.critic)}
        for name, values in networks.items():
            if not all(bool(value.isfinite().all()) for value in values.values()):
                raise BadInput(f"training left the finite numbers in the {name}'s weights; lower lr in optim_params")
        return {
            "step": self.done,
            **networks,
            "optimiser_d": self.optimiser_d.state_dict(),
            "optimiser_g": self.optimiser_g.state_dict(),
            "random": self.random.get_state(),
            "order": self.order,
            "rows": torch.tensor(self.rows, dtype=torch.float64).view(-1, len(COLUMNS)),
            "scores": list(self.scores),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.done = state["step"]
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.optimiser_d.load_state_dict(state["optimiser_d"])
        self.optimiser_g.load_state_dict(state["optimiser_g"])
        self.random.set_state(state["random"])
        self.order = state["order"]
        self.rows = [tuple(row) for row in state["rows"].tolist()]
        self.scores = (state["scores"][0], state["scores"][1])


def _device(team: Team, first: int) -> torch.device:
    """The team's; one process takes the GPU ``start_gpu`` where there is one."""
    if team.accelerator is None and torch.cuda.is_available():
        return torch.device("cuda", min(first, torch.cuda.device_count() - 1))
    return team.device


def _pair(betas: tuple[float, ...]) -> tuple[float, float]:
    return betas[0], betas[1]

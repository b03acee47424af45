"""What the trainings of both stages have in common: batches, rate, clipping, guards, averages, history, state."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from bittrue.apps.radio.configuration import Configuration
from bittrue.apps.radio.published.batches import Batches
from bittrue.apps.radio.published.late_average import LateAverage
from bittrue.apps.radio.published.sizes import check_batch
from bittrue.apps.radio.schedule import rate
from bittrue.errors import BadInput
from bittrue.kit.training.averaging import copied
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.loop import Losses, TrainingLoop

FIX = "lower trainer.lr and start anew, or go on from an earlier model-<n>.pt by trainer.resume_milestone"


class StageTrainer(TrainingLoop):
    """Trains one stage, step by step, resumable to the bit.

    Every random number follows from seed and step (`bittrue.apps.radio.published.draws`). Of a team every process reads
    its own maps of a batch, and their gradients are averaged.

    Parameters
    ----------
    configuration : Configuration
    batches, held_out : Batches
        Maps to train on, and to look at.
    team : Team

    Attributes
    ----------
    columns : tuple of str
        Of ``rows``, the history: one row every ``log_freq`` steps.
    best, best_at : float, int
        The least validation so far, and the step behind which it was found.
    """

    columns: tuple[str, ...]
    network: nn.Module
    averaged: LateAverage

    def __init__(self, configuration: Configuration, batches: Batches, held_out: Batches, team: Team) -> None:
        self.configuration, self.batches, self.held_out, self.team = configuration, batches, held_out, team
        self.settings = configuration.trainer
        self.device = team.device
        if team.accelerator is None and torch.cuda.is_available():
            self.device = torch.device("cuda")
        self.done, self.total = 0, self.settings.train_num_steps
        self.every = self.settings.save_and_sample_every
        self.size = configuration.data.batch_size
        self.rows: list[tuple[float, ...]] = []
        self.best, self.best_at = math.inf, 0
        self.kl = math.inf
        if self.size < team.size:
            raise BadInput(f"data.batch_size is {self.size} and {team.size} processes train; raise it, or start fewer")
        if self.device.type == "cpu":
            check_batch(configuration, batches.side, -(-self.size // team.size))

    @property
    def accumulated(self) -> int:
        """Batches that make one step."""
        return self.settings.gradient_accumulate_every

    def batch(self, number: int) -> tuple[Tensor, Tensor, float]:
        """This process' maps and conditions of batch ``number``, and the weight of its mean in the mean of all."""
        own = slice(self.team.rank, None, self.team.size)
        images, conds = self.batches.at(number * self.size, self.size, own)
        return images.to(self.device), conds.to(self.device), len(images) * self.team.size / self.size

    def own(self, drawn: Tensor) -> Tensor:
        """This process' rows of what was drawn for a whole batch."""
        return drawn[self.team.rank :: self.team.size].to(self.device)

    def precision(self) -> AbstractContextManager[Any]:
        """With ``amp`` or ``fp16`` products in bfloat16, which needs no scaling of losses; else nothing."""
        mixed = self.settings.amp or self.settings.fp16
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=mixed)

    def set_rate(self, *optimisers: torch.optim.Optimizer) -> float:
        """Give the optimisers the rate of this step."""
        floor = "floor" in self.configuration.origin_compatible
        found = rate(self.done, self.settings, self.configuration.stage, floor)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = found
        return found

    def clipped(self, parameters: Iterable[nn.Parameter], most: float | None) -> float:
        """The norm of the gradients over all processes, which are scaled to at most ``most``; none clips nothing."""
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        self.team.average(trained)
        norm = float(nn.utils.clip_grad_norm_(trained, math.inf if most is None else most))
        if not math.isfinite(norm):
            raise BadInput(
                f"training left the finite numbers: the gradients' norm is {norm} in step {self.done + 1}; {FIX}"
            )
        return norm

    def note(self, found: Mapping[str, float]) -> None:
        """Check one step's figures, and keep a row of them every ``log_freq`` steps.

        Raises `BadInput` where one is no finite number: nothing that is trained on from there is of use.
        """
        for name, value in found.items():
            if not math.isfinite(value):
                raise BadInput(f"training left the finite numbers: {name} is {value} in step {self.done + 1}; {FIX}")
        if (self.done + 1) % self.settings.log_freq == 0 or self.done == 0:
            self.rows.append((float(self.done + 1), *(found[name] for name in self.columns)))

    def over(self) -> bool:
        """No better validation for ``plateau_steps`` steps, or a posterior that carries nothing."""
        return bool(self.ending())

    def ending(self) -> str:
        """Why the training ends before its last step; nothing where it goes on."""
        if self.kl < self.settings.kl_floor:
            return f"KL is {self.kl:.3g} nats a latent value, below kl_floor {self.settings.kl_floor:g}"
        if self.best_at and self.done - self.best_at >= self.settings.plateau_steps:
            return f"validation has not improved on {self.best:.5g} for {self.settings.plateau_steps:,} steps"
        return ""

    def look(self) -> Losses:
        """Validate by the averaged parameters, and keep the best."""
        self.network.eval()
        with self.averaged.applied():
            found = self._agreed(self.validated())
        self.network.train()
        self.kl = found.get("kl", self.kl)
        if found["validation"] < self.best:
            self.best, self.best_at = found["validation"], self.done
        return {f"val {name}": value for name, value in found.items()}

    def _agreed(self, found: dict[str, float]) -> dict[str, float]:
        """The mean over the processes, so that all end in the same step."""
        if self.team.size == 1:
            return found
        joined = torch.tensor(list(found.values()), dtype=torch.float64, device=self.device)
        mean = self.team.accelerator.reduce(joined, reduction="mean").tolist()
        return dict(zip(found, mean, strict=True))

    def looked_at(self) -> list[int]:
        """Places of the held out maps that are looked at, evenly taken."""
        count = len(self.held_out.maps)
        most = min(count, self.settings.validation_maps)
        return [k * count // most for k in range(most)]

    @abstractmethod
    def validated(self) -> dict[str, float]:
        """Figures of the held out maps, ``validation`` among them, of which less is better."""

    @abstractmethod
    def preview(self) -> Tensor:
        """Rows of maps that show what was learnt: (rows, columns, H, W), from 0 to 1."""

    @abstractmethod
    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """By the names under which a state holds them."""

    def average_state(self) -> dict[str, Tensor]:
        """The averages, as published files name them."""
        return {f"ema_model.{name}": value for name, value in self.averaged.state().items()}

    def weights(self) -> dict[str, Any]:
        """What a file for use holds. Raises `BadInput` for weights that are not finite: no file holds those."""
        values = copied(self.network)
        for name, value in values.items():
            if not bool(value.isfinite().all()):
                raise BadInput(f"training left the finite numbers in {name}; {FIX}")
        return {"step": self.done, "model": values, "ema": self.average_state()}

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            **self.weights(),
            **{name: optimiser.state_dict() for name, optimiser in self.optimisers().items()},
            "rows": torch.tensor(self.rows, dtype=torch.float64).view(-1, 1 + len(self.columns)),
            "best": [self.best, self.best_at, self.kl],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave. Raises `ValueError` where that is of other shapes."""
        self.done = state["step"]
        if type(self.done) is not int or not 0 <= self.done <= self.total:
            raise ValueError(f"step {self.done!r:.40}")
        self.network.load_state_dict(state["model"])
        for name, optimiser in self.optimisers().items():
            optimiser.load_state_dict(state[name])
            for parameter, moments in optimiser.state.items():
                if any(moments[key].shape != parameter.shape for key in ("exp_avg", "exp_avg_sq")):
                    raise ValueError(f"averages of another shape in {name}")
        for name, value in state["ema"].items():
            self.averaged.values[name.removeprefix("ema_model.")].copy_(value)
        self.rows = [tuple(row) for row in state["rows"].tolist()]
        best, best_at, self.kl = state["best"]
        self.best, self.best_at = float(best), int(best_at)

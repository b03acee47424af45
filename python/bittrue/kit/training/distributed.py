"""Several processes that train one net together: under ``accelerate launch`` on its devices, else one on the CPU."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from bittrue.errors import BadInput
from bittrue.extras import install

LAUNCHED = ("WORLD_SIZE", "ACCELERATE_MIXED_PRECISION")
"""Environment variables that ``accelerate launch`` and ``torchrun`` set."""


class Team:
    """The processes of one training.

    Every process holds all data and draws the same random numbers; `share` gives each its rows of a batch, `average`
    makes their gradients one. So the processes stay equal, and what they compute is what one would have computed, up
    to the order of sums.

    Attributes
    ----------
    rank, size : int
        This process, and how many there are.
    device : torch.device
    """

    def __init__(self, accelerator: Any = None) -> None:
        self.accelerator = accelerator
        self.rank: int = accelerator.process_index if accelerator else 0
        self.size: int = accelerator.num_processes if accelerator else 1
        self.device: torch.device = accelerator.device if accelerator else torch.device("cpu")

    @classmethod
    def gather(cls) -> Team:
        """The team that this process was launched into. Raises `BadInput` where `accelerate` is missing for that."""
        if not any(name in os.environ for name in LAUNCHED):
            return cls()
        try:
            from accelerate import Accelerator
        except ImportError as error:
            raise BadInput(f"several processes need accelerate ({error}); {install('train')}") from None
        team = cls(Accelerator(cpu=not torch.cuda.is_available()))
        launched = os.environ.get("WORLD_SIZE", "1")
        if str(team.size) != launched:
            raise BadInput(
                f"{launched} processes were launched and accelerate joins {team.size}; start them by accelerate launch"
            )
        return team

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            self.accelerator.wait_for_everyone()

    def share(self, batch: Tensor) -> tuple[Tensor, float]:
        """This process' part of a batch along axis 0, and the weight of its mean in the mean over all processes."""
        if self.size == 1:
            return batch, 1.0
        own = batch[self.rank :: self.size]
        return own, len(own) * self.size / len(batch)

    def average(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace every gradient by its mean over the processes; none counts as zero."""
        if self.size == 1:
            return
        trained = list(parameters)
        for parameter in trained:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        joined = torch.cat([p.grad.flatten() for p in trained if p.grad is not None])
        mean = self.accelerator.reduce(joined, reduction="mean")
        for parameter, part in zip(trained, mean.split([p.numel() for p in trained]), strict=True):
            parameter.grad = part.view_as(parameter)

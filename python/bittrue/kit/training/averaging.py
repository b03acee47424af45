"""Exponential moving average of a network's parameters: what is validated and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

Values = dict[str, Tensor]


def copied(network: nn.Module) -> Values:
    """Parameters and buffers on the CPU, detached from the module."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def everything(name: str, value: Tensor) -> bool:
    """Averages all values of a network."""
    return True


class Average:
    """``a <- d * a + (1 - d) * p`` after every step, beginning with ``a = p``.

    Parameters
    ----------
    network : Module
    decay : float
        ``d``, 0 to below 1; with 0 nothing is kept, and the average is the network itself.
    values : mapping, optional
        From `state`, to go on.
    warm : bool
        ``d = min(decay, (1 + t) / (10 + t))`` after ``t`` steps; values are kept for any decay.
    averaged : callable
        Whether the value of a name is averaged; it is copied where not.
    """

    def __init__(
        self,
        network: nn.Module,
        decay: float,
        values: Mapping[str, Tensor] | None = None,
        *,
        warm: bool = False,
        averaged: Callable[[str, Tensor], bool] = everything,
    ) -> None:
        self.network, self.decay, self.warm, self.averaged = network, decay, warm, averaged
        self.kept = bool(decay) or warm
        now = network.state_dict()
        start = values or now
        self.values = {name: start[name].detach().clone().to(now[name].device) for name in now} if self.kept else {}

    @torch.no_grad()
    def update(self, step: int = 0) -> None:
        """After step number ``step`` of the optimiser; only a warm average asks for the number."""
        if not self.kept:
            return
        decay = min(self.decay, (1 + step) / (10 + step)) if self.warm else self.decay
        for name, value in self.network.state_dict().items():
            if self.averaged(name, value):
                self.values[name].lerp_(value, 1 - decay)
            else:
                self.values[name].copy_(value)

    def state(self) -> Values:
        """The averages, to be stored; empty where none are kept."""
        return {name: value.cpu().clone() for name, value in self.values.items()}

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network with the averages for parameters."""
        if not self.kept:
            yield
            return
        own = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.values)
        try:
            yield
        finally:
            self.network.load_state_dict(own)

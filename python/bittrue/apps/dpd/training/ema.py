"""Exponential moving average of a network's parameters: what is validated and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from bittrue.qat import Network

Values = dict[str, Tensor]


class Average:
    """``a <- decay * a + (1 - decay) * p`` after every step, beginning with ``a = p``; with decay 0, ``p`` itself.

    Parameters
    ----------
    network : Network
    decay : float
        0 to below 1.
    values : mapping, optional
        From `state`, to go on.
    """

    def __init__(self, network: Network, decay: float, values: Mapping[str, Tensor] | None = None) -> None:
        self.network, self.decay = network, decay
        now = network.state_dict()
        start = values or now
        self.values = {name: start[name].detach().clone().to(now[name].device) for name in now} if decay else {}

    @torch.no_grad()
    def update(self) -> None:
        """After a step of the optimiser."""
        if self.decay:
            for name, value in self.network.state_dict().items():
                self.values[name].lerp_(value, 1 - self.decay)

    def state(self) -> Values:
        """The averages, to be stored; empty with decay 0."""
        return {name: value.cpu().clone() for name, value in self.values.items()}

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network with the averages for parameters."""
        if not self.decay:
            yield
            return
        own = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.values)
        try:
            yield
        finally:
            self.network.load_state_dict(own)

"""The average of parameters that begins late: copies until a step, then a decay that grows to its most."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bittrue.kit.training.averaging import Average

POWER = 2 / 3


def floating(name: str, value: Tensor) -> bool:
    """Averages numbers, and copies counters and indices."""
    return value.is_floating_point()


class LateAverage(Average):
    """Every ``every`` steps ``a <- d a + (1 - d) p``, ``d = min(decay, 1 - (1 + e)^(-2/3))``, e steps after ``after``.

    Until then ``a <- p``.
    """

    def __init__(
        self, network: nn.Module, decay: float, after: int, every: int, values: Mapping[str, Tensor] | None = None
    ) -> None:
        super().__init__(network, decay, values, averaged=floating)
        self.most, self.after, self.every = decay, after, every

    @torch.no_grad()
    def update(self, step: int = 0) -> None:
        """After step number ``step``, counted from 1."""
        if step % self.every:
            return
        late = max(0, step - self.after - 1)
        decay = min(self.most, 1 - (1 + late) ** -POWER) if late else 0.0
        for name, value in self.network.state_dict().items():
            if self.averaged(name, value) and decay:
                self.values[name].lerp_(value, 1 - decay)
            else:
                self.values[name].copy_(value)

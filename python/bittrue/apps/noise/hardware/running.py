"""Running means of features over training steps: what is wrong with a net, told apart from the chance of a batch."""

from __future__ import annotations

from typing import Any

import torch

from bittrue.apps.noise.hardware.features import Features


class RunningFeatures:
    """Features of a batch with the values of a running mean and the gradients of the batch.

    After batch ``k`` (from 1) with features ``f_k`` the mean is ``m_k = m_(k-1) + a (f_k - m_(k-1))``,
    ``a = max(1 - memory, 1 / k)``. What `mixed` gives is ``m_k`` in value and ``f_k`` in derivative, so the gradient of
    ``(m_k - target)^2`` is ``2 (m_k - target) df_k``. The difference of a single batch is mostly chance, which has a
    gradient, too: towards signals whose features scatter less than the process's. That of the mean has
    ``(1 - memory) / (1 + memory)`` of its variance once it has settled (``1 / k`` before), and only the share ``a`` of
    the batch in it. Weights move meanwhile, so the mean is late by
    ``memory / (1 - memory)`` steps; with the falling rate of a stage that counts less and less.

    Parameters
    ----------
    memory : float
        0, a batch alone, to below 1.
    """

    def __init__(self, memory: float) -> None:
        self.memory, self.count = memory, 0
        self.means: list[Features] = []

    def mixed(self, found: list[Features]) -> list[Features]:
        """The next batch: features of every value, as they came and with the values of the mean."""
        if not self.memory:
            return found
        self.count += 1
        share = max(1.0 - self.memory, 1.0 / self.count)
        with torch.no_grad():
            before = self.means or found
            self.means = [
                {name: old[name].lerp(value, share) for name, value in own.items()}
                for own, old in zip(found, before, strict=True)
            ]
        return [
            {name: value + (mean[name] - value).detach() for name, value in own.items()}
            for own, mean in zip(found, self.means, strict=True)
        ]

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {"count": self.count, "means": [dict(one) for one in self.means]}

    def restore(self, state: dict[str, Any], targets: list[Features]) -> None:
        """Go on from what `state` gave. Raises `ValueError` where that is not of features as those of the targets."""
        count, means = state["count"], state["means"]
        if type(count) is not int or (count > 0) != bool(self.memory and means):
            raise ValueError(f"a running mean of {count!r:.40} batches")
        shapes = [{name: value.shape for name, value in one.items()} for one in targets]
        if means and [{name: value.shape for name, value in one.items()} for one in means] != shapes:
            raise ValueError("running means of another shape")
        self.count, self.means = count, [dict(one) for one in means]

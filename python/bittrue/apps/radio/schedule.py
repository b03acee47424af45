"""The learning rate over training, a falling power of what is left; the published floor, and the sane one.

Published: ``lr max((1 - i / N)^p, min_lr)``, so that the floor is ``lr min_lr``. Here:
``max(lr (1 - i / N)^p, min_lr)``.
"""

from __future__ import annotations

from bittrue.apps.radio.configuration import DIFFUSION, FIRST_STAGE
from bittrue.apps.radio.configuration_keys import Trainer

POWER = {FIRST_STAGE: 0.95, DIFFUSION: 0.96}
"""The exponent p by stage."""


def rate(step: int, trainer: Trainer, stage: str, origin_compatible: bool = False) -> float:
    """Learning rate of optimiser step ``step``, from 0."""
    left = float(max(0.0, 1 - step / trainer.train_num_steps) ** POWER[stage])
    if origin_compatible:
        return trainer.lr * max(left, trainer.min_lr)
    return max(trainer.lr * left, trainer.min_lr)

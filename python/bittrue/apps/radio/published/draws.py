"""Random numbers of a training: each draw has a generator of its own, made of the seed, what it is for, and the step.

So a state that a killed run goes on from holds no generators, and what is drawn does not depend on what was before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

ORDER, FLIPS, POSTERIOR, TIMES, NOISE, LAYERS, START, SAMPLE = range(8)
"""What a draw is for; `LAYERS` is dropout and the like, `START` the initial weights, `SAMPLE` maps that are drawn."""


def generator(*numbers: int) -> torch.Generator:
    """A generator on the CPU, the same for the same numbers."""
    return torch.Generator().manual_seed(_mixed(numbers))


@contextmanager
def layers(*numbers: int) -> Iterator[None]:
    """A block whose layers draw from PyTorch's own generators, which are put back behind it."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(_mixed(numbers))
        yield


def _mixed(numbers: tuple[int, ...]) -> int:
    return int(np.random.SeedSequence(list(numbers)).generate_state(1, np.uint64)[0] >> 1)

"""One row of a sweep, as a worker trains it: on a process of this machine or of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bittrue.apps.noise.gan.configuration import Configuration
from bittrue.apps.noise.gan.train import SECONDS, train
from bittrue.kit.training.distributed import Team


@dataclass(frozen=True)
class Work:
    """A run: its dictionary, and absolute paths of the data sets and of its folder."""

    given: dict[str, Any]
    datasets: str
    folder: str
    seconds: float = SECONDS


def run(work: Work) -> dict[str, Any]:
    """Train, and give what was measured; what a killed worker left is gone on from."""
    return train(Configuration(work.given), work.datasets, Path(work.folder), seconds=work.seconds, team=Team()).metrics

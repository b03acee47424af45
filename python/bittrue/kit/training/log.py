"""TensorBoard logs of a training: every loss of every epoch, ``tensorboard --logdir OUTPUT/logs``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Log:
    """Scalars by stage and epoch; nothing is written for the folder ``None`` or where tensorboard is not installed.

    A resumed run continues the curves: what a killed one logged beyond its last checkpoint is marked as superseded.

    Parameters
    ----------
    folder : path or None
        One folder a stage is made in it.
    """

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        self.folder = folder
        self.writers: dict[str, Any] = {}

    def scalars(self, stage: str, epoch: int, values: Mapping[str, float]) -> None:
        """Write values of a stage after so many epochs."""
        if writer := self._writer(stage, epoch):
            for name, value in values.items():
                writer.add_scalar(name, value, epoch)

    def histograms(self, stage: str, epoch: int, values: Mapping[str, Any]) -> None:
        """Write how tensors of a stage are spread after so many epochs."""
        if writer := self._writer(stage, epoch):
            for name, value in values.items():
                writer.add_histogram(name, value, epoch)

    def _writer(self, stage: str, epoch: int) -> Any:
        if self.folder is not None and stage not in self.writers:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                self.folder = None
                return None
            self.writers[stage] = SummaryWriter(str(Path(self.folder) / stage), purge_step=epoch)
        return self.writers.get(stage)

    def close(self) -> None:
        """Bring everything to disk."""
        for writer in self.writers.values():
            writer.close()
        self.writers.clear()

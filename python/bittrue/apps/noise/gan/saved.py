"""A trained generator from the folder of its run, ready to generate more, to be packaged or judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from bittrue.apps.noise.gan import generation, reading, resuming, run_folder
from bittrue.apps.noise.gan.generator import Generator
from bittrue.apps.noise.gan.plan import Plan, plan
from bittrue.apps.noise.gan.transform import FILE, Transform
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.kit.training import checkpoint
from bittrue.kit.training.threads import one_thread
from bittrue.limits import TEXT
from bittrue.readers import json_document

FIX = "train the run again"


@dataclass(frozen=True, eq=False)
class Saved:
    """A generator in evaluation mode, and the transform that brings its outputs back to signals."""

    generator: Generator
    transform: Transform

    @property
    def plan(self) -> Plan:
        """Configuration and shapes."""
        return self.transform.plan

    def signals(self, count: int, seed: int) -> npt.NDArray[Any]:
        """So many signals ``(count, L)``, float32 or complex64; the same for the same seed on one machine."""
        with one_thread():
            return generation.generated(self.generator, self.transform, count, seed, lambda doing, done, total: None)


def load(folder: str | Path) -> Saved:
    """The generator of a run, as far as it was trained.

    Raises `BadInput` where a file of the folder is missing, damaged, or does not belong to the others.
    """
    folder = Path(folder)
    path = folder / run_folder.RUN
    about = json_document(read_bytes(path, "the run", TEXT), f"the run {path}")
    signal = about.get("signal") if isinstance(about, dict) else None
    length = signal.get("length") if isinstance(signal, dict) else None
    if type(length) is not int or not 1 <= length <= 1 << 24:
        raise BadInput(f"{path} does not say how long signals are; {FIX}")
    configuration = reading.load(folder / run_folder.CONFIGURATION)
    made = plan(configuration, length, bool(signal and signal.get("complex")))
    transform = Transform.read(made, folder / FILE)
    file = folder / run_folder.CHECKPOINT
    state = checkpoint.read(file, resuming.VERSION, FIX)
    resuming.same(file, state.get("recipe"), resuming.identity(made))
    generator = Generator(made, transform.limit)
    with checkpoint.fitting(file, FIX):
        generator.load_state_dict(state["generator"])
    return Saved(generator.eval(), transform)

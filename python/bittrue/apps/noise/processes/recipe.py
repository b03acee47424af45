"""Recipe of a set of one process, as the writer of sets takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import bittrue
from bittrue.apps.noise.processes import drawing
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.apps.noise.processes.law import Fixed
from bittrue.apps.noise.processes.names import Source
from bittrue.apps.noise.processes.process import Real
from bittrue.apps.noise.processes.shot import Shot

LENGTH = 4096
"""Samples of a signal where nothing is said."""


@dataclass(frozen=True)
class ProcessRecipe:
    """A set of a process: `bittrue.apps.noise.dataset_writing.Recipe`."""

    source: Source

    is_complex = False

    @property
    def folder(self) -> str:
        """``FGN/FGN_fixed_H70``."""
        return self.source.folder

    def length(self, wanted: int | None) -> int:
        """``wanted``, or `LENGTH`. Raises `BadInput` beyond the limits."""
        length = LENGTH if wanted is None else wanted
        drawing.check(1, length)
        return length

    def chunks(self, count: int, length: int, seed: int, part: int) -> Iterator[tuple[Real, Real]]:
        """Labels and signals."""
        return drawing.chunks(self.source.process, self.source.law, count, length, seed, part)

    def scales(self, low: float, high: float) -> Mapping[str, float]:
        """As the public layout calls them."""
        return {"max_0": high, "min_0": low}

    def documents(self, train: int, test: int, length: int, seed: int) -> Mapping[str, Any]:
        """noise_params.json, and of bands sos_coeffs.json.

        The keys are the public ones, then the seed, all settings of the process, and who wrote it.
        """
        process, law = self.source.process, self.source.law
        value = law.at if isinstance(law, Fixed) else None
        band = isinstance(process, Bandpass)
        about = {
            "num_train_samples": train,
            "num_test_samples": test,
            "signal_length": length,
            "noise_type": process.TYPE,
            "param_distrib": ("single" if value is not None else "multiple") if band else self.source.law_name,
            "param_value": None if band else value,
            "num_bands": process.bands if isinstance(process, Bandpass) else 8,
            "band_index": int(value) if band and value is not None else None,
            "pulse_type": process.pulse if isinstance(process, Shot) else None,
            "amp_distrib": process.amplitude if isinstance(process, Shot) else None,
            "seed": seed,
            "settings": asdict(process),
            "written_by": f"bittrue {bittrue.__version__}",
        }
        files: dict[str, Any] = {"noise_params.json": about}
        if isinstance(process, Bandpass):
            files["sos_coeffs.json"] = {str(k): process.sections(k).tolist() for k in range(process.bands)}
        return files

"""The Hurst index: what the three processes with a power law have in common."""

from __future__ import annotations

from collections.abc import Mapping

from bittrue.apps.noise.processes.law import Law, Multimodal, Uniform, spaced
from bittrue.apps.noise.processes.process import Parameter

LOW, HIGH = 0.01, 0.99

HURST = Parameter("H", "H", LOW, HIGH, 0.7, (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95))
"""H < 1/2: increments that take turns; H = 1/2: white; H > 1/2: long-range dependence."""


def laws() -> Mapping[str, Law]:
    """The laws of H in the public sets: the whole range, its lower and its upper half."""

    def modes(first: float, last: float, count: int) -> Law:
        return Multimodal(spaced(first, last, count), 0.025, LOW, HIGH)

    return {
        "uniform": Uniform(LOW, HIGH),
        "uniform_low": Uniform(LOW, 0.49),
        "uniform_high": Uniform(0.5, HIGH),
        "multimodal": modes(0.05, 0.95, 10),
        "multimodal_low": modes(0.05, 0.45, 5),
        "multimodal_high": modes(0.55, 0.95, 5),
    }

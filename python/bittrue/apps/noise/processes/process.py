"""A stochastic process with one parameter that a set may vary, and settings that stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.processes.law import Law
from bittrue.errors import BadInput, amount, shown
from bittrue.kit.bounds import Section

Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """The parameter that a set may vary from signal to signal.

    Parameters
    ----------
    key : str
        As ``--set`` takes it: ``"H"``.
    tag : str
        In front of hundred times its value in the name of a set: ``FGN_fixed_H70``.
    low, high : float
        Where the process exists, both allowed.
    typical : float
        The value where nothing is said.
    published : tuple of float
        The values of the published sets.
    """

    key: str
    tag: str
    low: float
    high: float
    typical: float
    published: tuple[float, ...] = ()


@dataclass(frozen=True)
class Process(Section):
    """A process; its fields are the settings, its parameter is given with every signal."""

    TYPE: ClassVar[str]
    """Name of the folder of its sets."""
    PARAMETER: ClassVar[Parameter]

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """One signal of the parameter ``value``: float64 ``(length,)``, all its random numbers from ``generator``."""
        raise NotImplementedError

    def label(self, value: float) -> float:
        """What stands in column 0 of a set for this value of the parameter."""
        return value

    def laws(self) -> Mapping[str, Law]:
        """The laws of the parameter that have a name in the public layout, besides ``fixed``."""
        return {}

    @property
    def stem(self) -> str:
        """The name of a set before the law: ``FGN``, ``shot_gaussian_exponential``."""
        return self.TYPE

    def check(self, value: float) -> None:
        """Raises `BadInput` where the process does not exist for this value."""
        wanted = self.PARAMETER
        if not wanted.low <= value <= wanted.high:
            raise BadInput(
                f"{wanted.key} of {self.TYPE} is {shown(value)}; it must be {amount(wanted.low)} to "
                f"{amount(wanted.high)}"
            )

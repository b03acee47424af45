"""Bounds of a recipe's numbers, written into their types."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from bittrue.errors import BadInput, amount, shown

SEEDS = (1 << 32) - 1
"""Largest seed."""


@dataclass(frozen=True)
class Within:
    """The annotation of a number, or of a tuple of numbers: ``least`` to ``most``, both allowed; None passes.

    Parameters
    ----------
    least, most : float
    says : str
        What a complaint says in front of the bounds.
    """

    least: float
    most: float = math.inf
    says: str = "it must be"

    def check(self, name: str, value: Any) -> None:
        """Raises `BadInput` for a value beyond the bounds; what is no number fails too."""
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None and not self.least <= one <= self.most:
                least, most = amount(self.least), amount(self.most)
                beyond = f"{least} to {most}" if self.most < math.inf else f"at least {least}"
                raise BadInput(f"{name} is {shown(value)}; {self.says} {beyond}")


Count = Annotated[int, Within(1)]
Whole = Annotated[int, Within(0)]
Weight = Annotated[float, Within(0)]
Share = Annotated[float, Within(0, 1)]
Seed = Annotated[int, Within(0, SEEDS)]


class Section:
    """A dataclass whose fields have bounds in their types; those with more checks call ``super().__post_init__()``."""

    def __post_init__(self) -> None:
        for name, bounds in bounds_of(type(self)).items():  # type: ignore[arg-type]  # classes are hashable
            bounds.check(name, getattr(self, name))


@cache
def bounds_of(kind: type[Any]) -> dict[str, Within]:
    """The bounds of a class's fields by name, of those that have some."""
    hints = {n: hint for n, hint in get_type_hints(kind, include_extras=True).items() if get_origin(hint) is Annotated}
    return {name: note for name, hint in hints.items() for note in get_args(hint)[1:] if isinstance(note, Within)}

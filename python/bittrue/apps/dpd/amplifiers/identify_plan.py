"""The recipe of a recurrent amplifier model, as a TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from bittrue.apps.dpd.recipe import WIDEST, placed
from bittrue.apps.dpd.recipe_text import located, suffixed
from bittrue.apps.dpd.shelves import AMPLIFIERS
from bittrue.kit.bounds import Section, Within
from bittrue.kit.recipes import Recipes, check_name, with_line
from bittrue.kit.schema import LARGEST

BUILTIN = "pa-gru"
ZERO, ONE = Within(0, LARGEST), Within(1, LARGEST)
Size = Annotated[int, Within(1, WIDEST)]


@dataclass(frozen=True)
class Plan(Section):
    """The recipe of a recurrent amplifier model.

    Parameters
    ----------
    name, capture : str
        Of the folder; data set, or folder of a capture.
    hidden, gains, taps : int
        See `bittrue.apps.dpd.amplifiers.recurrent.Recurrent`.
    seed : int
    updates, batch : int
        Steps of Adam, and windows of a step.
    warm, window : int
        Samples of a window that only fill the state, and those behind them that count.
    rate : float
        Learning rate; it falls to zero along half a cosine.
    flat : float
        Weight of the prior that the small-signal gain is flat outside the excited band, as in `pa.Settings`.
    validate_every : int
        Updates between looks at the validation split; the best parameters seen are kept.
    """

    name: str
    capture: str
    hidden: Size = 32
    gains: Size = 12
    taps: Size = 32
    seed: Annotated[int, ZERO] = 1
    updates: Annotated[int, ONE] = 8000
    batch: Size = 64
    warm: Annotated[int, ZERO] = 40
    window: Annotated[int, ONE] = 64
    rate: Annotated[float, ZERO] = 5e-3
    flat: Annotated[float, ZERO] = 1e-3
    validate_every: Annotated[int, ONE] = 250
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        super().__post_init__()


plan = Recipes(AMPLIFIERS, Plan, placed).named
"""The recipe ``"pa-gru"`` that is built in, or that of a TOML file, whose capture may lie beside it."""


def retargeted(plan: Plan, capture: str) -> Plan:
    """The recipe for another capture, a folder or a data set, under a name of both. Raises `BadInput` for neither."""
    where = located(capture)
    return with_line(with_line(plan, "capture", where), "name", suffixed(plan.name, where))

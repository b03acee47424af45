"""The recipe of a recurrent amplifier model, as a TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field

from bittrue.apps.dpd.recipe import WIDEST, between, placed, with_word
from bittrue.apps.dpd.recipe_text import located, suffixed
from bittrue.recipes import SHELVES, check_name
from bittrue.schema import LARGEST

SHELF = SHELVES["pa"]
BUILTIN = "pa-gru"


@dataclass(frozen=True)
class Plan:
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
    hidden: int = 32
    gains: int = 12
    taps: int = 32
    seed: int = 1
    updates: int = 8000
    batch: int = 64
    warm: int = 40
    window: int = 64
    rate: float = 5e-3
    flat: float = 1e-3
    validate_every: int = 250
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        between(self, 1, WIDEST, "hidden", "gains", "taps", "batch")
        between(self, 1, LARGEST, "updates", "window", "validate_every")
        between(self, 0, LARGEST, "seed", "warm", "rate", "flat")


def plan(source: str) -> Plan:
    """The recipe ``"pa-gru"`` that is built in, or that of a TOML file, whose capture may lie beside it.

    Raises `BadInput`, naming the key, for anything that is not a recipe.
    """
    content, what, path = SHELF.find(source)
    built: Plan = SHELF.parse(Plan, content, what)
    return built if path is None else placed(built, path)


def retargeted(plan: Plan, capture: str) -> Plan:
    """The recipe for another capture, a folder or a data set, under a name of both. Raises `BadInput` for neither."""
    where = located(capture)
    return with_word(with_word(plan, "capture", where), "name", suffixed(plan.name, where))

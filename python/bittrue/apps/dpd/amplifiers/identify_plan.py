"""The recipe of a recurrent amplifier model, as a TOML file."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from importlib import resources

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.schema import build

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
        for name in ("hidden", "gains", "taps", "updates", "batch", "window", "validate_every"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least 1")


def plan(source: str) -> Plan:
    """The recipe ``"pa-gru"`` that is built in, or that of a TOML file. Raises `BadInput`, naming the key."""
    if source == BUILTIN:
        text = (resources.files("bittrue.apps.dpd") / "recipes" / "amplifiers" / f"{BUILTIN}.toml").read_bytes()
    else:
        text = read_bytes(source, "the recipe")
    try:
        table = tomllib.loads(text.decode())
    except ValueError as error:
        raise BadInput(f"{source} is not TOML ({error}); correct that line") from None
    try:
        built: Plan = build(Plan, table, hidden=("text",))
        return replace(built, text=text.decode())
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from None

"""The C that makes an output word of an accumulator."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.emit.c.site import requantise
from bittrue.emit.c.text import element_type
from bittrue.num import Format
from bittrue.spec import Abs, Activation, LeakyReLU, ReLU


@dataclass(frozen=True)
class Activated:
    """C expression ``result`` of the variable ``acc``, the same for readers in ``about``, and the helpers it calls."""

    result: str
    about: str
    helpers: frozenset[str]


def activate(activation: Activation, shift: int, output: Format) -> Activated:
    """The activation and the rounding of ``acc``, which has ``shift`` fractional bits more than ``output``."""
    value, amount, how = "acc", str(shift), "linear"
    if isinstance(activation, Abs):
        rounded = f"requantise({value}, {amount}, {output.lo}, {output.hi})"
        result = f"({element_type(output)})magnitude({rounded}, {output.hi})"
        about = f"min(|requantise({value}, {amount})|, {output.hi}), absolute value"
        return Activated(result, about, frozenset({"requantise", "magnitude"}))
    if isinstance(activation, ReLU):
        value, how = "acc > 0 ? acc : 0", "ReLU"
    elif isinstance(activation, LeakyReLU):
        amount = f"acc < 0 ? {shift + activation.shift} : {shift}"
        how = f"leaky ReLU with slope 2^-{activation.shift}"
    about = f"requantise({value}, {amount}), {how}"
    return Activated(requantise(value, amount, output), about, frozenset({"requantise"}))

"""The C that makes an output word of an accumulator."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.emit.c.site import Rounding
from bittrue.emit.c.text import element_type
from bittrue.num import Format
from bittrue.spec import Abs, Activation, LeakyReLU, ReLU


@dataclass(frozen=True)
class Activated:
    """C expression ``result`` of the variable ``acc``, the same for readers in ``about``, and the helpers it calls."""

    result: str
    about: str
    helpers: frozenset[str]


def activate(activation: Activation, shift: int, output: Format, acc: str = "int64_t") -> Activated:
    """The activation and the rounding of the variable ``acc``, of the type that ``acc`` names.

    It has ``shift`` fractional bits more than ``output``.
    """
    value, amount, how, most = "acc", str(shift), "linear", shift
    if isinstance(activation, ReLU):
        value, how = "acc > 0 ? acc : 0", "ReLU"
    elif isinstance(activation, LeakyReLU):
        most = shift + activation.shift
        amount = f"acc < 0 ? {most} : {shift}"
        how = f"leaky ReLU with slope 2^-{activation.shift}"
    rounding = Rounding.of(acc, (shift, most), output)
    if isinstance(activation, Abs):
        result = f"({element_type(output)})magnitude({rounding.rounded(value, amount)}, {output.hi})"
        about = f"min(|requantise({value}, {amount})|, {output.hi}), absolute value"
        return Activated(result, about, frozenset({rounding.helper, "magnitude"}))
    about = f"requantise({value}, {amount}), {how}"
    return Activated(rounding.word(value, amount), about, frozenset({rounding.helper}))

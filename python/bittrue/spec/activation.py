"""Activations that are folded into the output shift of the layer before them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bittrue.errors import BadInput, shown
from bittrue.num.arrays import integer


@dataclass(frozen=True)
class Linear:
    """``y = requantise(acc, s)``: the saturating linear output."""

    negative_shift = 0


@dataclass(frozen=True)
class ReLU:
    """``y = requantise(max(acc, 0), s)``."""

    negative_shift = None


@dataclass(frozen=True)
class LeakyReLU:
    """``y = requantise(acc, s)`` for ``acc >= 0``, ``requantise(acc, s + shift)`` below: slope ``2**-shift``.

    The slope is part of the one rounding of the neuron; there is no second one.
    """

    shift: int

    def __post_init__(self) -> None:
        shift = integer(self.shift)
        if shift is None or not 1 <= shift <= 15:
            raise BadInput(f"a leaky ReLU has slope 2^-1 to 2^-15, not 2^-{shown(self.shift)}; use Linear for slope 1")
        object.__setattr__(self, "shift", shift)

    @property
    def negative_shift(self) -> int:
        return self.shift


@dataclass(frozen=True)
class Abs:
    """``y = min(|requantise(acc, s)|, hi)``: clamped first, so that the code ``lo`` becomes ``hi``.

    The MAX78002 does it in this order (ai8x documentation, "activation functions").
    """

    negative_shift = 0


Activation = Linear | ReLU | LeakyReLU | Abs
"""``negative_shift`` of each: how much further a negative accumulator is shifted; ``None`` clears it."""


def to_json(activation: Activation) -> str:
    """``"linear"``, ``"relu"``, ``"abs"`` or ``"leaky_relu/K"`` with slope ``2**-K``."""
    if isinstance(activation, LeakyReLU):
        return f"leaky_relu/{activation.shift}"
    return type(activation).__name__.lower()


def of(value: Activation | str, what: str) -> Activation:
    """An activation as it is, or what `from_json` reads of its text. Raises `BadInput`, naming ``what``, otherwise."""
    if isinstance(value, Activation):
        return value
    try:
        return from_json(value)
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None


def from_json(text: object) -> Activation:
    """Inverse of `to_json`. Raises `BadInput` for an unknown activation."""
    plain: dict[str, Activation] = {"linear": Linear(), "relu": ReLU(), "abs": Abs()}
    if isinstance(text, str):
        if text in plain:
            return plain[text]
        kind, _, shift = text.partition("/")
        if kind == "leaky_relu" and re.fullmatch("[0-9]{1,3}", shift):
            return LeakyReLU(int(shift))
    raise BadInput(
        f"unknown activation {shown(text)}; known are 'linear', 'relu', 'abs' and 'leaky_relu/K' (slope 2^-K)"
    )

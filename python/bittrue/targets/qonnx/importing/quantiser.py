"""The Quant node: what it asks for, and what it makes of constants and of words that are listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.targets.qonnx.importing.dyadic import half_even, power_of_two
from bittrue.targets.qonnx.importing.model import Operation
from bittrue.targets.qonnx.importing.values import Array, Known

ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "ROUND": half_even,
    "HALF_EVEN": half_even,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "DOWN": np.fix,
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
}
"""As qonnx defines them."""
BITS = 62
"""Most bits of a word that are read."""


@dataclass(frozen=True)
class Quantiser:
    """Parameters of a Quant node: ``clamp(round(x / scale), lo, hi) * scale`` with a zero point of 0.

    ``name`` is what messages call it, ``result`` what its layer may be called.
    """

    scale: Array
    bits: int
    signed: bool
    narrow: bool
    rounding: str
    name: str
    result: str

    @classmethod
    def of(cls, node: Operation, numbers: list[Array]) -> Quantiser:
        """Those of a node, whose inputs behind the first are ``numbers``. Raises `BadInput` where they are none."""
        if len(numbers) != 3:
            raise BadInput(
                f"{node} has {len(numbers)} parameters; a scale, a zero point and a number of bits are needed"
            )
        scale, zero, bits = numbers
        rounding = str(node.attributes.get("rounding_mode", "ROUND")).upper()
        if rounding not in ROUNDINGS:
            raise BadInput(f"{node} rounds {shown(rounding)}; known are {', '.join(ROUNDINGS)}")
        if zero.size != 1 or float(zero.reshape(-1)[0]):
            raise BadInput(f"{node} has a zero point that is not 0; quantise symmetrically")
        number = float(bits.reshape(-1)[0]) if bits.size == 1 else 0.0
        if not 1 <= number <= BITS or number != int(number):
            raise BadInput(f"{node} has {shown(bits.tolist())} bits; give one whole number from 1 to {BITS}")
        if not scale.size or not (scale > 0).all():
            raise BadInput(f"{node} has a scale that is not positive; export it again")
        signed, narrow = (bool(node.attributes.get(key, 1)) for key in ("signed", "narrow"))
        return cls(scale, int(number), signed, narrow, rounding, str(node), node.result)

    @property
    def lo(self) -> int:
        """Smallest code."""
        return -(1 << (self.bits - 1)) + self.narrow if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest code."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1 - self.narrow

    @property
    def format(self) -> Format | None:
        """The signed format that holds the codes, or None for scales that are not one power of two."""
        exponent = power_of_two(self.scale)
        return None if exponent is None else Format(self.bits + (not self.signed), -exponent)

    def codes(self, values: Array) -> Array:
        """Codes as qonnx computes them, in the type of ``values`` (a signed bit is -1 or 1)."""
        with np.errstate(over="ignore"):  # what becomes infinite saturates
            scaled = values / self.scale.astype(values.dtype)
        if self.bits == 1 and self.signed:  # as qonnx does it
            signs: Array = np.copysign(np.ones_like(scaled), scaled + 0)
            return signs
        ends = scaled.dtype.type(self.lo), scaled.dtype.type(self.hi)
        rounded: Array = ROUNDINGS[self.rounding](np.clip(scaled, *ends))
        return rounded

    def constant(self, known: Known) -> Known:
        """A constant behind the node."""
        array = known.array if known.array.dtype == np.float64 else known.array.astype(np.float32)
        if np.broadcast_shapes(array.shape, self.scale.shape) != array.shape:
            raise BadInput(f"{self.name} has scales of shape {self.scale.shape} for {array.shape} weights; match them")
        codes = self.codes(array)
        fmt = self.format
        if fmt is not None and (codes.min() < fmt.lo or codes.max() > fmt.hi):  # a signed bit
            fmt = Format(2, fmt.frac)
        return Known((codes * self.scale.astype(codes.dtype)).astype(np.float32), fmt)

"""What `Dense` and the convolutions share: weights, a bias, an activation, and the one rounding of a weighted sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec.activation import Activation, Linear
from bittrue.spec.layer import Layer, frozen_codes


@dataclass(frozen=True, eq=False)
class Weighted(Layer):
    """``y = requantise(activation(acc), shift)`` with ``acc = bias + sum(weight * x)``.

    The accumulator has ``x.frac + weight_format.frac`` fractional bits, and the bias as many.
    """

    weight: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]
    weight_format: Format
    output: Format
    activation: Activation = field(default_factory=Linear)

    #: Axes of ``weight``.
    weight_axes: ClassVar[int] = 2
    #: What the first axis of ``weight`` counts, in messages: ``(one, many)``.
    counted: ClassVar[tuple[str, str]] = ("row", "rows of weights")

    def __post_init__(self) -> None:
        super().__post_init__()
        name, (one, many) = type(self).__name__, self.counted
        weight = self.weight_format.check(self.weight, f"{name}.weight")
        object.__setattr__(self, "weight", frozen_codes(weight, self.weight_axes, f"{name}.weight"))
        object.__setattr__(self, "bias", frozen_codes(self.bias, 1, f"{name}.bias"))
        if len(self.bias) != len(self.weight):
            raise BadInput(f"{name} has {len(self.weight)} {many} and {len(self.bias)} biases; give one a {one}")

    def acc_frac(self, given: Format) -> int:
        """Fractional bits of the accumulator and the bias, for inputs of format ``given``."""
        return given.frac + self.weight_format.frac

    def shift(self, given: Format) -> int:
        """``s``: fractional bits that the requantisation drops, for inputs of format ``given``."""
        return self.acc_frac(given) - self.output.frac

"""From sums of products to output codes: in the floating point that carries the sums where it holds every step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.num import Format
from bittrue.ref.activate import activate
from bittrue.ref.products import bound, carrier
from bittrue.spec import Abs, Activation, LeakyReLU, ReLU, Weighted

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Finish:
    """``activate(sums + bias, shift, activation, output)`` for sums in the type that carries them.

    Where that type holds ``acc = sums + bias`` and the half that rounds, weights and biases are multiplied by
    ``2**-shift`` before anything is summed. It changes their exponents alone, so all is as exact as before, and what is
    left is to cut off ``acc * 2**-shift + 1/2``. Elsewhere they are summed as they are, and end in int64.

    Parameters
    ----------
    largest : int
        No partial sum is larger in magnitude, whether it begins with the bias or not.
    shift : int
        Fractional bits of the sums that ``output`` does not have.
    """

    largest: int
    shift: int
    activation: Activation
    output: Format

    @classmethod
    def of(cls, layer: Weighted, given: Format) -> Finish:
        """That of a layer on inputs of a format."""
        largest = bound(layer.weight.reshape(len(layer.weight), -1), given)
        largest += max(int(layer.bias.max()), -int(layer.bias.min()))
        return cls(largest, layer.shift(given), layer.activation, layer.output)

    @property
    def slope(self) -> int:
        """``k`` of the factor ``2**-k`` below zero."""
        return self.activation.shift if isinstance(self.activation, LeakyReLU) else 0

    @cached_property
    def scaled(self) -> bool:
        """Whether floating point holds every step."""
        return self.shift > 0 and carrier(self._reach) is not np.int64

    @cached_property
    def kind(self) -> Any:
        """The type that carries the sums."""
        return carrier(self._reach if self.scaled else self.largest)

    @property
    def _reach(self) -> int:
        return self.largest + (1 << max(self.shift + self.slope - 1, 0))

    def weights(self, codes: Codes) -> Any:
        """Weights as they are multiplied."""
        return (codes * 2.0**-self.shift if self.scaled else codes).astype(self.kind)

    def biases(self, codes: Codes) -> Any:
        """Biases as they are added, with the half that rounds."""
        return (codes * 2.0**-self.shift + 0.5 if self.scaled else codes).astype(self.kind)

    def codes(self, sums: Any, bias: Any) -> Any:
        """The output codes, in any type that holds them, of sums (overwritten) and of biases that stretch to them."""
        sums += bias
        if not self.scaled:
            return activate(sums.astype(np.int64), self.shift, self.activation, self.output)
        if self.slope:
            steep = 2.0**-self.slope
            sums = np.maximum(sums, sums * steep + (0.5 - 0.5 * steep))  # the half is not made smaller
        lo = 0 if isinstance(self.activation, ReLU) else self.output.lo
        np.clip(sums, lo, self.output.hi, out=sums)
        if lo < 0:  # what is not below 0 is cut off as it becomes an integer
            np.floor(sums, out=sums)
        return np.minimum(np.abs(sums), self.output.hi) if isinstance(self.activation, Abs) else sums

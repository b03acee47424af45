"""What a tensor of the graph is while it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Activation, Layer, Linear, TensorType

Array = npt.NDArray[Any]
MAPPED = 16
"""Most bits of a word whose values are listed one by one."""


@dataclass(frozen=True)
class Known:
    """A constant; ``format`` is that of the Quant node behind which it stood."""

    array: Array
    format: Format | None = None


@dataclass(frozen=True)
class Given:
    """An input of the graph that no Quant node has given a format yet; ``shape`` without the samples."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Coded:
    """A tensor of the net: codes of ``type.format``."""

    name: str
    type: TensorType


@dataclass(frozen=True)
class Mapped:
    """A function of one word: ``values[code - lo]`` for every code of ``source``, as a float32 executor computes it."""

    source: Coded
    values: Array

    @classmethod
    def of(cls, source: Coded, what: str) -> Mapped:
        """The word itself. Raises `BadInput` where it has more than `MAPPED` bits."""
        fmt = source.type.format
        if fmt.bits > MAPPED:
            raise BadInput(f"{what} works on words of {fmt.bits} bits, and a table takes {MAPPED}; quantise them first")
        return cls(source, np.ldexp(np.arange(fmt.lo, fmt.hi + 1).astype(np.float32), -fmt.frac))


@dataclass(frozen=True)
class Sums:
    """Sums that are not rounded yet: of weights and a tensor, or of several tensors.

    Parameters
    ----------
    build : callable
        ``(weight codes, bias codes, weight format, output, activation)`` to a layer; without weights, the class of the
        layer that joins tensors.
    sources : tuple of Coded
    shape : tuple of int
        Of the result, without samples.
    frac : int
        Fractional bits of the sources' part of the accumulator.
    weight : float64 array (O, ...), optional
    bias : float64 array (O,), or 0-d without weights
    activation : Linear, ReLU or LeakyReLU
    after : float
        Added behind the activation.
    """

    build: Callable[..., Layer]
    sources: tuple[Coded, ...]
    shape: tuple[int, ...]
    frac: int
    weight: Array | None = None
    format: Format | None = None
    bias: Array = field(default_factory=lambda: np.zeros(()))
    activation: Activation = field(default_factory=Linear)
    after: float = 0.0

    def but(self, **changes: Any) -> Sums:
        """The same with changes."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Mean:
    """Means of windows: `pool` cuts them off toward zero, `sums` has them exactly where it is not None."""

    pool: Layer
    source: Coded
    sums: Sums | None


@dataclass(frozen=True)
class Turned:
    """``value`` with its axes, samples among them, in the order ``perm``."""

    value: Value
    perm: tuple[int, ...]


@dataclass(frozen=True)
class Shuffled:
    """A vector whose element ``i`` is element ``order[i]`` of ``value``."""

    value: Value
    order: Array


Value = Known | Given | Coded | Mapped | Sums | Mean | Turned | Shuffled

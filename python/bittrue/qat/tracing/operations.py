"""What a traced module is made of: float operations, each a layer of a net once its formats are chosen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Activation, Constant, Eltwise, Layer, Linear, Table, TensorType, Weighted

Real = npt.NDArray[np.float64]

BIAS_BITS = 52
"""A bias saturates at this width, as in training."""


@dataclass(frozen=True)
class Chosen:
    """The formats of one operation: of its result, and of its weights where it has some."""

    output: Format
    weight: Format | None = None


class Operation(ABC):
    """A float function of one or more tensors, and the layer that computes it in integers."""

    keeps: ClassVar[bool] = False
    """Whether the result has the format of what it is made of, because codes are moved or compared."""

    @abstractmethod
    def layer(self, given: Sequence[TensorType], chosen: Chosen) -> Layer:
        """The layer on inputs of the given types. Raises `BadInput` where it cannot take them."""


@dataclass
class Sum(Operation):
    """A weighted sum: a matrix, or a convolution.

    Parameters
    ----------
    kind : type of Weighted
    weight : float64 array
        As the layer has it: of a transposed convolution the kernel of the convolution that it is.
    bias : float64 array (O,)
    options : dict
        Padding, stride and so on, as the layer takes them.
    activation : Activation
    frozen : set of str
        ``"weight"``, ``"bias"``: what is not trained, because it is none of the module's parameters.
    """

    kind: type[Weighted]
    weight: Real
    bias: Real
    options: dict[str, Any] = field(default_factory=dict)
    activation: Activation = field(default_factory=Linear)
    frozen: frozenset[str] = frozenset()

    def layer(self, given: Sequence[TensorType], chosen: Chosen) -> Weighted:
        fmt = chosen.weight or Format(16, 8)
        bias = Format(BIAS_BITS, given[0].format.frac + fmt.frac).encode(self.bias)
        make: Any = self.kind
        made: Weighted = make(fmt.encode(self.weight), bias, fmt, chosen.output, self.activation, **self.options)
        return made

    def scale(self, factor: Real, offset: Real) -> None:
        """Compute ``factor * y + offset`` from now on, one number a channel: batch norm, say."""
        self.weight = self.weight * factor.reshape(-1, *(1,) * (self.weight.ndim - 1))
        self.bias = self.bias * factor + offset


@dataclass
class Kept(Operation):
    """A layer that needs no format: a pool, or one that moves values."""

    made: Layer
    keeps: ClassVar[bool] = True

    def layer(self, given: Sequence[TensorType], chosen: Chosen) -> Layer:
        return self.made


@dataclass
class Combined(Operation):
    """Two or more tensors, element by element."""

    kind: type[Eltwise]

    def layer(self, given: Sequence[TensorType], chosen: Chosen) -> Layer:
        return self.kind(chosen.output)


@dataclass
class Pointwise(Operation):
    """A function of one number, such as tanh: a table."""

    function: Callable[[Tensor], Tensor]

    def layer(self, given: Sequence[TensorType], chosen: Chosen) -> Layer:
        fmt = given[0].format
        if fmt.bits > 16:
            raise BadInput(f"a table of {fmt} words has 2^{fmt.bits} entries; give its input 16 bits or fewer")
        codes = np.arange(fmt.lo, fmt.hi + 1)
        with torch.no_grad():
            found = self.function(torch.from_numpy(fmt.decode(codes)))
        return Table(chosen.output.encode(found.numpy()), chosen.output)


@dataclass
class Fixed(Operation):
    """The same numbers for every sample."""

    values: Real

    def layer(self, given: Sequence[TensorType], chosen: Chosen) -> Layer:
        return Constant(chosen.output.encode(self.values), chosen.output)

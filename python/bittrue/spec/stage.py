"""Stage: what an 8-bit CNN accelerator calls a layer.

A stage is an optional pooling, then a convolution or a matrix or nothing, a bias byte a channel, a shift, a clamp to
8 bits, an activation. It takes the stage before it or others, whose channels it joins or that it combines element by
element.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.spec.activation import Activation, Linear
from bittrue.spec.arranging import Concat
from bittrue.spec.conv import Conv1d, Conv2d
from bittrue.spec.conv_transpose import ConvTranspose2d
from bittrue.spec.dense import Dense
from bittrue.spec.eltwise import Add, BitwiseOr, BitwiseXor, Sub
from bittrue.spec.layer import Layer
from bittrue.spec.pool import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d, Pool1d, Pool2d
from bittrue.spec.weighted import Weighted

Codes = npt.NDArray[np.int64]
Numbers: TypeAlias = Any
"""An int, or a tuple of one an axis; not a union, as code for one axis counts with the number itself."""

DATA = Format(8, 7)
"""Format of every tensor between stages."""

WIDE_BITS = 32
BIAS_STEP = 128
"""Accumulator units of a bias byte: ``1.0 * 1.0`` is ``128 * 128`` there, and ``128`` as a weight."""

SHIFT_LIMIT = 15
"""Largest magnitude of the total shift: four bits and a direction."""

Operation = Literal["conv1d", "conv2d", "convtranspose2d", "linear", "none"]
RANKS: dict[Operation, int] = {"conv1d": 1, "conv2d": 2, "convtranspose2d": 2}
"""Axes behind the channels that an operation walks along; the others take what there is."""

Join = Literal["concat", "add", "sub", "xor", "or"]
_JOINS: dict[str, Callable[[Format], Layer]] = {
    "concat": lambda _: Concat(),
    "add": Add,
    "sub": Sub,
    "xor": lambda _: BitwiseXor(),
    "or": lambda _: BitwiseOr(),
}
_POOLS: dict[tuple[str, int], type[Pool1d] | type[Pool2d]] = {
    ("max", 1): MaxPool1d,
    ("avg", 1): AvgPool1d,
    ("max", 2): MaxPool2d,
    ("avg", 2): AvgPool2d,
}


@dataclass(frozen=True)
class Pool:
    """A maximum or an average (cut off toward zero) over a window of ``size`` samples.

    ``size``, ``stride`` and ``dilation`` are a number an axis, or one for all axes.
    """

    kind: Literal["max", "avg"]
    size: Numbers
    stride: Numbers
    dilation: Numbers = 1

    def __post_init__(self) -> None:
        if self.kind not in ("max", "avg"):
            raise BadInput(f"a pooling is of kind {shown(self.kind)}; give 'max' or 'avg'")

    def layer(self, rank: int = 1) -> Layer:
        """The layer that means the same on tensors of ``rank`` axes behind the channels, 1 or 2."""
        kind = _POOLS[self.kind, rank]
        return kind(self.size, self.stride, self.dilation)


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage, in integers: ``acc = sum(w * x) + 128 * b``, ``y = clamp(floor(acc * 2**shift / 128 + 1/2))``.

    Before that, what it takes is joined and pooled: an element-wise join is of full precision and clamped to 8 bits
    once, an average is cut off toward zero.

    Parameters
    ----------
    name : str
        Becomes the name of its last node. What goes before are ``<name>_concat``, ``<name>_reshape``, ``<name>_pool``,
        ``<name>_add`` (or ``_sub``, ``_xor``, ``_or``) and ``<name>_flatten``, numbered where there is one an operand.
    operation : "conv1d", "conv2d", "convtranspose2d", "linear" or "none"
        "linear" takes all of a sample as one vector, in PyTorch's order; "none" passes (joined, pooled) data through.
    weight : int64 array (O, C / groups, *K) or (O, I), optional
        Codes of ``bits`` bits; ``None`` for "none". As in `bittrue.spec.Conv` the kernel is that of a correlation, also
        of a transposed convolution (`bittrue.spec.transposed_kernel`).
    bias : int64 array (O,), optional
        Bias bytes, -128 to 127.
    bits : int
        Bits of a weight, 8, 4, 2 or 1; -1 for weights that are -1 or +1.
    output_shift : int
        ``shift`` is ``output_shift + 8 - |bits|``. Without meaning where ``wide``.
    wide : bool
        The result is the accumulator itself, 32 bits, without shift and clamp. No stage can take it.
    padding, dilation, stride, output_padding : int or tuple of int
        A number an axis, or one for all; ``output_padding`` belongs to "convtranspose2d".
    sources : tuple of str
        Names of the earlier stages that it takes, `bittrue.spec.net.INPUT` for the net's input; none is the stage
        before.
    join : "concat", "add", "sub", "xor" or "or", optional
        What becomes of several sources; ``x_0 - x_1 - ...`` for "sub".
    pool_first : bool
        Whether pooling is before an element-wise join, or behind it.
    shape : tuple of int, optional
        The axes behind the channels as which it reads its data, in their order; there are as many channels as fill
        them. Without, a vector is read as frames of one sample, a frame as an image of one column, and the other way.
    flatten : bool
        Of "linear": without it, frames and images of more than one sample keep their size, and the weights are those
        of a convolution with a kernel of 1.
    """

    name: str
    operation: Operation
    weight: Codes | None = None
    bias: Codes | None = None
    bits: int = 8
    output_shift: int = 0
    wide: bool = False
    activation: Activation = field(default_factory=Linear)
    pool: Pool | None = None
    padding: Numbers = 0
    dilation: Numbers = 1
    groups: int = 1
    stride: Numbers = 1
    output_padding: Numbers = 0
    sources: tuple[str, ...] = ()
    join: Join | None = None
    pool_first: bool = True
    shape: tuple[int, ...] | None = None
    flatten: bool = True

    def __post_init__(self) -> None:
        if self.join is not None and self.join not in _JOINS:
            raise BadInput(f"layer {self.name} joins by {shown(self.join)}; choose {', '.join(_JOINS)}")
        several = len(self.sources) > 1
        if several != (self.join is not None):
            raise BadInput(
                f"layer {self.name} takes {len(self.sources) or 1} tensors and joins by {shown(self.join)}; name a "
                f"join for two or more, and none for one"
            )

    @property
    def eltwise(self) -> bool:
        """Whether its sources are combined element by element."""
        return self.join not in (None, "concat")

    @property
    def shift(self) -> int:
        """The total shift ``s``: the result is the accumulator times ``2**s / 128``."""
        return 8 - abs(self.bits) + (0 if self.wide else self.output_shift)

    def joining(self) -> Layer:
        """The layer that joins its sources: 32 bits wide where nothing follows and the result is to be wide."""
        wide = self.wide and self.operation == "none"
        return _JOINS[str(self.join)](Format(WIDE_BITS, DATA.frac) if wide else DATA)

    def reading(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape as which data of a ``shape`` are read."""
        rank = RANKS.get(self.operation)
        if self.shape is not None:
            return (math.prod(shape) // math.prod(self.shape), *self.shape)
        if rank is None:
            return (*shape, 1) if self.pool and len(shape) == 1 else shape
        while len(shape) > rank + 1 and shape[-1] == 1:
            shape = shape[:-1]
        return shape + (1,) * (rank + 1 - len(shape))

    def layer(self, rank: int = 0) -> Weighted:
        """The layer with this stage's sum.

        ``rank`` counts the axes behind the channels of what a "linear" stage takes; others know it themselves. Raises
        `BadInput` for a shift or weights outside their limits.
        """
        if abs(self.shift) > SHIFT_LIMIT:
            implied = 8 - abs(self.bits)
            raise BadInput(
                f"layer {self.name} has output_shift {self.output_shift} with {abs(self.bits)}-bit weights; the range "
                f"is {-SHIFT_LIMIT - implied}..{SHIFT_LIMIT - implied}, so scale its weights by a power of two"
            )
        if self.weight is None:
            raise BadInput(f"layer {self.name} is {self.operation} without weights; give it some, or operation 'none'")
        weight_format = Format(2 if self.bits < 0 else self.bits, DATA.frac - self.shift)
        output = Format(WIDE_BITS, DATA.frac + weight_format.frac) if self.wide else DATA
        bias = np.zeros(len(self.weight), np.int64) if self.bias is None else self.bias * BIAS_STEP
        common = bias, weight_format, output, self.activation
        where: Any = self.padding, self.dilation, self.groups, self.stride
        if self.operation == "linear":
            kind: Any = (Dense, Conv1d, Conv2d)[rank]
            made: Weighted = kind(self.weight.reshape(*self.weight.shape, *(1,) * rank), *common)
            return made
        if self.operation == "conv1d":
            return Conv1d(self.weight, *common, *where)
        if self.operation == "conv2d":
            return Conv2d(self.weight, *common, *where)
        apart: Any = self.stride, self.padding, self.output_padding, self.dilation, self.groups
        return ConvTranspose2d(self.weight, *common, *apart)

"""Transposed convolutions: a convolution of the input with zeros between its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.num.arrays import integer
from bittrue.spec.activation import Abs, Linear, ReLU
from bittrue.spec.conv import Conv
from bittrue.spec.layer import TensorType, register
from bittrue.spec.window import Axis

if TYPE_CHECKING:
    from bittrue.spec.net import Net


class Transposed(Conv):
    """What transposed convolutions have in common: a convolution of the input with zeros between its samples.

    With PyTorch's parameters, axis by axis: ``upsampling = stride``, ``before = dilation * (K - 1) - padding`` and
    ``after = before + output_padding``. The weight is the kernel of that convolution, `transposed_kernel` of the one
    that PyTorch has.
    """

    stride: int | tuple[int, ...]
    padding: int | tuple[int, ...]
    output_padding: int | tuple[int, ...]
    dilation: int | tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        stride, dilation = self._numbers("stride", 1), self._numbers("dilation", 1)
        self._numbers("padding", 0)
        for more, *reach in zip(self._numbers("output_padding", 0), stride, dilation, strict=True):
            if more >= max(reach):
                raise BadInput(
                    f"{type(self).__name__} has an output padding of {more} with a stride of {reach[0]}; it must be "
                    f"smaller than the stride or the dilation, so lengthen the input instead"
                )

    @property
    def axes(self) -> tuple[Axis, ...]:
        names = ("stride", "padding", "output_padding", "dilation")
        return tuple(
            Axis(
                size,
                dilation=dilation,
                before=dilation * (size - 1) - padding,
                after=dilation * (size - 1) - padding + more,
                upsampling=stride,
            )
            for size, stride, padding, more, dilation in zip(
                self.weight.shape[2:], *map(self._each, names), strict=True
            )
        )


def transposed_kernel(weight: npt.ArrayLike, groups: int = 1) -> npt.NDArray[np.int64]:
    """The weight ``(O, C / groups, *K)`` of a `Transposed` layer from PyTorch's ``(C, O / groups, *K)``.

    Its kernel is turned round on every axis, and inputs and outputs change places within each group. Doing it twice
    gives the same array again.

    Raises `BadInput` for an array without an axis to turn round, and for groups that do not divide its first axis.
    """
    array = np.asarray(weight)
    if array.ndim < 3 or not array.size:
        raise BadInput(f"a transposed kernel has shape {array.shape}; give (inputs, outputs / groups, *sizes)")
    count = integer(groups)
    if count is None or count < 1 or array.shape[0] % count:
        raise BadInput(
            f"a transposed kernel of {array.shape[0]} inputs has {shown(groups)} groups; give a number that divides "
            f"them"
        )
    parts = array.reshape(count, -1, *array.shape[1:]).swapaxes(1, 2)
    return np.flip(parts.reshape(-1, *parts.shape[2:]), tuple(range(2, array.ndim)))


@register
@dataclass(frozen=True, eq=False)
class ConvTranspose1d(Transposed):
    """`Transposed` along a frame: ``(L - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1``
    results.
    """

    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    dilation: int = 1
    groups: int = 1

    rank: ClassVar[int] = 1
    weight_axes: ClassVar[int] = 3

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        weight = (np.arange(2 * 3 * 4) * 101 % 256 + fmt.lo).reshape(2, 3, 4)
        first = cls(weight, np.array([900, -7000]), fmt, Format.parse("Q2.6"), ReLU(), 2, 1)
        deep = (np.arange(2 * 2) * 77 % 256 - 128).reshape(2, 1, 2)
        second = cls(deep, np.array([0, 33]), fmt, Format.parse("Q3.5"), Linear(), 3, 2, 2, 2, 2)
        nodes = (Node("twice", first, ("input",)), Node("thrice", second, ("twice",)))
        return Net("conv_transpose1d", TensorType((3, 4), fmt), nodes)


@register
@dataclass(frozen=True, eq=False)
class ConvTranspose2d(Transposed):
    """`Transposed` over an image, the parameters one number for both axes or a pair."""

    stride: tuple[int, ...] = (1, 1)
    padding: tuple[int, ...] = (0, 0)
    output_padding: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    groups: int = 1

    rank: ClassVar[int] = 2
    weight_axes: ClassVar[int] = 4

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        weight = (np.arange(3 * 2 * 3 * 3) * 101 % 256 + fmt.lo).reshape(3, 2, 3, 3)
        biases, output = np.array([900, -7000, 12]), Format.parse("Q2.6")
        first = cls(weight, biases, fmt, output, ReLU(), 2, 1, 1)  # type: ignore[arg-type]
        deep = (np.arange(3 * 2 * 3) * 77 % 256 - 128).reshape(3, 1, 2, 3)
        second = cls(deep, biases, fmt, output, Abs(), (3, 1), (0, 2), (1, 0), (1, 2), 3)
        nodes = (Node("twice", first, ("input",)), Node("uneven", second, ("twice",)))
        return Net("conv_transpose2d", TensorType((2, 2, 3), fmt), nodes)

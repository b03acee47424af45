"""Conv: filters that slide along the axes of a tensor, one rounding a result."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec.activation import Abs, LeakyReLU, Linear, ReLU
from bittrue.spec.layer import TensorType, register
from bittrue.spec.weighted import Weighted
from bittrue.spec.window import Axis, check_products, ends, framed, per_axis, whole, windows

if TYPE_CHECKING:
    from bittrue.spec.net import Net

Ends = int | tuple[int, int]
"""Padding of an axis: zeros at both ends, or before and after."""


class Conv(Weighted):
    """``acc[o, n] = bias[o] + sum_{c, k} weight[o, c, k] * x[first + c, at(n, k)]``, `at` of `axes` for each axis.

    ``n`` and ``k`` have ``rank`` axes. ``first = o // (O / groups) * (C / groups)`` is the first channel of the group
    of filter ``o``. Then the activation and one requantisation with ``s = x.frac + weight_format.frac - output.frac``,
    as in `Dense`.

    Parameters
    ----------
    weight : int64 array (O, C / groups, *K)
        Codes of ``weight_format``. The sum is a correlation: weight ``k`` meets the ``k``-th place of the window.
    bias : int64 array (O,)
        Codes at accumulator scale, ``x.frac + weight_format.frac`` fractional bits.
    weight_format : Format
        Its ``frac`` carries the layer's power-of-two exponent; 1-bit codes are -1 and 0.
    output : Format
    activation : Linear, ReLU, LeakyReLU or Abs
    groups : int
        Divides both ``C`` and ``O``; ``groups = C`` is a depthwise convolution.

    Raises
    ------
    BadInput
        For shapes that do not fit each other, a weight outside its format, or a tensor that holds no window.
    """

    rank: ClassVar[int]
    counted: ClassVar[tuple[str, str]] = ("filter", "filters")
    groups: int

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        object.__setattr__(self, "groups", whole(self.groups, 1, f"{name} groups"))
        if len(self.weight) % self.groups:
            raise BadInput(
                f"{name} has {len(self.weight)} filters in {self.groups} groups; the groups must divide them"
            )

    def _each(self, name: str) -> tuple[int, ...]:
        """Parameter ``name``, one number an axis."""
        return per_axis(getattr(self, name), self.rank, 0, name)

    def _numbers(self, name: str, least: int) -> tuple[int, ...]:
        """Parameter ``name`` for every axis; it is stored so, or as the one number that one axis has."""
        found = per_axis(getattr(self, name), self.rank, least, f"{type(self).__name__} {name}")
        object.__setattr__(self, name, found if self.rank > 1 else found[0])
        return found

    @property
    @abstractmethod
    def axes(self) -> tuple[Axis, ...]:
        """How the window lies along each axis."""

    def output_type(self, *inputs: TensorType) -> TensorType:
        name, given = type(self).__name__, framed(inputs, self.rank, type(self).__name__)
        channels, *lengths = given.shape
        if channels != self.weight.shape[1] * self.groups:
            raise BadInput(
                f"{name} weighs {self.weight.shape[1]} channels in each of {self.groups} groups, but is fed "
                f"{channels} channels; match them"
            )
        counts = windows(self.axes, lengths)
        padded = (max(1, axis.padded(length)) for axis, length in zip(self.axes, lengths, strict=True))
        TensorType((channels, *padded), given.format)  # what is summed, zeros included
        result = TensorType((len(self.weight), *counts), self.output)
        check_products(self.weight[0].size * result.elements, name)
        return result


class Direct(Conv):
    """What convolutions that are not transposed have in common.

    ``padding`` is kept as one number an axis where both its ends have as many zeros, else as ``(before, after)``.
    """

    stride: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    padding: Ends | tuple[Ends, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._numbers("stride", 1)
        self._numbers("dilation", 1)
        found = [a if a == b else (a, b) for a, b in self._ends()]
        object.__setattr__(self, "padding", tuple(found) if self.rank > 1 else found[0])

    def _ends(self) -> tuple[tuple[int, int], ...]:
        return ends(self.padding, self.rank, f"{type(self).__name__} padding")

    @property
    def axes(self) -> tuple[Axis, ...]:
        numbers = zip(self.weight.shape[2:], *map(self._each, ("stride", "dilation")), self._ends(), strict=True)
        return tuple(Axis(size, stride, dilation, *pad) for size, stride, dilation, pad in numbers)


@register
@dataclass(frozen=True, eq=False)
class Conv1d(Direct):
    """`Conv` along a frame: ``at(n, k) = n * stride + k * dilation - padding``."""

    padding: Ends = 0
    dilation: int = 1
    groups: int = 1
    stride: int = 1

    rank: ClassVar[int] = 1
    weight_axes: ClassVar[int] = 3

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt, narrow = Format.parse("Q1.7"), Format.parse("Q-2.4")
        weight = (np.arange(6 * 2 * 3) * 101 % 256 + fmt.lo).reshape(6, 2, 3)
        first = cls(weight, np.array([900, -7000, 0, 64, 5000, -1]), fmt, Format.parse("Q2.6"), Abs(), 2, 2, 2)
        signs = np.where(np.arange(3 * 6 * 2).reshape(3, 6, 2) * 5 % 7 < 3, -1, 1)
        second = cls(signs, np.array([0, -100, 33]), narrow, Format.parse("Q3.5"), Linear(), 1, stride=3)
        nodes = (Node("grouped", first, ("input",)), Node("signs", second, ("grouped",)))
        return Net("conv1d", TensorType((4, 9), fmt), nodes)


@register
@dataclass(frozen=True, eq=False)
class Conv2d(Direct):
    """`Conv` over an image: ``at`` of rows and of columns as in `Conv1d`; the parameters are one number for both or a
    pair, and ``padding`` may have pairs ``(before, after)`` in it.
    """

    padding: tuple[Ends, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    groups: int = 1
    stride: tuple[int, ...] = (1, 1)

    rank: ClassVar[int] = 2
    weight_axes: ClassVar[int] = 4

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        square = (np.arange(4 * 2 * 3 * 3) * 101 % 256 + fmt.lo).reshape(4, 2, 3, 3)
        first = cls(square, np.array([900, -7000, 0, 64]), fmt, Format.parse("Q2.6"), ReLU(), 1)  # type: ignore[arg-type]
        deep = (np.arange(4 * 2 * 3) * 77 % 16 - 8).reshape(4, 1, 2, 3)
        args = Format.parse("Q1.3"), Format.parse("Q3.5"), LeakyReLU(3), ((0, 1), 2), (1, 2), 4, (2, 1)
        nodes = (
            Node("square", first, ("input",)),
            Node("depthwise", cls(deep, np.array([0, 33, -900, 5]), *args), ("square",)),
        )
        return Net("conv2d", TensorType((2, 5, 4), fmt), nodes)

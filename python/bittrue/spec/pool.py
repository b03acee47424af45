"""Pools: one value for each window of each channel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from bittrue.limits import ELEMENTS, WINDOW
from bittrue.num import Format
from bittrue.spec.layer import Layer, TensorType, register
from bittrue.spec.window import Axis, check_products, framed, per_axis, windows

if TYPE_CHECKING:
    from bittrue.spec.net import Net


class Pool(Layer):
    """A window of ``size`` places, ``dilation`` apart, every ``stride`` samples of each channel; no padding.

    What is left at the end of an axis, too short for a window, is dropped. The format does not change.
    ``y[c, n] = max_k x[c, n * stride + k * dilation]`` where ``kind`` is "max"; where it is "avg",
    ``y[c, n] = trunc(sum_k x[c, n * stride + k * dilation] / places)``, cut off **toward zero**, with ``places`` the
    product of the sizes: it is the one layer that does not round half up, because the MAX78002 divides so
    (ai8x-synthesis, average pooling in the simulator). ``n`` and ``k`` have ``rank`` axes.

    Parameters
    ----------
    size, stride, dilation : int
        1 or more; a window has at most `bittrue.limits.WINDOW` places. With two axes, one number for both or a pair.

    Raises
    ------
    BadInput
        For other numbers, an input of another shape, or one smaller than the window.
    """

    size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    dilation: int | tuple[int, ...]

    kind: ClassVar[Literal["max", "avg"]]
    rank: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("size", "stride", "dilation"):
            most = WINDOW if name == "size" else ELEMENTS
            found = per_axis(getattr(self, name), self.rank, 1, f"{type(self).__name__} {name}", most)
            object.__setattr__(self, name, found if self.rank > 1 else found[0])

    @property
    def axes(self) -> tuple[Axis, ...]:
        """How the window lies along each axis."""
        numbers = (per_axis(number, self.rank, 1, "") for number in (self.size, self.stride, self.dilation))
        return tuple(Axis(*axis) for axis in zip(*numbers, strict=True))

    @property
    def places(self) -> int:
        """Samples of a window."""
        return math.prod(axis.size for axis in self.axes)

    def output_type(self, *inputs: TensorType) -> TensorType:
        given = framed(inputs, self.rank, type(self).__name__)
        channels, *lengths = given.shape
        result = TensorType((channels, *windows(self.axes, lengths)), given.format)
        check_products(result.elements * self.places, type(self).__name__)
        return result


@dataclass(frozen=True)
class Pool1d(Pool):
    """`Pool` along a frame."""

    size: int
    stride: int
    dilation: int = 1

    rank: ClassVar[int] = 1


@dataclass(frozen=True)
class Pool2d(Pool):
    """`Pool` over an image."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...] = (1, 1)

    rank: ClassVar[int] = 2


@register
@dataclass(frozen=True)
class MaxPool1d(Pool1d):
    """The largest sample of a window along a frame, see `Pool`."""

    kind = "max"

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        nodes = (Node("pairs", cls(2, 2), ("input",)), Node("spread", cls(2, 1, 3), ("pairs",)))
        return Net("max_pool1d", TensorType((3, 13), Format.parse("Q1.7")), nodes)


@register
@dataclass(frozen=True)
class AvgPool1d(Pool1d):
    """The mean of a window along a frame, cut off toward zero, see `Pool`."""

    kind = "avg"

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.conv import Conv1d
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        mix = Conv1d(np.array([[[77], [-128]], [[-3], [100]]]), np.array([50, -50]), fmt, Format.parse("Q2.6"))
        nodes = (
            Node("thirds", cls(3, 2), ("input",)),
            Node("mix", mix, ("thirds",)),
            Node("fours", cls(4, 1, 2), ("mix",)),
        )
        return Net("avg_pool1d", TensorType((2, 17), fmt), nodes)


@register
@dataclass(frozen=True)
class MaxPool2d(Pool2d):
    """The largest sample of a window over an image, see `Pool`."""

    kind = "max"

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        nodes = (
            Node("squares", cls((2, 2), (2, 1)), ("input",)),
            Node("spread", cls((2, 3), (1, 2), (2, 1)), ("squares",)),
        )
        return Net("max_pool2d", TensorType((2, 7, 8), Format.parse("Q1.7")), nodes)


@register
@dataclass(frozen=True)
class AvgPool2d(Pool2d):
    """The mean of a window over an image, cut off toward zero, see `Pool`."""

    kind = "avg"

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        nodes = (
            Node("squares", cls((2, 2), (1, 2)), ("input",)),
            Node("spread", cls((3, 1), (1, 1), (2, 1)), ("squares",)),
        )
        return Net("avg_pool2d", TensorType((2, 7, 6), Format.parse("Q1.7")), nodes)

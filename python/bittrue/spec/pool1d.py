"""MaxPool1d and AvgPool1d: one value for each window along a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bittrue.limits import ELEMENTS, WINDOW
from bittrue.num import Format
from bittrue.spec.frame import check_products, frame_of, span, whole, windows
from bittrue.spec.layer import Layer, TensorType, register

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@dataclass(frozen=True)
class Pool1d(Layer):
    """A window of ``size`` samples, ``dilation`` apart, every ``stride`` samples of each channel; no padding.

    What is left at the end of a frame, too short for a window, is dropped. The format does not change.

    Parameters
    ----------
    size, stride, dilation : int
        1 or more; ``size`` is at most `bittrue.limits.WINDOW`.

    Raises
    ------
    BadInput
        For other numbers, an input that is no frame, or a frame shorter than the window.
    """

    size: int
    stride: int
    dilation: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("size", "stride", "dilation"):
            most = WINDOW if name == "size" else ELEMENTS
            object.__setattr__(self, name, whole(getattr(self, name), 1, f"{type(self).__name__} {name}", most))

    def output_type(self, *inputs: TensorType) -> TensorType:
        given = frame_of(inputs, type(self).__name__)
        channels, length = given.shape
        count = windows(length, self.size, self.stride, self.dilation)
        check_products(channels * count * self.size, type(self).__name__)
        return TensorType((channels, count), given.format)

    @property
    def span(self) -> int:
        """Samples from the first to the last of a window."""
        return span(self.size, self.dilation)


@register
@dataclass(frozen=True)
class MaxPool1d(Pool1d):
    """``y[c, n] = max_k x[c, n * stride + k * dilation]``."""

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        nodes = (Node("pairs", cls(2, 2), ("input",)), Node("spread", cls(2, 1, 3), ("pairs",)))
        return Net("max_pool1d", TensorType((3, 13), Format.parse("Q1.7")), nodes)


@register
@dataclass(frozen=True)
class AvgPool1d(Pool1d):
    """``y[c, n] = trunc(sum_k x[c, n * stride + k * dilation] / size)``, cut off **toward zero**.

    It is the one layer that does not round half up: the MAX78002 divides so (ai8x-synthesis, average pooling in the
    simulator).
    """

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.conv1d import Conv1d
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        mix = Conv1d(np.array([[[77], [-128]], [[-3], [100]]]), np.array([50, -50]), fmt, Format.parse("Q2.6"))
        nodes = (
            Node("thirds", cls(3, 2), ("input",)),
            Node("mix", mix, ("thirds",)),
            Node("fours", cls(4, 1, 2), ("mix",)),
        )
        return Net("avg_pool1d", TensorType((2, 17), fmt), nodes)

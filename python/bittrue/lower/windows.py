"""Windows that move along a frame: which columns each one needs, and which it is the last to see."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.spec import Axis, Conv1d, TensorType
from bittrue.spec.pool import Pool1d


@dataclass(frozen=True)
class Windows:
    """Window ``n`` sees columns ``n * stride + k * dilation - padding`` of a frame, ``k`` from 0 to ``size - 1``.

    Parameters
    ----------
    length : int
        Columns of a frame.
    count : int
        Windows of a frame.
    size, dilation, stride, padding : int
    """

    length: int
    count: int
    size: int
    dilation: int = 1
    stride: int = 1
    padding: int = 0

    @property
    def span(self) -> int:
        """Columns from the first to the last of a window."""
        return Axis(self.size, dilation=self.dilation).span

    def needed(self, window: int) -> int:
        """Columns of the frame that must be there before a window is computed: at least one, and all for the last."""
        if window == self.count - 1:
            return self.length
        return min(max(1, window * self.stride - self.padding + self.span), self.length)

    def released(self, window: int) -> int:
        """Columns of the frame that nothing needs after a window; all after the last."""
        if window == self.count - 1:
            return self.length
        return min(max(0, (window + 1) * self.stride - self.padding), self.length)


def of_conv1d(layer: Conv1d, given: TensorType, output: TensorType) -> Windows:
    """`Windows` of a `Conv1d`. Raises `BadInput` for padding that differs at the ends."""
    if isinstance(layer.padding, tuple):
        raise BadInput(
            f"Conv1d with padding {layer.padding[0]} before and {layer.padding[1]} after has no RTL leg; pad both ends "
            f"alike or run the net on another leg"
        )
    size = layer.weight.shape[2]
    return Windows(given.shape[1], output.shape[1], size, layer.dilation, layer.stride, layer.padding)


def of_pool1d(layer: Pool1d, given: TensorType, output: TensorType) -> Windows:
    """`Windows` of a pool."""
    return Windows(given.shape[1], output.shape[1], layer.size, layer.dilation, layer.stride)


def of_flattened(given: TensorType) -> Windows:
    """One window over all columns of a frame: what a `Dense` layer behind a `Flatten` sees."""
    return Windows(given.shape[1], 1, given.shape[1])

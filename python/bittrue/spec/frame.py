"""Frames: tensors of shape (channels, length), and the windows that slide along them."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.errors import BadInput, shown
from bittrue.limits import ELEMENTS, PRODUCTS
from bittrue.num.arrays import integer
from bittrue.spec.layer import TensorType


def frame_of(inputs: Sequence[TensorType], layer: str) -> TensorType:
    """The one input of a layer of frames; `BadInput` unless it has shape ``(channels, length)``."""
    (given,) = inputs
    if len(given.shape) != 2:
        raise BadInput(
            f"{layer} takes frames of shape (channels, length), not {shown(given.shape)}; reshape the tensor"
        )
    return given


def span(size: int, dilation: int) -> int:
    """Samples from the first to the last of a window of ``size`` samples, ``dilation`` apart."""
    return (size - 1) * dilation + 1


def windows(length: int, size: int, stride: int, dilation: int, padding: int = 0) -> int:
    """How many windows a frame holds: ``floor((length + 2 * padding - span) / stride) + 1``.

    Raises `BadInput` where there is not one, or the padded frame is beyond `bittrue.limits.ELEMENTS`.
    """
    if length + 2 * padding > ELEMENTS:
        raise BadInput(
            f"a frame of {length} samples padded with {padding} on both sides is longer than {ELEMENTS:,}; pad it less"
        )
    room = length + 2 * padding - span(size, dilation)
    if room < 0:
        padded = f" padded with {padding} on both sides" if padding else ""
        raise BadInput(
            f"a window over {span(size, dilation)} samples does not fit a frame of {length}{padded}; "
            f"shorten the window or lengthen the frame"
        )
    return room // stride + 1


def check_products(count: int, layer: str) -> None:
    """Raise `BadInput` where the sums of a layer have more than `bittrue.limits.PRODUCTS` terms together, a sample."""
    if count > PRODUCTS:
        raise BadInput(
            f"{layer} sums {shown(count)} terms a sample, more than {PRODUCTS:,}; shorten the frame or the window"
        )


def whole(value: int, least: int, what: str, most: int = ELEMENTS) -> int:
    """``value`` as a Python integer; `BadInput` unless it is a whole number from ``least`` to ``most``."""
    number = integer(value)
    if number is None or not least <= number <= most:
        raise BadInput(f"{what} is {shown(value)}; give a whole number of {least} or more, {most:,} at most")
    return number

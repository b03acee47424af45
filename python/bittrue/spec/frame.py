"""Frames: tensors of shape (channels, length), and the windows that slide along them."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from bittrue.errors import BadInput
from bittrue.spec.layer import TensorType


def frame_of(inputs: Sequence[TensorType], layer: str) -> TensorType:
    """The one input of a layer of frames; `BadInput` unless it has shape ``(channels, length)``."""
    (given,) = inputs
    if len(given.shape) != 2:
        raise BadInput(f"{layer} takes frames of shape (channels, length), not {given.shape}; reshape the tensor")
    return given


def span(size: int, dilation: int) -> int:
    """Samples from the first to the last of a window of ``size`` samples, ``dilation`` apart."""
    return (size - 1) * dilation + 1


def windows(length: int, size: int, stride: int, dilation: int, padding: int = 0) -> int:
    """How many windows a frame holds: ``floor((length + 2 * padding - span) / stride) + 1``.

    Raises `BadInput` where there is not one.
    """
    room = length + 2 * padding - span(size, dilation)
    if room < 0:
        padded = f" padded with {padding} on both sides" if padding else ""
        raise BadInput(
            f"a window over {span(size, dilation)} samples does not fit a frame of {length}{padded}; "
            f"shorten the window or lengthen the frame"
        )
    return room // stride + 1


def whole(value: int, least: int, what: str) -> int:
    """``value`` as a Python integer; `BadInput` unless it is a whole number of at least ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise BadInput(f"{what} is {value!r}; give a whole number of {least} or more")
    return int(number)

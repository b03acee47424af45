"""What the two chips can do: the numbers that a net has to fit."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput


@dataclass(frozen=True)
class Device:
    """Limits of one chip, as ai8x-synthesis states them (its README, and its device description).

    Parameters
    ----------
    name : str
    layers : int
        Stages of a net.
    weight_bytes : int
        Kernel memory, all processors together.
    bias_bytes : int
        Bias memory, all quadrants together.
    data_bytes : int
        Data memory of four processors.
    length : int
        Longest frame, in samples.
    depthwise : bool
        Whether ``groups = channels`` exists.
    binary : bool
        Whether weights may be -1 and +1.
    padded_passes : bool
        Whether a convolution of more than 64 channels may be padded.
    pool_dilation : int
        Largest dilation of a pooling window.
    links : bool
        Whether a layer says which one is executed next.
    pooled_passes : bool
        Whether more than 64 channels may be pooled without a convolution.
    joined_passes : bool
        Whether an element-wise operation on more than 64 channels may be pooled, or summed without biases, in the
        same layer.
    read_gaps : bool
        Whether up to 64 channels may be read that have words of other tensors between theirs.
    joined_average : bool
        Whether an average may come next after an element-wise operation.
    gap : int
        Most words of other tensors between two samples that are written.
    """

    name: str
    layers: int
    weight_bytes: int
    bias_bytes: int
    data_bytes: int
    length: int
    depthwise: bool
    binary: bool
    padded_passes: bool
    pool_dilation: int
    links: bool
    pooled_passes: bool
    joined_passes: bool
    read_gaps: bool
    joined_average: bool
    gap: int


MAX78000 = Device(
    *("MAX78000", 32, 442_368, 2_048, 32_768, 1_024, False, False, True, 1),
    *(False, False, False, False, True, 15),
)
MAX78002 = Device(
    *("MAX78002", 128, 2_396_160, 8_192, 81_920, 2_048, True, True, False, 16),
    *(True, True, True, True, False, 255),
)
DEVICES = {device.name: device for device in (MAX78000, MAX78002)}

PROCESSORS = 64
"""Channels that are summed in one pass, on either chip."""

CHANNELS = 1024
"""Most channels of a tensor, and most inputs and outputs of a linear layer."""

KERNEL = 9
"""Longest kernel of a frame, in weights."""

SIDES = (1, 3)
"""Rows and columns of a kernel of images."""

OPERANDS = 16
"""Most operands of an element-wise operation."""

PADDING = 2
"""Most zeros on either side of a frame."""

POOL = 16
"""Largest window and stride of a pooling."""

FLATTEN = 256
"""Longest frame that a linear layer flattens."""


def device_of(name: str) -> Device:
    """The device of a name, in any case. Raises `BadInput` for another."""
    try:
        return DEVICES[name.upper()]
    except KeyError:
        raise BadInput(f"unknown device {name!r}; choose {' or '.join(DEVICES)}") from None

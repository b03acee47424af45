"""Whether stages fit a chip, and if not, which limit, by how much, and what would fit.

These are the limits of single layers and of the totals. Where data and kernels lie in memory is the generator's
business.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from bittrue.errors import BadInput
from bittrue.spec.stages import Stage, stage_types
from bittrue.spec.window import per_axis
from bittrue.targets.max78002.devices import (
    CHANNELS,
    FLATTEN,
    KERNEL,
    OPERANDS,
    PADDING,
    POOL,
    PROCESSORS,
    SIDES,
    Device,
)

Shape = tuple[int, ...]


def check_stages(stages: Sequence[Stage], shape: Shape, device: Device, shared: Collection[str] = ()) -> None:
    """Raise `BadInput` for the first layer that ``device`` cannot have, or totals that it does not hold.

    Parameters
    ----------
    stages : sequence of Stage
    shape : tuple of int
        Channels and length of an input frame, or channels, rows and columns of an image.
    device : Device
    shared : collection of str
        Names of stages whose weights and biases are those of another, and are stored once.
    """
    if len(stages) > device.layers:
        raise BadInput(f"the net has {len(stages)} layers; a {device.name} runs {device.layers}, so merge or drop some")
    for stage, (tensor, _) in zip(stages, stage_types(shape, stages), strict=True):
        given = tensor.shape
        for complaint in (
            _of_join(stage, given, device),
            _of_pool(stage, given, device),
            _of_sum(stage, given, device),
            _of_shape(stage, given, device),
        ):
            if complaint:
                raise BadInput(f"layer {stage.name}: {complaint}")
    _check_memory([stage for stage in stages if stage.name not in shared], device)


def weight_bytes(stage: Stage) -> int:
    """Bytes of a stage's weights when packed: ``bits`` bits each."""
    return 0 if stage.weight is None else -(-stage.weight.size * abs(stage.bits) // 8)


def _check_memory(stages: Sequence[Stage], device: Device) -> None:
    sizes = {stage.name: weight_bytes(stage) for stage in stages}
    total = sum(sizes.values())
    if total > device.weight_bytes:
        largest = max(sizes, key=lambda name: sizes[name])
        raise BadInput(
            f"the weights take {total:,} bytes, {total - device.weight_bytes:,} more than the {device.weight_bytes:,} "
            f"of a {device.name}; the largest layer is {largest} with {sizes[largest]:,}: give it fewer channels or "
            f"4-bit weights"
        )
    biases = sum(len(stage.bias) for stage in stages if stage.bias is not None and stage.bias.any())
    if biases > device.bias_bytes:
        raise BadInput(
            f"the biases take {biases:,} bytes, {biases - device.bias_bytes:,} more than the {device.bias_bytes:,} of "
            f"a {device.name}; leave the bias out of some layers"
        )


def _of_join(stage: Stage, given: Shape, device: Device) -> str:
    if not stage.eltwise:
        return ""
    count, channels = len(stage.sources), given[0]
    if count > OPERANDS:
        return f"an element-wise operation of {count} operands exceeds {OPERANDS}; combine some of them first"
    if stage.pool and not stage.pool_first and count > 2:
        return f"{count} operands cannot be pooled behind the element-wise operation, 2 can; pool in the next layer"
    if stage.operation == "conv1d":
        return "an element-wise operation and a conv1d are two layers; pass the first one's result through"
    apart = channels > PROCESSORS and stage.weight is not None
    if apart and device.joined_passes and stage.bias is not None and stage.bias.any():
        return (
            f"a {device.name} has no biases behind an element-wise operation on {channels} channels, more than "
            f"{PROCESSORS}; give that a layer of its own"
        )
    return ""


def _of_pool(stage: Stage, given: Shape, device: Device) -> str:
    pool = stage.pool
    if pool is None:
        return ""
    rank = len(given) - 1
    if stage.operation == "linear" and (stage.flatten or rank < 2):
        return "a linear layer cannot pool; pool in the layer before it"
    sizes, strides, dilations = (per_axis(n, rank, 1, "pooling") for n in (pool.size, pool.stride, pool.dilation))
    for what, numbers in (("window", sizes), ("stride", strides)):
        for value in numbers:
            if not 1 <= value <= POOL:
                return f"a pooling {what} of {value} is outside 1..{POOL}; pool in two layers"
    if len({stride for stride, length in zip(strides, given[1:], strict=True) if length > 1}) > 1:
        return f"a pooling stride of {strides[0]} rows and {strides[1]} columns does not exist; use one for both"
    for dilation in dilations:
        if not 1 <= dilation <= device.pool_dilation:
            return f"a pooling dilation of {dilation} is outside 1..{device.pool_dilation} on a {device.name}"
    if set(dilations) != {1} and pool.kind == "max" and stage.operation == "conv1d":
        return (
            "max pooling with a dilation in front of conv1d is left out by the vendor's simulator and not by its "
            "registers, so there is no one answer; give the pooling a layer of its own, operation: passthrough"
        )
    return ""


def _of_sum(stage: Stage, given: Shape, device: Device) -> str:
    if stage.weight is None:
        return ""
    channels, outputs = given[0], len(stage.weight)
    if stage.bits < 0 and not device.binary:
        return f"a {device.name} has no -1/+1 weights; use 1-bit weights, -1 and 0"
    if stage.operation == "linear":
        return ""
    if stage.groups != 1 and not device.depthwise:
        return f"a {device.name} has no groups; use groups 1"
    complaint = _of_frames(stage, channels, device) if stage.operation == "conv1d" else _of_images(stage)
    if complaint:
        return complaint
    if stage.groups != 1 and not stage.groups == channels == outputs:
        return (
            f"{stage.groups} groups for {channels} inputs and {outputs} outputs; use 1, or as many as both (depthwise)"
        )
    return _of_dilation(stage, stage.weight.shape[2], _one(stage.dilation)) if stage.operation == "conv1d" else ""


def _of_frames(stage: Stage, channels: int, device: Device) -> str:
    size, padding = (0 if stage.weight is None else stage.weight.shape[2]), _one(stage.padding)
    if not 1 <= size <= KERNEL:
        return f"a kernel of {size} weights is outside 1..{KERNEL}; use two layers"
    if not 0 <= padding <= PADDING or padding >= size:
        return f"padding {padding} is outside 0..{min(PADDING, size - 1)} for a kernel of {size}; pad less"
    if padding and channels > PROCESSORS and not device.padded_passes:
        return (
            f"a {device.name} pads convolutions of up to {PROCESSORS} channels, not of {channels}; use padding 0 or "
            f"fewer channels"
        )
    stride = _one(stage.stride)
    if stride != 1:
        return f"a stride of {stride} does not exist; use 1, and pool before the next layer"
    return ""


def _of_images(stage: Stage) -> str:
    rows, columns = (0, 0) if stage.weight is None else stage.weight.shape[2:]
    transposed = stage.operation == "convtranspose2d"
    sides = SIDES[1:] if transposed else SIDES
    padding, stride, dilation, more = map(_one, (stage.padding, stage.stride, stage.dilation, stage.output_padding))
    if rows != columns or rows not in sides:
        wanted = " or ".join(f"{side}x{side}" for side in sides)
        return f"a kernel of {rows}x{columns} does not exist; use {wanted}, several layers of them for a larger one"
    if stride != (2 if transposed else 1):
        return (
            f"a stride of {_shown(stage.stride)} does not exist; use "
            f"{'2' if transposed else '1, and pool before the next layer'}"
        )
    if dilation != 1:
        return f"a {stage.operation} has no dilation; use 1"
    if transposed and more != 1:
        return f"an output padding of {_shown(stage.output_padding)} does not exist; use 1"
    if not 0 <= padding <= PADDING or padding >= rows:
        return (
            f"padding {_shown(stage.padding)} is outside 0..{min(PADDING, rows - 1)} for a kernel of {rows}x{columns}, "
            f"the same on all sides; pad less"
        )
    return ""


def _one(numbers: object) -> int:
    """The number that all axes have; -1 where they differ."""
    if isinstance(numbers, tuple):
        return _one(numbers[0]) if len(set(numbers)) == 1 else -1
    return numbers if isinstance(numbers, int) else -1


def _shown(numbers: object) -> str:
    return str(list(numbers)) if isinstance(numbers, tuple) else str(numbers)


def _of_dilation(stage: Stage, size: int, dilation: int) -> str:
    """A dilated kernel is stretched to at most 9 weights, or becomes a two-dimensional one of at most 3."""
    if dilation == 1 or (size - 1) * dilation < KERNEL:
        return ""
    if size > 3 or stage.padding or stage.pool:
        return (
            f"dilation {dilation} spreads {size} weights over more than {KERNEL} samples, which needs a kernel "
            f"of at most 3, padding 0 and no pooling; use a dilation below {-(-KERNEL // max(size - 1, 1))}"
        )
    return ""


def _of_shape(stage: Stage, given: Shape, device: Device) -> str:
    outputs, pixels = given[0] if stage.weight is None else len(stage.weight), math.prod(given[1:])
    for what, value in (("inputs", given[0]), ("outputs", outputs)):
        if value > CHANNELS:
            return f"{value} {what} are more than the {CHANNELS} of a {device.name}; use fewer"
    if len(given) == 2 and given[1] > device.length:
        return f"a frame of {given[1]} samples is longer than the {device.length} of a {device.name}; shorten it"
    if len(given) == 3 and max(given[1:]) > device.length:
        return (
            f"an image of {given[1]}x{given[2]} is larger than the {device.length} rows and columns of a "
            f"{device.name}; make it smaller"
        )
    if stage.operation == "linear" and stage.flatten and pixels > FLATTEN:
        return f"flattening {pixels} samples exceeds {FLATTEN}; pool before it"
    return ""

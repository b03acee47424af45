"""Stages as the accelerator executes them: one record a hardware layer (`hardware_layer.HardwareLayer`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Stage, stage_types
from bittrue.targets.max78002.copies import original
from bittrue.targets.max78002.devices import FLATTEN, KERNEL
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.joins import spots
from bittrue.targets.max78002.memory_map import MemoryMap
from bittrue.targets.max78002.tensors import Tensor

Codes = npt.NDArray[np.int64]

_POOL_FIELD = 16
"""A pooling window spans fewer samples than this, less the first: four bits."""


def hardware_layers(stages: Sequence[Stage], shape: tuple[int, ...], memory: MemoryMap) -> list[HardwareLayer]:
    """The hardware layers of stages, without places.

    On a MAX78002 an average next after an element-wise operation is preceded by a layer that passes one sample
    through and whose result means nothing: it resets the sums of the average.

    Raises `BadInput`, naming layer and limit, for one that the registers cannot describe.
    """
    found: list[HardwareLayer] = []
    numbers, channels = {INPUT: 0}, [shape[0]]
    last, device = INPUT, memory.device
    for stage, (taken, made) in zip(stages, stage_types(shape, stages), strict=True):
        sources = tuple(numbers[source] for source in stage.sources or (last,))
        given, result = _tensor(taken.shape, False), _tensor(made.shape, stage.wide)
        layer = _layer(len(found), _with_zeros(stage, given), given, result)
        if layer.averages and found and found[-1].operands > 1 and not device.joined_average:
            found.append(_reset(len(found), stage, sources[0]))
            channels.append(1)
            layer = replace(layer, index=len(found))
        places = tuple(spots(stage, [channels[source] for source in sources]))
        layer = replace(layer, sources=sources, spots=places, node=original(stage.name, stages))
        if stage.eltwise:
            layer = replace(layer, given=replace(given, gap=len(sources) - 1))
        complaint = _complaint(layer, memory)
        if complaint:
            raise BadInput(f"layer {layer.name}: {complaint}")
        found.append(layer)
        channels.append(result.channels)
        numbers[stage.name], last = len(found), stage.name
    if len(found) > device.layers:
        raise BadInput(
            f"the net takes {len(found)} layers with those that reset an average; a {device.name} runs "
            f"{device.layers}, so merge or drop some"
        )
    return found


def _reset(index: int, stage: Stage, source: int) -> HardwareLayer:
    one = Tensor(1, 1)
    return HardwareLayer(index, Stage(f"{stage.name}_reset", "none"), "none", one, one, sources=(source,))


def _tensor(shape: tuple[int, ...], wide: bool) -> Tensor:
    columns = shape[2] if len(shape) == 3 else 1
    return Tensor(shape[0], math.prod(shape[1:]), wide, columns=columns)


def _with_zeros(stage: Stage, given: Tensor) -> Stage:
    """The stage with 2-bit weights instead of -1/+1 ones where some of its kernels must be zero.

    They must be between dilated weights, and for the channels that the last of several passes lacks: there is no bit
    for zero, and what lies in the place of such a channel is not.
    """
    if stage.bits >= 0 or stage.weight is None:
        return stage
    dilated = stage.operation == "conv1d" and _first(stage.dilation) > 1 and stage.weight.shape[2] > 1
    lacking = stage.groups == 1 and given.passes * given.count != given.channels
    if not (dilated or lacking):
        return stage
    return replace(stage, bits=2, output_shift=0 if stage.wide else stage.output_shift + 1)


def _first(numbers: int | tuple[int, ...]) -> int:
    """The number of the first axis."""
    return numbers[0] if isinstance(numbers, tuple) else numbers


def _layer(index: int, stage: Stage, given: Tensor, result: Tensor) -> HardwareLayer:
    if stage.weight is None:
        return HardwareLayer(index, stage, "none", given, result, rows=given.rows, columns=given.columns)
    if stage.operation == "linear":
        flat = given.length if given.length > 1 else 0
        return HardwareLayer(index, stage, "linear", given, result, stage.weight[:, :, None], flat=flat)
    padding = _first(stage.padding)
    if stage.operation != "conv1d":
        return _of_image(index, stage, given, result, padding)
    size, step = stage.weight.shape[2], _first(stage.dilation) if stage.weight.shape[2] > 1 else 1
    if step == 1 or (size - 1) * step < KERNEL:
        weight = np.zeros((*stage.weight.shape[:2], (size - 1) * step + 1), np.int64)
        weight[:, :, ::step] = stage.weight
        taps = weight.shape[2]
        return HardwareLayer(
            index, stage, "conv1d", given, result, weight, given.length, padding=padding, kernel=(taps, 1)
        )
    return _folded(index, stage, given, result, stage.weight, step)


def _of_image(index: int, stage: Stage, given: Tensor, result: Tensor, padding: int) -> HardwareLayer:
    """A convolution of images; a transposed one walks over an image with zeros between rows and columns."""
    assert stage.weight is not None
    weight = stage.weight.reshape(*stage.weight.shape[:2], -1)
    rows, columns = stage.weight.shape[2:]
    kernel = (rows, columns)
    if stage.operation == "conv2d":
        return HardwareLayer(index, stage, "conv2d", given, result, weight, given.rows, given.columns, padding, kernel)
    more = _first(stage.stride)
    walked = more * given.rows, more * given.columns
    return HardwareLayer(index, stage, "transposed", given, result, weight, *walked, rows - 1 - padding, kernel)


def _folded(index: int, stage: Stage, given: Tensor, result: Tensor, weight: Codes, step: int) -> HardwareLayer:
    """A dilated convolution as a two-dimensional one: ``x[r * step + c]`` is row ``r``, column ``c``.

    The kernel stands in the middle column of 3x3, and the frame is padded by 1 on all sides, which keeps its size.
    Of three weights the middle one meets its own row, so that results come a row too late: the first row that is
    written means nothing. So do what the last rows hold beyond the result.
    """
    rows = -(-given.length // step)
    square = np.zeros((*weight.shape[:2], 3, 3), np.int64)
    square[:, :, 3 - weight.shape[2] :, 1] = weight
    word = 4 * result.passes * (4 if result.wide else 1)
    before = step * word if weight.shape[2] == 3 else 0
    after = (rows * step - result.length) * word - before
    result = Tensor(result.channels, result.length, result.wide, before=before, after=max(after, 0))
    taps = square.reshape(*weight.shape[:2], 9)
    return HardwareLayer(index, stage, "conv2d", given, result, taps, rows, step, 1, (3, 3))


def _complaint(layer: HardwareLayer, memory: MemoryMap) -> str:
    """What the registers cannot hold, in words; nothing where all is well."""
    given, result, device = layer.given, layer.result, memory.device
    for axis in layer.pools:
        if axis.dilation > 1 and axis.size != 2:
            return f"a pooling window of {axis.size} samples cannot be dilated; the chip dilates windows of 2"
        if axis.span - 1 >= _POOL_FIELD:
            return f"a pooling dilation of {axis.dilation} is more than the {_POOL_FIELD - 1} that fit; use less"
    alone = layer.kind == "none" and not device.pooled_passes
    if alone and layer.pooling and given.passes > 1 and result.length > 1:
        return (
            f"a {device.name} pools up to 64 channels without a convolution, not {given.channels}; pool before a "
            f"convolution"
        )
    if layer.depthwise and layer.kind == "transposed":
        return "a depthwise layer that is transposed is not generated, as no code shows its registers; use groups 1"
    if layer.flat * given.passes > FLATTEN:
        return (
            f"flattening {layer.flat} samples of {given.channels} channels takes {layer.flat * given.passes} steps "
            f"({given.passes} passes of 64 channels each) and {FLATTEN} is the limit; pool to "
            f"{FLATTEN // given.passes} samples before it"
        )
    whole = "frame" if layer.columns == 1 else "image"
    for walked, what in ((layer.rows, "samples" if whole == "frame" else "rows"), (layer.columns, "columns")):
        padded = walked + 2 * layer.padding
        if (walked if memory.clears else padded) > device.length:
            return (
                f"{padded} {what} with padding are more than the {device.length} of a {device.name}; shorten the "
                f"{whole}"
            )
    return ""

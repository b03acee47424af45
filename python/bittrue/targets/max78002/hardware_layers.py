"""Stages as the accelerator executes them: one record a hardware layer, before and after it has got its places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Stage, stage_types
from bittrue.spec.window import Axis, per_axis
from bittrue.targets.max78002.copies import original
from bittrue.targets.max78002.devices import FLATTEN, KERNEL
from bittrue.targets.max78002.joins import Spot, spots
from bittrue.targets.max78002.memory_map import MemoryMap
from bittrue.targets.max78002.tensors import Tensor

Codes = npt.NDArray[np.int64]
Kind = Literal["conv1d", "conv2d", "transposed", "linear", "none"]

_POOL_FIELD = 16
"""A pooling window spans fewer samples than this, less the first: four bits."""


@dataclass(frozen=True, eq=False)
class HardwareLayer:
    """A fused layer of the accelerator: pooling, then a sum, then bias, shift and activation.

    Parameters
    ----------
    index : int
        Number of the layer, from 0.
    stage : Stage
        Its meaning.
    kind : "conv1d", "conv2d", "transposed", "linear" or "none"
        "conv2d" is also a dilated convolution on frames folded into ``rows`` of ``columns = dilation`` samples; "none"
        passes (joined, pooled) data through.
    given, result : Tensor
        What it takes (all joined channels, or the first operand) and puts out, and where.
    weight : int64 array (O, I, K), optional
        Kernels as they are stored: ``I`` is channels for a convolution, 1 for a depthwise one, and ``channels *
        length`` for "linear".
    rows, columns, padding : int
        The frame or image as the hardware walks over it; for "transposed" with the zeros between, and the padding of
        its convolution.
    kernel : (int, int)
        Rows and columns of a kernel.
    flat : int
        Samples of a channel that "linear" flattens; 0 where there is one only.
    kernel_word : int
        Where its kernels begin in kernel memory, in words of 9 bytes.
    bias : dict
        Quadrant: byte in its bias memory. Several quadrants only for a depthwise layer.
    sources : tuple of int
        Numbers of the tensors that it takes: 0 is the net's input, ``k + 1`` the result of layer ``k``.
    spots : tuple of Spot
        Where each of them lies in what it takes.
    node : str
        The node of the net whose values are the result; "" where they mean nothing.
    """

    index: int
    stage: Stage
    kind: Kind
    given: Tensor
    result: Tensor
    weight: Codes | None = None
    rows: int = 1
    columns: int = 1
    padding: int = 0
    kernel: tuple[int, int] = (1, 1)
    flat: int = 0
    kernel_word: int = 0
    bias: dict[int, int] = field(default_factory=dict)
    sources: tuple[int, ...] = (0,)
    spots: tuple[Spot, ...] = (Spot(0, 0, 0),)
    node: str = ""

    @property
    def name(self) -> str:
        """Name of the stage: that of a node of the net, or of a copy."""
        return self.stage.name

    @property
    def operands(self) -> int:
        """Tensors that are combined element by element; 1 where none are."""
        return len(self.sources) if self.stage.eltwise else 1

    @property
    def folded(self) -> bool:
        """Whether a frame is walked over as an image."""
        return self.kind == "conv2d" and self.stage.operation == "conv1d"

    @property
    def pools(self) -> tuple[Axis, Axis]:
        """The pooling along rows and columns, which have one stride; windows of 1 where there is none."""
        pool, given = self.stage.pool, self.given
        if pool is None:
            return Axis(1), Axis(1)
        rank = 2 if given.columns > 1 or isinstance(pool.size, tuple) else 1
        sizes, strides, dilations = (per_axis(n, rank, 1, "pooling") for n in (pool.size, pool.stride, pool.dilation))
        stride = strides[-1] if given.rows == 1 else strides[0]
        rows, columns = zip((*sizes, 1)[:2], (stride, stride), (*dilations, 1)[:2], strict=True)
        return Axis(*rows), Axis(*columns)

    @property
    def pooling(self) -> bool:
        """Whether a window has more than one sample."""
        return any(axis.size > 1 for axis in self.pools)

    @property
    def averages(self) -> bool:
        """Whether pooling is an average."""
        return self.stage.pool is not None and self.stage.pool.kind == "avg"

    @property
    def emulated(self) -> bool:
        """Whether an element-wise operation in several passes is done as one pass over as many more rows."""
        passes = self.given.passes
        apart = self.operands * passes != self.operands + passes
        return self.kind == "none" and self.operands > 1 and passes > 1 and apart

    @property
    def bits(self) -> int:
        """Bits that a weight takes in memory."""
        return abs(self.stage.bits)

    @property
    def depthwise(self) -> bool:
        """Whether every channel has a filter of its own."""
        return self.stage.groups > 1

    @property
    def pointwise(self) -> bool:
        """Whether it is a matrix for every sample, or for all of them."""
        return self.kind == "linear" or (self.kind == "conv2d" and self.taps == 1 and not self.depthwise)

    @property
    def tied(self) -> bool:
        """Whether what is put out lies in the processors that it came from."""
        return self.depthwise or self.kind == "none"

    @property
    def taps(self) -> int:
        """Weights of a kernel."""
        return self.kernel[0] * self.kernel[1]

    @property
    def biased(self) -> bool:
        """Whether a bias is not zero."""
        return self.stage.bias is not None and bool(self.stage.bias.any())


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
        return HardwareLayer(
            index, stage, "conv2d", given, result, weight, given.rows, given.columns, padding, kernel
        )
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
                f"{padded} {what} with padding are more than the {device.length} of a {device.name}; shorten the {whole}"
            )
    return ""

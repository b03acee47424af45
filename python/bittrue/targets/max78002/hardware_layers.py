"""Stages as the accelerator executes them: one record a hardware layer, before and after it has got its places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.spec.stages import Pool, Stage, stage_types
from bittrue.targets.max78002.devices import FLATTEN, KERNEL
from bittrue.targets.max78002.memory_map import MemoryMap
from bittrue.targets.max78002.tensors import Tensor

Codes = npt.NDArray[np.int64]
Kind = Literal["conv1d", "conv2d", "linear", "none"]

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
    kind : "conv1d", "conv2d", "linear" or "none"
        "conv2d" is a dilated convolution on frames folded into ``rows`` of ``columns = dilation`` samples; "none"
        passes (pooled) data through.
    given, result : Tensor
        What it takes and puts out, and where.
    weight : int64 array (O, I, K), optional
        Kernels as they are stored: ``I`` is channels for a convolution, 1 for a depthwise one, and ``channels *
        length`` for "linear".
    rows, columns, padding : int
        The frame as the hardware walks over it.
    kernel : (int, int)
        Rows and columns of a kernel.
    flat : int
        Samples of a channel that "linear" flattens; 0 where there is one only.
    kernel_word : int
        Where its kernels begin in kernel memory, in words of 9 bytes.
    bias : dict
        Quadrant: byte in its bias memory. Several quadrants only for a depthwise layer.
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

    @property
    def name(self) -> str:
        """Name of the stage, which is that of a node of the net."""
        return self.stage.name

    @property
    def pool(self) -> Pool:
        """The pooling; a window of 1 where there is none."""
        return self.stage.pool or Pool("max", 1, 1)

    @property
    def bits(self) -> int:
        """Bits that a weight takes in memory."""
        return abs(self.stage.bits)

    @property
    def depthwise(self) -> bool:
        """Whether every channel has a filter of its own."""
        return self.stage.groups > 1

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


def hardware_layers(stages: Sequence[Stage], shape: tuple[int, int], memory: MemoryMap) -> list[HardwareLayer]:
    """The hardware layers of stages, without places.

    Raises `BadInput`, naming layer and limit, for one that the registers cannot describe.
    """
    found = []
    for index, (stage, (taken, made)) in enumerate(zip(stages, stage_types(shape, stages), strict=True)):
        given, result = _tensor(taken.shape, False), _tensor(made.shape, stage.wide)
        layer = _layer(index, _with_zeros(stage, given), given, result)
        complaint = _complaint(layer, memory)
        if complaint:
            raise BadInput(f"layer {layer.name}: {complaint}")
        found.append(layer)
    return found


def _tensor(shape: tuple[int, ...], wide: bool) -> Tensor:
    return Tensor(shape[0], shape[1] if len(shape) == 2 else 1, wide)


def _with_zeros(stage: Stage, given: Tensor) -> Stage:
    """The stage with 2-bit weights instead of -1/+1 ones where some of its kernels must be zero.

    They must be between dilated weights, and for the channels that the last of several passes lacks: there is no bit
    for zero, and what lies in the place of such a channel is not.
    """
    if stage.bits >= 0 or stage.weight is None:
        return stage
    dilated = stage.operation == "conv1d" and stage.dilation > 1 and stage.weight.shape[2] > 1
    lacking = stage.groups == 1 and given.passes * given.count != given.channels
    if not (dilated or lacking):
        return stage
    return replace(stage, bits=2, output_shift=0 if stage.wide else stage.output_shift + 1)


def _layer(index: int, stage: Stage, given: Tensor, result: Tensor) -> HardwareLayer:
    if stage.weight is None:
        return HardwareLayer(index, stage, "none", given, result, rows=given.length)
    if stage.operation == "linear":
        flat = given.length if given.length > 1 else 0
        return HardwareLayer(index, stage, "linear", given, result, stage.weight[:, :, None], flat=flat)
    size, step = stage.weight.shape[2], stage.dilation if stage.weight.shape[2] > 1 else 1
    if step == 1 or (size - 1) * step < KERNEL:
        weight = np.zeros((*stage.weight.shape[:2], (size - 1) * step + 1), np.int64)
        weight[:, :, ::step] = stage.weight
        taps = weight.shape[2]
        return HardwareLayer(
            index, stage, "conv1d", given, result, weight, given.length, padding=stage.padding, kernel=(taps, 1)
        )
    return _folded(index, stage, given, result, stage.weight, step)


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
    pool, given, chip = layer.pool, layer.given, memory.device.name
    if pool.dilation > 1 and pool.size != 2:
        return f"a pooling window of {pool.size} samples cannot be dilated; the chip dilates windows of 2"
    if (pool.size - 1) * pool.dilation >= _POOL_FIELD:
        return f"a pooling dilation of {pool.dilation} is more than the {_POOL_FIELD - 1} that fit; use less"
    if layer.kind == "none" and not memory.clears and pool.size > 1 and given.passes > 1 and layer.result.length > 1:
        return (
            f"a {chip} pools up to 64 channels without a convolution, not {given.channels}; pool before a convolution"
        )
    if layer.flat * given.passes > FLATTEN:
        return (
            f"flattening {layer.flat} samples of {given.channels} channels takes {layer.flat * given.passes} steps "
            f"({given.passes} passes of 64 channels each) and {FLATTEN} is the limit; pool to "
            f"{FLATTEN // given.passes} samples before it"
        )
    padded = layer.rows + 2 * layer.padding
    if not memory.clears and padded > memory.device.length:
        return f"{padded} samples with padding are more than the {memory.device.length} of a {chip}; shorten the frame"
    return ""

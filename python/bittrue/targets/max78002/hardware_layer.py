"""A layer as the accelerator executes it: one record, before and after it has got its places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from bittrue.spec.stages import Stage
from bittrue.spec.window import Axis, per_axis
from bittrue.targets.max78002.joins import Spot
from bittrue.targets.max78002.tensors import Tensor

Codes = npt.NDArray[np.int64]
Kind = Literal["conv1d", "conv2d", "transposed", "linear", "none"]


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
        """Whether pooling is an average of more than one sample."""
        return self.pooling and self.stage.pool is not None and self.stage.pool.kind == "avg"

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

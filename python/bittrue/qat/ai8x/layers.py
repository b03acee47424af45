"""Convolutions, linear layers and pools under the names that ai8x-training gives them."""

from __future__ import annotations

from functools import partialmethod
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from bittrue.errors import BadInput
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.qat.ai8x.summing import Summing
from bittrue.qat.conv import ConvSum, DenseSum
from bittrue.qat.pool import PoolModule
from bittrue.qat.sums import turned
from bittrue.spec.stages import Operation, Pool, Stage

Activation = Literal["ReLU", "Abs"]
BatchNorm = Literal["Affine", "NoAffine"]
Numbers = int | tuple[int, ...]
"""A number an axis, or one for all."""


class Conv(Summing, ConvSum):
    """A pool, a convolution, batch norm, an activation, each but the convolution optional; see `Summing`.

    Parameters
    ----------
    in_channels, out_channels, groups : int
    kernel_size, stride, padding, dilation, output_padding : int, or a tuple of one an axis
        Of the convolution; ``output_padding`` of a transposed one only.
    pooling : "Max", "Avg" or None
        Over ``pool_size`` samples, ``pool_dilation`` apart, every ``pool_stride`` (``pool_size`` where that is None),
        before the convolution.
    bias : bool
    batchnorm : "Affine", "NoAffine" or None
    activation : "ReLU", "Abs" or None
    wide : bool
        Last layers only: the accumulator is the result.

    Raises
    ------
    BadInput
        For options that do not exist together.
    """

    rank: ClassVar[int]
    kind: ClassVar[Any]
    """The module of PyTorch's that holds the parameters."""
    depthwise: ClassVar[bool] = False
    """Whether there are as many groups as channels where nothing else is said."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Numbers,
        *,
        stride: Numbers = 1,
        padding: Numbers = 0,
        dilation: Numbers = 1,
        output_padding: Numbers | None = None,
        groups: int | None = None,
        bias: bool = True,
        pooling: Literal["Max", "Avg"] | None = None,
        pool_size: Numbers = 2,
        pool_stride: Numbers | None = 2,
        pool_dilation: Numbers = 1,
        batchnorm: BatchNorm | None = None,
        activation: Activation | None = None,
        wide: bool = False,
    ) -> None:
        numbers: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation}
        if output_padding is not None:
            numbers["output_padding"] = output_padding
        if groups is None:
            groups = in_channels if self.depthwise else 1
        op = self.kind(in_channels, out_channels, kernel_size, groups=groups, bias=bias, **numbers)
        numbers = {name: getattr(op, name)[0] if self.rank == 1 else getattr(op, name) for name in numbers}
        shape = (out_channels, in_channels // groups, *op.kernel_size)
        pool = _pool(pooling, pool_size, pool_stride, pool_dilation)
        options: dict[str, Any] = {"batchnorm": batchnorm, "activation": activation, "wide": wide}
        super().__init__(op, shape, pool=pool, groups=groups, **options, **numbers)


class Conv1d(Conv):
    """`Conv` along a frame: values ``(N, C, L)``."""

    rank, operation, kind = 1, "conv1d", nn.Conv1d


class Conv2d(Conv):
    """`Conv` over an image: values ``(N, C, H, W)``."""

    rank, operation, kind = 2, "conv2d", nn.Conv2d


class ConvTranspose2d(Conv):
    """`Conv` over an image with zeros between its samples, as PyTorch's layer of that name.

    The chip has a ``stride`` of 2 and an ``output_padding`` of 1, which are the defaults here.
    """

    rank, operation, kind = 2, "convtranspose2d", nn.ConvTranspose2d
    __init__ = partialmethod(Conv.__init__, stride=2, output_padding=1)  # type: ignore[assignment]

    def kernels(self, weight: Tensor) -> Tensor:
        return turned(weight, self.stage.groups)


class Linear(Summing, DenseSum):
    """A matrix, a bias, an activation; see `Summing`.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    activation : "ReLU", "Abs" or None
    wide : bool
        Last layers only: the accumulator is the result.
    """

    operation: ClassVar[Operation] = "linear"

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        activation: Activation | None = None,
        wide: bool = False,
    ) -> None:
        op = nn.Linear(in_features, out_features, bias)
        super().__init__(op, (out_features, in_features), activation=activation, wide=wide)


class _Pooling(Ai8xLayer, PoolModule):
    """A pool without a sum behind it: the chip passes the data through."""

    rank: ClassVar[int]
    kind: ClassVar[str]

    def __init__(self, kernel_size: Numbers, stride: Numbers | None = None, dilation: Numbers = 1) -> None:
        pool: Any = _pool(self.kind, kernel_size, stride, dilation)
        super().__init__(pool.layer(self.rank), Stage("layer", "none", pool=pool))


class MaxPool1d(_Pooling):
    """The maxima along a frame."""

    rank, kind = 1, "Max"


class AvgPool1d(_Pooling):
    """The means along a frame, cut off toward zero where quantised."""

    rank, kind = 1, "Avg"


class MaxPool2d(_Pooling):
    """The maxima over an image."""

    rank, kind = 2, "Max"


class AvgPool2d(_Pooling):
    """The means over an image, cut off toward zero where quantised."""

    rank, kind = 2, "Avg"


def _pool(kind: str | None, size: Numbers, stride: Numbers | None, dilation: Numbers) -> Pool | None:
    if kind not in (None, "Max", "Avg"):
        raise BadInput(f"unknown pooling {kind!r}; choose Max, Avg or None")
    stride = size if stride is None else stride
    return None if kind is None else Pool("max" if kind == "Max" else "avg", size, stride, dilation)

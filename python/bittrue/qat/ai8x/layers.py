"""Convolutions, linear layers and pools under the names that ai8x-training gives them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from bittrue.errors import BadInput
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.spec import Axis
from bittrue.spec.stages import Pool

Activation = Literal["ReLU", "Abs"]
BatchNorm = Literal["Affine", "NoAffine"]


class Conv1d(Ai8xLayer):
    """A pool, a convolution, batch norm, an activation, each but the convolution optional; see `Ai8xLayer`.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups : int
        Of the convolution.
    pooling : "Max", "Avg" or None
        Over ``pool_size`` samples, ``pool_dilation`` apart, every ``pool_stride``, before the convolution.
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

    fixed: ClassVar[dict[str, Any]] = {}
    """Options that a subclass sets where the caller does not."""

    op: nn.Conv1d

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, **options: Any) -> None:
        self._setup(in_channels, out_channels, kernel_size, **(self.fixed | options))

    def _setup(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        pooling: Literal["Max", "Avg"] | None = None,
        pool_size: int = 2,
        pool_stride: int = 2,
        pool_dilation: int = 1,
        batchnorm: BatchNorm | None = None,
        activation: Activation | None = None,
        wide: bool = False,
    ) -> None:
        op = nn.Conv1d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        pool = _pool(pooling, pool_size, pool_stride, pool_dilation)
        super().__init__(op, out_channels, pool=pool, batchnorm=batchnorm, activation=activation, wide=wide)

    def total(self, x: Tensor, weight: Tensor, bias: Tensor | None, exact: bool) -> Tensor:
        groups, stride, padding, dilation = self.numbers
        if not exact:
            return nn.functional.conv1d(x, weight, bias, stride, padding, dilation, groups)
        # libraries may convolve by transforms, which round; products of matrices are sums of products
        x = nn.functional.pad(x, (padding, padding))
        windows = x.unfold(2, Axis(weight.shape[2], dilation=dilation).span, stride)[..., ::dilation]  # (N, C, L, K)
        batch, channels, length, size = windows.shape
        split = windows.reshape(batch, groups, channels // groups, length, size).permute(1, 0, 3, 2, 4)
        rows = weight.reshape(groups, -1, channels // groups * size)  # (G, O/G, C/G * K)
        y = torch.matmul(split.reshape(groups, batch * length, -1), rows.transpose(1, 2))  # (G, N * L, O/G)
        y = y.reshape(groups, batch, length, -1).permute(1, 0, 3, 2).reshape(batch, -1, length)
        return (y if bias is None else y + bias[:, None]).contiguous()

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """``groups, stride, padding, dilation``."""
        op = self.op
        return op.groups, op.stride[0], int(op.padding[0]), op.dilation[0]


class Linear(Ai8xLayer):
    """A matrix, a bias, an activation; see `Ai8xLayer`.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    activation : "ReLU", "Abs" or None
    wide : bool
        Last layers only: the accumulator is the result.
    """

    fixed: ClassVar[dict[str, Any]] = {}

    def __init__(self, in_features: int, out_features: int, **options: Any) -> None:
        self._setup(in_features, out_features, **(self.fixed | options))

    def _setup(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        activation: Activation | None = None,
        wide: bool = False,
    ) -> None:
        op = nn.Linear(in_features, out_features, bias)
        super().__init__(op, activation=activation, wide=wide)

    def total(self, x: Tensor, weight: Tensor, bias: Tensor | None, exact: bool) -> Tensor:
        return nn.functional.linear(x, weight, bias)


class MaxPool1d(Ai8xLayer):
    """A pool without a sum behind it: the chip passes the data through."""

    def __init__(self, kernel_size: int, stride: int | None = None, dilation: int = 1) -> None:
        super().__init__(None, pool=_pool("Max", kernel_size, stride or kernel_size, dilation))


class AvgPool1d(Ai8xLayer):
    """An average without a sum behind it, cut off toward zero where quantised."""

    def __init__(self, kernel_size: int, stride: int | None = None, dilation: int = 1) -> None:
        super().__init__(None, pool=_pool("Avg", kernel_size, stride or kernel_size, dilation))


def _pool(kind: str | None, size: int, stride: int, dilation: int) -> Pool | None:
    if kind not in (None, "Max", "Avg"):
        raise BadInput(f"unknown pooling {kind!r}; choose Max, Avg or None")
    return None if kind is None else Pool("max" if kind == "Max" else "avg", size, stride, dilation)


class FusedConv1dReLU(Conv1d):
    """Convolution and ReLU."""

    fixed: ClassVar[dict[str, Any]] = {"activation": "ReLU"}


class FusedConv1dAbs(Conv1d):
    """Convolution and absolute value."""

    fixed: ClassVar[dict[str, Any]] = {"activation": "Abs"}


class FusedConv1dBN(Conv1d):
    """Convolution and batch norm."""

    fixed: ClassVar[dict[str, Any]] = {"batchnorm": "Affine"}


class FusedConv1dBNReLU(Conv1d):
    """Convolution, batch norm and ReLU."""

    fixed: ClassVar[dict[str, Any]] = {"batchnorm": "Affine", "activation": "ReLU"}


class FusedConv1dBNAbs(Conv1d):
    """Convolution, batch norm and absolute value."""

    fixed: ClassVar[dict[str, Any]] = {"batchnorm": "Affine", "activation": "Abs"}


class FusedMaxPoolConv1d(Conv1d):
    """Maximum and convolution."""

    fixed: ClassVar[dict[str, Any]] = {"pooling": "Max"}


class FusedMaxPoolConv1dReLU(Conv1d):
    """Maximum, convolution and ReLU."""

    fixed: ClassVar[dict[str, Any]] = {"pooling": "Max", "activation": "ReLU"}


class FusedMaxPoolConv1dBNReLU(Conv1d):
    """Maximum, convolution, batch norm and ReLU."""

    fixed: ClassVar[dict[str, Any]] = {"pooling": "Max", "batchnorm": "Affine", "activation": "ReLU"}


class FusedAvgPoolConv1d(Conv1d):
    """Average and convolution."""

    fixed: ClassVar[dict[str, Any]] = {"pooling": "Avg"}


class FusedAvgPoolConv1dReLU(Conv1d):
    """Average, convolution and ReLU."""

    fixed: ClassVar[dict[str, Any]] = {"pooling": "Avg", "activation": "ReLU"}


class FusedAvgPoolConv1dBNReLU(Conv1d):
    """Average, convolution, batch norm and ReLU."""

    fixed: ClassVar[dict[str, Any]] = {"pooling": "Avg", "batchnorm": "Affine", "activation": "ReLU"}


class FusedLinearReLU(Linear):
    """Matrix and ReLU."""

    fixed: ClassVar[dict[str, Any]] = {"activation": "ReLU"}


class FusedLinearAbs(Linear):
    """Matrix and absolute value."""

    fixed: ClassVar[dict[str, Any]] = {"activation": "Abs"}

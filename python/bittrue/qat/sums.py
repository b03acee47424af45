"""Sums along any number of axes: what every convolution and pool on tensors is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from bittrue.num import Format
from bittrue.spec import Axis
from bittrue.spec.window import windows

SINGLE = 1 << 24
"""float32 holds every integer below this magnitude."""
EXPONENT = 100
"""Most fractional bits of a product, either side of zero, that stay clear of the ends of float32."""

Plain = Callable[[Tensor, Tensor, Sequence[Axis], int], Tensor]
"""`products` or `library`: ``(x, weight, axes, groups) -> acc`` for axes without upsampling."""


def convolve(x: Tensor, weight: Tensor, axes: Sequence[Axis], groups: int, plain: Plain) -> Tensor:
    """``acc[o, n] = sum_{c, k} weight[o, c, k] * x[first + c, at(n, k)]`` as in `bittrue.spec.Conv`, without a bias.

    Phase by phase where zeros lie between the inputs (`bittrue.spec.Axis.phases`); what is in no phase is 0.

    Parameters
    ----------
    x, weight : tensors (N, C, *lengths) and (O, C / groups, *K) of one type of number
    axes : one `Axis` an axis
    groups : int
    plain : `products` or `library`

    Returns
    -------
    acc : tensor (N, O, *windows)
    """
    if all(axis.upsampling == 1 for axis in axes):
        return plain(x, weight, axes, groups)
    lengths = x.shape[2:]
    acc = x.new_zeros((len(x), len(weight), *windows(axes, lengths)))
    for phase in product(*(axis.phases(length) for axis, length in zip(axes, lengths, strict=True))):
        part = weight[(slice(None), slice(None), *(along.weights for along in phase))]
        where = (slice(None), slice(None), *(along.outputs for along in phase))
        acc[where] = plain(x, part, [along.axis for along in phase], groups)
    return acc


def plain_on(device: torch.device) -> Plain:
    """What sums products and does nothing else on a device: `library` on the CPU, `products` elsewhere."""
    return library if device.type == "cpu" else products


@torch.no_grad()
def float32_holds(weight: Tensor, frac: int, given: Format, bias: Tensor | None = None) -> bool:
    """Whether float32 holds every partial sum of products of these weights, so that no float64 is needed.

    None exceeds ``sum |weight| * |lo|`` (and the bias) in steps of the product; it is to stay below ``2**24``. Where
    PyTorch may take fewer bits of a float32 (`whole_float32`, and libraries for devices other than the CPU), the answer
    is no.

    Parameters
    ----------
    weight : tensor (O, ...)
        Multiples of ``2**-frac``, the values that each output sums.
    given : Format
        Of the inputs.
    bias : tensor (O,), optional
        Values, where the sum includes it.
    """
    if weight.device.type != "cpu" or not whole_float32() or abs(given.frac) + abs(frac) > EXPONENT:
        return False
    largest = float(weight.abs().flatten(1).sum(1).max()) * -given.lo
    if bias is not None:
        largest += float(bias.abs().max()) * 2.0**given.frac
    return largest * 2.0**frac < SINGLE


def whole_float32() -> bool:
    """Whether PyTorch multiplies all bits of a float32: no setting of its own or of its CPU library says otherwise."""
    library: Any = torch.backends.mkldnn
    if any(part.fp32_precision not in ("none", "ieee") for part in (library.conv, library.matmul)):
        return False
    try:
        return torch.get_float32_matmul_precision() == "highest"
    except RuntimeError:  # a library's own setting contradicts that of all
        return False


def products(x: Tensor, weight: Tensor, axes: Sequence[Axis], groups: int) -> Tensor:
    """As one matrix product a group, every window a column: sums of products and nothing else, so exact.

    For integers, and for floats that hold every partial sum (`float32_holds`).
    """
    batch, filters, rank = len(x), len(weight), len(axes)
    seen = unfolded(padded(x, axes), axes)  # (N, C, *windows, *K)
    counts = seen.shape[2 : 2 + rank]
    apart = seen.reshape(batch, groups, weight.shape[1], *seen.shape[2:])
    order = (1, 2, *range(3 + rank, 3 + 2 * rank), 0, *range(3, 3 + rank))  # (G, C / G, *K, N, *windows)
    columns = apart.permute(order).reshape(groups, weight[0].numel(), -1)
    acc = torch.matmul(weight.reshape(groups, filters // groups, -1), columns)
    return acc.reshape(filters, batch, *counts).movedim(1, 0).contiguous()


def library(x: Tensor, weight: Tensor, axes: Sequence[Axis], groups: int) -> Tensor:
    """By PyTorch's own convolution, which is fast, and on the CPU sums products alone, once NNPACK is out of its way.

    NNPACK, and the libraries for other devices, may convolve by transforms, which round.
    """
    strides, dilations = [axis.stride for axis in axes], [axis.dilation for axis in axes]
    pads = [axis.before for axis in axes]
    if any(axis.before != axis.after or axis.before < 0 for axis in axes):
        x, pads = padded(x, axes), [0] * len(axes)
    convolution = (nn.functional.conv1d, nn.functional.conv2d)[len(axes) - 1]
    with torch.backends.nnpack.flags(enabled=False):
        return convolution(x, weight, None, strides, pads, dilations, groups)


def turned(weight: Tensor, groups: int) -> Tensor:
    """`bittrue.spec.transposed_kernel` of a tensor: ``(C, O / groups, *K)`` of a transposed layer of PyTorch's to
    ``(O, C / groups, *K)`` of the convolution that it is, and back.
    """
    parts = weight.reshape(groups, -1, *weight.shape[1:]).transpose(1, 2)
    return parts.reshape(-1, *parts.shape[2:]).flip(tuple(range(2, weight.ndim)))


def padded(x: Tensor, axes: Sequence[Axis]) -> Tensor:
    """``x`` with each axis' zeros before and after it; where their number is negative, without so many inputs."""
    missing: list[int] = []
    for dim, axis in enumerate(axes, x.ndim - len(axes)):
        length = x.shape[dim]
        begin, end = -axis.before, length + axis.after
        first, last = min(max(begin, 0), length), min(max(end, 0), length)
        x = x.narrow(dim, first, max(0, last - first))
        missing = [max(0, min(-begin, end - begin)), max(0, end - max(begin, length)), *missing]
    return nn.functional.pad(x, missing) if any(missing) else x


def unfolded(x: Tensor, axes: Sequence[Axis]) -> Tensor:
    """All windows of the last axes of ``x``, one view: ``(..., *windows, *sizes)``."""
    first = x.ndim - len(axes)
    for k, axis in enumerate(axes):
        x = x.unfold(first + k, axis.span, axis.stride)
    within: Any = (..., *(slice(None, None, axis.dilation) for axis in axes))
    return x[within]


def places(x: Tensor, axis: Axis, dim: int) -> list[Tensor]:
    """``x[n * stride + place * dilation]`` along ``dim``, counted from the end, for all windows: a view a place."""
    last, after = x.shape[dim] - axis.span + 1, (slice(None),) * (-dim - 1)
    starts = (place * axis.dilation for place in range(axis.size))
    indices: list[Any] = [(..., slice(start, start + last, axis.stride), *after) for start in starts]
    return [x[index] for index in indices]

"""Rounding of weights and averages with the gradient of what they round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bittrue.num.quantile import output_shift
from bittrue.qat.quantise import StraightThrough
from bittrue.spec import Axis


class RoundWeights(torch.autograd.Function):
    """``y = W * 2**(shift - bits + 1)``, ``W = clamp(floor(w * 2**(bits - 1 - shift) + 1/2))``: `weight_codes`, scaled.

    The sum is in float32, as in `bittrue.num.quantile.weight_codes`. Backward is the identity where nothing saturates,
    zero where it does.
    """

    @staticmethod
    def forward(ctx: Any, weight: Tensor, shift: int, bits: int) -> Tensor:
        """``weight`` is float of any shape; the result has its shape and type."""
        half = float(1 << (bits - 1))
        code = (weight.to(torch.float32) * 2.0 ** (bits - 1 - shift) + 0.5).floor()
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward((code < -half) | (code > half - 1.0))
        return (code.clamp(-half, half - 1.0) * 2.0 ** (shift - bits + 1)).to(weight.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """The incoming gradient, zero where the forward pass saturated."""
        (saturated,) = ctx.saved_tensors
        return gradients[0].masked_fill(saturated, 0.0), None, None


def round_weights(weight: Tensor, shift: int, bits: int) -> Tensor:
    """`RoundWeights` of a float tensor."""
    result: Tensor = RoundWeights.apply(weight, shift, bits)  # type: ignore[no-untyped-call]
    return result


@torch.no_grad()
def shift_of(weight: Tensor, bias: Tensor | None, quantile: float, bits: int) -> int:
    """`bittrue.num.quantile.output_shift` of a layer's parameters."""
    parts = [part.detach().abs() for part in (weight, bias) if part is not None]
    if quantile == 1.0:
        return output_shift(np.array([float(part.max()) for part in parts]), None, 1.0, bits)
    flat = torch.cat([part.flatten() for part in parts]).to("cpu", torch.float32)
    return output_shift(flat.numpy(), None, quantile, bits)


def average(x: Tensor, axes: Sequence[Axis], quantised: bool) -> Tensor:
    """Averages along the last axes; where ``quantised``, of values on the grid ``2**-7`` and cut off toward zero."""
    rank, windows = len(axes), x
    for k, axis in enumerate(axes):
        windows = windows.unfold(k + x.ndim - rank, axis.span, axis.stride)
    index: Any = (..., *(slice(None, None, axis.dilation) for axis in axes))
    windows, places = windows[index], tuple(range(-rank, 0))
    smooth = windows.mean(places)
    if not quantised:
        return smooth
    # a quotient that is no whole number is 2**-16 or more away from one, so float division does not move it across
    size = math.prod(axis.size for axis in axes)
    exact = ((windows.detach() * 128.0).sum(places) / size).trunc() / 128.0
    result: Tensor = StraightThrough.apply(smooth, exact)  # type: ignore[no-untyped-call]
    return result

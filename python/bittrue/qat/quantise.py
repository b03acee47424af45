"""Rounding of float64 tensors onto the grid of a format, forward exact, backward straight through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bittrue.num import Format, fit_format


class Grid(NamedTuple):
    """Where values are rounded to: ``code * 2**-frac`` with ``lo <= code <= hi``.

    A `Format` is a grid; a bias is one too, at accumulator scale, where ``frac`` may exceed what a format allows.
    """

    frac: int
    lo: int
    hi: int

    @classmethod
    def of(cls, fmt: Format) -> Grid:
        """The grid of a format."""
        return cls(fmt.frac, fmt.lo, fmt.hi)


def nearest(values: Tensor, frac: int) -> Tensor:
    """``floor(values * 2**frac + 1/2)`` as whole float64 numbers, not yet saturated.

    One half is never added in float: with 53 bits the sum itself may round. Comparing the rest with one half is exact.
    """
    scaled = values * 2.0**frac
    whole = scaled.floor()
    return whole + (scaled - whole >= 0.5)


def nearest_single(values: Tensor, frac: int) -> Tensor:
    """The same with one half added in float32, as in `bittrue.num.quantile.weight_codes`: where that sum is rounded, a
    value just below the middle goes up. The result has the type of ``values``.
    """
    return (values.to(torch.float32) * 2.0**frac + 0.5).floor().to(values.dtype)


Rounding = Callable[[Tensor, int], Tensor]
"""`nearest` or `nearest_single`: ``(values, frac) -> whole numbers``."""


def codes(values: Tensor, grid: Grid) -> Tensor:
    """``clamp(floor(values * 2**frac + 1/2), lo, hi)`` of float64 values, as int64."""
    return nearest(values, grid.frac).clamp(grid.lo, grid.hi).to(torch.int64)


def decode(code: Tensor, fmt: Format) -> Tensor:
    """``code * 2**-frac`` of int64 codes as float64 (an int64 tensor times a Python float would be float32)."""
    return code.to(torch.float64) * fmt.scale


def outside(values: Tensor, grid: Grid) -> Tensor:
    """Boolean tensor: where `codes` saturates."""
    code = nearest(values, grid.frac)
    return (code < grid.lo) | (code > grid.hi)


class StraightThroughQuantize(torch.autograd.Function):
    """``y = clamp(floor(x * 2**frac + 1/2), lo, hi) * 2**-frac``, trainable.

    Forward is exact for float64. Backward is the identity where the rounded value lies within ``lo..hi`` and zero
    where it saturates: rounding is seen as a no-op by the gradient, the clamp is not.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, frac: int, lo: int, hi: int, rounding: Rounding = nearest) -> Tensor:
        """``values`` is a float64 tensor of any shape; the result has its shape."""
        code = rounding(values, frac)
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward((code < lo) | (code > hi))
        return code.clamp(lo, hi) * 2.0**-frac

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        """The incoming gradient, zero where the forward pass saturated."""
        (saturated,) = ctx.saved_tensors
        return gradients[0].masked_fill(saturated, 0.0), None, None, None, None


class StraightThrough(torch.autograd.Function):
    """``exact`` forward, the gradient of ``smooth`` backward, for functions that a clamp alone does not describe."""

    @staticmethod
    def forward(ctx: Any, smooth: Tensor, exact: Tensor) -> Tensor:
        """Both float64 of one shape."""
        return exact.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The incoming gradient, to ``smooth``."""
        return gradients[0], None


def quantise(values: Tensor, grid: Grid, rounding: Rounding = nearest) -> Tensor:
    """`StraightThroughQuantize` of float values onto a grid, by `nearest` or `nearest_single`."""
    result: Tensor = StraightThroughQuantize.apply(values, *grid, rounding)  # type: ignore[no-untyped-call]
    return result


def fit_weight_format(weight: Any, bits: int) -> Format:
    """The finest format of ``bits`` bits in which no weight saturates, whatever power of two that takes.

    Parameters
    ----------
    weight : array or tensor of any shape
        Values. Where all are zero the format is ``Q1.(bits-1)``.
    bits : int
        2 to 53.

    Raises
    ------
    BadInput
        For NaN or infinity, or a word length outside 2..53.
    """
    return fit_format(torch.as_tensor(weight).detach().to("cpu", torch.float64).numpy(), bits)

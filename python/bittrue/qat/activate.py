"""Activations on exact sums, and the one rounding after them."""

from __future__ import annotations

from torch import Tensor, where

from bittrue.qat.module import LayerModule
from bittrue.spec import Abs, LeakyReLU, ReLU


def activate(module: LayerModule, acc: Tensor) -> Tensor:
    """The output of a layer with an activation, from the values of its accumulators, float64 of any shape."""
    activation, output = module.layer.activation, module.layer.output
    if isinstance(activation, ReLU):
        acc = acc.clamp(min=0.0)
    elif isinstance(activation, LeakyReLU):
        acc = where(acc < 0, acc * 2.0**-activation.shift, acc)
    y = module.result(acc)
    if isinstance(activation, Abs):
        y = y.abs().clamp(max=output.hi * output.scale) if module.quantised else y.abs()
    return y

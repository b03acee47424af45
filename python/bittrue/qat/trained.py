"""Layers whose parameters are trained from their codes: rounded onto formats, counted where they saturate, fitted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.qat.module import LayerModule, NotCarried
from bittrue.qat.quantise import Grid, codes, fit_weight_format, outside, quantise
from bittrue.spec import Layer, TensorType

BIAS_LIMIT = (1 << 51) - 1
"""Largest magnitude of a bias in accumulator units: a quarter of what a float64 accumulator holds."""


class Trained(LayerModule, ABC):
    """A layer with trainable parameters, which start at the values of its codes."""

    weight: nn.Parameter

    def __init__(self, layer: Any, given: Sequence[TensorType]) -> None:
        super().__init__(layer, given)
        for name, grid in self.grids().items():
            start = getattr(layer, name)
            if int(start.min()) < grid.lo or int(start.max()) > grid.hi:
                raise NotCarried(
                    f"a {name} of {int(np.abs(start).max())} accumulator units is beyond the {grid.hi} that training "
                    f"can carry in float64; narrow the weights or the inputs"
                )
            values = torch.from_numpy(np.ldexp(start.astype(np.float64), -grid.frac))
            self.register_parameter(name, nn.Parameter(values))

    @abstractmethod
    def grids(self) -> dict[str, Grid]:
        """Grid of every parameter by the name it has in the layer."""

    def parameter(self, name: str) -> Tensor:
        """The parameter as the forward pass sees it: on its grid, or as it is where the layer is not quantised."""
        value: Tensor = getattr(self, name)
        return quantise(value, self.grids()[name]) if self.quantised else value

    def to_layer(self) -> Layer:
        found = {name: codes(getattr(self, name).detach(), grid) for name, grid in self.grids().items()}
        layer: Layer = replace(self.layer, **{name: code.cpu().numpy() for name, code in found.items()})
        return layer

    def clamped(self) -> int:
        """How many parameters saturate in `to_layer`."""
        return sum(int(outside(getattr(self, name).detach(), grid).sum()) for name, grid in self.grids().items())

    def fit(self, bits: int | None = None) -> None:
        """Choose the weight format anew, from the present weights and with ``bits`` bits or as many as before."""
        self.reformat(fit_weight_format(self.weight, bits or self.layer.weight_format.bits))

    def reformat(self, fmt: Format) -> None:
        """Round the weights into ``fmt`` from now on; parameters keep their values.

        `Network.fit_weight_formats` makes sure that float64 carries the result, this does not.
        """
        weight = codes(self.weight.detach(), Grid.of(fmt)).cpu().numpy()
        self.layer = replace(self.layer, weight_format=fmt, weight=weight)

    def extreme(self) -> Layer:
        """The layer with the parameters, within their grids, that make the largest accumulator."""
        fill = {"weight": self.layer.weight_format.lo, "bias": BIAS_LIMIT}
        codes = {name: np.full_like(getattr(self.layer, name), fill[name]) for name in self.grids()}
        layer: Layer = replace(self.layer, **codes)
        return layer


class Biased(Trained):
    """A layer with ``weight`` and ``bias``, rounded onto the weight format and onto the scale of the accumulator.

    Attributes
    ----------
    bias_in_weight_format : bool
        True rounds and saturates the bias to a code of the weight format instead, ``weight_format.frac`` fractional
        bits, which counts ``2**x.frac`` in the accumulator: what a chip with narrow bias registers can hold. False at
        the start. The input has 0 fractional bits or more then.
    """

    bias_in_weight_format = False

    def grids(self) -> dict[str, Grid]:
        fmt = self.layer.weight_format
        bias = Grid(self.given[0].format.frac + fmt.frac, -BIAS_LIMIT, BIAS_LIMIT)
        return {"weight": Grid.of(fmt), "bias": Grid.of(fmt) if self.bias_in_weight_format else bias}

    def rounded(self) -> tuple[Tensor, Tensor]:
        """`parameter` of both."""
        return self.parameter("weight"), self.parameter("bias")

    def to_layer(self) -> Layer:
        layer: Any = super().to_layer()
        if self.bias_in_weight_format:
            given = self.given[0].format
            if given.frac < 0:
                raise BadInput(f"inputs of {given} are coarser than a bias in the weight format; keep it as it is")
            layer = replace(layer, bias=layer.bias << given.frac)
        return layer  # type: ignore[no-any-return]


class Staged(Trained):
    """A layer with memory whose parameters come last: what is before them can be computed once, for all training."""

    @abstractmethod
    def basis(self, *inputs: Tensor) -> Tensor:
        """The part before the parameters, all history included: ``(..., N, *)`` for inputs ``(..., N, *shape)``."""

    @abstractmethod
    def weigh(self, basis: Tensor) -> Tensor:
        """The output ``(..., N, *output.shape)`` from what `basis` returned; without memory."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """``weigh(basis(inputs))``."""
        return self.weigh(self.basis(*inputs))

"""The twin of a hardware net with the integer net's bits, in float32: what both stages train."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from bittrue.apps.noise.hardware_net import ArchitectureSpec
from bittrue.apps.noise.hardware_twin import HardwareTwin
from bittrue.errors import BadInput
from bittrue.num import Format, fit_format
from bittrue.qat.quantise import Grid, quantise

EXACT = 24
"""Bits of a float32 significand: sums of codes below ``2**24`` are exact in any order."""


class QuantisedTwin(HardwareTwin):
    """A `HardwareTwin` whose tensors end where the formats do and which, with ``rounded``, rounds as the integer net.

    The law: with ``rounded`` a forward pass is that of ``source().net`` by the reference, exactly. Weights go onto the
    grid that `hardware_source` chooses for them, biases onto that of the accumulator, results onto their formats by
    `bittrue.qat.quantise.StraightThroughQuantize`. Products of codes of ``a`` and ``w`` bits, ``n`` to a sum, stay
    below ``n * 2**(a + w - 2)``: an architecture where that is no less than ``2**23`` is refused.

    Without ``rounded`` results are clamped alone: the float net learns within the formats that it will have.
    """

    def __init__(self, spec: ArchitectureSpec, seed: int = 0, rounded: bool = False) -> None:
        super().__init__(spec, seed)
        self.rounded = rounded
        self.tensor, self.result = Format.of(spec.tensor, spec.name), Format.of(spec.output, spec.name)
        terms = max(math.prod(shape[1:]) for shape in spec.layers.values())
        bits = self.tensor.bits + spec.weight_bits - 2
        if terms * 2**bits >= 2 ** (EXACT - 1) or self.result.bits >= EXACT:
            raise BadInput(
                f"{spec.name} adds {terms} products of {self.tensor.bits} and {spec.weight_bits} bits into "
                f"{self.result.bits}, which float32 does not hold exactly; choose fewer bits or smaller layers"
            )

    def signals(self, given: Mapping[str, Tensor], samples: int) -> Tensor:
        """Signals ``(N, samples)``."""
        x: Tensor = self(given, samples)
        return x[:, 0]

    def inner(self, x: Tensor) -> Tensor:
        fmt = self.tensor
        if self.rounded:
            return quantise(torch.relu(x), Grid(fmt.frac, 0, fmt.hi))
        return x.clamp(0.0, fmt.hi * fmt.scale)

    def final(self, x: Tensor) -> Tensor:
        fmt = self.result
        return quantise(x, Grid.of(fmt)) if self.rounded else x.clamp(fmt.lo * fmt.scale, fmt.hi * fmt.scale)

    def of(self, name: str) -> tuple[Tensor, Tensor]:
        weight, bias = super().of(name)
        if not self.rounded:
            return weight, bias
        fmt = fit_format(weight.detach().to(torch.float64).numpy(), self.spec.weight_bits)
        most = (1 << (EXACT - 1)) - 1
        return quantise(weight, Grid.of(fmt)), quantise(bias, Grid(self.tensor.frac + fmt.frac, -most, most))

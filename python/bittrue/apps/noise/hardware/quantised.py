"""The twin of a hardware net with the integer net's bits, in float32: what both stages train."""

from __future__ import annotations

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
    `bittrue.qat.quantise.StraightThroughQuantize`. Sums of a layer are exact in float32 where ``2**(a - 1)`` times the
    codes of all weights of a sum, without their signs, and its bias stay below ``2**24``; a layer of larger ones is
    computed in float64. Formats in which one product may need ``2**23`` are refused.

    Without ``rounded`` results are clamped alone: the float net learns within the formats that it will have.
    """

    def __init__(self, spec: ArchitectureSpec, seed: int = 0, rounded: bool = False) -> None:
        super().__init__(spec, seed)
        self.rounded = rounded
        self.tensor, self.result = Format.of(spec.tensor, spec.name), Format.of(spec.output, spec.name)
        bits = self.tensor.bits + spec.weight_bits - 2
        if bits >= EXACT - 1 or self.result.bits >= EXACT:
            raise BadInput(
                f"{spec.name} adds products of {self.tensor.bits} and {spec.weight_bits} bits into "
                f"{self.result.bits}, which float32 does not hold exactly; choose fewer bits"
            )

    def signals(self, given: Mapping[str, Tensor], samples: int) -> Tensor:
        """Signals ``(N, samples)``."""
        x: Tensor = self(given, samples)
        return x[:, 0]

    def sums(self, x: Tensor, weight: Tensor, bias: Tensor, spare: int = -1) -> Tensor:
        if not self.rounded or self._largest(weight.detach(), bias.detach()) < 1 << EXACT:
            return super().sums(x, weight, bias, spare)
        return super().sums(x.double(), weight.double(), bias.double(), spare)

    def _largest(self, weight: Tensor, bias: Tensor) -> float:
        """Bound of a layer's sums in codes, as rounded weights make them."""
        fmt = fit_format(weight.to(torch.float64).numpy(), self.spec.weight_bits)
        inputs = 2.0 ** (self.tensor.bits - 1)
        sums = (
            inputs * 2.0**fmt.frac * weight.double().abs().sum((1, 2))
            + 2.0 ** (self.tensor.frac + fmt.frac) * bias.double().abs()
        )
        return float(sums.max())

    def inner(self, x: Tensor) -> Tensor:
        fmt = self.tensor
        if self.rounded:
            return quantise(torch.relu(x), Grid(fmt.frac, 0, fmt.hi)).float()
        return x.clamp(0.0, fmt.hi * fmt.scale)

    def final(self, x: Tensor) -> Tensor:
        fmt = self.result
        return quantise(x, Grid.of(fmt)).float() if self.rounded else x.clamp(fmt.lo * fmt.scale, fmt.hi * fmt.scale)

    def of(self, name: str) -> tuple[Tensor, Tensor]:
        weight, bias = super().of(name)
        if not self.rounded:
            return weight, bias
        fmt = fit_format(weight.detach().to(torch.float64).numpy(), self.spec.weight_bits)
        most = (1 << (EXACT - 1)) - 1
        return quantise(weight, Grid.of(fmt)), quantise(bias, Grid(self.tensor.frac + fmt.frac, -most, most))

"""The twin of a radio net in float32: with batch norm and without rounding, or with the integer net's bits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bittrue.apps.radio.hardware.architecture import (
    ArchitectureSpec,
    Shape,
    Weights,
    drawn_weights,
    integer_net,
)
from bittrue.apps.radio.hardware.kind import INPUT, OUTPUT
from bittrue.errors import BadInput
from bittrue.num import Format, fit_format
from bittrue.qat.quantise import Grid, quantise
from bittrue.spec import Net

EXACT = 24
"""Bits of a float32 significand: sums of codes below ``2**24`` are exact in any order."""


class Twin(nn.Module):
    """What both stages of training train.

    Float (``normed``): batch norm between every convolution and its ReLU, and results end where the tensor format does.
    Quantised (`folded`): batch norm is part of the weights; weights, biases and results are rounded onto the grids of
    `integer_net` by `bittrue.qat.quantise.StraightThroughQuantize`, and a forward pass in ``eval`` is that of the
    reference, exactly, as long as no sum reaches ``2**24`` (`check_exact`).

    Parameters
    ----------
    spec : ArchitectureSpec
    seed : int
        Of `drawn_weights`, with which it begins.
    normed, rounded : bool
    """

    def __init__(self, spec: ArchitectureSpec, seed: int = 0, normed: bool = True, rounded: bool = False) -> None:
        super().__init__()
        self.spec, self.normed, self.rounded = spec, normed, rounded
        self.tensor = Format.of(spec.tensor, spec.name)
        self.shapes = {shape.name: shape for shape in spec.layers}
        for name, (weight, bias) in drawn_weights(spec, seed).items():
            self.register_parameter(f"{name}_weight", nn.Parameter(torch.tensor(weight, dtype=torch.float32)))
            self.register_parameter(f"{name}_bias", nn.Parameter(torch.tensor(bias, dtype=torch.float32)))
        hidden = [shape for shape in spec.layers if normed and shape.name != "out"]
        norms = {shape.name: nn.BatchNorm2d(shape.outputs) for shape in hidden}
        for norm in norms.values():  # four deviations fill the tensor format
            nn.init.constant_(norm.weight, (self.tensor.hi + 1) * self.tensor.scale / 4)
        self.norms = nn.ModuleDict(norms)

    def forward(self, x: Tensor) -> Tensor:
        """Values ``(N, 13, 128, 128)`` to values ``(N, 4, 128, 128)``, grey level ``128 y + 128``."""
        skips: list[Tensor] = []
        for number, level in enumerate(self.spec.levels):
            if number:
                x = nn.functional.max_pool2d(x, 2)
            for k in range(level.convolutions):
                x = self._layer(f"down{number}_{k}", x, first=number == k == 0)
            skips.append(x)
        for number in reversed(range(len(self.spec.levels) - 1)):
            x = (self._layer(f"up{number}", x) + skips[number]).clamp(max=self.tensor.hi * self.tensor.scale)
            x = self._layer(f"merge{number}", x)
        return self._layer("out", x)

    def _layer(self, name: str, x: Tensor, first: bool = False) -> Tensor:
        shape, fmt = self.shapes[name], self.tensor
        weight, bias = self._rounded(shape, first)
        if shape.doubles:
            kernel = weight.flip(2, 3).transpose(0, 1)  # PyTorch's is turned round, inputs first
            y = nn.functional.conv_transpose2d(x, kernel, bias, 2, padding=1, output_padding=1)
        else:
            y = nn.functional.conv2d(x, weight, bias, padding=1)
        if name == "out":
            return quantise(y, Grid.of(OUTPUT)) if self.rounded else y
        if self.normed:
            y = self.norms[name](y)
        if self.rounded:
            return quantise(y, Grid(fmt.frac, 0, fmt.hi))
        return y.clamp(0.0, fmt.hi * fmt.scale)

    def _rounded(self, shape: Shape, first: bool) -> tuple[Tensor, Tensor]:
        weight, bias = getattr(self, f"{shape.name}_weight"), getattr(self, f"{shape.name}_bias")
        if not self.rounded:
            return weight, bias
        fmt = fit_format(weight.detach().to(torch.float64).numpy(), self.spec.weight_bits)
        most = (1 << (EXACT - 1)) - 1
        frac = (INPUT if first else self.tensor).frac + fmt.frac
        return quantise(weight, Grid.of(fmt)), quantise(bias, Grid(frac, -most, most))

    @torch.no_grad()
    def folded(self, rounded: bool = True) -> Twin:
        """The same net with batch norm in its weights, as running means have it: the float net, or rounded."""
        made = Twin(self.spec, normed=False, rounded=rounded)
        for name in self.shapes:
            weight, bias = getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias")
            if name in self.norms:
                norm = self.norms[name]
                assert isinstance(norm, nn.BatchNorm2d)
                assert norm.running_mean is not None and norm.running_var is not None
                gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                weight, bias = weight * gain[:, None, None, None], norm.bias + (bias - norm.running_mean) * gain
            getattr(made, f"{name}_weight").copy_(weight)
            getattr(made, f"{name}_bias").copy_(bias)
        return made.eval()

    def weights(self) -> Weights:
        """The weights in float64, before any rounding."""
        return {
            name: tuple(
                getattr(self, f"{name}_{part}").detach().to(torch.float64).numpy() for part in ("weight", "bias")
            )  # type: ignore[misc]
            for name in self.shapes
        }

    def net(self) -> Net:
        """The integer net of the present weights, rounded. Batch norm must be folded.

        Raises `BadInput` where a sum could leave what float32 holds exactly.
        """
        assert not self.normed
        net = integer_net(self.spec, self.weights())
        check_exact(net)
        return net


def check_exact(net: Net) -> None:
    """Raise `BadInput` where a sum of a layer may reach ``2**24``."""
    for node in net.nodes:
        weight, bias = getattr(node.layer, "weight", None), getattr(node.layer, "bias", None)
        if weight is None or bias is None:
            continue
        fmt = net.types[node.inputs[0]].format
        largest = int((abs(weight).sum((1, 2, 3)) * max(fmt.hi, -fmt.lo) + abs(bias)).max())
        if largest >= 1 << EXACT:
            raise BadInput(
                f"{net.name}: sums of {node.name} reach {largest:,}, which float32 does not hold exactly; give its "
                f"level fewer channels"
            )

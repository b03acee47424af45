"""The twin of a two-dimensional net with the integer net's bits, in float32, and the signal of what it makes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bittrue.apps.noise import lapped
from bittrue.apps.noise.hardware.quantised import EXACT
from bittrue.apps.noise.spectrogram_net import (
    LAST,
    OUTPUT,
    TENSOR,
    SpectrogramSpec,
    Weights,
    drawn_weights,
    spectrogram_source,
    weight_format,
)
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.qat.quantise import Grid, quantise
from bittrue.spec.source import Source


class SpectrogramTwin(nn.Module):
    """`bittrue.apps.noise.spectrogram_net.spectrogram_source`, trainable.

    The law: with ``rounded`` a forward pass is that of ``source().net`` by the reference, exactly. All sums of products
    of codes are below 2^24, so float32 holds them; an architecture where they are not is refused. Without ``rounded``
    results inside are clamped to 0..127/128 alone.
    """

    def __init__(self, spec: SpectrogramSpec, seed: int = 0, rounded: bool = False) -> None:
        super().__init__()
        self.spec, self.rounded = spec, rounded
        if (spec.terms + 1) << (2 * TENSOR.frac) >= 1 << EXACT:
            raise BadInput(
                f"{spec.name} adds {spec.terms} products of 8 bits, which float32 does not hold exactly; choose fewer "
                f"channels"
            )
        for name, (weight, bias) in drawn_weights(spec, seed).items():
            self.register_parameter(f"{name}_weight", nn.Parameter(torch.tensor(weight, dtype=torch.float32)))
            self.register_parameter(f"{name}_bias", nn.Parameter(torch.tensor(bias, dtype=torch.float32)))

    def forward(self, given: Mapping[str, Tensor], samples: int | None = None) -> Tensor:
        """Spectrograms ``(N, 2, rows, rows)`` of latents ``input`` ``(N, latent, base, base)``."""
        x = given["input"]
        for name in self.spec.layers:
            weight, bias = self.of(name)
            if name.startswith("up"):
                kernel = weight.flip(2, 3).transpose(0, 1)  # PyTorch's is turned round, inputs first
                x = self.inner(nn.functional.conv_transpose2d(x, kernel, bias, 2, 1, 1))
            else:
                x = nn.functional.conv2d(x, weight, bias, padding=1)
                x = x if name == "out" else self.inner(x)
        return x

    def signals(self, given: Mapping[str, Tensor], samples: int) -> Tensor:
        """Signals ``(N, samples)`` by `bittrue.apps.noise.lapped.waveform`, of one or more images each."""
        images, rows = samples // self.spec.samples, self.spec.rows
        z = self(given).unflatten(0, (-1, images)).permute(0, 1, 4, 3, 2)  # (N, images, times, rows, 2)
        z = nn.functional.pad(z.flatten(1, 2), (0, 0, 0, 1))
        blocks = torch.fft.irfft(torch.view_as_complex(z.contiguous()), 2 * rows, norm="ortho")
        blocks = blocks * torch.from_numpy(lapped.window(rows)).to(z.dtype)
        found: Tensor = blocks[:, :, :rows] + blocks[:, :, rows:].roll(1, 1)
        return found.flatten(1)

    def inner(self, x: Tensor) -> Tensor:
        """What follows every convolution but the last one."""
        if self.rounded:
            return quantise(torch.relu(x), Grid(TENSOR.frac, 0, TENSOR.hi))
        return x.clamp(0.0, TENSOR.hi * TENSOR.scale)

    def of(self, name: str) -> tuple[Tensor, Tensor]:
        """Weights and biases of a layer as the forward pass takes them."""
        weight, bias = getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias")
        if not self.rounded:
            ends = LAST.hi * LAST.scale
            return (weight.clamp(-1.0, ends), bias) if name == "out" else (weight, bias)
        found = (part.detach().to(torch.float64).numpy() for part in (weight, bias))
        grid = Grid.of(weight_format(name, *found))
        return quantise(weight, grid), quantise(bias, grid)

    @property
    def result(self) -> Format:
        """The format of the output."""
        return OUTPUT

    def weights(self) -> Weights:
        """The weights in float64, before any rounding."""
        state = {name: value.detach().to(torch.float64).numpy() for name, value in self.named_parameters()}
        return {name: (state[f"{name}_weight"], state[f"{name}_bias"]) for name in self.spec.layers}

    def source(self) -> Source:
        """The integer net of the present weights, rounded, and its latent."""
        return spectrogram_source(self.spec, self.weights())

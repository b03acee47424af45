"""The float twin of a hardware net, to train on; and its integer net in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from bittrue.apps.noise.hardware_net import FACTOR, ArchitectureSpec, Weights, drawn_weights, hardware_source
from bittrue.num import Format
from bittrue.qat import Network
from bittrue.ref.source import frames
from bittrue.spec.source import Source


class HardwareTwin(nn.Module):
    """`bittrue.apps.noise.hardware_net.hardware_source` without rounding, in float32.

    Parameters
    ----------
    spec : ArchitectureSpec
    seed : int
        Of `drawn_weights`, with which it begins.

    `source` is the integer net of its weights; `network` is that net in training, whose forward pass in ``eval`` and
    with all layers quantised is the integer net's.
    """

    def __init__(self, spec: ArchitectureSpec, seed: int = 0) -> None:
        super().__init__()
        self.spec = spec
        for name, (weight, bias) in drawn_weights(spec, seed).items():
            self.register_parameter(f"{name}_weight", nn.Parameter(torch.tensor(weight, dtype=torch.float32)))
            self.register_parameter(f"{name}_bias", nn.Parameter(torch.tensor(bias, dtype=torch.float32)))

    def forward(self, given: Mapping[str, Tensor], samples: int | None = None) -> Tensor:
        """The signal ``(N, 1, samples)`` of latents ``noise<k>`` and settings ``setting<k>`` ``(N, channels, length)``.

        ``samples`` is another length of a frame than the architecture's; lengths are those of its ``lengths``.
        """
        return self.final(self.sums(self.before_last(given, samples), *self.of("out")))

    def before_last(self, given: Mapping[str, Tensor], samples: int | None = None) -> Tensor:
        """What the last layer is given, ``(N, channels, samples + taps - 1)``; arguments as of `forward`."""
        spec = replace(self.spec, samples=samples or self.spec.samples)
        x: Tensor | None = None
        for number, lengths in enumerate(spec.lengths):
            beside = [given[name] for name in (f"noise{number}", f"setting{number}") if name in given]
            if x is not None:
                beside.insert(0, self.inner(self.sums(x, *self.of(f"up{number}"), lengths.spare)))
            x = torch.cat(beside, 1)
            for name in spec.layers:
                if name.startswith(f"conv{number}_"):
                    x = self.inner(self.sums(x, *self.of(name)))
        assert x is not None  # there are two levels or more
        return x

    def sums(self, x: Tensor, weight: Tensor, bias: Tensor, spare: int = -1) -> Tensor:
        """The convolution, or with ``spare >= 0`` the transposed one with that output padding."""
        if spare < 0:
            return nn.functional.conv1d(x, weight, bias)
        kernel = weight.flip(2).transpose(0, 1)  # PyTorch's is turned round, inputs first
        return nn.functional.conv_transpose1d(
            x, kernel, bias, FACTOR, padding=weight.shape[2] - 1, output_padding=spare
        )

    def inner(self, x: Tensor) -> Tensor:
        """What follows every convolution but the last one."""
        return torch.relu(x)

    def final(self, x: Tensor) -> Tensor:
        """What follows the last convolution."""
        return x

    def of(self, name: str) -> tuple[Tensor, Tensor]:
        """Weights and biases of a layer as the forward pass takes them."""
        return getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias")

    def weights(self) -> Weights:
        """The weights in float64, before any rounding."""
        return {
            name: tuple(part.detach().to(torch.float64).cpu().numpy() for part in HardwareTwin.of(self, name))  # type: ignore[misc]
            for name in self.spec.layers
        }

    def source(self) -> Source:
        """The integer net of the present weights, rounded, and how its inputs are filled."""
        return hardware_source(self.spec, self.weights())

    def network(self) -> Network:
        """That net in quantisation-aware training."""
        return Network(self.source().net)


def drawn_frames(
    spec: ArchitectureSpec, seed: int, first: int, count: int, settings: Mapping[str, int], samples: int | None = None
) -> dict[str, Tensor]:
    """Inputs of ``count`` frames from ``first`` on, as the hardware has them, in float32 values.

    ``settings`` are codes of the parameter; see `bittrue.ref.source.frames`.
    """
    spec = replace(spec, samples=samples or spec.samples)
    source = hardware_source(spec, drawn_weights(spec, 0))
    drawn = frames(source, seed, range(first, first + count), settings)
    fmt = Format.of(spec.tensor, spec.name)
    return {name: torch.from_numpy(fmt.decode(codes)).to(torch.float32) for name, codes in drawn.items()}


def finished(source: Source, network: Network) -> Source:
    """The source whose net is that of a trained network. The network began as ``source.net``."""
    return replace(source, net=network.to_net())

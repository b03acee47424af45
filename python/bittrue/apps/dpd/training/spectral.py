"""EVM, ACLR and NMSE as a loss: the judging metrics in PyTorch, differentiable."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor, nn

from bittrue.apps.dpd.metrics import Channel
from bittrue.apps.dpd.recipe import SEQUENCE
from bittrue.errors import BadInput

FLOOR = 1e-20
"""Least ratio of powers: -200 dB, so that a perfect output has a gradient."""


def channel_for(channel: Channel, samples: int) -> Channel:
    """The channel in segments, no longer than its own, of which a whole number makes ``samples``: coarser bins.

    Raises `BadInput` where ``samples`` is odd or no such segment resolves the channel.
    """
    for count in range(-(-samples // channel.nperseg), samples // 2 + 1):
        if samples % (2 * count) == 0:
            return replace(channel, nperseg=samples // count)
    raise BadInput(f"a sequence of {samples} samples has no even segments; choose an even number of samples")


class SpectralLoss(nn.Module):
    """``evm * EVM + aclr * ACLR + nmse * NMSE`` in dB, the mean over sequences.

    The three are those of `bittrue.apps.dpd.metrics` on the same samples, ACLR the mean of both sides: same segments,
    windows and bins, so the loss is what judges. The gradient flows to the output.

    Parameters
    ----------
    channel : Channel
        Bands, and the length of a segment (`channel_for` shortens it).
    evm, aclr, nmse : float
        Weights; a part of weight 0 is not computed.
    """

    def __init__(self, channel: Channel, evm: float = 1.0, aclr: float = 1.0, nmse: float = 1.0) -> None:
        super().__init__()
        self.channel, self.weights = channel, {"EVM": evm, "ACLR": aclr, "NMSE": nmse}
        self.register_buffer("window", torch.hann_window(channel.nperseg, dtype=torch.float64), persistent=False)

    def forward(self, output: Tensor, reference: Tensor) -> Tensor:
        """The loss of outputs ``(..., N, 2)`` against references ``gain * x`` of that shape; a scalar."""
        found = self.parts(output, reference)
        return torch.stack([self.weights[name] * value.mean() for name, value in found.items()]).sum()

    def parts(self, output: Tensor, reference: Tensor) -> dict[str, Tensor]:
        """EVM, ACLR and NMSE in dB of every sequence ``(...)``.

        Raises `BadInput` for sequences of fewer than 4,096 samples, and shapes that differ.
        """
        if output.shape != reference.shape or output.shape[-1] != 2:
            shapes = f"{tuple(output.shape)} and {tuple(reference.shape)}"
            raise BadInput(f"output and reference have shapes {shapes}; both must be (..., N, 2)")
        if output.shape[-2] < SEQUENCE:
            raise BadInput(
                f"a sequence of {output.shape[-2]} samples has no spectrum to judge; give at least {SEQUENCE:,} samples"
            )
        y, r = self._segments(output), self._segments(reference)
        found: dict[str, Tensor] = {}
        if self.weights["EVM"]:
            found["EVM"] = self._evm(y, r)
        if self.weights["ACLR"]:
            found["ACLR"] = self._aclr(y)
        if self.weights["NMSE"]:
            found["NMSE"] = _nmse(y, r)
        return found

    @cached_property
    def _bins(self) -> tuple[int, int, int]:
        return self.channel.bins

    def _segments(self, iq: Tensor) -> Tensor:
        """Complex ``(..., segments, nperseg)``, padded with zeros."""
        values = iq.double()
        signal = torch.complex(values[..., 0], values[..., 1])
        size = self.channel.nperseg
        padded = nn.functional.pad(signal, (0, -signal.shape[-1] % size))
        return padded.reshape(*padded.shape[:-1], -1, size)

    def _sub_channels(self, spectrum: Tensor) -> Tensor:
        """Sums over the sub-channels of spectra ``(..., nperseg)``: ``(..., n_sub_ch)``."""
        first, _, width = self._bins
        count = self.channel.n_sub_ch
        inside = spectrum[..., first : first + count * width]
        return inside.reshape(*spectrum.shape[:-1], count, width).sum(-1)

    def _evm(self, y: Tensor, r: Tensor) -> Tensor:
        error, size = (self._sub_channels(torch.fft.fftshift(torch.fft.fft(s), dim=-1).abs()) for s in (y - r, r))
        return 2 * _decibel((error / size).mean((-2, -1)))

    def _aclr(self, y: Tensor) -> Tensor:
        window = self.get_buffer("window")
        spectrum = torch.fft.fft(window * (y - y.mean(-1, keepdim=True))) / window.sum()
        density = torch.fft.fftshift(spectrum.abs().square().mean(-2), dim=-1)
        first, last, width = self._bins
        strongest = self._sub_channels(density).amax(-1)
        sides = density[..., first - width : first].sum(-1), density[..., last : last + width].sum(-1)
        return torch.stack([_decibel(side / strongest) for side in sides]).mean(0)


def _nmse(y: Tensor, r: Tensor) -> Tensor:
    return _decibel((y - r).abs().square().sum(-1) / r.abs().square().sum(-1)).mean(-1)


def _decibel(ratio: Tensor) -> Tensor:
    return 10 * ratio.clamp_min(FLOOR).log10()

"""Section ``[net]`` of a recipe: a stack of one-dimensional convolutions that a MAX78002 can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.errors import BadInput
from bittrue.kit.bounds import Section, Within

WIDEST = 1024
"""Channels of a layer, and inputs of the last one."""

CHIP = "the accelerator takes"
Pool = Annotated[int, Within(1, 16, CHIP)]


@dataclass(frozen=True)
class Conv(Section):
    """One item of ``net.conv``: pooling, then a convolution of stride 1, then ReLU.

    Parameters
    ----------
    channels : int
        1 to 1024; multiples of 4 waste no processor.
    kernel : int
        1 to 9.
    padding : int, optional
        Zeros on either side, 0 to 2; ``min(kernel // 2, 2)`` if not given.
    pool : int
        Samples of the pooling window in front, and its stride: 1 (none) to 16.
    average : bool
        Pool by the mean, which the chip truncates toward zero, and not by the maximum.
    """

    channels: Annotated[int, Within(1, WIDEST, CHIP)]
    kernel: Annotated[int, Within(1, 9, CHIP)]
    padding: Annotated[int | None, Within(0, 2, CHIP)] = None
    pool: Pool = 1
    average: bool = False

    @property
    def zeros(self) -> int:
        """Padding on either side."""
        return min(self.kernel // 2, 2) if self.padding is None else self.padding

    def length(self, samples: int) -> int:
        """Samples that come out of so many."""
        return samples // self.pool + 2 * self.zeros - self.kernel + 1


@dataclass(frozen=True)
class Topology(Section):
    """Section ``[net]``: ``conv``, then pooling, then one dense layer to five classes over all samples and channels.

    Parameters
    ----------
    conv : tuple of Conv
    pool : int
        In front of the dense layer.
    average : bool
    """

    conv: tuple[Conv, ...]
    pool: Pool = 1
    average: bool = False

    def __post_init__(self) -> None:
        if not self.conv:
            raise BadInput("conv is empty; give at least one convolution")
        super().__post_init__()

    @property
    def names(self) -> tuple[str, ...]:
        """The layers with weights, as checkpoints name them: ``conv.0``, ``conv.1``, ..., ``fc``."""
        return (*(f"conv.{at}" for at in range(len(self.conv))), "fc")

    def lengths(self, samples: int) -> tuple[int, ...]:
        """Samples behind each convolution and behind the last pooling.

        Raises `BadInput` where nothing is left, and where the dense layer has more than 1024 inputs.
        """
        found = []
        for at, layer in enumerate(self.conv):
            samples = layer.length(samples)
            if samples < 1:
                raise BadInput(f"conv[{at}] has no sample left to give; pool less, pad more, or lengthen the input")
            found.append(samples)
        last = samples // self.pool
        if not 1 <= last * self.conv[-1].channels <= WIDEST:
            raise BadInput(
                f"pool leaves {last} samples of {self.conv[-1].channels} channels for the dense layer;"
                f" 1 to {WIDEST} inputs are possible"
            )
        return (*found, last)

    def weights(self, channels: int, samples: int) -> int:
        """Weights without biases: bytes at 8 bits each."""
        return sum(size for size, _ in self._layers(channels, samples))

    def macs(self, channels: int, samples: int) -> int:
        """Multiplications of one beat."""
        return sum(size * length for size, length in self._layers(channels, samples))

    def _layers(self, channels: int, samples: int) -> list[tuple[int, int]]:
        """Weights of every layer and how often each is used."""
        lengths, found = self.lengths(samples), []
        for layer, length in zip(self.conv, lengths[:-1], strict=True):
            found.append((channels * layer.channels * layer.kernel, length))
            channels = layer.channels
        return [*found, (channels * lengths[-1] * len(CLASSES), 1)]

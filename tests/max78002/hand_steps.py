"""What one hardware layer does, in terms of the chip: frames, processors and places in data memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.spec import Abs, ReLU
from bittrue.spec.stages import stage_types

FUNCTIONS = {"sub": 0, "add": 1, "or": 2, "xor": 3}
LANES = 4


@dataclass
class Step:
    """One hardware layer. ``given`` and ``result`` are ``(channels, rows, columns)``; ``read`` and ``write`` are words.

    ``weight`` is ``(outputs, inputs / groups, rows, columns)`` as it meets the data; of a flattening layer it is
    ``(outputs, channels * pixels, 1, 1)``. ``processors`` and ``targets`` are maps of 64 bits. A layer of operation
    "conv1d" has one column; "conv2d" is every other sum, "none" moves data.
    """

    name: str
    operation: str
    given: tuple[int, int, int]
    result: tuple[int, int, int]
    processors: int
    targets: int
    read: int
    write: int
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None
    bits: int = 8
    shift: int = 0
    wide: bool = False
    activation: str = "none"
    kind: str = "max"
    pool: tuple[int, int] = (1, 1)
    stride: int = 1
    dilation: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    groups: int = 1
    flatten: bool = False
    transposed: bool = False
    operands: int = 1
    function: str = "add"
    pool_first: bool = True
    gap: int = 0
    read_gap: int = 0
    big: bool = False

    @property
    def passing(self):
        return self.weight is None

    @property
    def depthwise(self):
        return self.groups > 1

    @property
    def passes(self):
        return -(-self.given[0] // 64)

    @property
    def passes_out(self):
        return -(-self.result[0] // 64)

    @property
    def width(self):
        """Weights' bits, as the registers count kernels."""
        return 8 if self.passing else abs(self.bits)

    @property
    def taps(self):
        return 1 if self.passing else self.weight.shape[2] * self.weight.shape[3]

    @property
    def positions(self):
        """Passes, with the pixels of what is flattened."""
        return self.passes * (self.given[1] * self.given[2] if self.flatten else 1)

    @property
    def pooled(self):
        """Rows and columns after pooling."""
        return tuple(
            (n - (p - 1) * d - 1) // self.stride + 1
            for n, p, d in zip(self.given[1:], self.pool, self.dilation, strict=True)
        )

    @property
    def sources(self):
        """The processors in order."""
        return [p for p in range(64) if self.processors >> p & 1]

    @property
    def into(self):
        """The processors of a pass of the output, in order."""
        return [p for p in range(64) if self.targets >> p & 1]

    def masks(self):
        return [self.processors >> 16 * q & 0xFFFF for q in range(4)]

    def slots(self):
        """Time slots less one."""
        most = max(mask.bit_count() for mask in self.masks())
        if self.passing:
            return (most - 1) // 4
        return min(most, 4) * (4 if self.wide else 1) - 1 if self.depthwise else 0

    def positions_out(self):
        """Output channels of a pass from the first processor of a data memory on."""
        return self.into[-1] + 1 - (self.into[0] & ~3)

    def kernels(self):
        """Kernels of a processor."""
        if self.depthwise:
            return self.passes
        if self.flatten and self.positions > 1:
            return self.positions * self.result[0]
        return self.positions * self.positions_out() * self.passes_out


def split(channels):
    """Processors of a pass, and passes."""
    passes = -(-channels // 64)
    count = -(-channels // passes)
    return (count if passes == 1 else -(-count // 4) * 4), passes


def steps_of(stages, shape, big, half):
    """A row of stages of one dimension: processors from 0 on, results in the two halves of data memory in turn."""
    found, at = [], 0
    for number, (stage, (given, result)) in enumerate(zip(stages, stage_types(shape, stages), strict=True)):
        source, target = (frame(t.shape) for t in (given, result))
        count, into = split(source[0])[0], split(target[0])[0]
        first = number == 0 and big
        pool = stage.pool
        write = 0 if at else half
        weight = stage.weight
        if weight is not None:
            wide = (
                np.zeros((*weight.shape[:2], (weight.shape[2] - 1) * stage.dilation + 1), np.int64)
                if (weight.ndim == 3)
                else weight[:, :, None]
            )
            if weight.ndim == 3:
                wide[:, :, :: stage.dilation] = weight
            weight = wide[..., None]
        activation = {ReLU: "relu", Abs: "abs"}.get(type(stage.activation), "none")
        found.append(
            Step(
                stage.name, "conv1d" if stage.operation == "conv1d" else "none" if weight is None else "conv2d", source,
                target, sum(1 << (4 * c if first else c) for c in range(count)), (1 << into) - 1, at, write, weight,
                stage.bias, stage.bits, stage.shift, stage.wide, activation, pool.kind if pool else "max",
                (pool.size if pool else 1, 1), pool.stride if pool else 1, (pool.dilation if pool else 1, 1),
                (stage.padding, 0), stage.groups, stage.operation == "linear", big=first,
            )
        )  # fmt: skip
        at = write
    return found


def frame(shape):
    """A shape as channels, rows, columns."""
    return (*shape, 1, 1)[:3]

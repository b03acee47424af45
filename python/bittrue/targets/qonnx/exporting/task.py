"""What a rule is given: a layer in its place, with what is known of its operands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bittrue.ranges import Range
from bittrue.ranges.sums import Intervals
from bittrue.spec import TensorType
from bittrue.targets.qonnx.graph import Tensor


@dataclass(frozen=True)
class Task:
    """A layer, the types and intervals of its operands, what it can produce, and the tensors that carry the operands.

    Operands are values: codes times ``2**-frac``.
    """

    name: str
    layer: Any
    types: tuple[TensorType, ...]
    given: tuple[Intervals, ...]
    range: Range
    output: TensorType
    operands: tuple[Tensor, ...]
    samples: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the result with its samples."""
        return (self.samples, *self.output.shape)

    def largest(self, operand: int) -> int:
        """Largest magnitude of an operand's codes."""
        return magnitude(self.given[operand])

    def sums(self, what: str = "the accumulator") -> str:
        """How a message names something of this layer."""
        return f"node {self.name} ({type(self.layer).__name__}): {what}"


def magnitude(intervals: Intervals) -> int:
    """Largest magnitude in any channel."""
    return max(interval.magnitude for interval in intervals)

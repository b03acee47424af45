"""How a matrix-vector product is folded onto multiply-accumulate lanes."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput

MIN_INTERVAL = 4
"""Fewest clocks a sample: what the handshakes between layers take."""

MAX_INTERVAL = 1 << 16
"""Most clocks a sample."""

INTERVAL = 8
"""Clocks a sample of a net of vectors where nothing else is said."""

PIPELINE = 8
"""Clocks between the last multiplication of a sample and its result, beyond the words that queue for the rounding:
weight ROM, operand, product and accumulator registers, capture, three stages of requantisation, and the collector."""


def check_interval(interval: int) -> int:
    """``interval`` if hardware can have it, else `BadInput`."""
    if not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise BadInput(
            f"an initiation interval of {interval} clocks is not between {MIN_INTERVAL} and {MAX_INTERVAL}; choose one"
        )
    return interval


@dataclass(frozen=True)
class Fold:
    """A matrix of ``outputs x inputs`` weights on lanes that do one multiplication a clock.

    A long row is cut into ``segments`` of ``steps`` inputs; each segment has its own lane, and the lanes of a row form
    a chain, each starting from the sum of the one before. Where rows are short, a lane serves several outputs in turn
    (``turns``). Output ``o`` is computed in turn ``o // rows`` by lane row ``o % rows``; segment ``j`` weighs inputs
    ``j * steps`` onwards. Missing inputs and outputs have zero weights.

    Parameters
    ----------
    inputs, outputs : int
        Shape of the matrix.
    interval : int
        Clocks a sample.
    """

    inputs: int
    outputs: int
    interval: int

    @property
    def segments(self) -> int:
        """Lanes that share a row."""
        return -(-self.inputs // self.interval)

    @property
    def steps(self) -> int:
        """Inputs of a segment: clocks of one turn."""
        return -(-self.inputs // self.segments)

    @property
    def rows(self) -> int:
        """Outputs computed side by side."""
        return -(-self.outputs // max(1, self.interval // self.inputs))

    @property
    def turns(self) -> int:
        """Outputs that one lane computes in turn."""
        return -(-self.outputs // self.rows)

    @property
    def lanes(self) -> int:
        """Multiply-accumulate lanes in all."""
        return self.rows * self.segments

    @property
    def skew(self) -> int:
        """Clocks by which a segment works behind the one before: a turn and the register of the carried sum."""
        return self.steps + 1

    @property
    def rounders(self) -> int:
        """Requantisers: as few as keep up with ``rows`` results every turn."""
        return -(-self.rows // (self.steps if self.turns > 1 else self.interval))

    @property
    def queue(self) -> int:
        """Results that share one requantiser in a turn."""
        return -(-self.rows // self.rounders)

    @property
    def utilisation(self) -> float:
        """Share of lane clocks that multiply a weight of the matrix, in steady state."""
        return self.inputs * self.outputs / (self.lanes * self.interval)

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a vector to the strobe of its result."""
        return (self.segments - 1) * self.skew + self.turns * self.steps + self.queue + PIPELINE

    def address(self, output: int, given: int) -> tuple[int, int, int]:
        """``(row, segment, address)``: the lane and the word of its ROM that hold weight ``[output, given]``."""
        turn, row = divmod(output, self.rows)
        segment, step = divmod(given, self.steps)
        return row, segment, turn * self.steps + step

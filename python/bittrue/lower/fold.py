"""How a matrix-vector product is folded onto multiply-accumulate lanes."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput

EVERY_CLOCK = 1
"""Clocks a sample of the fastest pipeline that never stops (`bittrue.lower.pipelined`)."""

MIN_INTERVAL = 4
"""Fewest clocks a sample where layers take samples by handshakes; with fewer, a net is a pipeline that never stops."""

MAX_INTERVAL = 1 << 24
"""Most clocks a sample."""

INTERVAL = 8
"""Clocks a sample of a net of vectors where nothing else is said."""

LONGEST, CHAIN = 24, 8
"""Most lanes of a row that form one chain, and most lanes of each of several chains otherwise, whose sums are added:
what waits for its turn in a chain grows with the square of its length."""

LANE = 5
"""Clocks from a word at a lane's input to its sum: two of the weight ROM, operand, product and accumulator
registers."""

PIPELINE = 9
"""Clocks between the last multiplication of a sample and its result, beyond the words that queue for the rounding:
two of the weight ROM, operand, product and accumulator registers, capture, three stages of requantisation, and the
collector."""


class TooShort(BadInput):
    """An interval that a layer does not keep up with; a longer one will do."""


def check_interval(interval: int) -> int:
    """``interval`` if hardware can have it, else `BadInput`."""
    if not EVERY_CLOCK <= interval <= MAX_INTERVAL:
        raise BadInput(
            f"an initiation interval of {interval} clocks is not between {EVERY_CLOCK} and {MAX_INTERVAL}; choose one: "
            f"a net of vectors is a pipeline that never stops below {MIN_INTERVAL}"
        )
    return interval


def is_pipeline(interval: int) -> bool:
    """Whether hardware with a sample every ``interval`` clocks is a pipeline that never stops."""
    return interval < MIN_INTERVAL


@dataclass(frozen=True)
class Fold:
    """A matrix of ``outputs x inputs`` weights on lanes that do one multiplication a clock.

    A long row is cut into ``segments`` of ``steps`` inputs; each segment has its own lane, and the lanes of a row form
    ``chains`` side by side, each lane starting from the sum of the one before. Where rows are short, a lane serves
    several outputs in turn (``turns``). Output ``o`` is computed in turn ``o // rows`` by lane row ``o % rows``;
    segment ``j`` weighs inputs ``j * steps`` onwards. Missing inputs and outputs have zero weights.

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
    def chains(self) -> int:
        """Chains of lanes of a row."""
        return 1 if self.segments <= LONGEST else -(-self.segments // CHAIN)

    @property
    def chain(self) -> int:
        """Lanes of the longest chain."""
        return -(-self.segments // self.chains)

    @property
    def adding(self) -> int:
        """Clocks in which the sums of the chains are added, two at a time."""
        return (self.chains - 1).bit_length()

    def links(self) -> list[list[tuple[int, int]]]:
        """``(segment, place)`` of every lane of every chain; lanes at a place work ``place * skew`` clocks behind those
        at place 0. All chains end at place ``chain - 1``, so that their sums are there in the same clock."""
        found = []
        for k in range(self.chains):
            first, end = (self.segments * n // self.chains for n in (k, k + 1))
            found.append([(segment, self.chain - end + segment) for segment in range(first, end)])
        return found

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
        waited = (self.chain - 1) * self.skew + self.turns * self.steps
        return waited + self.adding + self.queue + PIPELINE

    def address(self, output: int, given: int) -> tuple[int, int, int]:
        """``(row, segment, address)``: the lane and the word of its ROM that hold weight ``[output, given]``."""
        turn, row = divmod(output, self.rows)
        segment, step = divmod(given, self.steps)
        return row, segment, turn * self.steps + step

"""Where the weights and biases of a net with banks lie in hardware: what a host writes, and to which address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.bram import SHALLOW, bank_depth
from bittrue.lower.fold import is_pipeline
from bittrue.lower.lanes import biases, check_words, weights
from bittrue.lower.products import DSPS
from bittrue.lower.schedule import Schedule, Step, luts_of, schedule
from bittrue.lower.stored import memory
from bittrue.lower.units import Memories
from bittrue.num import Format
from bittrue.spec import Net
from bittrue.spec.alike import check_alike

LOAD_CLOCKS = 5
"""Clocks a word takes from the ``load`` port into its memory: the port's register, the layer's, the lane group's, the
write port's, and the write. A sample accepted that many clocks after a word, or later, is computed with it."""

ADDRESS_BITS = 32
"""Most bits of an address."""

WEIGHT, BIAS = "weight", "bias"


def bank_count(given: int) -> int:
    """Banks of hardware that holds ``given`` nets: the next power of two, at least 2."""
    return 1 << max(1, (given - 1).bit_length())


@dataclass(frozen=True)
class Lane:
    """One memory of words that can be loaded.

    Parameters
    ----------
    node : str
    kind : str
        ``"weight"`` or ``"bias"``.
    row, segment : int
        Place in the layer's `bittrue.lower.fold.Fold`; a bias memory belongs to segment 0. Segments of filters are
        counted over all engines, and the biases of engine ``e`` have segment ``e``.
    words, bits : int
        Signed words of one bank.
    """

    node: str
    kind: str
    row: int
    segment: int
    words: int
    bits: int

    @property
    def word_bits(self) -> int:
        """Address bits of one bank of this memory."""
        return (self.words - 1).bit_length()


@dataclass(frozen=True)
class LaneGroup:
    """The memories of a layer that are alike: ``rows`` in each of ``segments``, of ``words`` words of ``bits`` bits."""

    kind: str
    segments: int
    rows: int
    words: int
    bits: int


def memories_of(step: Step) -> list[LaneGroup]:
    """The memories of a layer in a net with banks, in the order of their lanes; none where nothing is weighed."""
    if step.filters is not None:
        matrix, filters, engines = step.filters.matrix, step.filters.fold, step.filters.engines
        segments, rows, words, turns = engines * filters.segments, filters.rows, filters.words, filters.turns
    elif step.matrix is not None and step.fold is not None:
        matrix, fold, engines = step.matrix, step.fold, 1
        segments, rows, words, turns = fold.segments, fold.rows, fold.turns * fold.steps, fold.turns
    else:
        return []
    found = [LaneGroup(WEIGHT, segments, rows, words, matrix.weight_word)]
    return found + ([LaneGroup(BIAS, engines, rows, turns, matrix.bias_word)] if matrix.bias_word else [])


def bank_memories(step: Step, banks: int) -> Memories:
    """``(words, bits, ports)`` of every memory of a layer whose weights and biases lie in so many banks; none where
    nothing is weighed."""
    groups = memories_of(step)
    return [(bank_depth(g.words) * banks, g.bits, 1) for g in groups for _ in range(g.segments * g.rows)]


def bank_luts(plan: Schedule, banks: int) -> int:
    """LUTs of the memories of so many banks, but for those in block RAM."""
    held = [words for step in plan.steps.values() for words in bank_memories(step, banks)]
    return sum(memory(depth, bits) for depth, bits, _ in held if depth <= SHALLOW)


def check_luts(net: Net, plan: Schedule, banks: int, luts: int | None) -> None:
    """Raise `BadInput` where a pipeline with so many banks takes more LUTs than ``luts``: `bank_luts` beside those of
    `bittrue.lower.schedule.luts_of`."""
    if luts is None or not is_pipeline(plan.clocks):
        return
    held = bank_luts(plan, banks)
    taken = held + luts_of(net, plan)
    if taken > luts:
        raise BadInput(
            f"net {net.name}: a pipeline with {banks} banks takes {taken:,} LUTs, {held:,} of these to hold weights "
            f"and biases, and {luts:,} are the most it may take; choose fewer banks, fixed weights, a longer interval "
            f"or a smaller net, or allow more (--luts)"
        )


def _contents(step: Step, node: str) -> list[npt.NDArray[np.int64]]:
    """What those memories hold; `BadInput` for a code that does not fit its word."""
    if step.filters is not None:
        matrix, filters = step.filters.matrix, step.filters
        weighed = filters.words().reshape(-1, filters.fold.words)
        added = filters.biases().reshape(-1, filters.fold.turns)
    elif step.matrix is not None and step.fold is not None:
        matrix, fold = step.matrix, step.fold
        weighed = weights(matrix, fold).swapaxes(0, 1).reshape(fold.lanes, -1)
        added = biases(matrix, fold)
    else:
        return []
    check_words(matrix, matrix.weight_word, node, "raise that weight by one")
    if not matrix.bias_word:
        return list(weighed)
    Format(matrix.bias_word, 0).check(matrix.bias, f"node {node}: bias")
    return [*weighed, *added]


@dataclass(frozen=True, eq=False)
class LoadPlan:
    """Addresses of all words of a net that can be loaded::

        address = ((bank << lane_bits | lane) << word_bits) | word

    Lanes are numbered node by node: the weights segment by segment and row by row, then the biases, if the layer has
    any, row by row. Words of a lane are those of `bittrue.lower.lanes`, of filters those of `bittrue.lower.filters`;
    what lies beyond the matrix is written too, as zero.

    Parameters
    ----------
    net : Net
        Any of the nets that are alike.
    interval : int
        Clocks a sample.
    bank_count : int
        A power of two, at least 2.
    dsps : int
        Most DSP48E1 of a pipeline (`bittrue.lower.means.Means`).
    luts : int, optional
        Most LUTs of a pipeline, its memories of banks included (`check_luts`).

    Raises
    ------
    BadInput
        For another number of banks, a net or an interval that hardware cannot have, addresses of more than 32 bits, or
        more LUTs than those.
    """

    net: Net
    interval: int
    bank_count: int
    dsps: int = DSPS
    luts: int | None = None

    def __post_init__(self) -> None:
        if self.bank_count < 2 or self.bank_count & (self.bank_count - 1):
            raise BadInput(f"{self.bank_count} banks cannot be addressed; give a power of two, 2 or more")
        if self.address_bits > ADDRESS_BITS:
            raise BadInput(
                f"net {self.net.name}: {self.bank_count} banks need addresses of {self.address_bits} bits, more than "
                f"{ADDRESS_BITS}; use fewer banks"
            )
        check_luts(self.net, self.schedule, self.bank_count, self.luts)

    @cached_property
    def schedule(self) -> Schedule:
        """The net's schedule, with accumulators for any codes."""
        return schedule(self.net, self.interval, banked=True, dsps=self.dsps)

    @property
    def steps(self) -> dict[str, Step]:
        """The schedule of every node."""
        return self.schedule.steps

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """Every memory, in the order of its number."""
        found: list[Lane] = []
        for node in self.net.nodes:
            for memories in memories_of(self.steps[node.name]):
                places = [(row, segment) for segment in range(memories.segments) for row in range(memories.rows)]
                found += [Lane(node.name, memories.kind, *place, memories.words, memories.bits) for place in places]
        return tuple(found)

    @property
    def bank_bits(self) -> int:
        """Bits of a bank's number."""
        return (self.bank_count - 1).bit_length()

    @property
    def lane_bits(self) -> int:
        """Bits of a lane's number."""
        return (max(1, len(self.lanes)) - 1).bit_length()

    @property
    def word_bits(self) -> int:
        """Bits of a word's number within the deepest lane."""
        return max((lane.word_bits for lane in self.lanes), default=0)

    @property
    def address_bits(self) -> int:
        """Bits of an address."""
        return self.bank_bits + self.lane_bits + self.word_bits

    @property
    def data_bits(self) -> int:
        """Bits of the widest word."""
        return max((lane.bits for lane in self.lanes), default=1)

    def address(self, bank: int, lane: int, word: int) -> int:
        """Address of a word. Raises `BadInput` for a bank, lane or word that is not there."""
        if not (0 <= bank < self.bank_count and 0 <= lane < len(self.lanes) and 0 <= word < self.lanes[lane].words):
            raise BadInput(
                f"there is no word {word} of lane {lane} in bank {bank}: {self.bank_count} banks, {len(self.lanes)} "
                f"lanes and at most {1 << self.word_bits} words a lane are numbered from 0"
            )
        return ((bank << self.lane_bits | lane) << self.word_bits) | word

    def first(self, node: str, kind: str) -> int:
        """Number of the first lane of a node and a kind."""
        return next(k for k, lane in enumerate(self.lanes) if (lane.node, lane.kind) == (node, kind))

    def contents(self, net: Net) -> tuple[npt.NDArray[np.int64], ...]:
        """Signed words ``(words,)`` of every lane, in order, for a net alike.

        Raises `BadInput` for a net that is not alike, a bias that is wider than its word, and a filter's weight whose
        negative is: that of the lowest code.
        """
        check_alike({"built": self.net, "to load": net})
        steps = self.steps if net is self.net else schedule(net, self.interval, banked=True, dsps=self.dsps).steps
        found: list[npt.NDArray[np.int64]] = []
        for node in net.nodes:
            found += _contents(steps[node.name], node.name)
        return tuple(found)

    def words(self, net: Net) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        """``(addresses, codes)``, both ``(N,)``: all that a host writes to put ``net`` into bank 0.

        Other banks have ``bank << (lane_bits + word_bits)`` more in every address. Codes are signed; a host writes
        their lower ``data_bits``. Raises `BadInput` as `contents` does.
        """
        contents = self.contents(net)
        addresses = [
            (lane << self.word_bits) + np.arange(len(codes), dtype=np.int64) for lane, codes in enumerate(contents)
        ]
        nothing = np.zeros(0, np.int64)  # for a net without any
        return np.concatenate([nothing, *addresses]).astype(np.uint32), np.concatenate([nothing, *contents])

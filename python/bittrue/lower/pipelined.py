"""Units of a net that takes a sample every clock: a pipeline that never stops, so each has one latency and no queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bittrue.errors import BadInput
from bittrue.lower.clocks import Clocks
from bittrue.lower.layout import Layout
from bittrue.lower.lowering import Place, lowered
from bittrue.lower.matrix import Matrix
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.products import Places, places_of_blocks
from bittrue.lower.stored import Stored
from bittrue.lower.units import ConstantUnit, ElementUnit, FeatureUnit, JoinUnit, MatrixUnit, Memories, Unit
from bittrue.num import Format, Interval
from bittrue.ranges import Range
from bittrue.ranges.samples import basis_interval
from bittrue.spec import ComplexFIR, Net, Node, Table

OPERANDS = 1
"""Clocks of the registers in front of an operation by element."""

LINES = 1
"""Clocks of the delay lines behind the words of a sample."""

CREDIT = 4
"""Places of a queue beyond the samples that are under way: clocks until it is known at the inputs that a result has
left, and a place that stays free, because whether another sample may come is decided a clock before."""


def queue_depth(latency: int) -> int:
    """Places of the queue of an output whose results come so many clocks after a sample was let in: as many samples are
    under way at most."""
    return latency + CREDIT


@dataclass(frozen=True, eq=False)
class PipelinedUnit(Unit):
    """A unit of `bittrue.lower.lowering` that takes inputs every clock, and gives their result ``latency`` later.

    Parameters
    ----------
    unit : FeatureUnit, MatrixUnit, ElementUnit, JoinUnit or ConstantUnit
        What it computes.
    product : PipelinedMatrix, optional
        How, where that is a `MatrixUnit`.
    """

    unit: FeatureUnit | MatrixUnit | ElementUnit | JoinUnit | ConstantUnit
    product: PipelinedMatrix | None = None

    @property
    def output(self) -> Layout:  # type: ignore[override]
        return self.unit.output

    @property
    def format(self) -> Format:  # type: ignore[override]
        return self.unit.format

    @property
    def latency(self) -> int:
        """Clocks from inputs to their result."""
        if isinstance(self.unit, FeatureUnit):
            return self.unit.features.latency + LINES
        if isinstance(self.unit, ElementUnit):
            return self.unit.plan.clocks + (0 if isinstance(self.unit.layer, Table) else OPERANDS)
        return self.product.latency if self.product else 0

    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        return self, given[0] + self.latency

    @property
    def lanes(self) -> int:
        """Products that are not zero, each with hardware of its own."""
        return int(np.count_nonzero(self.product.matrix.weight)) if self.product else 0

    @property
    def dsps(self) -> int:
        return self.product.dsps if self.product else self.unit.dsps

    @property
    def roms(self) -> Memories:
        return self.unit.roms if isinstance(self.unit, ElementUnit) else []

    @property
    def full_adders(self) -> int:
        """Bits of the adders of weighted sums, a LUT each."""
        return self.product.full_adders if self.product else 0

    @property
    def stored(self) -> Stored:
        """Delay lines start at zero, so they are flip-flops."""
        if isinstance(self.unit, FeatureUnit):
            picks = self.unit.features.picks
            longest = [max(delay for word, delay in picks if word == k) for k in {word for word, _ in picks}]
            return Stored(ff=sum(delay + 1 for delay in longest) * self.format.bits)
        return self.product.stored if self.product else Stored()


def pipelined(
    net: Net, places: Mapping[str, Place], given: Mapping[str, Range], dsps: int
) -> dict[str, tuple[PipelinedUnit, ...]]:
    """Units of every node, with ``dsps`` DSP48E1 at most for products of weights, beside those that nothing else does.

    Parameters
    ----------
    net : Net
        Of vectors.
    places : mapping of Place
        By node, those that need hardware.
    given : mapping of Range
        Of every node.

    Raises
    ------
    BadInput
        For a layer that no such pipeline has, and a matrix of too many digits.
    """
    units = {name: _units(net, name, place) for name, place in places.items()}
    matrices = {name: _matrix(parts) for name, parts in units.items() if isinstance(parts[-1], MatrixUnit)}
    fixed = sum(unit.dsps for parts in units.values() for unit in parts if not isinstance(unit, MatrixUnit))
    blocks = places_of_blocks(matrices, dsps - fixed)
    return {
        node.name: tuple(_pipelined(net, node, unit, given, blocks) for unit in units[node.name])
        for node in net.nodes
        if node.name in units
    }


def _units(net: Net, name: str, place: Place) -> tuple[Unit, ...]:
    """Those of a node, as they are for shared multipliers."""
    units = lowered(place).units
    for unit in units:
        if not isinstance(unit, FeatureUnit | MatrixUnit | ElementUnit | JoinUnit | ConstantUnit):
            raise BadInput(
                f"net {net.name}, node {name}: {type(place.layer).__name__} does not take a vector every clock; choose "
                f"an interval of 4 clocks or more"
            )
    return units


def _matrix(units: Sequence[Unit]) -> Matrix:
    """What the last of a node's units weighs with."""
    unit = units[-1]
    assert isinstance(unit, MatrixUnit)
    return unit.matrix


def _pipelined(
    net: Net, node: Node, unit: Unit, given: Mapping[str, Range], blocks: Mapping[str, Places]
) -> PipelinedUnit:
    assert isinstance(unit, FeatureUnit | MatrixUnit | ElementUnit | JoinUnit | ConstantUnit)
    if not isinstance(unit, MatrixUnit):
        return PipelinedUnit(unit)
    inputs = _weighed(net, node, given)
    return PipelinedUnit(unit, PipelinedMatrix(unit.matrix, inputs, given[node.name].acc, blocks[node.name]))


def _weighed(net: Net, node: Node, given: Mapping[str, Range]) -> tuple[Interval, ...]:
    """Intervals of what the weights of a node meet."""
    source, layer = node.inputs[0], node.layer
    fmt = net.types[source].format
    known = given[source].output if source in given else (Interval.of(fmt),) * net.types[source].shape[0]
    if not isinstance(layer, ComplexFIR):
        return known
    return tuple(
        basis_interval(part, known, term.power, fmt.frac, layer.basis)
        for term in layer.terms
        for _ in term.taps
        for part in known
    )

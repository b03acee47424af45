"""Units of a net whose data moves every clock: a pipeline that never stops, so each has one latency and no queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bittrue.errors import BadInput
from bittrue.lower.clocks import Clocks
from bittrue.lower.fold import Fold
from bittrue.lower.layout import Layout
from bittrue.lower.loaded_matrix import LoadedMatrix
from bittrue.lower.lowering import Place, lowered
from bittrue.lower.matrix import Matrix
from bittrue.lower.means import Means
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.products import LEAST_DIGITS, Places, places_of_blocks
from bittrue.lower.stored import Stored
from bittrue.lower.units import ConstantUnit, ElementUnit, FeatureUnit, JoinUnit, MatrixUnit, Memories, Unit
from bittrue.num import Format, Interval
from bittrue.ranges import Range, node_range
from bittrue.ranges.samples import basis_interval
from bittrue.spec import ComplexFIR, Eltwise, Net, Node, Table

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


Kind = FeatureUnit | MatrixUnit | ElementUnit | JoinUnit | ConstantUnit
"""Units that a pipeline has."""


@dataclass(frozen=True, eq=False)
class PipelinedUnit(Unit):
    """A unit of `bittrue.lower.lowering` that takes inputs every clock, and gives their result ``latency`` later.

    Parameters
    ----------
    unit : FeatureUnit, MatrixUnit, ElementUnit, JoinUnit or ConstantUnit
        What it computes.
    product : PipelinedMatrix, optional
        How, where that is a `MatrixUnit`.
    samples : int
        Samples that it takes side by side.
    """

    unit: Kind
    product: PipelinedMatrix | None = None
    samples: int = 1

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
        """Multipliers: DSP48E1 of weighted sums, and products of weights that are not zero in adders."""
        if self.product is None:
            return 0
        in_blocks = sum(map(len, self.product.chains))
        adders = int(np.count_nonzero(self.product.matrix.weight)) - in_blocks
        return self.samples * (self.product.dsps + adders)

    @property
    def dsps(self) -> int:
        return self.samples * (self.product.dsps if self.product else self.unit.dsps)

    @property
    def roms(self) -> Memories:
        return self.unit.roms * self.samples if isinstance(self.unit, ElementUnit) else []

    @property
    def full_adders(self) -> int:
        """Bits of the adders of weighted sums, a LUT each."""
        return self.samples * self.product.full_adders if self.product else 0

    @property
    def stored(self) -> Stored:
        """Delay lines start at zero, so they are flip-flops."""
        if isinstance(self.unit, FeatureUnit):
            words = sum(reach + 1 for reaches in self.reaches for reach in reaches)
            return Stored(ff=words * self.format.bits)
        return sum((self.product.stored for _ in range(self.samples)), Stored()) if self.product else Stored()

    @property
    def reaches(self) -> list[list[int]]:
        """By word of the features, then by sample of a clock: how many clocks the delay line of it reaches back.

        The word of sample ``u`` of a clock, ``d`` samples ago, is that of sample ``(u - d) % samples`` of the clock
        ``-((u - d) // samples)`` clocks ago.
        """
        assert isinstance(self.unit, FeatureUnit)
        features = self.unit.features
        found = [[0] * self.samples for _ in features.words]
        for word, delay in features.picks:
            for k in range(self.samples):
                line, back = (k - delay) % self.samples, -((k - delay) // self.samples)
                found[word][line] = max(found[word][line], back)
        return found


@dataclass(frozen=True, eq=False)
class LoadedUnit(MatrixUnit):
    """A matrix-vector product whose weights can be loaded (`LoadedMatrix`): memories as of a folded one's lanes."""

    product: LoadedMatrix

    @property
    def latency(self) -> int:
        """Clocks from inputs to their result."""
        return self.product.latency

    @property
    def dsps(self) -> int:
        return self.product.dsps

    @property
    def roms(self) -> Memories:
        return []

    @property
    def stored(self) -> Stored:
        return self.product.stored


def pipelined(
    net: Net,
    places: Mapping[str, Place],
    given: Mapping[str, Range],
    means: Means,
    turns: int = 1,
    least: int = LEAST_DIGITS,
) -> dict[str, tuple[Unit, ...]]:
    """Units of every node, with ``means.dsps`` DSP48E1 at most for products of weights, beside those that nothing else
    does.

    Parameters
    ----------
    net : Net
        Of vectors.
    places : mapping of Place
        By node, those that need hardware; with banks, all weights get a DSP48E1, or their turn in one.
    given : mapping of Range
        Of every node.
    means : Means
    turns : int
        Clocks a sample.
    least : int
        Signed digits of the weights that may have a DSP48E1.

    Raises
    ------
    BadInput
        For a layer that no such pipeline has, a matrix of too many digits, and DSP48E1 that are too few for weights to
        load, or for what nothing else does (but for ``means.dsps`` of 0, which asks for those and none for weights).
    """
    units = {name: _units(net, name, place) for name, place in places.items()}
    matrices = {name: _matrix(parts) for name, parts in units.items() if isinstance(parts[-1], MatrixUnit)}
    fixed = sum(unit.dsps for parts in units.values() for unit in parts if not isinstance(unit, MatrixUnit))
    if 0 < means.dsps < fixed * means.samples:
        raise BadInput(
            f"net {net.name}: features and products of tensors take {fixed * means.samples} DSP48E1 by themselves, and "
            f"{means.dsps} are the most it may take; allow more (--dsps), or 0, which leaves those and weights none"
        )
    if any(place.banked for place in places.values()):
        return _loaded(net, units, matrices, means.dsps - fixed, turns)
    blocks = places_of_blocks(matrices, means.dsps // means.samples - fixed, turns, least)
    return {
        node.name: tuple(_pipelined(net, node, unit, given, blocks, turns, means.samples) for unit in units[node.name])
        for node in net.nodes
        if node.name in units
    }


def _units(net: Net, name: str, place: Place) -> tuple[Unit, ...]:
    """Those of a node, as they are for shared multipliers."""
    units = lowered(place).units
    for unit in units:
        if not isinstance(unit, Kind):
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
    net: Net, node: Node, unit: Unit, given: Mapping[str, Range], blocks: Mapping[str, Places], turns: int, samples: int
) -> PipelinedUnit:
    assert isinstance(unit, Kind)
    if not isinstance(unit, MatrixUnit):
        return PipelinedUnit(unit, samples=samples)
    inputs = _weighed(net, node, given)
    product = PipelinedMatrix(unit.matrix, inputs, given[node.name].acc, blocks[node.name], turns)
    return PipelinedUnit(unit, product, samples)


def _loaded(
    net: Net, units: Mapping[str, tuple[Unit, ...]], matrices: Mapping[str, Matrix], dsps: int, turns: int
) -> dict[str, tuple[Unit, ...]]:
    """Units whose weights can be loaded. Raises `BadInput` where there are not DSP48E1 enough for all of them."""
    products = {name: _loaded_matrix(matrix, turns) for name, matrix in matrices.items()}
    wide = next((name for name, matrix in matrices.items() if matrix.dsps_per_lane != 1), None)
    if wide is not None:
        matrix = matrices[wide]
        raise BadInput(
            f"net {net.name}, node {wide}: a product of {matrix.weight_bits} and {matrix.given.bits} bits takes not "
            f"one DSP48E1, as a pipeline with banks needs; choose widths up to 25 and 18 bits, or fixed weights"
        )
    needed = sum(product.dsps for product in products.values())
    if needed > dsps:
        raise BadInput(
            f"net {net.name}: with banks, an interval of {turns} takes {needed} DSP48E1 for its weights, and "
            f"{max(0, dsps)} are left of those that it may take; choose fixed weights, a longer interval or a smaller "
            f"net, or allow more (--dsps)"
        )
    return {
        node.name: tuple(_loaded_unit(net, node, unit, products) for unit in units[node.name])
        for node in net.nodes
        if node.name in units
    }


def _loaded_matrix(matrix: Matrix, turns: int) -> LoadedMatrix:
    rows, inputs = matrix.weight.shape
    any_sum = (Interval.of(Format(matrix.acc_bits, 0)),) * rows
    steps = Fold(inputs, rows, min(turns, inputs)).steps
    return LoadedMatrix(matrix, (Interval.of(matrix.given),) * inputs, any_sum, frozenset(), steps)


def _loaded_unit(net: Net, node: Node, unit: Unit, products: Mapping[str, LoadedMatrix]) -> Unit:
    if isinstance(unit, MatrixUnit):
        product = products[node.name]
        rows, inputs = unit.matrix.weight.shape
        return LoadedUnit(unit.output, unit.matrix, Fold(inputs, rows, product.turns), product)
    if isinstance(unit, ElementUnit) and isinstance(unit.layer, Eltwise):
        types = net.input_types(node)
        whole = [(Interval.of(each.format),) * each.shape[0] for each in types]
        unit = replace(unit, acc_bits=node_range(unit.layer, types, whole).acc_bits)
    assert isinstance(unit, Kind)
    return PipelinedUnit(unit)


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

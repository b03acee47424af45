"""From a layer to the units that compute it: one rule a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

from bittrue import spec
from bittrue.errors import BadInput
from bittrue.lower import along, reducers
from bittrue.lower.dsp import product_dsps
from bittrue.lower.elementwise import BITWISE, PRODUCT, TABLE, Elementwise, add_clocks
from bittrue.lower.features import REQUANTISE, of_complex_fir, of_memory_taps
from bittrue.lower.filters import filters
from bittrue.lower.fold import Fold, TooShort
from bittrue.lower.layout import NOTHING, WHOLE, Layout, joined
from bittrue.lower.matrix import Matrix, loadable, of_dense, of_filters
from bittrue.lower.matrix import of_complex_fir as matrix_of_complex_fir
from bittrue.lower.orders import reorder
from bittrue.lower.units import ConstantUnit, ElementUnit, FeatureUnit, JoinUnit, MatrixUnit, Unit, WindowUnit
from bittrue.ranges import Range
from bittrue.spec import Layer, TensorType


@dataclass(frozen=True, eq=False)
class Place:
    """Where a layer stands.

    Parameters
    ----------
    layer : Layer
    given : tuple of TensorType
        Of the streams that it takes; in place of a vector that is a flattened tensor, that tensor.
    layouts : tuple of Layout
        One each.
    output : TensorType
    clocks : int
        A sample.
    found : Range
    streamed : bool
        Tensors travel in beats; else all are vectors that travel whole, one every ``clocks`` clocks.
    banked : bool
        Weights and biases can be loaded.
    """

    layer: Layer
    given: tuple[TensorType, ...]
    layouts: tuple[Layout, ...]
    output: TensorType
    clocks: int
    found: Range
    streamed: bool
    banked: bool

    @property
    def spread(self) -> Layout:
        """The result over as few lanes as keep up."""
        if not self.streamed:
            return Layout.whole(self.output.shape)
        return Layout.spread(self.output.shape, max(1, self.clocks // prod(self.output.shape[1:])))


@dataclass(frozen=True, eq=False)
class Lowered:
    """Units of a layer, the last one's result being the layer's; ``adapters`` by the number of the input that they
    stand in front of."""

    units: tuple[Unit, ...]
    adapters: dict[int, Unit] = field(default_factory=dict)


def lowered(place: Place) -> Lowered:
    """What a layer is made of. Raises `BadInput` for a layer without a rule, and where the clocks are too few."""
    for kind in type(place.layer).__mro__:
        if kind in RULES:
            return RULES[kind](place)
    raise BadInput(f"{type(place.layer).__name__} has no RTL leg; run the net on another leg")


def _memory_taps(place: Place) -> Lowered:
    features = of_memory_taps(place.layer, place.given[0].format)  # type: ignore[arg-type]
    adapters = _whole(place)
    return Lowered((FeatureUnit(Layout.whole(place.output.shape), features, place.clocks),), adapters)


def _complex_fir(place: Place) -> Lowered:
    layer: spec.ComplexFIR = place.layer  # type: ignore[assignment]
    features = of_complex_fir(layer, place.given[0].format)
    matrix = matrix_of_complex_fir(layer, place.found)
    bases = FeatureUnit(Layout.whole((len(features.picks),)), features, place.clocks)
    return Lowered((bases, _product(place, matrix)), _whole(place))


def _product(place: Place, matrix: Matrix) -> MatrixUnit:
    """A matrix-vector product on lanes, whose weights can be loaded where there are banks."""
    outputs, inputs = matrix.weight.shape
    return MatrixUnit(Layout.whole(place.output.shape), _codes(place, matrix), Fold(inputs, outputs, place.clocks))


def _codes(place: Place, matrix: Matrix) -> Matrix:
    """The matrix, for any codes where there are banks."""
    return loadable(matrix, place.layer) if place.banked else matrix  # type: ignore[arg-type]


def _dense(place: Place) -> Lowered:
    layer: spec.Dense = place.layer  # type: ignore[assignment]
    (given,), (layout,) = place.given, place.layouts
    if layout == Layout.whole(given.shape) and layout.positions == 1 and (layout.lanes <= WHOLE or not place.streamed):
        return Lowered((_product(place, of_dense(layer, given, place.found)),))
    matrix = _codes(place, of_filters(layer, layer.weight, given.format, place.found))
    rows, columns = along.all_of(layout.rows), along.all_of(layout.columns)
    return Lowered((WindowUnit(filters(matrix, 1, rows, columns, layout, place.output.shape, place.clocks)),))


def _conv(place: Place) -> Lowered:
    layer: spec.Conv = place.layer  # type: ignore[assignment]
    weight = layer.weight.reshape(len(layer.weight), -1)
    matrix = _codes(place, of_filters(layer, weight, place.given[0].format, place.found))
    rows, columns = along.of_axes(layer.axes, place.given[0].shape[1:])
    plan = filters(matrix, layer.groups, rows, columns, place.layouts[0], place.output.shape, place.clocks)
    return Lowered((WindowUnit(plan),))


def _pool(place: Place) -> Lowered:
    layer: spec.Pool = place.layer  # type: ignore[assignment]
    rows, columns = along.of_axes(layer.axes, place.given[0].shape[1:])
    plan = reducers.pools(
        layer.places,
        layer.kind == "avg",
        place.output.format,
        rows,
        columns,
        place.layouts[0],
        place.output.shape,
        place.clocks,
    )
    return Lowered((WindowUnit(plan),))


def _moved(place: Place, of_channels: bool) -> Lowered:
    factors = place.layer.factors  # type: ignore[attr-defined]
    fmt, (source,) = place.output.format, place.layouts
    pace = place.clocks // prod(place.output.shape[1:])
    reason: BadInput | None = None
    for beats in range(max(1, min(pace, place.output.shape[0])), 0, -1):
        try:
            output = Layout.spread(place.output.shape, beats)
            return Lowered((WindowUnit(reducers.copies(fmt, factors, of_channels, source, output, place.clocks)),))
        except BadInput as error:
            reason = error
    raise reason or BadInput("no beats")


def _reshaped(place: Place) -> Lowered:
    return Lowered((WindowUnit(reorder(place.output.format, place.layouts[0], place.output.shape, place.clocks)),))


def _add(place: Place) -> Lowered:
    return _element(place, add_clocks(len(place.given)))


def _mul(place: Place) -> Lowered:
    dsps = product_dsps(place.given[0].format.bits, place.given[1].format.bits)
    return _element(place, PRODUCT + REQUANTISE, multiplied=dsps)


def _complex_mul(place: Place) -> Lowered:
    dsps = 4 * product_dsps(place.given[0].format.bits, place.given[1].format.bits)
    return _element(place, PRODUCT + REQUANTISE, multiplied=dsps, pair=2)


def _bitwise(place: Place) -> Lowered:
    return _element(place, BITWISE)


def _table(place: Place) -> Lowered:
    return _element(place, TABLE, look_ups=len(place.layer.values))  # type: ignore[attr-defined]


def _element(place: Place, clocks: int, *, look_ups: int = 0, multiplied: int = 0, pair: int = 1) -> Lowered:
    """A layer that works element by element, its operands in one layout; pairs of channels lie side by side."""
    layout, adapters = _one_layout(place, pair)
    beats_apart = place.clocks if layout.transfers == 1 and layout == Layout.whole(layout.shape) else 1
    plan = Elementwise(layout.lanes // pair, beats_apart, clocks)
    given = tuple(tensor.format for tensor in place.given)
    layer, fmt, acc = place.layer, place.output.format, place.found.acc_bits
    return Lowered((ElementUnit(layout, layer, given, fmt, acc, plan, look_ups, multiplied),), adapters)


def _one_layout(place: Place, pair: int) -> tuple[Layout, dict[int, Unit]]:
    """The layout in which the operands meet, and copies in front of those that have others: few copies, then few lanes.

    Raises `BadInput` where none keeps up; with a lane a channel a copy takes as many clocks as beats come.
    """
    shape = place.output.shape
    most = min(shape[0] // pair, place.clocks // prod(shape[1:])) if place.streamed else 0
    offered = {*place.layouts, *(_grouped(shape, beats, pair) for beats in range(1, most + 1))}
    wanted = [layout for layout in offered if pair == 1 or _has_pairs(layout)]
    for target in sorted(wanted, key=lambda layout: (-place.layouts.count(layout), layout.lanes, layout.table)):
        others = [k for k, layout in enumerate(place.layouts) if layout != target]
        if all(reducers.fits(place.layouts[k], target, place.clocks) for k in others):
            return target, {k: _copy(place, k, target) for k in others}
    raise TooShort(
        f"{type(place.layer).__name__} takes tensors that come in other orders, and too fast to be put into one; "
        f"choose a longer interval"
    )


def _grouped(shape: tuple[int, ...], beats: int, group: int) -> Layout:
    """Groups of so many channels side by side, over as few lanes as take ``beats`` beats."""
    groups = Layout.spread((shape[0] // group, *shape[1:]), beats)
    return Layout(
        shape,
        tuple(
            tuple(NOTHING if c == NOTHING else group * c + k for c in beat for k in range(group))
            for beat in groups.table
        ),
    )


def _has_pairs(layout: Layout) -> bool:
    """Whether lanes ``2k`` and ``2k + 1`` carry channels ``2c`` and ``2c + 1``."""
    return layout.lanes % 2 == 0 and all(
        (beat[k], beat[k + 1]) == (NOTHING, NOTHING) or (beat[k] % 2 == 0 and beat[k + 1] == beat[k] + 1)
        for beat in layout.table
        for k in range(0, layout.lanes, 2)
    )


def _copy(place: Place, k: int, target: Layout) -> Unit:
    return WindowUnit(reducers.copies(place.given[k].format, (), False, place.layouts[k], target, place.clocks))


def _whole(place: Place) -> dict[int, Unit]:
    """A copy in front of the input where it does not come whole."""
    target = Layout.whole(place.given[0].shape)
    return {} if place.layouts[0] == target else {0: _copy(place, 0, target)}


def _concat(place: Place) -> Lowered:
    pace = max(1, place.clocks // prod(place.output.shape[1:])) if place.streamed else 1
    tables = tuple(layout.table for layout in place.layouts)
    output = Layout(place.output.shape, joined(tables, pace))
    aside = len(output.table) < sum(map(len, tables))
    return Lowered((JoinUnit(output, place.output.format, place.layouts, aside),))


def _constant(place: Place) -> Lowered:
    layout = place.spread
    values = place.layer.values.ravel()  # type: ignore[attr-defined]
    words = tuple(tuple(0 if k == NOTHING else int(values[k]) for k in beat) for beat in layout.order)
    return Lowered((ConstantUnit(layout, place.output.format, words),))


RULES: dict[type[Layer], Callable[[Place], Lowered]] = {
    spec.MemoryTaps: _memory_taps,
    spec.ComplexFIR: _complex_fir,
    spec.Dense: _dense,
    spec.Conv: _conv,  # type: ignore[type-abstract]
    spec.Pool: _pool,  # type: ignore[type-abstract]
    spec.Upsample: lambda place: _moved(place, of_channels=False),
    spec.Interleave: lambda place: _moved(place, of_channels=True),
    spec.Reshape: _reshaped,
    spec.Flatten: _reshaped,
    spec.Add: _add,
    spec.Sub: _add,
    spec.Mul: _mul,
    spec.ComplexMul: _complex_mul,
    spec.BitwiseOr: _bitwise,
    spec.BitwiseXor: _bitwise,
    spec.Table: _table,
    spec.Concat: _concat,
    spec.Constant: _constant,
}
"""How each layer is made."""

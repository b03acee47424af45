"""Pools, copies and other orders: units that share all channels, readers that meet every element where it is wanted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bittrue.errors import BadInput
from bittrue.lower.along import of_axis
from bittrue.lower.layout import NOTHING, Layout
from bittrue.lower.orders import reorder
from bittrue.lower.reducers import copies, fits, pools
from bittrue.num import Format
from bittrue.spec import Axis

INT8 = Format.parse("Q1.7")
SHAPES = [(1, 4), (3, 5), (6, 4), (12, 2, 3), (5, 3, 1), (8, 2, 2)]


def read(buffer, unit: int, phase: int, beat: int) -> int:
    """The channel that a copy reads for a beat."""
    (walk,), ((held,), *_) = buffer.walks, buffer.units[unit : unit + 1]
    return held[beat * walk.block + (phase if walk.picks else 0)]


@pytest.mark.parametrize("clocks", [100, 160, 1000])
@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("channels", [1, 3, 8, 13])
def test_pools_share_out_all_channels(channels: int, size: int, clocks: int) -> None:
    source, rows, columns = Layout.whole((channels, 20)), of_axis(Axis(size, 2), 20), of_axis(Axis(1), 1)
    plan = pools(size, False, INT8, rows, columns, source, (channels, rows.count), clocks)
    held = [channel for unit in plan.buffer.units for channel in unit[0] if channel != NOTHING]
    assert sorted(held) == list(range(channels)) and len(plan.buffer.units) == plan.output.lanes
    (walk,) = plan.buffer.walks
    assert walk.clocks(0) == plan.output.beats * size <= plan.buffer.spacing[0] == clocks // rows.count
    assert sum(plan.buffer.durations) <= clocks // 20
    for beat, lane in np.ndindex(plan.output.beats, plan.output.lanes):
        assert plan.output.table[beat][lane] == read(plan.buffer, lane, 0, beat)
    assert (plan.division, plan.divisor) == (0, 0)
    mean = pools(size, True, INT8, rows, columns, source, (channels, rows.count), clocks)
    assert mean.divisor == size and mean.first_beat(0) == plan.first_beat(0) + mean.division > plan.first_beat(0)


def test_a_pool_of_more_samples_than_clocks_is_refused() -> None:
    rows = of_axis(Axis(5, 1), 20)
    with pytest.raises(BadInput, match="windows of 5 samples come every 4 clocks; choose a longer interval"):
        pools(5, False, INT8, rows, of_axis(Axis(1), 1), Layout.whole((2, 20)), (2, 16), 79)


@pytest.mark.parametrize("of_channels", [False, True])
@pytest.mark.parametrize("factors, shape", [((2,), (6, 4)), ((3,), (3, 5)), ((2, 3), (12, 2, 3)), ((1, 2), (8, 2, 2))])
def test_copies_meet_the_channel_and_the_position_of_their_formula(factors, shape, of_channels: bool) -> None:
    """``out[c, n] = x[c, n // f]``, or ``x[c * F + n % f, n // f]``, phases counted over both axes, columns fastest."""
    product = int(np.prod(factors))
    channels = shape[0] // product if of_channels else shape[0]
    longer = tuple(n * factor for n, factor in zip(shape[1:], factors, strict=True))
    for beats in (1, 2, 99):
        source = Layout.spread(shape, 2)
        output = Layout.spread((channels, *longer), beats)
        clocks = int(np.prod(longer)) * output.beats * 20
        plan = copies(INT8, factors, of_channels, source, output, clocks)
        buffer, met = plan.buffer, set()
        for row, column in np.ndindex(buffer.rows.count, buffer.columns.count):
            phase = buffer.phase(row, column)
            assert (buffer.rows.base(row), buffer.columns.base(column)) == (
                row // factors[0],
                column // factors[1] if len(factors) > 1 else 0,
            )
            of_row, of_column = row % factors[0], column % factors[1] if len(factors) > 1 else 0
            number = of_row * (factors[1] if len(factors) > 1 else 1) + of_column
            for beat, lane in np.ndindex(output.beats, output.lanes):
                c = output.table[beat][lane]
                if c != NOTHING:
                    assert read(buffer, lane, phase, beat) == (c * product + number if of_channels else c)
                    met.add((c, row, column))
        assert len(met) == channels * int(np.prod(longer))


def test_a_copy_may_change_the_layout_alone() -> None:
    for shape, before, after in itertools.product(SHAPES, (1, 2, 5), (1, 3)):
        source, output = Layout.spread(shape, before), Layout.spread(shape, after)
        pace = next(p for p in itertools.count(1) if fits(source, output, p * source.positions))
        assert pace >= max(output.beats, source.beats)
        plan = copies(INT8, (), False, source, output, pace * source.positions)
        assert sum(plan.buffer.durations) <= pace and plan.output == output
        assert all(
            read(plan.buffer, lane, 0, beat) == c for beat, row in enumerate(output.table) for lane, c in enumerate(row)
        )
        if pace > 1:
            with pytest.raises(BadInput, match=r"come every \d+ clocks, faster than they can be written one after"):
                copies(INT8, (), False, source, output, (pace - 1) * source.positions)


ORDERS = [((12,), (2, 6)), ((2, 6), (12,)), ((2, 6), (3, 2, 2)), ((3, 2, 2), (2, 6)), ((3, 4), (4, 3))]


@pytest.mark.parametrize("given, shape", [*ORDERS, ((5, 7), (7, 5)), ((2, 3, 4), (24,)), ((24,), (4, 3, 2))])
def test_another_order_meets_every_element_where_the_new_shape_has_it(given, shape) -> None:
    for before, times in itertools.product((1, 3), (1, 2, 7)):
        source = Layout.spread(given, before)
        clocks = times * max(source.positions, Layout.whole(shape).positions) * max(source.beats, 4)
        plan = reorder(INT8, source, shape, clocks)
        output, positions, met = plan.output, source.positions, 0
        assert plan.buffer.source.order.tolist() == source.order.tolist()
        for lane, (steps, held) in enumerate(zip(plan.steps, plan.buffer.units[0], strict=True)):
            assert (steps.positions, steps.windows) == (positions, output.positions)
            for window, beat in np.ndindex(steps.windows, steps.elements):
                flat = steps.first + window + beat * steps.onwards
                c = output.table[beat][lane]
                if c == NOTHING:
                    continue
                assert flat == c * output.positions + window
                slot = flat // positions - steps.lowest
                assert held[slot] == flat // positions and 0 <= slot < steps.slots
                met += 1
        assert met == source.positions * given[0] and sum(plan.buffer.durations) <= clocks // positions


def test_another_order_in_too_few_clocks_is_refused() -> None:
    with pytest.raises(BadInput, match="12 positions are put into another order in 11 clocks; choose a longer"):
        reorder(INT8, Layout.whole((2, 12)), (24,), 11)

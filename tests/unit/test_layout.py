"""Layouts: every element travels once, in the order of the positions, over as few lanes as the beats allow."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from bittrue.lower.layout import NOTHING, Layout, joined

SHAPES = [(1,), (5,), (12,), (1, 4), (7, 3), (2, 3, 4), (5, 1, 3), (3, 2, 2, 2)]
TABLE = ((4, 0, NOTHING), (NOTHING, 3, 1), (2, NOTHING, NOTHING))


def layouts() -> list[Layout]:
    found = [Layout.spread(shape, beats) for shape, beats in itertools.product(SHAPES, (1, 2, 3, 5, 99))]
    return [*found, *map(Layout.whole, SHAPES), Layout((5,), TABLE), Layout((5, 6), TABLE), Layout((5, 2, 3), TABLE)]


def test_every_element_travels_once() -> None:
    for layout in layouts():
        assert layout.order.shape == (layout.transfers, layout.lanes)
        counts = Counter(layout.order.ravel().tolist())
        assert counts.pop(NOTHING, 0) == layout.order.size - np.prod(layout.shape)
        assert counts == Counter(range(int(np.prod(layout.shape))))


def test_positions_come_in_order_and_lanes_carry_the_channels_of_the_table() -> None:
    for layout in layouts():
        elements = np.arange(np.prod(layout.shape)).reshape(layout.shape)
        beats = iter(layout.order.tolist())
        for position in np.ndindex(*layout.shape[1:]):
            for row in layout.table:
                assert next(beats) == [NOTHING if c == NOTHING else int(elements[(c, *position)]) for c in row]
        assert next(beats, None) is None
        assert layout.rows * layout.columns == layout.positions == np.prod(layout.shape[1:])
        assert layout.columns == (layout.shape[2] if len(layout.shape) == 3 else 1)


@pytest.mark.parametrize("channels", [1, 2, 5, 7, 12, 64])
def test_spread_takes_the_fewest_lanes_and_then_the_fewest_beats(channels: int) -> None:
    for beats in range(1, channels + 3):
        layout = Layout.spread((channels, 3), beats)
        assert layout.beats <= beats and layout.lanes == -(-channels // beats)
        assert layout.beats == -(-channels // layout.lanes), "a beat carries nothing"
        for lane in range(layout.lanes):
            mine = [row[lane] for row in layout.table]
            run = list(range(lane * layout.beats, min(channels, (lane + 1) * layout.beats)))
            assert mine == run + [NOTHING] * (layout.beats - len(run))


def test_whole_is_one_beat_a_position() -> None:
    assert Layout.whole((3, 2)).table == ((0, 1, 2),) and Layout.whole((3, 2)).transfers == 2


def test_joined_one_after_another_where_the_beats_allow_else_side_by_side() -> None:
    left, right = ((0, 1),), ((1, NOTHING, 2), (0, NOTHING, NOTHING))
    after = ((0, 1, NOTHING), (3, NOTHING, 4), (2, NOTHING, NOTHING))
    assert joined((left, right), 3) == joined((left, right), 7) == after
    aside = ((0, 1, 3, NOTHING, 4), (NOTHING, NOTHING, 2, NOTHING, NOTHING))
    assert joined((left, right), 2) == joined((left, right), 1) == aside
    for table in (after, aside):
        assert sorted(c for beat in table for c in beat if c != NOTHING) == list(range(5))


@pytest.mark.parametrize("table", [((0, 1),), ((0, 1), (2, 2)), ((0, 1), (2, 3)), ((0, NOTHING), (1, NOTHING))])
def test_a_layout_has_every_channel_once(table):
    with pytest.raises(ValueError, match="a layout of 3 channels must have each of them once"):
        Layout((3, 4), table)

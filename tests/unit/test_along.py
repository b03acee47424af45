"""Windows along an axis as hardware walks them, against every place written down: phases, needs, what nothing needs."""

from __future__ import annotations

import itertools

import pytest
from test_windows import AXES, written_out

from bittrue.lower.along import Along, all_of, of_axes, of_axis, repeated
from bittrue.spec import Axis

ALONGS = [(axis, length, of_axis(axis, length)) for axis, length in AXES]


def places(along: Along, window: int) -> list[int]:
    """Where the places of a window lie, those outside the axis among them."""
    base = along.base(window)
    return [base + k * along.dilation for k in range(along.sizes[window % along.period])]


def met(along: Along, window: int) -> list[tuple[int, int]]:
    """``(input, weight)`` of a window."""
    taps = along.taps[window % along.period]
    return [(at, tap) for at, tap in zip(places(along, window), taps, strict=False) if 0 <= at < along.length]


def test_every_window_meets_the_inputs_that_stand_under_its_weights() -> None:
    for axis, length, along in ALONGS:
        line = written_out(axis, length)
        assert along.count == axis.windows(length)
        for n in range(along.count):
            under = [(line[n * axis.stride + k * axis.dilation], k) for k in range(axis.size)]
            assert met(along, n) == [(at, k) for at, k in under if at is not None], (axis, length, n)


def test_windows_need_what_they_read_and_release_what_no_later_one_reads() -> None:
    for axis, length, along in ALONGS:
        reads = [[at for at, _ in met(along, n)] for n in range(along.count)]
        for n in range(along.count):
            assert not reads[n] or along.needed(n) > max(reads[n]), (axis, length, n)
            later = [at for window in reads[n + 1 :] for at in window]
            assert not later or along.released(n) <= min(later), (axis, length, n)
            assert 1 <= along.needed(n) <= length >= along.released(n) >= 0
        assert along.needed(along.count - 1) == along.released(along.count - 1) == length


def test_windows_need_no_input_more_and_release_no_input_less() -> None:
    """By the places of windows, those outside the axis among them, as if there were windows for ever."""
    for axis, length, along in ALONGS:
        full = [bool(along.taps[p]) for p in range(along.period)]
        for n in range(along.count - 1):
            last = max(places(along, n)) + 1 if full[n % along.period] else 0
            assert along.needed(n) == min(max(1, last), length), (axis, length, n)
            later = [along.base(m) for m in range(n + 1, n + 1 + 2 * along.period) if full[m % along.period]]
            if later:
                assert along.released(n) == min(max(0, min(later)), length), (axis, length, n)


def test_a_phase_has_each_of_its_weights_once() -> None:
    several = 0
    for axis, _, along in ALONGS:
        if axis.upsampling == 1:
            assert along.taps == (tuple(range(axis.size)),)
            continue
        several += along.period > 1
        for p, taps in enumerate(along.taps):
            assert list(taps) == sorted(set(taps)) and along.sizes[p] == max(1, len(taps))
    assert several > 500


def test_how_far_places_lie_and_whether_any_leaves_the_axis() -> None:
    for axis, length, along in ALONGS:
        every = [at for n in range(along.count) for at in places(along, n)]
        assert along.leaves == any(not 0 <= at < length for at in every), (axis, length)
        assert along.reach >= max(map(abs, every)), (axis, length)
        assert along.bases == [along.base(n) for n in range(along.count)]


@pytest.mark.parametrize("factor", [1, 2, 5])
def test_repeated_inputs(factor: int) -> None:
    along = repeated(4, factor)
    assert [met(along, n) for n in range(along.count)] == [[(n // factor, 0)] for n in range(4 * factor)]
    for n in range(4 * factor):
        assert along.needed(n) == n // factor + 1 or n == 4 * factor - 1
        assert along.released(n) == (n + 1) // factor or n == 4 * factor - 1


def test_one_window_over_all() -> None:
    along = all_of(5)
    assert along.count == 1 and met(along, 0) == [(k, k) for k in range(5)] and not along.leaves


def test_one_axis_has_one_column_and_two_have_rows_and_columns() -> None:
    one, two = Axis(3, 2, 1, 1, 0), Axis(2, 1)
    assert of_axes([one], [7]) == (of_axis(one, 7), Along())
    assert of_axes([one, two], [7, 4]) == (of_axis(one, 7), of_axis(two, 4))


def test_enough_phases_are_tried() -> None:
    periods = {along.period for _, _, along in ALONGS}
    assert periods >= {1, 2, 3, 4, 5, 6}
    found = {(bool(taps), along.period > 1) for _, _, along in ALONGS for taps in along.taps}
    assert found == set(itertools.product((True, False), repeat=2))

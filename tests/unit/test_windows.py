"""Windows along an axis, judged by writing every place down: zeros between inputs, zeros at the ends, one by one."""

from __future__ import annotations

import itertools
import random

import pytest

from bittrue.errors import BadInput
from bittrue.spec import Axis


def written_out(axis: Axis, length: int) -> list[int | None]:
    """What stands at every place of the padded axis: the number of an input, or None for a zero."""
    spread: list[int | None] = []
    for i in range(length):
        spread += [i, *[None] * (axis.upsampling - 1)]
    spread = spread[: len(spread) - (axis.upsampling - 1)]
    spread = [None] * max(0, axis.before) + spread + [None] * max(0, axis.after)
    return spread[max(0, -axis.before) : len(spread) - max(0, -axis.after)]


def axes() -> list[tuple[Axis, int]]:
    """Every small one, and drawn ones."""
    small = itertools.product(range(1, 4), range(1, 4), range(1, 3), range(-1, 3), range(-1, 2), range(1, 4), (1, 3, 4))
    found = [(Axis(*numbers), length) for *numbers, length in small]
    draw = random.Random(3)
    for _ in range(1500):
        numbers = [
            draw.randint(1, 7),
            *(draw.randint(1, 6) for _ in range(2)),
            *(draw.randint(-4, 9) for _ in range(2)),
        ]
        found.append((Axis(*numbers, draw.randint(1, 6)), draw.randint(1, 12)))
    return found


def counted(axis: Axis, length: int) -> int:
    """Windows that fit among the places, tried one after the other."""
    places = len(written_out(axis, length))
    return sum(start + (axis.size - 1) * axis.dilation < places for start in range(0, places, axis.stride))


AXES = [(axis, length) for axis, length in axes() if axis.padded(length) > 0 and counted(axis, length)]


def test_enough_axes_are_tried():
    assert len(AXES) > 2500
    assert sum(axis.upsampling > 1 and axis.stride > 1 for axis, _ in AXES) > 500


def test_windows_are_those_that_fit():
    for axis, length in AXES:
        assert axis.padded(length) == len(written_out(axis, length))
        assert axis.windows(length) == counted(axis, length), (axis, length)


def test_places_are_what_stands_there():
    for axis, length in AXES:
        there = written_out(axis, length)
        for n, k in itertools.product(range(axis.windows(length)), range(axis.size)):
            at = axis.at(n, k)
            inside = at is not None and 0 <= at < length
            assert there[n * axis.stride + k * axis.dilation] == (at if inside else None), (axis, length, n, k)


def test_phases_hold_every_meeting_once():
    """Weight and window meet an input in exactly one phase, and there in the same one; all else is in no phase."""
    for axis, length in AXES:
        count, met = axis.windows(length), {}
        for phase in axis.phases(length):
            assert phase.axis.upsampling == 1
            windows, weights = range(count)[phase.outputs], range(axis.size)[phase.weights]
            assert phase.axis.size == len(weights) and phase.axis.windows(length) == len(windows)
            for (n, window), (k, weight) in itertools.product(enumerate(windows), enumerate(weights)):
                assert (window, weight) not in met, (axis, length)
                met[window, weight] = phase.axis.at(n, k)
        pairs = itertools.product(range(count), range(axis.size))
        assert met == {pair: axis.at(*pair) for pair in pairs if axis.at(*pair) is not None}, (axis, length)


def test_products_are_meetings():
    for axis, length in AXES:
        count = axis.windows(length)
        met = sum(axis.at(n, k) is not None for n in range(count) for k in range(axis.size))
        assert axis.products(count) == met, (axis, length)


def test_an_axis_without_zeros_between_is_its_own_phase():
    axis = Axis(3, 2, 2, 1, 4)
    (phase,) = axis.phases(9)
    assert phase.axis is axis and phase.outputs == phase.weights == slice(None)


@pytest.mark.parametrize(
    ("axis", "length", "sentence"),
    [
        (Axis(4, dilation=3), 9, "a window over 10 samples does not fit a frame of 9; shorten the window"),
        (Axis(4, before=1, after=1), 1, "over 4 samples does not fit a frame of 1 padded with 1 on both sides;"),
        (Axis(4, before=1), 2, "does not fit a frame of 2 padded with 1 and 0;"),
        (Axis(7, upsampling=3), 2, "does not fit a frame of 2 with 2 zeros between neighbours;"),
        (Axis(1, before=1 << 26), 1, "a frame of 1 samples becomes 67108865 with its zeros, longer than 67,108,864"),
    ],
)
def test_windows_that_do_not_fit_are_refused(axis, length, sentence):
    with pytest.raises(BadInput) as caught:
        axis.windows(length)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)

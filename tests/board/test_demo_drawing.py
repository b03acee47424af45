"""Curves, points and scales of the demo's frames, pixel by pixel."""

import numpy as np
import pytest

pytest.importorskip("PIL", reason="the frames need Pillow: pip install pillow")

from bittrue.board.demo import brush
from bittrue.board.demo.axes import Axes
from bittrue.board.demo.cards import percent
from bittrue.board.demo.panels import nice_step

WHITE = 255, 255, 255


def black(height=20, width=6):
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "rows"), [(10.0, {9: 255, 10: 255}), (10.25, {9: 191, 10: 255, 11: 63})])
def test_a_level_curve_covers_its_thickness(height, rows):
    pixels = black()
    brush.curve(pixels, np.full(6, height), WHITE, thickness=2.0)
    assert {row: int(pixels[row, 3, 0]) for row in range(20) if pixels[row, 3, 0]} == rows
    assert (pixels == pixels[:, :1, :1]).all()  # grey, and alike in all columns


def test_a_steep_curve_has_no_gaps():
    pixels = black()
    brush.curve(pixels, np.array([2.0, 2, 2, 17, 17, 17]), WHITE, thickness=1.0)
    covered = pixels[..., 0].max(1)
    assert (covered[2:17] == 255).all() and not covered[:1].any() and not covered[18:].any()


def test_a_fill_covers_what_is_below():
    pixels = black()
    brush.curve(pixels, np.full(6, 5.0), (200, 100, 0), thickness=2.0, fill=0.5)
    assert tuple(pixels[15, 2]) == (100, 50, 0) and tuple(pixels[5, 2]) == (200, 100, 0) and not pixels[2].any()


@pytest.mark.parametrize("height", [-50.0, 80.0])
def test_a_curve_outside_is_not_drawn(height):
    pixels = black()
    brush.curve(pixels, np.full(6, height), WHITE)
    assert not pixels.any()


def test_points_grow_stronger_and_stay_inside():
    pixels = black(8, 8)
    columns = np.array([1.5, 5.0, 5.0, 5.0, -1.0, 7.5, 3.0])
    rows = np.array([1.5, 5.0, 5.0, 5.0, 2.0, 2.0, 9.0])
    brush.cloud(pixels, columns, rows, WHITE, strength=0.5)
    drawn = pixels[..., 0]
    assert drawn[1, 1] == drawn[2, 2] == drawn[1, 2] == drawn[2, 1] == 127
    assert drawn[5, 5] == drawn[6, 6] == 223
    assert np.count_nonzero(drawn) == 8


def test_axes_put_values_where_they_belong():
    axes = Axes((100, 50, 300, 150), (-10, 10), (0, 50))
    assert axes.at(-10, 50) == (100, 50) and axes.at(10, 0) == (300, 150) and axes.at(0, 25) == (200, 100)
    values = axes.values()
    assert len(values) == 200 and values[0] == pytest.approx(-9.95)
    np.testing.assert_allclose(axes.columns(values), np.arange(200) + 0.5)
    part = axes.part(np.zeros((200, 400, 3), np.uint8))
    assert part.shape == (100, 200, 3)


@pytest.mark.parametrize(("span", "step"), [(450, 50), (1.1, 0.2), (10, 1), (10.1, 2), (90, 10)])
def test_steps_are_nice(span, step):
    assert nice_step(span) == pytest.approx(step)


def test_evm_in_percent():
    assert percent(-40) == pytest.approx(1.0) and percent(0) == pytest.approx(100.0)

"""The integer square root, judged by `math.isqrt`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bittrue.errors import BadInput
from bittrue.num import isqrt

LARGEST_ROOT = math.isqrt(2**63 - 1)


@given(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 63).map(lambda k: 2**k - 1), min_size=1, max_size=20))
def test_any_int64(values):
    assert isqrt(values).tolist() == [math.isqrt(v) for v in values]


@given(st.integers(1, LARGEST_ROOT))
def test_beside_squares(root):
    assert isqrt([root * root - 1, root * root, root * root + 1]).tolist() == [root - 1, root, root]


def test_the_largest_squares():
    values = [r * r + d for r in range(LARGEST_ROOT - 3000, LARGEST_ROOT + 1) for d in (-1, 0, 1)]
    values += [2**63 - 1, 2**63 - 2, 2**62, 2**62 - 1, 2**53 + 1]
    assert isqrt(values).tolist() == [math.isqrt(v) for v in values]


def test_random_over_63_bits():
    rng = np.random.default_rng(5)
    values = rng.integers(0, 2**63, 50_000) >> rng.integers(0, 63, 50_000)
    assert isqrt(values).tolist() == [math.isqrt(v) for v in values.tolist()]


def test_shapes_and_types():
    result = isqrt(np.array([[4, 8], [9, 15]], np.int32))
    assert result.dtype == np.int64 and result.tolist() == [[2, 2], [3, 3]]
    assert isqrt(np.zeros((0, 2), np.int64)).shape == (0, 2)
    assert int(isqrt(10)) == 3


def test_negative_values_are_refused():
    with pytest.raises(BadInput, match="square root of -1 does not exist"):
        isqrt([4, -1])


def test_what_holds_no_integers_is_named():
    with pytest.raises(BadInput, match=r"^the radicand holds float64 numbers"):
        isqrt([4.0])

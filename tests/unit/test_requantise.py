"""The one rounding rule, judged by Python big integers and, up to 31 bits, by fxpmath."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bittrue.errors import BadInput
from bittrue.num import Format, requantise, round_shift, saturate

LO, HI = -(2**63), 2**63 - 1
SHIFTS = st.integers(-70, 130)
FORMATS = st.builds(Format, st.integers(1, 63), st.just(0))


@st.composite
def accumulators(draw: st.DrawFn) -> int:
    """Anywhere in int64, of any size, and on or beside a power of two, a tie or an end."""
    size = draw(st.integers(0, 63))
    base = draw(st.sampled_from([0, 1, 3])) * 2**size // 2
    near = draw(st.sampled_from([-1, 1])) * base + draw(st.integers(-2, 2))
    code = draw(st.one_of(st.integers(LO, HI), st.integers(-(2**size), 2**size), st.just(near)))
    return max(LO, min(HI, code))


def exact_round(acc: int, shift: int) -> int:
    return (2 * acc + 2**shift) // 2 ** (shift + 1) if shift > 0 else acc * 2**-shift


@given(st.lists(accumulators(), min_size=1, max_size=8), SHIFTS)
@example([LO, HI], 62)
@example([LO, HI], 63)
@example([LO, HI], 64)
@example([0], -70)
@example([-1, 0], -63)
@example([1], -63)
@example([-2], -63)
@example([1], -64)
@example([-1], -64)
@example([1, -2], -62)
@example([2], -62)
def test_round_shift(accs, shift):
    expected = [exact_round(acc, shift) for acc in accs]
    if all(LO <= y <= HI for y in expected):
        result = round_shift(accs, shift)
        assert result.dtype == np.int64 and result.tolist() == expected
    else:
        with pytest.raises(BadInput, match="leaves 64 bits") as caught:
            round_shift(accs, shift)
        assert any(str(acc) in str(caught.value) for acc in accs)


@pytest.mark.parametrize(
    ("accs", "shift", "worst"),
    [([0, 1], -63, 1), ([-2, 0], -63, -2), ([-1, 0], -64, -1), ([-5, 1 << 40], -23, 1 << 40), ([-5, 4], -61, 4)],
)
def test_what_leaves_64_bits_is_named(accs, shift, worst):
    with pytest.raises(BadInput, match=rf"^shifting {worst} left by {-shift} leaves 64 bits; narrow the accumulator$"):
        round_shift(accs, shift)


def test_what_holds_no_integers_is_named():
    fmt = Format(8, 0)
    for refused in (lambda x: round_shift(x, 1), lambda x: requantise(x, 1, fmt), lambda x: requantise(x, -1, fmt)):
        with pytest.raises(BadInput, match=r"^the accumulator holds float64 numbers"):
            refused([0.5])
    with pytest.raises(BadInput, match=r"^the word to clamp holds float64 numbers"):
        saturate([0.5], fmt)


@given(accumulators(), st.integers(1, 62))
def test_round_shift_at_ties(acc, shift):
    tie = (acc >> shift << shift) + (1 << shift - 1)
    for code in (tie - 1, tie, min(tie + 1, HI)):
        assert int(round_shift(code, shift)) == exact_round(code, shift)
    assert int(round_shift(tie, shift)) == (acc >> shift) + 1  # toward plus infinity, for negative ones too


@given(st.lists(accumulators(), min_size=1, max_size=8), SHIFTS, FORMATS)
@example([LO, HI, -1, 0, 1], -62, Format(63, 0))
@example([LO, HI, -1, 0, 1], -70, Format(1, 0))
@example([LO, HI, -1, 0, 1], 0, Format(63, 0))
@example([LO, HI, -1, 0, 1], 63, Format(1, 0))
def test_requantise(accs, shift, fmt):
    result = requantise(accs, shift, fmt)
    assert result.dtype == np.int64
    assert result.tolist() == [max(fmt.lo, min(fmt.hi, exact_round(acc, shift))) for acc in accs]


@pytest.mark.parametrize("shift", range(-70, 131))
def test_every_shift_at_the_corners(shift):
    accs = [LO, LO + 1, -(2**31) - 1, -3, -2, -1, 0, 1, 2, 3, 2**31, HI - 1, HI]
    accs += [s * 2**k + d for k in range(62) for s in (-1, 1) for d in (-1, 0, 1)]
    for bits in (1, 2, 8, 16, 32, 62, 63):
        fmt = Format(bits, 0)
        expected = [max(fmt.lo, min(fmt.hi, exact_round(acc, shift))) for acc in accs]
        assert requantise(accs, shift, fmt).tolist() == expected


@given(st.lists(accumulators(), min_size=1, max_size=8), FORMATS)
def test_saturate(accs, fmt):
    assert saturate(accs, fmt).tolist() == [max(fmt.lo, min(fmt.hi, acc)) for acc in accs]


def test_half_rounds_up():
    assert round_shift([-5, -3, -1, 1, 3, 5], 1).tolist() == [-2, -1, 0, 1, 2, 3]


def test_shapes_are_kept_and_the_argument_is_not_changed():
    acc = np.array([[1000, -1000]])
    assert requantise(acc, 2, Format(8, 0)).tolist() == [[127, -128]]
    assert requantise(acc, -2, Format(8, 0)).tolist() == [[127, -128]]
    assert acc.tolist() == [[1000, -1000]]
    assert requantise(np.zeros((0, 3), np.int64), -5, Format(8, 0)).shape == (0, 3)
    assert requantise(7, 1, Format(8, 0)).shape == ()


def test_fxpmath_agrees_up_to_31_bits():
    fxpmath = pytest.importorskip("fxpmath")
    rng = np.random.default_rng(11)
    for shift in (0, 1, 2, 7, 15, 20):
        for bits in (2, 8, 16, 31):
            acc = rng.integers(-(2**30), 2**30, 200)
            acc[:100] = (acc[:100] >> shift << shift) + (1 << shift >> 1)  # ties
            acc[100:104] = -(2**30), 2**30 - 1, -1, 0
            half = np.ldexp(acc.astype(np.float64), -shift) + 0.5  # exact: 30 bits and one more
            second = fxpmath.Fxp(half, True, bits, 0, rounding="floor", overflow="saturate")
            assert requantise(acc, shift, Format(bits, 0)).tolist() == np.asarray(second.val).tolist()

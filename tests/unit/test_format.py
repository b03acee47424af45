"""Formats, judged by exact rational arithmetic."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bittrue.errors import BadInput
from bittrue.num import Format

FORMATS = st.builds(Format, st.integers(1, 63), st.integers(-63, 126))
HALF_BELOW = 0.49999999999999994


def exact_code(value: float, fmt: Format) -> int:
    return max(fmt.lo, min(fmt.hi, math.floor(Fraction(value) * Fraction(2) ** fmt.frac + Fraction(1, 2))))


@given(FORMATS)
def test_text_round_trip(fmt):
    assert Format.parse(str(fmt)) == fmt


@pytest.mark.parametrize(
    ("text", "bits", "frac"), [("Q1.15", 16, 15), ("Q8.8", 16, 8), ("Q-2.18", 16, 18), ("Q12.-4", 8, -4)]
)
def test_notation_counts_the_sign(text, bits, frac):
    assert Format.parse(text) == Format(bits, frac)
    assert str(Format(bits, frac)) == text


@pytest.mark.parametrize(
    "text",
    ["", "1.15", "q1.15", "Q1", "Q1.", "Q1.15 ", "Q1,15", "Q+1.15", "Q1.15\n", "Q\uff11.15", "Q1.5.2", 15, None],
)
def test_other_notations_are_refused(text):
    with pytest.raises(BadInput, match=r"unknown format .* write Qm\.n"):
        Format.parse(text)


@pytest.mark.parametrize(("bits", "frac"), [(0, 0), (64, 0), (-3, 0), (16, -64), (16, 127)])
def test_formats_beyond_the_carriers_are_refused(bits, frac):
    with pytest.raises(BadInput, match="a format has"):
        Format(bits, frac)


@given(FORMATS)
def test_ends(fmt):
    assert (fmt.lo, fmt.hi) == (-(2 ** (fmt.bits - 1)), 2 ** (fmt.bits - 1) - 1)
    assert Fraction(fmt.scale) == Fraction(2) ** -fmt.frac


def test_parts_are_python_integers():
    fmt = Format(np.int64(16), np.int8(15))  # NumPy integers would wrap around in exact interval arithmetic
    assert fmt == Format(16, 15) and str(fmt) == "Q1.15"
    assert all(type(part) is int for part in (fmt.bits, fmt.frac, fmt.lo, fmt.hi))


@given(FORMATS, st.floats(allow_nan=False, allow_infinity=False))
@example(Format(16, 0), HALF_BELOW)
@example(Format(16, 0), -HALF_BELOW)
@example(Format(16, 15), HALF_BELOW * 2.0**-15)
@example(Format(63, -63), 5e-324)
@example(Format(63, 126), -5e-324)
@example(Format(1, 126), -1.7976931348623157e308)
@example(Format(63, 126), 1.7976931348623157e308)
@example(Format(63, 0), 4611686018427387903.0)
@example(Format(54, 0), 4503599627370495.5)
@example(Format(16, 15), -0.0)
def test_encode_is_exact_for_any_double(fmt, value):
    assert int(fmt.encode(value)) == exact_code(value, fmt)


@given(FORMATS, st.integers(-(2**53), 2**53), st.sampled_from([-1, 0, 1]))
def test_encode_is_exact_around_ties(fmt, doubled, step):
    value = math.ldexp(doubled, -fmt.frac - 1)  # odd numbers lie half way between two codes
    value = math.nextafter(value, math.inf * step) if step else value
    assert int(fmt.encode(value)) == exact_code(value, fmt)


@given(FORMATS, st.sampled_from(["lo", "hi"]), st.integers(-6, 6))
def test_encode_is_exact_around_the_ends(fmt, end, quarters):
    value = math.ldexp(4 * getattr(fmt, end) + quarters, -fmt.frac - 2)
    assert int(fmt.encode(value)) == exact_code(value, fmt)


def test_encode_keeps_shapes_and_gives_int64():
    fmt = Format.parse("Q1.3")
    codes = fmt.encode([[0.0, 0.5, -1.0], [1.0, -0.0625, 0.0625]])
    assert codes.dtype == np.int64
    assert codes.tolist() == [[0, 4, -8], [7, 0, 1]]
    assert fmt.encode(np.zeros((0, 2))).shape == (0, 2)
    assert fmt.encode(0.5).shape == ()


def test_encode_saturates_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Format(16, 126).encode([1e308, -1e308, 5e-324]).tolist() == [32767, -32768, 0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_encode_refuses_what_is_not_finite(bad):
    with pytest.raises(BadInput, match=r"sample \(1, 0\) is (nan|inf|-inf)"):
        Format.parse("Q1.15").encode([[0.0, 0.0], [bad, 0.0]])


@given(FORMATS, st.data())
def test_decode_is_exact_up_to_53_bits(fmt, data):
    code = data.draw(st.integers(max(fmt.lo, -(2**53)), min(fmt.hi, 2**53)))
    value = float(fmt.decode(code))
    assert Fraction(value) == code * Fraction(2) ** -fmt.frac
    assert int(fmt.encode(value)) == code


@given(FORMATS, st.data())
def test_check_takes_exactly_the_codes(fmt, data):
    code = data.draw(st.integers(-(2**63), 2**63 - 1) | st.sampled_from([fmt.lo, fmt.lo - 1, fmt.hi, fmt.hi + 1]))
    if fmt.lo <= code <= fmt.hi:
        checked = fmt.check([code], "x")
        assert checked.dtype == np.int64 and checked.tolist() == [code]
    else:
        with pytest.raises(BadInput, match=f"x\\[0\\] is {code}, outside {fmt.lo}..{fmt.hi} of {fmt}"):
            fmt.check([code], "x")


def test_check_names_the_first_culprit():
    with pytest.raises(BadInput, match=r"weight\[1, 0\] is 8, outside -8\.\.7 of Q1\.3; clamp it"):
        Format.parse("Q1.3").check(np.array([[7, -8], [8, 9]], dtype=np.int8), "weight")


@pytest.mark.parametrize("codes", [[0.5], [1.0], [True], ["1"], [2**70], np.zeros(2, np.complex64), [None]])
def test_check_refuses_what_is_not_integer(codes):
    with pytest.raises(BadInput, match=r"integer codes of Q1\.15 are needed"):
        Format.parse("Q1.15").check(codes, "x")


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint32, np.uint64])
def test_check_takes_every_integer_type(kind):
    assert Format.parse("Q1.62").check(np.array([0, 127], kind), "x").tolist() == [0, 127]
    with pytest.raises(BadInput):
        Format.parse("Q1.3").check(np.array([127], kind), "x")


def test_check_sees_unsigned_words_beyond_int64():
    with pytest.raises(BadInput, match="18446744073709551615"):
        Format(63, 0).check(np.array([2**64 - 1], np.uint64), "x")


def test_check_copies():
    codes = np.array([1, 2])
    Format.parse("Q4.0").check(codes, "x")[0] = 5
    assert codes.tolist() == [1, 2]

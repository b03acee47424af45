"""Quantising on the board is the format's own; and manifests are read without pynq."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import bittrue.board
from bittrue.board import BoardError
from bittrue.board.manifest import SampleFormat, read_manifest
from bittrue.board.samples import as_values, check_codes, quantise, unpacked, word_dtype, words_of
from bittrue.num import Format

FORMATS = ["Q1.15", "Q1.11", "Q4.12", "Q2.6", "Q1.7"]


def sample_format(text: str) -> tuple[Format, SampleFormat]:
    fmt = Format.parse(text)
    bits = 8 if fmt.bits <= 8 else 16
    return fmt, SampleFormat(fmt.bits, fmt.frac, 2, bits, 64)


@pytest.mark.parametrize("text", FORMATS)
def test_values_become_the_codes_of_the_format(text):
    fmt, board = sample_format(text)
    assert (board.lo, board.hi) == (fmt.lo, fmt.hi)
    rng = np.random.default_rng(1)
    ties = (np.arange(fmt.lo - 3, fmt.hi + 3) + 0.5) * 2.0**-fmt.frac
    values = np.concatenate([rng.uniform(-2, 2, 5000) * 2.0 ** (fmt.bits - 1 - fmt.frac), ties, np.nextafter(ties, -9)])
    values = np.concatenate([values, [0.49999999999999994 * 2.0**-fmt.frac, 1e300, -1e300, 5e-324, -0.0, 0.0]])
    pairs = values[: len(values) // 2 * 2].reshape(-1, 2)
    codes, clipped = quantise(pairs, board)
    np.testing.assert_array_equal(codes, fmt.encode(pairs))
    rounded = np.floor(np.ldexp(pairs, fmt.frac) + 0.5)
    assert clipped == ((rounded < fmt.lo) | (rounded > fmt.hi)).any(axis=1).sum() > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    with pytest.raises(BoardError, match="sample 3 is not finite"):
        quantise(np.array([[0.0, 0.0]] * 3 + [[0.0, bad]]), sample_format("Q1.15")[1])


WHOLE = np.array([[100, -3], [2, 7]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (WHOLE.astype(np.int16), r"samples are int16, .* give codes to run_codes, or scale them: x \* 2\.0\*\*-15$"),
        (WHOLE.astype(np.uint8), "samples are uint8"),
        (WHOLE.tolist(), "samples are int64"),
        (WHOLE > 0, "samples are bool"),
        (WHOLE.astype(float), "samples are whole numbers up to 100, so codes, .* of full scale, here 1; give codes"),
        (WHOLE[:, 0] + 1j * WHOLE[:, 1], "whole numbers up to 100"),
        (np.ma.masked_greater(WHOLE / 1000, 0.05), "samples hold masked elements, which have no value"),
        (np.ma.masked_array([0.5 + 0.5j, np.nan], [False, True]), "masked elements"),
        ([np.ma.masked_array([0.1, 0.2], [True, False])], "masked elements"),
        (WHOLE.astype(object), "of object"),
        ([[1.0, 2.0], [3.0]], "no array of numbers|of object"),
        (np.zeros((2, 2), np.longdouble), "64 bits a number at most"),
        (np.zeros((2, 2), "m8[s]"), r"of timedelta64\[s\]"),
        (np.zeros(2, [("i", "i2"), ("q", "i2")]), "takes complex"),
        (np.zeros((2, 3)), r"an array \(2, 3\) of float64"),
        (np.zeros((2, 1), complex), r"an array \(2, 1\) of complex128"),
        (None, r"an array \(\) of object"),
    ],
)
def test_samples_of_another_kind_are_refused(given, message):
    fmt = sample_format("Q1.15")[1]
    with pytest.raises(BoardError, match=message):
        as_values(given, fmt, fmt, "n")


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4"])
def test_floating_point_is_taken_as_it_is(kind):
    fmt = sample_format("Q1.15")[1]
    for values in ([[0.5, -1.0], [1.25, 0.0]], [[2.0, -2.0]], np.zeros((0, 2))):  # beyond full scale they are clamped
        array = np.array(values).astype(kind)
        found, is_complex = as_values(array, fmt, fmt, "n")
        assert not is_complex and found.dtype == np.float64
        np.testing.assert_array_equal(found, values)
    found, is_complex = as_values(np.array([0.5 - 0.25j], np.complex64), fmt, fmt, "n")
    assert is_complex and found.tolist() == [[0.5, -0.25]]


@pytest.mark.parametrize(
    "codes", [np.zeros((2, 2), bool), np.zeros((2, 2), "m8[s]"), [[1, 2], [3, 1 << 70]], [[1.0, 2]]]
)
def test_codes_of_another_kind_are_refused(codes):
    with pytest.raises(BoardError, match="the net takes integers"):
        check_codes(codes, sample_format("Q1.15")[1])


def test_words_hold_codes_in_their_containers():
    _, board = sample_format("Q1.11")
    assert (words_of(board), word_dtype(board)) == (4, np.dtype("<i2"))
    words = np.array([[-2048, 2047, 99, 99], [1, -1, 99, 99]], "<i2")
    np.testing.assert_array_equal(unpacked(words, board), [[-2048, 2047], [1, -1]])
    words[1, 1] = 2048
    with pytest.raises(BoardError, match=r"output sample 1 of a transfer is \[1, 2048\], outside -2048 to 2047"):
        unpacked(words, board)


@pytest.mark.parametrize(("code", "fits"), [(-2048, True), (2047, True), (-2049, False), (2048, False)])
def test_codes_beyond_the_format_are_refused(code, fits):
    codes = np.array([[0, code]], np.int32)
    if fits:
        np.testing.assert_array_equal(check_codes(codes, sample_format("Q1.11")[1]), codes)
    else:
        with pytest.raises(BoardError, match="12 bits hold -2048 to 2047"):
            check_codes(codes, sample_format("Q1.11")[1])


def test_without_pynq_the_driver_says_where_to_run(monkeypatch):
    for name in ("predistorter", "frame_net", "driver", "net_shell", "transfer"):
        monkeypatch.delitem(sys.modules, f"bittrue.board.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(BoardError, match="pynq is not installed here; run this on the board"):
        bittrue.board.open("x.bit")


def test_a_manifest_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BoardError, match=r"x\.json is missing; copy the whole overlay folder"):
        read_manifest(tmp_path / "x.json")

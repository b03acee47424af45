"""Quantising on the board is the format's own; and manifests are read without pynq."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue.board import BoardError
from bittrue.board.manifest import SampleFormat, read_manifest
from bittrue.board.samples import check_codes, quantise, unpacked, word_dtype, words_of
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


def test_a_manifest_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BoardError, match=r"x\.json is missing; copy the whole overlay folder"):
        read_manifest(tmp_path / "x.json")

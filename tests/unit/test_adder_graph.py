"""Adder graphs compute their matrix exactly, in few adders, and their words have no bit more than they need."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bittrue.errors import BadInput
from bittrue.lower import adder_search
from bittrue.lower.adder_graph import bits_added, word_bits
from bittrue.lower.adder_search import adder_graph, signed_digits
from bittrue.num import Interval
from bittrue.spec import Dense, as_net

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))
MATRICES = SHAPES.flatmap(
    lambda shape: st.tuples(
        arrays(np.int64, shape, elements=st.integers(-(1 << 15), (1 << 15) - 1) | st.integers(-9, 9)),
        arrays(np.int64, shape[0], elements=st.integers(-(1 << 28), 1 << 28) | st.just(0)),
    )
)


def same(matrix, constants) -> None:
    graph = adder_graph(matrix, constants)
    np.testing.assert_array_equal(graph.matrix(), np.column_stack([matrix, constants]))
    x = np.random.default_rng(1).integers(-(1 << 15), 1 << 15, (20, matrix.shape[1]))
    np.testing.assert_array_equal(graph(x), x @ matrix.T + constants)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(MATRICES)
def test_equals_the_matrix(drawn) -> None:
    same(*drawn)


@pytest.mark.parametrize("sign", [1, -1])
def test_rows_without_a_positive_term(sign: int) -> None:
    matrix = sign * np.array([[-1, -2, -4], [0, 0, -1], [-1, 0, 0], [0, 0, 0], [-3, -5, -7]])
    for constants in (np.zeros(5, np.int64), np.array([0, 5, -5, -7, 0])):
        same(matrix, constants)


@pytest.mark.parametrize("value", [0, 1, -1, 7, 0x5555, -0x8000, 0x7FFF, 11, -12345])
def test_signed_digits_are_canonical(value: int) -> None:
    digits = signed_digits(value)
    assert sum(sign << shift for shift, sign in digits) == value
    shifts = [shift for shift, _ in digits]
    assert all(b - a > 1 for a, b in pairwise(shifts))


def test_zeros_and_powers_of_two_take_no_adders_and_a_shared_product_one() -> None:
    none = adder_graph(np.array([[0, 0], [4, 0], [0, 1]]), np.zeros(3, np.int64))
    assert not none.adders and none.outputs[0] is None and none.depth == 0
    shared = adder_graph(np.array([[5, 0], [10, 0], [0, 0], [20, 0]]), np.zeros(4, np.int64))
    assert len(shared.adders) == 1
    same(np.array([[5, 0], [10, 0], [0, 0], [20, 0]]), np.zeros(4, np.int64))


def test_what_two_rows_have_in_common_is_added_once() -> None:
    rng = np.random.default_rng(5)
    part = rng.integers(-128, 128, 6)
    twice = adder_graph(np.stack([part, part * 2, part * 4]), np.zeros(3, np.int64))
    once = adder_graph(part[np.newaxis], np.zeros(1, np.int64))
    assert len(twice.adders) <= len(once.adders) + 2  # a sign is turned, and ties fall otherwise


def test_sharing_saves_more_than_half_of_the_adders_of_plain_digits() -> None:
    matrix = np.random.default_rng(2).integers(-128, 128, (24, 24))
    digits = sum(len(signed_digits(int(w))) for w in matrix.ravel())
    assert len(adder_graph(matrix, np.zeros(24, np.int64)).adders) < 0.55 * digits


def test_a_matrix_gives_the_same_graph_every_time() -> None:
    matrix, constants = np.random.default_rng(3).integers(-999, 999, (8, 9)), np.arange(8)
    one, two = adder_graph(matrix, constants), adder_graph(matrix, constants)
    assert (one.adders, one.outputs, one.constants) == (two.adders, two.outputs, two.constants)


def test_intervals_are_reached_and_words_have_no_bit_more() -> None:
    matrix, constants = np.array([[3, -5, 0], [-7, 1, 6], [1, 0, 11]]), np.array([9, 0, -4])
    given = [Interval(-3, 2), Interval(0, 5), Interval(-1, 0)]
    graph = adder_graph(matrix, constants)
    x = np.array(list(product(*(range(i.lo, i.hi + 1) for i in given))))
    words = np.column_stack([x, np.ones(len(x), np.int64)]) @ graph.forms.T
    for word, interval in zip(words.T, graph.intervals(given), strict=True):
        assert (word.min(), word.max()) == (interval.lo, interval.hi)
        bits = word_bits(interval)
        assert fits(interval, bits) and (bits == 1 or not fits(interval, bits - 1))


def fits(interval: Interval, bits: int) -> bool:
    """Whether a word of so many bits, signed where it must be, holds the interval."""
    low, high = (0, 1 << bits) if interval.lo >= 0 else (-(1 << bits - 1), 1 << bits - 1)
    return low <= interval.lo and interval.hi < high


def test_bits_below_a_shifted_operand_pass() -> None:
    graph = adder_graph(np.array([[1, 8]]), np.array([0]))
    (adder,) = graph.adders
    (*_, result) = graph.intervals([Interval(0, 15)] * 2)
    assert (word_bits(result), bits_added(adder, result)) == (8, 5)


def test_too_many_digits_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(adder_search, "DIGITS", 50)
    with pytest.raises(BadInput, match=r"4 x 9 weights has \d+ signed digits, and 50 are the most"):
        adder_graph(np.full((4, 9), 0x5555), np.zeros(4, np.int64))


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["tdnn-compat", "tdnn-wide", "dpd-best"])
def test_equals_every_matrix_of_a_committed_net(name: str) -> None:
    for node in as_net(name).nodes:
        if isinstance(node.layer, Dense):
            same(node.layer.weight, node.layer.bias)

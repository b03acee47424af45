"""Where the weights of a matrix stand in its lanes: the arrangement of hardware, ROM files and loading."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue.lower.fold import Fold
from bittrue.lower.lanes import biases, weights
from bittrue.lower.matrix import Matrix
from bittrue.num import Format

Q = Format.parse("Q1.7")


@pytest.mark.parametrize(
    "fold",
    [Fold(7, 5, 4), Fold(3, 7, 16), Fold(1, 1, 8), Fold(30, 32, 8), Fold(5, 4, 64), Fold(101, 3, 4)],
    ids=repr,
)
def test_every_weight_stands_at_its_address_and_zeros_around(fold: Fold) -> None:
    shape = fold.outputs, fold.inputs
    weight, bias = 1 + np.arange(np.prod(shape)).reshape(shape), 1 + np.arange(fold.outputs)
    matrix = Matrix(weight, bias, Q, Q, 40, 0)
    wanted = np.zeros((fold.rows, fold.segments, fold.turns * fold.steps), np.int64)
    for output, given in np.ndindex(shape):
        turn, row = divmod(output, fold.rows)
        wanted[row, given // fold.steps, turn * fold.steps + given % fold.steps] = weight[output, given]
        assert weights(matrix, fold)[fold.address(output, given)] == weight[output, given]
    assert np.array_equal(weights(matrix, fold), wanted)
    assert [biases(matrix, fold)[o % fold.rows, o // fold.rows] for o in range(fold.outputs)] == bias.tolist()
    assert biases(matrix, fold).sum() == bias.sum() and biases(matrix, fold).shape == (fold.rows, fold.turns)


def test_the_arrangement_is_made_once() -> None:
    matrix, fold = Matrix(np.ones((2, 3), np.int64), np.zeros(2, np.int64), Q, Q, 40, 0), Fold(3, 2, 8)
    assert weights(matrix, fold) is weights(matrix, Fold(3, 2, 8))

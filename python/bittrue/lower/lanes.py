"""Weights and biases in the order in which the lanes of the hardware hold them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.fold import Fold
from bittrue.lower.matrix import Matrix
from bittrue.num import Format

Codes = npt.NDArray[np.int64]


def weights(matrix: Matrix, fold: Fold) -> Codes:
    """``[row][segment][word]`` of every lane: int64 ``(rows, segments, turns * steps)``."""
    codes = np.zeros((fold.rows, fold.segments, fold.turns * fold.steps), np.int64)
    for output in range(fold.outputs):
        for given in range(fold.inputs):
            codes[fold.address(output, given)] = matrix.weight[output, given]
    return codes


def biases(matrix: Matrix, fold: Fold) -> Codes:
    """``[row][turn]`` of what the lanes start from: int64 ``(rows, turns)``."""
    codes = np.zeros((fold.rows, fold.turns), np.int64)
    for output, bias in enumerate(matrix.bias):
        turn, row = divmod(output, fold.rows)
        codes[row, turn] = bias
    return codes


def check_words(matrix: Matrix, bits: int, node: str, fix: str) -> None:
    """Raise `BadInput` unless every weight fits a word of ``bits``.

    Only a filter's negated weight can fail: that of the lowest code. ``fix`` says what else the user can do.
    """
    top = Format(bits, 0).hi
    if matrix.weight.max() > top:
        raise BadInput(
            f"node {node}: the negative of code {-top - 1} does not fit the lanes' words of {bits} bits; {fix}"
        )

"""Weights and biases in the order in which the lanes of the hardware hold them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.fold import Fold
from bittrue.lower.matrix import Matrix
from bittrue.num import Format

Codes = npt.NDArray[np.int64]


@lru_cache(maxsize=4)
def weights(matrix: Matrix, fold: Fold) -> Codes:
    """``[row][segment][word]`` of every lane: int64 ``(rows, segments, turns * steps)``, not to be written to.

    Weight ``[output, given]`` stands where ``Fold.address(output, given)`` says.
    """
    codes = np.zeros((fold.turns * fold.rows, fold.segments * fold.steps), np.int64)
    codes[: fold.outputs, : fold.inputs] = matrix.weight
    cut = codes.reshape(fold.turns, fold.rows, fold.segments, fold.steps).transpose(1, 2, 0, 3)
    return cut.reshape(fold.rows, fold.segments, fold.turns * fold.steps)


def biases(matrix: Matrix, fold: Fold) -> Codes:
    """``[row][turn]`` of what the lanes start from: int64 ``(rows, turns)``."""
    codes = np.zeros(fold.turns * fold.rows, np.int64)
    codes[: fold.outputs] = matrix.bias
    return codes.reshape(fold.turns, fold.rows).T


def check_words(matrix: Matrix, bits: int, node: str, fix: str) -> None:
    """Raise `BadInput` unless every weight fits a word of ``bits``.

    Only a filter's negated weight can fail: that of the lowest code. ``fix`` says what else the user can do.
    """
    top = Format(bits, 0).hi
    if matrix.weight.max() > top:
        raise BadInput(
            f"node {node}: the negative of code {-top - 1} does not fit the lanes' words of {bits} bits; {fix}"
        )

"""Sums that end in floating point give the codes of int64, up to the last sum that it holds and beyond."""

import numpy as np
import pytest

from bittrue.num import Format
from bittrue.ref.activate import activate
from bittrue.ref.finish import Finish
from bittrue.spec import Abs, LeakyReLU, Linear, ReLU

NEAR = np.arange(200)


def same(finish: Finish, bias: int) -> None:
    """With sums from one end to the other and about 0."""
    end, one = finish.largest - abs(bias), np.array([bias])
    sums = np.concatenate([end - NEAR, NEAR - end, NEAR - 100, NEAR + end // 2, NEAR - end // 2])
    found = finish.codes(finish.weights(sums), finish.biases(one)).astype(np.int64)
    np.testing.assert_array_equal(found, activate(sums + one, finish.shift, finish.activation, finish.output))


@pytest.mark.parametrize("activation", [Linear(), ReLU(), Abs(), LeakyReLU(3)], ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("output", [Format(60, 0), Format(9, 0)], ids=str)
@pytest.mark.parametrize("shift", [-3, 0, 1, 7, 20, 21, 22, 23, 24, 25, 30, 50, 51, 52, 53, 54])
@pytest.mark.parametrize("bits", [24, 53])
def test_sums_about_the_end_of_floating_point_round_as_in_int64(activation, output, shift: int, bits: int) -> None:
    slope = activation.shift if isinstance(activation, LeakyReLU) else 0
    for half in {0, 1 << max(shift + slope - 1, 0)}:
        for largest in (largest for more in (-2, -1, 0, 1, 77) if (largest := (1 << bits) - half + more) > 500):
            for bias in (99, -99, 0):
                same(Finish(largest, shift, activation, output), bias)


def test_floating_point_ends_what_it_holds() -> None:
    def kind(largest: int, shift: int) -> tuple[type, bool]:
        finish = Finish(largest, shift, LeakyReLU(2), Format(8, 0))
        return finish.kind, finish.scaled

    half = 1 << 10
    assert kind((1 << 24) - half - 1, 9) == (np.float32, True)
    assert kind((1 << 24) - half, 9) == (np.float64, True)
    assert kind((1 << 53) - half - 1, 9) == (np.float64, True)
    assert kind((1 << 53) - half, 9) == (np.float64, False)
    assert kind((1 << 24) - 1, 0) == (np.float32, False)
    assert kind(1 << 53, 0) == (np.int64, False)

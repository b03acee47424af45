"""The end of a sum in 32 bits gives the codes of 64, up to the last sum that 32 bits hold and beyond."""

import numpy as np
import pytest

from bittrue.num import Format
from bittrue.ref.activate import activate
from bittrue.ref.finish import finish
from bittrue.spec import Abs, LeakyReLU, Linear, ReLU


@pytest.mark.parametrize("activation", [Linear(), ReLU(), Abs(), LeakyReLU(3)], ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("largest", [1000, (1 << 31) - 200, (1 << 31) - 100, (1 << 31) - 1, 1 << 31, 1 << 33])
@pytest.mark.parametrize("shift", [1, 7, 20, 30])
def test_sums_about_the_end_of_32_bits_round_as_in_64(activation, largest: int, shift: int) -> None:
    sums = np.array([largest, -largest, largest - 1, 1 - largest, largest // 2, 0, 64, -64], np.int64)
    bias, output = np.array([99], np.int64), Format(32, 0)
    found = finish(sums.astype(np.float64), largest, bias, shift, activation, output)
    np.testing.assert_array_equal(found, activate(sums + bias, shift, activation, output))

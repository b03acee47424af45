"""Frequencies that the board can make."""

import pytest

from bittrue.errors import BadInput
from bittrue.targets.pynq_z1.clock import HIGHEST_MHZ, LOWEST_MHZ, fclk

PRODUCTS = sorted({a * b for a in range(1, 64) for b in range(1, 64)})


@pytest.mark.parametrize(
    ("asked", "divisors", "told"),
    [
        (100, (5, 2), "100.00"),
        (200, (5, 1), "200.00"),
        (250, (2, 2), "250.00"),
        (150, (7, 1), "142.86"),
        (142.9, (7, 1), "142.86"),
        (166.67, (3, 2), "166.67"),
        (15, (17, 4), "14.71"),  # 67 is a prime and too large: the next product is 68
        (10, (10, 10), "10.00"),
    ],
)
def test_known_frequencies(asked, divisors, told):
    clock = fclk(asked)
    assert (clock.divisor0, clock.divisor1) == divisors
    assert clock.asked == told


@pytest.mark.parametrize("tenths", range(LOWEST_MHZ * 10, HIGHEST_MHZ * 10 + 1, 31))
def test_it_is_the_next_one_below_and_vivado_finds_the_same(tenths):
    clock = fclk(tenths / 10)
    product = clock.divisor0 * clock.divisor1
    assert product == min(p for p in PRODUCTS if tenths * p >= 10_000)
    assert product == min(p for p in PRODUCTS if 1000 / p <= float(clock.asked))
    assert clock.hz == 10**9 // product


@pytest.mark.parametrize("mhz", [9.99, 250.1, 0.0, -1.0, float("nan"), float("inf")])
def test_others_are_refused(mhz):
    with pytest.raises(BadInput, match=r"FCLK0 of the PYNQ-Z1 goes from 10 to 250 MHz"):
        fclk(mhz)

"""The estimate of clocks: in one dimension the formula of the documentation, in two the same row by row."""

import numpy as np
import pytest
from hand_nets import made
from hand_written import Hand
from test_model import conv, linear, pool_only

from bittrue.spec.stages import Pool
from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.chip import MAX78000
from bittrue_firmware.cycles import cycles


def settings_of(hand, codes):
    accelerator = Accelerator(hand.chip, lambda quadrant: "")
    for write in [*hand.setup, *hand.registers, *hand.sample(codes), *hand.start()]:
        accelerator.write(*write)
    return accelerator.layers


def test_one_dimension():
    rng = np.random.default_rng(2)
    stages = [
        conv("a", rng, 20, 70, 5, padding=1),
        conv("b", rng, 9, 20, 3, pool=Pool("max", 3, 2)),
        pool_only("c", "max", 2, 2),
        linear("d", rng, 5, 9 * 5, wide=True),
    ]
    hand = Hand(stages, (70, 30), MAX78000)
    found = [cycles(layer) for layer in settings_of(hand, rng.integers(-128, 128, (70, 30)))]
    # N M O + L M (p + 1) + (k - 1 - d) + d (4 M + 1)
    assert found[0] == 28 * 2 * 20 + 30 * 2 * 2 + (5 - 1 - 1) + 1 * (4 * 2 + 1)
    assert found[1] == 11 * 1 * 9 + 13 * 1 * 4 + (3 - 1)
    assert found[2] == 5 * (2 + 1 + 3)
    assert len(found) == 4


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # a: 13 x 11, kernel 3, pad 1: zero 2, pixel 2; a row: ends 5, one early pixel 3, 10 pixels 20
        (0, 2 * (2 * 3 + 11 * 3) + (5 + 3 + 20 + 9 * 11) * (12 + 1)),
        # c: pooled 6 x 6 of 3 x 2, 1 x 1: pixel 7; rows of 6 pixels, 7 channels
        (2, (6 * 7 + 7 * 6) * 6),
    ],
)
def test_two_dimensions(layer, expected):
    bench = made("images", MAX78000)
    settings = settings_of(bench.hand, bench.codes())[layer]
    assert cycles(settings) == expected, (settings.rows, settings.columns)

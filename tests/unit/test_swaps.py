"""The judge of swaps: what it explains, and what it must not."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue.cosim.streams import HardwareFault
from bittrue_sim.swaps import bounds, follow

N = 12
NETS = {name: np.arange(2 * N).reshape(N, 2) + 1000 * k for k, name in enumerate(("old", "new", "third"))}


def outputs(*names: str) -> np.ndarray:
    return np.array([NETS[name][n] for n, name in enumerate(names)])


def test_swaps_within_their_bounds_are_explained():
    found = outputs(*["old"] * 5, *["new"] * 7)
    used = follow(found, ["old", "new"], NETS, [0] * 5 + [1] * 7, [0] * 3 + [1] * 9)
    assert used.tolist() == [0] * 5 + [1] * 7


def test_a_setup_that_never_showed_is_passed_over():
    used = follow(outputs(*["old"] * 6, *["third"] * 6), ["old", "new", "third"], NETS, [0] * N, [2] * N)
    assert used.tolist() == [0] * 6 + [2] * 6


def test_a_sample_of_two_nets_is_found():
    found = outputs(*["old"] * 5, *["new"] * 7)
    found[5, 0] = NETS["old"][5, 0]
    with pytest.raises(HardwareFault, match=r"sample 5 is \[10, 1011\]"):
        follow(found, ["old", "new"], NETS, [0] * N, [1] * N)


def test_a_swap_before_its_time_is_found():
    found = outputs(*["old"] * 2, *["new"] * 10)
    with pytest.raises(HardwareFault, match="sample 2 is"):
        follow(found, ["old", "new"], NETS, [0] * N, [0] * 3 + [1] * 9)


def test_a_swap_that_comes_late_is_found():
    found = outputs(*["old"] * 9, *["new"] * 3)
    with pytest.raises(HardwareFault, match="sample 8 is"):
        follow(found, ["old", "new"], NETS, [0] * 8 + [1] * 4, [1] * N)


def test_a_net_that_comes_back_is_found():
    found = outputs(*["old"] * 4, *["new"] * 4, *["old"] * 4)
    with pytest.raises(HardwareFault, match="sample 8 is"):
        follow(found, ["old", "new"], NETS, [0] * N, [1] * N)


def test_a_choice_reaches_samples_until_the_net_has_taken_them():
    came, went = [10, 20, 30, 40, 50], [100, 110, 120, 130, 140]
    first, last = bounds([25, 60], [35, 70], came, went)
    assert first.tolist() == [0, 0, 0, 1, 1]
    assert last.tolist() == [1, 1, 1, 2, 2]  # the choice that began at 25 may have found samples 0 to 2 in front
    first, last = bounds([35], [38], came, went)
    assert last.tolist() == [0, 1, 1, 1, 1]

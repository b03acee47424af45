import numpy as np
import pytest
from tiny_pa import band_limited, mild_amplifier

from bittrue.apps.dpd.amplifiers.ilc import ideal_input
from bittrue.errors import BadInput


def test_the_ideal_drive_makes_a_mild_amplifier_linear():
    x = 0.8 * band_limited(2000, 0)
    learned = ideal_input(mild_amplifier, x, gain=1.0, peak=1.0, iterations=20)
    assert learned.errors[0] > -25 and learned.errors[-1] < -100
    assert np.allclose(mild_amplifier(learned.drive), x, atol=1e-5)
    assert list(learned.errors) == sorted(learned.errors, reverse=True)
    assert len(learned.errors) == 21


def test_the_drive_stays_below_the_peak():
    x = band_limited(2000, 1)
    learned = ideal_input(mild_amplifier, x, gain=1.0, peak=0.9, iterations=5)
    assert abs(learned.drive).max() <= 0.9 * (1 + 1e-15)
    assert (abs(abs(learned.drive) - 0.9) < 1e-12).sum() > 0


def test_a_target_gain_is_reached():
    x = 0.5 * band_limited(2000, 2)
    learned = ideal_input(mild_amplifier, x, gain=1.2, peak=1.0)
    assert np.allclose(mild_amplifier(learned.drive), 1.2 * x, atol=1e-4)


def test_divergence_is_refused():
    def contrary(u):  # the second half of the signal comes out inverted
        return np.concatenate([u[:1500], -u[1500:]])

    with pytest.raises(BadInput, match="diverged"):
        ideal_input(contrary, band_limited(2000, 3), gain=1.0, peak=1.0)

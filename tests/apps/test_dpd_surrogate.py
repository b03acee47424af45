"""Surrogate signals: spectrum, power and peak of the original, other samples."""

import numpy as np
import pytest
from tiny_pa import BANDWIDTH, RATE, band_limited

from bittrue.apps.dpd.captures.surrogate import surrogates
from bittrue.errors import BadInput


def bands(signal):
    """Power in the band, and outside of it, in dB of the whole."""
    spectrum = abs(np.fft.fft(signal)) ** 2
    inside = abs(np.fft.fftfreq(len(signal))) <= BANDWIDTH / RATE / 2
    return 10 * np.log10(np.array([spectrum[inside].sum(), spectrum[~inside].sum() + 1e-30]) / spectrum.sum())


def test_a_surrogate_has_the_power_the_peak_and_the_band_of_its_original():
    x = band_limited(8000, seed=3)
    made = surrogates(x, 3, seed=1, bandwidth=BANDWIDTH / RATE).reshape(3, 8000)
    for signal in made:
        assert abs(signal).max() <= abs(x).max() * (1 + 1e-12)
        assert abs(10 * np.log10(np.mean(abs(signal) ** 2) / np.mean(abs(x) ** 2))) < 0.1
        assert bands(signal)[1] < -45
        assert abs(np.vdot(signal, x)) / np.linalg.norm(signal) / np.linalg.norm(x) < 0.1
    assert abs(np.vdot(made[0], made[1])) / np.linalg.norm(made[0]) / np.linalg.norm(made[1]) < 0.1


def test_seed_and_count_decide_the_samples():
    x = band_limited(1000, seed=3)
    two = surrogates(x, 2, seed=5, bandwidth=0.25)
    assert np.array_equal(two[:1000], surrogates(x, 1, seed=5, bandwidth=0.25))
    assert not np.array_equal(two[:1000], surrogates(x, 1, seed=6, bandwidth=0.25))
    assert len(surrogates(x, 0, seed=5, bandwidth=0.25)) == 0


@pytest.mark.parametrize(
    ("x", "count", "bandwidth", "words"),
    [
        (np.ones(100, complex), -1, 0.5, "-1 surrogates"),
        (np.zeros(100, complex), 1, 0.5, "power 0"),
        (np.ones(10, complex), 1, 0.5, "10 samples"),
        (np.ones(100, complex), 1, 1.5, "bandwidth is 1.5"),
    ],
)
def test_what_has_no_surrogates_is_refused(x, count, bandwidth, words):
    with pytest.raises(BadInput, match=words):
        surrogates(x, count, 0, bandwidth)

"""What is not constant in a record: found, named with its size and place, removed; and silence where all is well."""

import numpy as np
import pytest
from tiny_pa import BANDWIDTH, RATE, band_limited, mild_amplifier

from bittrue.apps.dpd.captures import mend, unsteady
from bittrue.apps.dpd.captures.mend import Mended, resampled
from bittrue.apps.dpd.captures.trend import explain

SAMPLES = 12_000
TIME = np.arange(SAMPLES)


@pytest.fixture(scope="module")
def pair():
    x = band_limited(SAMPLES, 0)
    return x, mild_amplifier(x)


def said(x, y):
    return "; ".join(fault.text for fault in unsteady.faults(x, y, RATE, BANDWIDTH))


def noisy(y, decibel, seed=3):
    parts = np.random.default_rng(seed).standard_normal((2, len(y)))
    return y + np.sqrt(np.mean(abs(y) ** 2) / 2) * 10 ** (-decibel / 20) * (parts[0] + 1j * parts[1])


def turned(y, turns):
    return y * np.exp(2j * np.pi * turns * np.arange(len(y)) / SAMPLES)


@pytest.mark.parametrize("turns", [0.01, -0.1, 0.3, -1, 40, 300])
def test_a_frequency_offset_is_named_in_hertz_and_removed(pair, turns):
    x, y = pair
    (fault,) = unsteady.faults(x, turned(y, turns), RATE, BANDWIDTH)
    assert fault.text.startswith("the output has a frequency offset of ") and fault.removable
    hertz = turns * RATE / SAMPLES
    assert float(fault.text.split()[7].replace(",", "")) == pytest.approx(hertz, rel=0.03)
    mended, done = mend.mend(x, turned(y, turns), RATE, BANDWIDTH)
    assert done.hertz == pytest.approx(hertz, abs=4e-3 * RATE / SAMPLES) and done.ppm == 0
    assert np.linalg.norm(mended - y) < 2e-2 * np.linalg.norm(y)


@pytest.mark.parametrize("ppm", [-10, 20, -50, 200])
def test_a_clock_ratio_is_named_in_ppm_and_removed(pair, ppm):
    x, y = pair
    slow = resampled(y, 1 + ppm * 1e-6)
    (fault,) = unsteady.faults(x, slow, RATE, BANDWIDTH)
    assert ("slower" if ppm > 0 else "faster") in fault.text and fault.removable
    assert float(fault.text.split("runs ")[1].split()[0]) == pytest.approx(abs(ppm), rel=0.1)
    mended, done = mend.mend(x, slow, RATE, BANDWIDTH)
    assert done.ppm == pytest.approx(-ppm, abs=1.5) and done.hertz == 0
    inner = slice(300, -300)
    assert np.linalg.norm((mended[: len(y)] - y[: len(mended)])[inner]) < 5e-3 * np.linalg.norm(y)


def test_both_are_removed_from_a_noisy_record_that_comes_late(pair):
    x, y = pair
    late = np.concatenate([0.3 * band_limited(333, 8), noisy(resampled(turned(y, -3.4), 1 + 60e-6), 30)])
    mended, done = mend.mend(x, late, RATE, BANDWIDTH)
    assert done.hertz == pytest.approx(-3.4 * RATE / SAMPLES, rel=2e-3) and done.ppm == pytest.approx(-60, abs=4)
    assert not said(x, mended)


@pytest.mark.parametrize(
    ("spoil", "words", "place"),
    [
        (lambda y: np.delete(y, slice(4500, 4620)), "120 samples of the output are missing", 4500),
        (lambda y: np.delete(y, 11_500), "1 sample of the output is missing", 11_500),
        (lambda y: np.insert(y, 7000, y[6983:7000]), "the output has 17 samples too many", 7000),
        (lambda y: np.insert(y, 2500, np.zeros(300)), "the output has 300 samples too many", 2500),
        (lambda y: np.where(TIME < 8123, y, y * np.exp(1j)), "the phase jumps by +57.", 8123),
        (lambda y: turned(np.where(TIME < 8123, y, y * np.exp(-2j)), 3), "the phase jumps by -114.", 8123),
    ],
)
def test_a_jump_is_named_with_its_size_and_its_sample(pair, spoil, words, place):
    x, y = pair
    found = unsteady.faults(x, spoil(y), RATE, BANDWIDTH)
    assert words in found[0].text and not found[0].removable
    named = int(found[0].text.split("at ")[1].split("sample ")[1].split()[0].rstrip(",;").replace(",", ""))
    assert abs(named - place) <= 4


def test_every_jump_is_named_and_a_long_list_is_cut(pair):
    x, y = pair
    spoilt = np.delete(np.insert(np.delete(y, slice(2000, 2050)), 6000, y[5990:6000]), 9000)
    found = said(x, spoilt)
    assert "50 samples of the output are missing at its sample 2,000" in found
    assert "10 samples too many" in found and "1 sample of the output is missing at its sample 9,00" in found
    often = np.delete(y, np.concatenate([np.arange(30) + start for start in range(1500, 11_000, 1500)]))
    assert "and 4 more such places" in said(x, often)


def test_lost_samples_are_placed_beside_a_frequency_offset(pair):
    x, y = pair
    found = said(x, np.delete(turned(y, 60), slice(4500, 4620)))
    assert "120 samples of the output are missing at its sample 4,50" in found and "+3,999," in found


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda y: y * np.exp(3j * np.sin(8 * TIME / SAMPLES)), "the phase wanders by 34"),
        (lambda y: y * np.exp(0.1j * np.sin(8 * TIME / SAMPLES)), "the phase wanders by 11"),
        (lambda y: np.where(TIME < 5000, y, 1.1 * y), "the gain jumps by +0.8"),
        (lambda y: y * np.linspace(1, 1.3, SAMPLES), "the gain drifts by 2.2"),
        (lambda y: np.where(abs(TIME - 6000) < 60, 0, y), "the output does not follow the input somewhere between"),
        (lambda y: np.where(abs(TIME - 6000) < 900, 0, y), "the output does not follow the input somewhere between"),
    ],
)
def test_what_cannot_be_removed_is_named(pair, spoil, words):
    x, y = pair
    found = unsteady.faults(x, spoil(y), RATE, BANDWIDTH)
    assert words in found[0].text and not any(fault.removable for fault in found)
    assert said(x, mend.mend(x, spoil(y), RATE, BANDWIDTH)[0]) == said(x, spoil(y))


@pytest.mark.parametrize("decibel", [10, 20, 30])
def test_noise_hides_no_offset_that_a_model_would_learn(pair, decibel):
    x, y = pair
    assert "frequency offset" in said(x, noisy(turned(y, 0.1), decibel))
    assert "sample clock" in said(x, noisy(resampled(y, 1 + 80e-6), decibel))
    assert said(x, noisy(np.delete(y, slice(4000, 4003)), decibel)).startswith("3 samples of the output are missing")


@pytest.mark.parametrize("samples", [2000, SAMPLES])
@pytest.mark.parametrize("decibel", [5, 30, 200])
@pytest.mark.parametrize("kind", ["plain", "bursts", "levels", "memory", "strong"])
def test_a_steady_record_has_no_fault(samples, decibel, kind):
    x = band_limited(samples, samples)
    time = np.arange(samples)
    if kind == "bursts":
        x = x * np.where(time * 7 // samples % 2, 1, 0.03)
    if kind == "levels":
        x = x * np.array([0.2, 0.5, 1, 0.35, 0.7])[time * 5 // samples]
    y = mild_amplifier(x)
    if kind == "memory":
        y = y + 0.1 * np.roll(x, 5) + 0.05j * np.roll(x, 17) - 0.03 * np.roll(x * abs(x), 9)
    if kind == "strong":
        x = x * np.array([0.2, 0.6, 1])[time * 3 // samples]
        y = x * np.exp(0.8j * abs(x) ** 2) / (1 + 0.8 * abs(x) ** 2)
    assert not said(x, noisy(0.7j * y, decibel))


def test_what_costs_nothing_beside_the_noise_is_let_pass(pair):
    x, y = pair
    assert "ppm" in said(x, resampled(y, 1 + 6e-6)) and not said(x, noisy(resampled(y, 1 + 6e-6), 30))
    assert not said(x, y * np.exp(0.002j * np.sin(8 * TIME / SAMPLES)))


def test_files_of_different_origin_are_not_judged(pair):
    assert unsteady.faults(pair[0], band_limited(SAMPLES, 9), RATE, BANDWIDTH) == []
    assert unsteady.faults(pair[0], np.zeros(SAMPLES, complex), RATE, BANDWIDTH) == []


def test_resampling_is_band_limited():
    time = np.arange(4000)
    wave = np.exp(2j * np.pi * 0.3 * time) + 0.5 * np.exp(-2j * np.pi * 0.07 * time)
    for ratio in (1 + 150e-6, 1 - 150e-6):
        moved = time[: len(resampled(wave, ratio))] * ratio
        wanted = np.exp(2j * np.pi * 0.3 * moved) + 0.5 * np.exp(-2j * np.pi * 0.07 * moved)
        assert abs(resampled(wave, ratio) - wanted)[200:-200].max() < 3e-3
    assert mend.removed(wave, Mended(), 1.0) is wave


def test_a_trend_is_as_simple_as_the_values_allow():
    rng = np.random.default_rng(0)
    time, weight = np.arange(60.0), np.ones(60)
    noise = 0.1 * rng.standard_normal(60)
    plain, line = explain(time, noise, weight), explain(time, noise + 0.05 * time, weight)
    assert plain.slope == 0 and plain.steps == () and abs(plain.fitted).max() < 1e-12
    assert line.slope == pytest.approx(0.05, abs=0.005) and line.steps == ()
    jump = explain(time, noise + np.where(time < 23, 0, 2), weight)
    assert [place for place, _ in jump.steps] == [23] and jump.steps[0][1] == pytest.approx(2, abs=0.1)
    both = explain(time, noise + 0.05 * time + np.where(time < 23, 0, 2), weight)
    assert both.slope == pytest.approx(0.05, abs=0.005) and [place for place, _ in both.steps] == [23]
    curve = explain(time, noise + np.square(time / 20 - 1.5), weight)
    assert curve.steps == () and np.ptp(curve.wander) > 1


def test_a_frequency_offset_far_beyond_a_block_is_found_at_a_delay(pair):
    x, y = pair
    late = np.concatenate([0.3 * band_limited(777, 8), turned(y, 300)])
    (fault,) = unsteady.faults(x, late, RATE, BANDWIDTH)
    assert float(fault.text.split()[7].replace(",", "")) == pytest.approx(300 * RATE / SAMPLES, rel=0.03)


def test_chance_makes_no_trend():
    time, weight = np.arange(18.0), np.ones(18)
    draws = (np.random.default_rng(seed).standard_normal(18) for seed in range(60))
    assert sum(abs(explain(time, values, weight).fitted).max() > 1e-9 for values in draws) <= 2

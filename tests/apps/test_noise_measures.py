"""Measures: estimators find known parameters, distances vanish where they must and see what they are for."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is missing: make sim installs it")

from bittrue.apps.noise.measures import (
    baselines,
    correlation,
    coverage,
    hurst,
    impulses,
    marginals,
    ofdm_quality,
    shot_rate,
    spectrum,
    stable,
    whittle,
)
from bittrue.apps.noise.measures.comparison import compared
from bittrue.apps.noise.measures.estimators import estimated
from bittrue.apps.noise.measures.summary import Kind, measured
from bittrue.apps.noise.ofdm import constellation, modem
from bittrue.apps.noise.ofdm.plan import OfdmPlan
from bittrue.apps.noise.processes import PROCESSES, draw, named
from bittrue.apps.noise.processes.shot import AMPLITUDES, PULSES, Shot
from bittrue.errors import BadInput


def signals(name, count=64, length=4096, seed=1, **settings):
    source = named(name, {key: str(value) for key, value in settings.items()})
    return draw(source.process, source.law, count, length, seed)[1]


def ofdm(plan, count=16, seed=1):
    return np.array([modem.signal(plan, np.random.default_rng([seed, k])) for k in range(count)])


def test_densities_are_powers_averaged_over_tapers():
    white = np.random.default_rng(1).standard_normal((64, 512))
    found = spectrum.densities(white)
    assert found.shape == (64, 257) and found[:, 5:-5].mean() == pytest.approx(1, abs=0.02)
    assert found[:, 5:-5].std() / found[:, 5:-5].mean() == pytest.approx(1 / np.sqrt(7), rel=0.1)
    waves = np.exp(2j * np.pi * 0.25 * np.arange(512))[None]
    assert abs(np.argmax(spectrum.densities(waves)[0]) - 128) <= 4 and spectrum.densities(waves).shape == (1, 512)
    assert np.array_equal(spectrum.densities(white[3:4])[0], found[3])


def test_the_geodesic_distance_is_blind_to_gain_and_sees_shape():
    density = np.linspace(1, 2, 100)
    assert spectrum.geodesic(density, 7 * density) == pytest.approx(0, abs=1e-12)
    tilted = density * np.exp(np.linspace(-1, 1, 100))
    assert spectrum.geodesic(density, tilted) == pytest.approx(np.linspace(-1, 1, 100).std())
    chosen = np.arange(100) < 2
    assert spectrum.geodesic(density, tilted, chosen) == pytest.approx(1 / 99)
    assert np.isfinite(spectrum.geodesic(density, np.zeros(100)))
    deep = np.array([1.0, 1e-12, 1e-14])
    assert spectrum.geodesic(deep, np.array([1.0, 1e-15, 1e-11])) == 0, "rounding errors do not count"
    assert spectrum.excess(0.5, 0.3) == pytest.approx(0.4) and spectrum.excess(0.1, 0.3) == 0
    assert spectrum.outside(np.array([1.0, 9.0, 90.0]), np.array([False, True, True])) == pytest.approx(-20)


@pytest.mark.parametrize("h", [0.1, 0.5, 0.9])
def test_hurst_index(h):
    found = hurst.of_noise(signals("FGN", H=h))
    assert np.median(found) == pytest.approx(h, abs=0.01) and 0.005 < found.std() < 0.03
    assert np.median(hurst.of_motion(signals("FBM", H=h))) == pytest.approx(h, abs=0.01)
    assert np.allclose(hurst.of_noise(3 * signals("FGN", 4, H=h)), hurst.of_noise(signals("FGN", 4, H=h)))


@pytest.mark.parametrize("d", [-0.4, 0, 0.3, 0.45])
def test_order_of_differencing(d):
    found = whittle.order(signals("FDWN", H=d + 0.5))
    assert np.median(found) == pytest.approx(d, abs=0.01) and found.std() < 0.02


@pytest.mark.parametrize("pulse", PULSES)
@pytest.mark.parametrize("amplitude", AMPLITUDES)
def test_rate_of_shot_noise(pulse, amplitude):
    process = Shot(pulse, amplitude)
    found = shot_rate.rate(signals(f"shot_{pulse}_{amplitude}", nu=2), process)
    assert np.median(found) == pytest.approx(2, rel=0.07)
    if amplitude != "standard_normal":
        scaled = shot_rate.rate(5 * signals(f"shot_{pulse}_{amplitude}", nu=2), process)
        assert np.allclose(scaled, found), "the gain does not matter"


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 0.9])
def test_share_and_size_of_impulses(p):
    share, ratio = impulses.mixture(signals("BG", p=p))
    assert np.median(share) == pytest.approx(p, rel=0.06)
    assert np.median(ratio) == pytest.approx(np.sqrt(1.01) / 0.1, rel=0.04)
    share, ratio = impulses.mixture(np.zeros((2, 100)))
    assert np.isfinite(share).all() and np.isfinite(ratio).all()


@pytest.mark.parametrize("alpha", [0.5, 1, 1.5, 2])
def test_exponent_of_stable_noise(alpha):
    found = stable.exponent(signals("SAS", alpha=alpha))
    assert np.median(found) == pytest.approx(alpha, abs=0.03 + 0.03 * alpha)
    assert np.isfinite(stable.exponent(np.zeros((2, 10)))).all()


def test_marginals():
    x = np.random.default_rng(1).standard_normal((50, 4000))
    assert abs(marginals.kurtosis(x)) < 0.05
    assert marginals.kurtosis(x**3) > 10
    one, other = marginals.quantiles(x), marginals.quantiles(2 * x)
    assert one[6] == pytest.approx(0, abs=0.01) and marginals.quantile_error(one, one) == 0
    assert 0.3 < marginals.quantile_error(one, other) < np.log(2)
    assert marginals.plain(x + 1j).shape == (50, 8000)


def test_correlations_tell_bursts_from_single_impulses():
    bursts, single = signals("bursty_BG", burst=20), signals("BG")
    for x in (bursts, single):
        assert abs(correlation.autocorrelation(x)).max() < 0.02
    assert correlation.of_magnitude(bursts)[0] > 0.4 and correlation.of_magnitude(single)[0] < 0.02
    ar = np.array([1.0])
    assert correlation.error(ar, ar + 3) == 3
    motion = np.cumsum(np.random.default_rng(1).standard_normal((3, 500)), axis=1)
    assert correlation.autocorrelation(motion)[0] > 0.95
    assert (correlation.autocorrelation(np.ones((2, 100))) == 0).all()


def test_density_and_coverage_of_points_on_a_line():
    targets, others = np.linspace(0, 1, 40), np.linspace(0, 1, 55)
    own, across = abs(targets[:, None] - targets), abs(targets[:, None] - others)
    found = coverage.judged(own, across)
    assert found.coverage == 1 and found.density == pytest.approx(1, abs=0.25)
    assert found.density_95[0] < found.density < found.density_95[1] and found.coverage_95[1] == 1
    far = coverage.judged(own, across + 10)
    assert far.coverage == far.density == 0 and far.coverage_95[0] == 0 < far.coverage_95[1] < 0.2
    half = coverage.judged(own, abs(targets[:, None] - others[:5] / 4))
    assert 0.1 < half.coverage < 0.5
    with pytest.raises(BadInput, match="of 10 targets; 11 are needed"):
        coverage.judged(own[:10, :10], across[:10])
    low, high = coverage.wilson(0.5, 100)
    assert (low, high) == (pytest.approx(0.4038, abs=1e-4), pytest.approx(0.5962, abs=1e-4))


def test_warped_distances_forgive_a_shift():
    pytest.importorskip("dtaidistance", reason="dtaidistance is missing: pip install -e '.[noise]'")
    x = np.zeros((3, 200))
    x[0, 50:60], x[1, 55:65], x[2, 150:160] = 1, 2, 1
    for signals in (x, 1j * x):
        own = coverage.among(signals, lambda done, pairs: None)
        across = coverage.between(signals, signals[:2], lambda done, pairs: None)
        assert own[0, 1] == 0 and own[0, 2] > 1 and np.array_equal(across, own[:, :2])


def test_ofdm_figures():
    plan = OfdmPlan()
    clean, noisy = ofdm(plan), ofdm(OfdmPlan(evm=-10))
    assert np.median(ofdm_quality.evm(plan, clean)) == pytest.approx(-25, abs=0.6)
    for x, decibels, near in ((clean, -25, 0.01), (noisy, -10, 0.04)):
        power = 10 ** (decibels / 10) * 128 / 36
        assert np.median(ofdm_quality.prefix_correlation(plan, x)) == pytest.approx(1 / (1 + power), abs=near)
    assert not len(ofdm_quality.coherence_bandwidth(plan, clean)) and ofdm_quality.bit_errors(plan, clean) is None
    fixed = OfdmPlan(bits="random_fixed", evm=-30)
    assert ofdm_quality.bit_errors(fixed, ofdm(fixed, 4)) == 0
    assert 0.3 < ofdm_quality.bit_errors(fixed, clean) < 0.7
    points = constellation.points(16)[modem.fixed_labels(fixed)]
    assert ofdm_quality.evm(fixed, modem.modulated(fixed, points)[None])[0] < -250


def test_coherence_bandwidth_falls_with_the_delay():
    found = {}
    for channel in ("AWGN", "EPA5Hz", "ETU70Hz"):
        plan = OfdmPlan(16, 512, 150, 1, evm=-40, bits="random_fixed", channel=channel)
        found[channel] = np.median(ofdm_quality.coherence_bandwidth(plan, ofdm(plan, 30)))
    assert found["AWGN"] > found["EPA5Hz"] > 2 * found["ETU70Hz"] > 0
    plan = OfdmPlan(16, 512, 150, 1, evm=-100, channel="AWGN")
    one = ofdm(plan, 1)
    two = one.copy()
    two[:, 10:] += one[:, :-10]
    width = ofdm_quality.coherence_bandwidth(plan, two)[0]
    assert 512 * 15e3 / 10 * 0.2 < width < 512 * 15e3 / 10 * 0.5


@pytest.mark.parametrize("name", ["FGN_fixed_H70", "band3", "shot", "BG", "SAS", "FDWN", "FBM", "FGN_bursts"])
def test_a_set_is_at_no_distance_to_itself_and_near_to_its_like(name):
    source = named(name)
    band = 3 if name == "band3" else None
    kind = Kind(source.process, band)
    one, other = (measured(signals(name, 32, 2048, seed), kind) for seed in (1, 2))
    assert all(value == 0 for value in compared(one, one).values())
    found = compared(one, other)
    assert found["geodesic"] < (0.5 if band else 0.3) and found["quantiles"] < 0.5
    assert ("geodesic in band" in found) == (name == "band3")
    names = {key.removeprefix("W1 of ") for key in found if key.startswith("W1")}
    assert names == set(estimated(source.process, signals(name, 2)))


@pytest.mark.parametrize("stem", PROCESSES)
@pytest.mark.parametrize("make", [np.ones, lambda shape: np.sign(np.arange(np.prod(shape)) % 7 - 3.0).reshape(shape)])
def test_a_generator_that_collapsed_is_measured_too(stem, make):
    kind = Kind(PROCESSES[stem])
    found = compared(measured(signals(stem, 4, 512), kind), measured(make((4, 512)), kind))
    assert all(np.isfinite(value) for value in found.values())


def test_estimates_are_compared_as_laws_and_not_as_means():
    kind = Kind(named("FGN").process)
    middle = measured(signals("FGN_fixed_H50"), kind)
    both = np.concatenate([signals("FGN_fixed_H20", 32), signals("FGN_fixed_H80", 32)])
    found = compared(middle, measured(both, kind))
    assert found["W1 of H"] > 0.25 and abs(measured(both, kind).parameters["H"].mean() - 0.5) < 0.02


def test_sets_of_other_shapes_are_refused():
    kind = Kind()
    one = measured(signals("FGN", 4, 256), kind)
    with pytest.raises(BadInput, match="signals of 128 samples are compared with targets of 256"):
        compared(one, measured(signals("FGN", 4, 128), kind))
    for value, shape, said in (
        (0.0, (4, 256), "only 0"),
        (np.nan, (4, 256), "NaN"),
        (1e61, (4, 256), "more than 1e.60"),
        (1.0, (1, 99), "too few"),
    ):
        with pytest.raises(BadInput, match=said):
            measured(np.full(shape, value), kind)
    with pytest.raises(BadInput, match="960 complex samples"):
        measured(signals("FGN", 4, 960), Kind(plan=OfdmPlan()))


def test_an_autoregression_makes_what_is_linear_and_misses_what_is_not():
    generator = np.random.default_rng(1)
    noise = generator.exponential(size=(20, 3000)) - 1
    from scipy.signal import lfilter

    x = lfilter([1], [1, -0.9, 0.4], noise)[:, 1000:] + 3
    found = baselines.autoregression(x, 4)
    assert np.allclose(found.coefficients, [0.9, -0.4, 0, 0], atol=0.03)
    drawn = found.draw(20, 2000, 5)
    kind = Kind()
    assert compared(measured(x, kind), measured(drawn, kind))["quantiles"] < 0.05
    assert np.array_equal(found.draw(2, 2000, 5), drawn[:2])
    bursts = signals("bursty_BG")
    copy = baselines.autoregression(bursts).draw(64, 4096, 5)
    assert compared(measured(bursts, kind), measured(copy, kind))["ACF of |x|"] > 0.1
    assert compared(measured(bursts, kind), measured(copy, kind))["quantiles"] < 0.05


def test_white_noise_with_outliers_is_resampled_as_it_is():
    x = signals("SAS", alpha=0.5)
    found = baselines.autoregression(x)
    assert not found.coefficients.any()
    assert np.median(stable.exponent(found.draw(32, 4096, 5))) == pytest.approx(0.5, abs=0.02)


def test_a_filter_has_the_spectrum():
    x = signals("FGN_fixed_H70")
    for made in (baselines.shaped(x, 64, 5), baselines.autoregression(x).draw(64, 4096, 5)):
        assert spectrum.geodesic(spectrum.median(x), spectrum.median(made)) < 0.12
    assert abs(marginals.kurtosis(baselines.shaped(signals("BG"), 16, 5))) < 0.1
    y = ofdm(OfdmPlan(), 32)
    shaped = baselines.shaped(y, 32, 5)
    assert shaped.dtype == np.complex128 and (abs(shaped) ** 2).mean() == pytest.approx((abs(y) ** 2).mean(), rel=0.1)
    tone = y * np.exp(2j * np.pi * 0.2 * np.arange(960))
    made = baselines.autoregression(tone).draw(32, 960, 1)
    assert made.dtype == np.complex128
    assert spectrum.geodesic(spectrum.median(tone), spectrum.median(made)) < 0.5


def test_the_sampler_takes_the_estimated_parameter():
    made = baselines.sampled(named("FDWN").process, signals("FDWN", H=0.8), 32, 5)
    assert np.median(whittle.order(made)) == pytest.approx(0.3, abs=0.02)
    assert baselines.sampled(named("band3").process, signals("band3", 4), 4, 5) is None

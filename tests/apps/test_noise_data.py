"""The processes: each has the law that its formula says, and the numbers do not depend on how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is missing: make sim installs it")

from scipy import stats

from bittrue.apps.noise.processes import (
    PROCESSES,
    TEST,
    TRAIN,
    Choice,
    Fixed,
    Multimodal,
    Uniform,
    chunks,
    draw,
    named,
)
from bittrue.apps.noise.processes.fdwn import FDWN, differencing
from bittrue.apps.noise.processes.names import known
from bittrue.apps.noise.processes.shot import AMPLITUDES, ENERGY, PULSES, Shot
from bittrue.errors import BadInput

LENGTH = 1024


def signals(name, count=200, length=LENGTH, seed=1, **settings):
    source = named(name, {key: str(value) for key, value in settings.items()})
    return draw(source.process, source.law, count, length, seed)[1]


def covariance(x, lag):
    """Of zero-mean signals, with its standard error over the signals."""
    each = (x[:, lag:] * x[:, : x.shape[1] - lag]).mean(axis=1)
    return each.mean(), each.std() / np.sqrt(len(each))


@pytest.mark.parametrize("stem", PROCESSES)
def test_numbers_do_not_depend_on_the_chunk_and_parts_have_nothing_in_common(stem):
    process = PROCESSES[stem]
    law = next(iter(process.laws().values()))
    labels, x = draw(process, law, 11, 500, seed=3)
    for size in (1, 4, 11):
        parts = list(chunks(process, law, 11, 500, 3, chunk=size))
        assert np.array_equal(np.concatenate([own for own, _ in parts]), labels)
        assert np.array_equal(np.concatenate([some for _, some in parts]), x)
    assert np.array_equal(draw(process, law, 3, 500, 3)[1], x[:3])
    other = draw(process, law, 11, 500, 3, TEST)[1]
    assert not np.isin(other[:, 1:], x[:, 1:]).any() and np.isfinite(x).all()
    assert not np.array_equal(draw(process, law, 11, 500, 4, TRAIN)[1], x)


@pytest.mark.parametrize("hurst", [0.1, 0.5, 0.8])
def test_fractional_gaussian_noise_has_its_autocovariance(hurst):
    x = signals("FGN", H=hurst)
    for lag in (0, 1, 2, 7):
        power = [abs(lag + step) ** (2 * hurst) for step in (1, 0, -1)]
        mean, error = covariance(x, lag)
        assert mean == pytest.approx((power[0] - 2 * power[1] + power[2]) / 2, abs=5 * error)
    assert stats.kstest(x[:, 500], "norm").pvalue > 0.001


def test_brownian_motion_spreads_as_n_to_2h():
    x = signals("FBM_fixed_H70", 400)
    assert (x[:, 0] == 0).all()
    for n in (10, 1000):
        assert x[:, n].var() == pytest.approx(n**1.4, rel=0.3)
    assert np.allclose(np.diff(x), signals("FGN_fixed_H70", 400)[:, :-1])


@pytest.mark.parametrize("d", [-0.3, 0.4])
def test_differencing_makes_fdwn_white(d):
    x = draw(FDWN(), Fixed(d + 0.5), 100, 2048, 1)[1]
    filtered = np.array([np.convolve(row, differencing(d, 1024), "valid") for row in x])
    mean, error = covariance(filtered, 0)
    assert mean == pytest.approx(1, abs=5 * error)
    for lag in (1, 2, 5):
        mean, error = covariance(filtered, lag)
        assert abs(mean) < 5 * error
    assert FDWN().label(0.7) == pytest.approx(0.2)


@pytest.mark.parametrize("band", [0, 3, 7])
def test_bands_hold_nearly_all_power_within_their_edges(band):
    source = named(f"band{band}")
    assert source.folder == f"bandpass/bandpass_8_bands_band{band}"
    x = draw(source.process, source.law, 50, 2048, 1)[1][:, 200:-200]
    power = (abs(np.fft.rfft(x * np.hanning(x.shape[1]))) ** 2).mean(axis=0)
    low, high = source.process.edges(band)
    frequency = np.linspace(0, 1, len(power))
    inside = (frequency >= low) & (frequency <= high)
    assert power[inside].sum() / power.sum() > 0.98
    assert x.var() == pytest.approx(high - low, rel=0.1)
    middle = (frequency > low + 0.02) & (frequency < high - 0.02)
    assert power[middle].std() / power[middle].mean() < 0.5


@pytest.mark.parametrize("pulse", PULSES)
@pytest.mark.parametrize("amplitude", AMPLITUDES)
def test_shot_noise_has_campbells_moments(pulse, amplitude):
    nu = 1.5
    x = draw(Shot(pulse, amplitude), Fixed(nu), 200, LENGTH, 2)[1]
    mean = {"exponential": 1, "rayleigh": 1, "standard_normal": 0}[amplitude]
    square = {"exponential": 2, "rayleigh": 4 / np.pi, "standard_normal": 1}[amplitude]
    error = x.mean(axis=1).std() / np.sqrt(len(x))
    kernel = Shot(pulse).kernel()
    assert x.mean() == pytest.approx(nu * mean * kernel.sum() * 0.1, abs=5 * error)
    assert x.var() == pytest.approx(nu * square * (kernel**2).sum() * 0.1, rel=0.1)
    assert (kernel**2).sum() * 0.1 == pytest.approx(ENERGY[pulse], rel=0.12)
    first, last = x[:, 0], x[:, -1]
    assert stats.ks_2samp(first, last).pvalue > 0.001


def test_bernoulli_gaussian_noise_is_a_mixture_of_two_normal_laws():
    x = signals("BG_fixed_IP20", 40).ravel()
    mixture = lambda t: 0.8 * stats.norm.cdf(t / 0.1) + 0.2 * stats.norm.cdf(t / np.sqrt(1.01))  # noqa: E731
    assert stats.kstest(x, mixture).pvalue > 0.001
    magnitude = abs(x.reshape(40, -1))
    assert abs(np.corrcoef(magnitude[:, 1:].ravel(), magnitude[:, :-1].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize(("p", "burst"), [(0.1, 20), (0.3, 5), (0.9, 2)])
def test_bursts_are_a_stationary_chain(p, burst):
    x = signals("bursty_BG", 400, p=p, burst=burst, thermal=0)
    struck = (x != 0).astype(float)
    error = struck.mean(axis=1).std() / 20
    assert struck.mean() == pytest.approx(p, abs=5 * error)
    assert struck[:, 0].mean() == pytest.approx(p, abs=0.1)
    burst = max(burst, p / (1 - p))
    decay = 1 - 1 / burst - p / ((1 - p) * burst)
    lag = np.mean((struck[:, 3:] - p) * (struck[:, :-3] - p)) / (p * (1 - p))
    assert lag == pytest.approx(decay**3, abs=0.05)


@pytest.mark.parametrize("alpha", [0.5, 1, 1.5, 2])
def test_alpha_stable_noise_has_the_law_of_scipys_levy_stable(alpha):
    x = signals("SAS", 2, 2000, alpha=alpha).ravel()
    at = np.quantile(x, [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98])
    expected = stats.levy_stable.cdf(at, alpha, 0)
    assert abs((x[:, None] <= at).mean(axis=0) - expected).max() < 1.7 / np.sqrt(len(x))
    assert np.isfinite(signals("SAS", 20, 4096, alpha=0.25)).all()


def test_the_mixture_is_fractional_noise_between_its_bursts():
    x = signals("FGN_bursts", 300, H=0.9, p=0.05, burst=20, background=1, impulse=1000)
    calm = abs(x) < 5
    pairs = calm[:, 1:] & calm[:, :-1]
    assert np.mean((x[:, 1:] * x[:, :-1])[pairs]) == pytest.approx((2**1.8 - 2) / 2, abs=0.1)
    assert (~calm).mean() == pytest.approx(0.05, abs=0.005)


def test_laws_draw_what_they_say():
    draws = {law: [law.value(np.random.default_rng([5, k])) for k in range(2000)] for law in (Uniform(1, 3),)}
    assert stats.kstest(draws[Uniform(1, 3)], stats.uniform(1, 2).cdf).pvalue > 0.001
    modes = Multimodal((0.1, 0.5), 0.02, 0.09, 0.52)
    values = np.array([modes.value(np.random.default_rng([5, k])) for k in range(2000)])
    assert values.min() == 0.09 and values.max() == 0.52
    assert abs(np.mean(values < 0.3) - 0.5) < 0.05
    picked = [Choice((2.0, 7.0)).value(np.random.default_rng([5, k])) for k in range(200)]
    assert set(picked) == {2.0, 7.0}


def test_every_known_name_leads_back_to_itself():
    for name in known():
        source = named(name)
        assert source.name == name and named(source.folder) == source
    assert len(known()) == len(set(known()))
    published = "FBM_fixed_H5 shot_gaussian_exponential_fixed_ER25 BG_fixed_IP1 SAS_fixed_alpha150 bandpass_8_bands_all"
    assert set(published.split()) <= set(known())


def test_settings_change_parameter_and_process():
    assert named("FGN_fixed_H30", {"H": "0.125"}).name == "FGN_fixed_H12.5"
    assert named("FGN_fixed_H12.5").law == Fixed(0.125)
    assert named("FGN", {"H": "uniform_low"}).name == "FGN_uniform_low"
    assert named("shot", {"nu": "multimodal"}).name == "shot_one_sided_exponential_exponential_multimodal"
    assert named("bursty_BG", {"burst": "7"}).process.burst == 7


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("FGM_fixed_H30", {}, "unknown set 'FGM_fixed_H30'; processes are .*did you mean F[BG][MN]_fixed_H30?"),
        ("FGN_uniformly", {}, "did you mean FGN_uniform"),
        ("FGN_fixed_K30", {}, "did you mean FGN_fixed_H"),
        ("FGN_fixed_H100", {}, "H of FGN is 1.0; it must be 0.01 to 0.99"),
        ("BG/FGN_fixed_H30", {}, "lies in FGN: write FGN/FGN_fixed_H30"),
        ("band8", {}, "band is 8; of 8 bands"),
        ("bandpass_99_bands_all", {}, "bands is 99; it must be 2 to 32"),
        ("FGN", {"h": "0.5"}, "FGN has no parameter 'h'; it has H"),
        ("FGN", {"H": "unifrm"}, "did you mean uniform"),
        ("FGN", {"H": "nan"}, "H of FGN is nan"),
        ("bursty_BG", {"burst": "0.5"}, "burst is 0.5; it must be 1 to 10,000"),
        ("bursty_BG", {"burst": "x"}, "--set burst is 'x'; give a number"),
        ("shot", {"pulse": "gaussian"}, "name another set"),
        ("SAS", {"alpha": "0.1"}, "alpha of SAS is 0.1; it must be 0.25 to 2"),
        ("", {}, "unknown set ''"),
    ],
)
def test_what_does_not_exist_is_refused(name, settings, said):
    with pytest.raises(BadInput, match=said):
        named(name, settings)


@pytest.mark.parametrize(("count", "length"), [(0, 100), (1 << 25, 100), (1, 1), (1, (1 << 20) + 1)])
def test_sizes_beyond_the_limits_are_refused(count, length):
    with pytest.raises(BadInput, match="it must be"):
        draw(PROCESSES["FGN"], Fixed(0.5), count, length, 1)


def test_what_does_not_fit_memory_is_refused(monkeypatch):
    monkeypatch.setenv("BITTRUE_MEMORY", "0.001")
    with pytest.raises(BadInput, match="1,000 signals of 4,096 samples would take"):
        draw(PROCESSES["FGN"], Fixed(0.5), 1000, 4096, 1)


def test_a_signal_too_short_for_the_bands_filter_is_refused():
    with pytest.raises(BadInput, match="at least"):
        signals("band3", 1, 100)

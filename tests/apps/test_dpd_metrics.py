import cmath
import importlib.util
import math
from importlib import metadata

import numpy as np
import pytest

from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.metrics import Channel, aclr, evm, evm_per_channel, measure, nmse, power_spectrum
from bittrue.errors import BadInput

SMALL = Channel(sample_rate=64.0, bandwidth=20.0, n_sub_ch=2, nperseg=64)
PUBLISHED = Channel(983.04e6, 200e6, 5, 1024)


def opendpd_metrics():
    """The module ``utils/metrics.py`` of the wheel, loaded from its file: the package itself would need torch."""
    try:
        path = metadata.distribution("opendpd").locate_file("utils/metrics.py")
    except metadata.PackageNotFoundError:
        pytest.skip("the opendpd wheel is not installed")
    pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location("opendpd_metrics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published(y, r, channel):
    """NMSE, EVM, ACLR left and right as the opendpd wheel computes them."""
    module, segments = opendpd_metrics(), -(-len(y) // channel.nperseg)

    def segmented(signal):
        padded = np.zeros((segments * channel.nperseg, 2))
        padded[: len(signal)] = data.to_iq(signal)
        return padded.reshape(segments, channel.nperseg, 2)

    y, r = segmented(y), segmented(r)
    settings = {"nperseg": channel.nperseg, "bw_main_ch": channel.bandwidth, "n_sub_ch": channel.n_sub_ch}
    e = module.EVM(y, r, sample_rate=int(channel.sample_rate), **settings)
    return module.NMSE(y, r), e, *module.ACLR(y, fs=channel.sample_rate, **settings)


def signals(samples, seed):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((4, samples))
    reference = np.convolve(noise[0] + 1j * noise[1], np.hanning(9), "same")
    return reference + 0.05 * (noise[2] + 1j * noise[3]) + 0.01 * reference * abs(reference) ** 2, reference


def values(found):
    return found.nmse, found.evm, found.aclr_left, found.aclr_right


def dft(signal):
    n = len(signal)
    return [sum(s * cmath.exp(-2j * math.pi * k * i / n) for i, s in enumerate(signal)) for k in range(n)]


def test_metrics_are_those_of_opendpd_on_random_signals():
    for seed, samples in enumerate((1024, 4096, 5000)):
        y, r = signals(samples, seed)
        assert values(measure(y, r, PUBLISHED)) == pytest.approx(published(y, r, PUBLISHED), abs=1e-9)


@pytest.mark.parametrize("name", ["APA_200MHz", "APA_200MHz_b", "DPA_200MHz"])
def test_metrics_are_those_of_opendpd_on_measured_data(name):
    opendpd_metrics()
    capture = data.load(name)
    for split in ("val", "test"):
        y, r = capture.outputs[split], capture.gain * capture.inputs[split]
        assert values(measure(y, r, capture.channel)) == pytest.approx(published(y, r, capture.channel), abs=1e-9)


def test_a_vector_that_opendpd_judged():
    """``published(*signals(5000, 7), PUBLISHED)`` printed this with opendpd 2.4.2, NumPy 2.2.6 and SciPy 1.15.3."""
    expected = (-16.96899395524476, -17.440803986649755, -5.108306488523685, -6.014811585221652)
    assert values(measure(*signals(5000, 7), PUBLISHED)) == pytest.approx(expected, abs=1e-9)


def test_nmse_and_evm_by_their_formulas():
    y, r = signals(3 * 64, 1)
    ratios, errors = [], []
    for start in range(0, 192, 64):
        a, b = y[start : start + 64], r[start : start + 64]
        ratios.append(10 * math.log10(sum(abs(p - q) ** 2 for p, q in zip(a, b, strict=True)) / sum(abs(b) ** 2)))
        fa, fb = dft(a), dft(b)
        for first in (-10, 0):  # 1 Hz bins; the band -10..10 Hz holds 21, so a sub-channel takes 10 of them
            bins = range(first, first + 10)
            errors.append(sum(abs(fa[k] - fb[k]) for k in bins) / sum(abs(fb[k]) for k in bins))
    assert nmse(y, r, SMALL) == pytest.approx(sum(ratios) / 3)
    assert evm(y, r, SMALL) == pytest.approx(20 * math.log10(sum(errors) / 6))


def test_an_error_of_one_percent_is_40_db():
    r = signals(640, 2)[1]
    assert nmse(1.01 * r, r, SMALL) == pytest.approx(-40)
    assert evm(1.01 * r, r, SMALL) == pytest.approx(-40)
    assert nmse(r, r, SMALL) == evm(r, r, SMALL) == -math.inf


def test_aclr_of_tones_is_their_ratio():
    n = np.arange(640)
    tone = lambda k: np.exp(2j * np.pi * k * n / 64)  # noqa: E731
    left, right = aclr(tone(-5) + 0.5 * tone(5) + 10 ** (-30 / 20) * tone(-15) + 10 ** (-50 / 20) * tone(15), SMALL)
    assert (left, right) == pytest.approx((-30, -50))


def test_the_adjacent_channels_are_as_wide_as_a_sub_channel():
    n = np.arange(640)
    wide = Channel(64.0, 20.0, 1, 64)
    y = np.exp(2j * np.pi * 5 * n / 64) + 0.01 * np.exp(-2j * np.pi * 23 * n / 64)
    assert aclr(y, wide)[0] == pytest.approx(-40)
    assert aclr(y, SMALL)[0] < -200


def test_the_spectrum_is_that_of_welch():
    signal = pytest.importorskip("scipy.signal")
    y = signals(1024, 3)[0]
    _, expected = signal.welch(y, fs=PUBLISHED.sample_rate, nperseg=1024, return_onesided=False, scaling="spectrum")
    assert np.allclose(power_spectrum(y, PUBLISHED), np.fft.fftshift(expected), rtol=1e-12, atol=0)


def test_the_result_names_its_spec():
    text = str(measure(*signals(1024, 4), PUBLISHED))
    assert "5 x 40 MHz" in text and "983.04 MS/s" in text and "1024" in text


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda y, r: (y[:-1], r), "differ in length"),
        (lambda y, r: (np.where(np.arange(640) == 3, np.nan, y), r), "finite"),
        (lambda y, r: (y, 0 * r), "all zero"),
        (lambda y, r: (0 * y, r), "no power"),
        (lambda y, r: (y.reshape(2, -1), r.reshape(2, -1)), "shape"),
    ],
)
def test_signals_that_have_no_metrics_are_refused(spoil, message):
    with pytest.raises(BadInput, match=message):
        measure(*spoil(*signals(640, 5)), SMALL)


@pytest.mark.parametrize(
    "numbers", [(64.0, 20.0, 2, 63), (64.0, 20.0, 0, 64), (64.0, 50.0, 2, 64), (64.0, 0.0, 2, 64), (64.0, 20.0, 40, 64)]
)
def test_impossible_channels_are_refused(numbers):
    with pytest.raises(BadInput, match="; give "):
        Channel(*numbers)


def test_the_evm_of_sub_channels_is_made_of_the_same_ratios():
    channel = Channel(800e6, 200e6, 5, 400)
    rng = np.random.default_rng(5)
    r = rng.standard_normal((1000, 2)) @ [1, 1j]
    y = r + 0.1 * rng.standard_normal((1000, 2)) @ [1, 1j]
    each = evm_per_channel(y, r, channel)
    assert each.shape == (5,)
    assert 20 * np.log10(np.mean(10 ** (each / 20))) == pytest.approx(evm(y, r, channel), abs=1e-12)
    tone = np.exp(2j * np.pi * 90e6 / 800e6 * np.arange(1000))  # in the last sub-channel
    louder = evm_per_channel(y + 0.5 * tone, r, channel) - each
    assert int(np.argmax(louder)) == 4 and louder[4] > 3 > louder[0]

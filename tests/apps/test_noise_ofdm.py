"""OFDM: names, modem, channels and impairments do what their standards and formulas say."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is missing: make sim installs it")

from scipy.special import j0

from bittrue.apps.noise.ofdm import channels, constellation, impairments, modem, names
from bittrue.apps.noise.ofdm.plan import ORDERS, OfdmPlan
from bittrue.apps.noise.ofdm.recipe import OfdmRecipe, described, recipe
from bittrue.errors import BadInput


def signals(plan, count=20, seed=1):
    return np.array([modem.signal(plan, np.random.default_rng([seed, k])) for k in range(count)])


def evm(plan, x):
    points = modem.received(plan, x).points
    known = constellation.points(plan.order)
    error = points - known[constellation.nearest(points, plan.order)]
    return 10 * np.log10(np.mean(abs(error) ** 2))


@pytest.mark.parametrize("order", ORDERS)
def test_constellations_have_unit_power_and_gray_labels(order):
    points = constellation.points(order)
    assert np.mean(abs(points) ** 2) == pytest.approx(1) and len(set(points.tolist())) == order
    assert np.array_equal(constellation.nearest(points, order), np.arange(order))
    bits = constellation.bits(np.arange(order), order).astype(int)
    distance = abs(points[:, None] - points)
    closest = distance[distance > 1e-9].min()
    flips = abs(bits[:, None] - bits).sum(axis=2)[(distance > 1e-9) & (distance < 1.01 * closest)]
    assert flips.max() == 1 if order != 32 else np.mean(flips == 1) > 0.9
    if order == 32:
        assert abs(points / closest * 2).max() == pytest.approx(abs(5 + 3j))


@pytest.mark.parametrize("name", [n for n in names.public() if "EVA" not in n])
def test_a_receiver_finds_the_points_with_the_noise_of_the_name(name):
    plan = names.parsed(name)
    x = signals(plan, 6)
    assert x.shape == (6, plan.length) and names.named(plan) == name
    if plan.channel in (None, "AWGN"):
        assert np.mean(abs(x) ** 2) == pytest.approx(1, abs=0.15)
    if plan.channel in (None, "AWGN") and plan.cfo is None and plan.gain is None and plan.order < 64:
        extra = 3 if plan.channel else 0
        assert evm(plan, x) == pytest.approx(-25 + extra, abs=0.7)


def test_lengths_are_those_of_the_public_sets():
    lengths = {prefix: OfdmPlan(prefix=prefix).length for prefix in ("long", "short")}
    assert lengths == {"long": 960, "short": 960}
    assert OfdmPlan(size=512, subcarriers=150, slots=2).length == 7680
    assert OfdmPlan(prefix="short").prefixes == (10, 9)
    assert [names.carriers(128, traffic) for traffic in ("low", "mid", "high")] == [18, 36, 56]


@pytest.mark.parametrize("prefix", ["long", "short"])
@pytest.mark.parametrize("scfdma", [False, True])
def test_without_noise_every_point_comes_back(prefix, scfdma):
    plan = OfdmPlan(64, prefix=prefix, scfdma=scfdma, slots=3, channel="AWGN")
    generator = np.random.default_rng(1)
    labels = generator.integers(64, size=(3, plan.data_symbols, 36))
    found = modem.received(plan, modem.modulated(plan, constellation.points(64)[labels])[None])
    assert np.array_equal(constellation.nearest(found.points[0], 64), labels)
    assert np.allclose(found.reference, 1)
    if not scfdma:
        bins = np.fft.fft(modem.symbols(plan, modem.modulated(plan, constellation.points(64)[labels])[None])[1])
        assert abs(bins[..., 0]).max() < 1e-9 and abs(bins[..., 19:110]).max() < 1e-9


def test_a_cyclic_prefix_is_the_end_of_its_symbol():
    plan = OfdmPlan(evm=-100, prefix="short", slots=2)
    prefixes, bodies = modem.symbols(plan, signals(plan, 3))
    assert np.allclose(prefixes, bodies[..., -9:], atol=1e-3)


def test_fixed_bits_are_the_same_in_every_signal_and_others_are_not():
    plan = OfdmPlan(bits="random_fixed", evm=-60)
    labels = constellation.nearest(modem.received(plan, signals(plan, 3)).points, 16)
    assert (labels == modem.fixed_labels(plan)).all()
    free = constellation.nearest(modem.received(OfdmPlan(evm=-60), signals(OfdmPlan(evm=-60), 2)).points, 16)
    assert (free[0] != free[1]).mean() > 0.8


@pytest.mark.parametrize(("profile", "rate", "delays"), [("EPA", 7.68e6, [0, 1, 3]), ("ETU", 1.92e6, [0, 1, 3, 4, 10])])
def test_taps_lie_on_the_nearest_samples_and_keep_the_power(profile, rate, delays):
    at, powers = channels.taps(profile, rate)
    assert at.tolist() == delays and powers.sum() == pytest.approx(1)
    if profile == "EPA":
        decibels = np.array([0, -1, -2, -3, -8, -17.2, -20.8])
        expected = 10 ** (decibels / 10)
        assert powers[0] == pytest.approx(expected[:2].sum() / expected.sum())


def test_a_path_fades_as_jakes_says():
    doppler, rate, count = 300, 1.92e4, 200
    gains = np.array([channels.rayleigh(count, doppler, rate, np.random.default_rng([3, k])) for k in range(4000)])
    assert np.mean(abs(gains) ** 2) == pytest.approx(1, abs=0.03)
    assert np.mean(abs(gains[:, 0]) ** 4) == pytest.approx(2, abs=0.15)
    assert abs(gains.mean()) < 0.03
    for lag in (10, 25, 50):
        found = np.mean(gains[:, lag:] * gains[:, :-lag].conj())
        assert found == pytest.approx(j0(2 * np.pi * doppler * lag / rate), abs=0.06)


def test_equalised_points_are_right_behind_a_slow_channel():
    plan = OfdmPlan(4, 512, 150, 2, evm=-60, bits="random_fixed", channel="EVA5Hz")
    found = modem.received(plan, signals(plan, 10))
    labels = constellation.nearest(found.points, 4)
    assert (labels == modem.fixed_labels(plan)).mean() > 0.99
    assert abs(found.reference).std() > 0.1


def test_the_channel_is_shown_from_low_to_high_frequency():
    plan = OfdmPlan(4, 512, 150, 2, evm=-100, channel="AWGN")
    x = signals(plan, 1)
    late = np.roll(x, 5)
    frequency = np.concatenate([np.arange(-75, 0), np.arange(1, 76)])
    expected = 1 + 0.5 * np.exp(-2j * np.pi * 5 * frequency / 512)
    assert np.allclose(modem.received(plan, x + 0.5 * late).reference, expected, atol=1e-3)


def test_an_offset_turns_and_an_imbalance_mirrors():
    tone = np.exp(2j * np.pi * 0.1 * np.arange(400))
    spectrum = np.fft.fft(impairments.offset(tone, 500, 10_000))
    assert np.argmax(abs(spectrum)) == 60
    spectrum = abs(np.fft.fft(impairments.imbalanced(tone, 0.2, 0.1)))
    assert np.argsort(spectrum)[-2:].tolist() == [360, 40]
    gain, phase = 0.2, 0.1
    wanted = abs((gain / 2) * np.cos(phase / 2) + 1j * np.sin(phase / 2)) / abs(np.cos(phase / 2))
    assert spectrum[360] / spectrum[40] == pytest.approx(wanted, rel=0.02)


def test_descriptions_lead_back_to_the_plan():
    for name in (*names.public(), "mod64_iq_random_cp_short_1024fft_rblocks3_subs600_evm-30_scfdma"):
        made = recipe(name)
        about = made.documents(1, 1, made.plan.length, 0)["ofdm_cls.json"]
        assert described(about) == made.plan
    made = recipe("512fft_EVA70")
    assert made.plan.channel == "EVA70Hz" and made.folder == "OFDM/channel_sets/512fft_EVA70"
    assert recipe("impairment_sets/CFO050").plan.cfo == 50
    assert recipe("mod_order_sets/mod4_iq_random_cp_long_128fft_symbol6_subs36_evm-25").plan.slots == 1


def test_numbers_do_not_depend_on_the_chunk(monkeypatch):
    made = OfdmRecipe(OfdmPlan(channel="ETU300Hz"), "a/b")
    monkeypatch.setattr("bittrue.apps.noise.processes.drawing.CHUNK", 3)
    some = np.concatenate([x for _, x in made.chunks(7, 960, 5, 0)])
    monkeypatch.setattr("bittrue.apps.noise.processes.drawing.CHUNK", 256)
    assert np.array_equal(next(iter(made.chunks(7, 960, 5, 0)))[1], some)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mod16_iq_random_cp_long_128fft_rblocks1_subs36", "unknown OFDM set .* did you mean"),
        ("mod17_iq_random_cp_long_128fft_rblocks1_subs36_evm-25", "the modulation order is 17; choose 2, 4"),
        ("mod16_iq_random_cp_lang_128fft_rblocks1_subs36_evm-25", "did you mean long"),
        ("mod16_iq_randem_cp_long_128fft_rblocks1_subs36_evm-25", "did you mean random"),
        ("mod16_iq_random_cp_long_100fft_rblocks1_subs36_evm-25", "the fft size is 100"),
        ("mod16_iq_random_cp_long_128fft_rblocks1_subs37_evm-25", "subcarriers are 37; they must be even"),
        ("mod16_iq_random_cp_long_128fft_rblocks0_subs36_evm-25", "slots is 0; it must be 1 to 64"),
        ("512fft_EVA7Hz", "the channel is 'EVA7Hz'; choose AWGN, .*did you mean EVA70Hz"),
        ("../mod16_iq_random_cp_long_128fft_rblocks1_subs36_evm-25", "is no name of a set"),
        ("CFO999999", "cfo is 999999; it must be 0 to 100,000"),
    ],
)
def test_what_does_not_exist_is_refused(name, said):
    with pytest.raises(BadInput, match=said):
        recipe(name)


def test_a_damaged_description_is_refused():
    about = dict(recipe("CFO50").documents(1, 1, 1, 0)["ofdm_cls.json"])
    for key, value, said in (
        ("mod_order", "16", "the modulation order is '16'"),
        ("num_subcarriers", None, "holds a value of another kind"),
        ("cyclic_prefix", [1, 2], "cyclic_prefix of ofdm_cls.json is .1, 2.; at 256 points it is .64, 64."),
        ("num_OFDM_symbols", 9, "the kind of cyclic prefix is ''"),
    ):
        with pytest.raises(BadInput, match=said):
            described({**about, key: value})
    del about["EVM"]
    with pytest.raises(BadInput, match="has no EVM"):
        described(about)

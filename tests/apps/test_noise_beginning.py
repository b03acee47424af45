"""Weights to begin with: gates exact in integers, filters of bands, bursts of the right correlation, refusals."""

from __future__ import annotations

import re

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")

from scipy import signal  # noqa: E402

from bittrue import ref  # noqa: E402
from bittrue.apps.noise.hardware import burst_filters, filter_bank  # noqa: E402
from bittrue.apps.noise.hardware.beginning import begun  # noqa: E402
from bittrue.apps.noise.hardware.quantised import QuantisedTwin  # noqa: E402
from bittrue.apps.noise.hardware.recipe import RECIPES  # noqa: E402
from bittrue.apps.noise.hardware_net import ArchitectureSpec, Level, Setting  # noqa: E402
from bittrue.apps.noise.measures import correlation  # noqa: E402
from bittrue.apps.noise.processes import named  # noqa: E402
from bittrue.apps.noise.processes.bandpass import Bandpass  # noqa: E402
from bittrue.check.generating import Wanted, generated  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.ref.source import frames, run_source  # noqa: E402

BANDS, BURSTS = "noise-bands", "noise-impulsive"


def changed(name, *changes):
    text = RECIPES.builtin(name).text
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return RECIPES.parse(text.encode(), "the recipe")


@pytest.fixture(scope="module")
def sources():
    found = {}
    for name in (BANDS, BURSTS):
        twin = begun(RECIPES.builtin(name))
        twin.rounded = True
        found[name] = twin.source()
    return found


def tensors(source, code):
    """All tensors of a frame by name: codes ``(channels, columns)``."""
    given = frames(source, 4, range(1), dict.fromkeys(source.settings, code))
    return {name: codes[0] for name, codes in ref.taps(source.net, given).items()}


# ---- bands ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", range(8))
def test_a_band_opens_its_own_gates_and_no_others(sources, band):
    code = RECIPES.builtin(BANDS).codes[band]
    found = tensors(sources[BANDS], code)
    steps = found["conv0_0"][16:23]
    assert (steps == np.where(np.arange(1, 8) <= band, 127, 0)[:, None]).all()
    through = found["conv0_1"][:16]
    own = [2 * band, 2 * band + 1]
    assert (through[own] == found["conv0_0"][own]).all() and through[own].max() > 60
    assert not np.delete(through, own, 0).any()


@pytest.mark.parametrize("band", range(8))
def test_the_bank_has_the_spectrum_of_the_process(sources, band):
    """By the rounded weights, both densities as wide a mean as tapers of 4,096 samples take."""
    net, process = sources[BANDS].net, Bandpass()
    weights = {n.name: n.layer.weight_format.decode(n.layer.weight) for n in net.nodes if hasattr(n.layer, "weight")}
    slow, up = weights["conv0_0"][2 * band, 0], weights["up1"][0, 2 * band]
    places = np.linspace(0, np.pi, 4096, endpoint=False)
    found = abs(signal.freqz(slow, worN=4 * places)[1] * signal.freqz(up, worN=places)[1]) ** 2
    low, high = process.edges(band)
    inside = (places / np.pi >= low) & (places / np.pi < high)
    margin = 0.05 * (high - low)
    core = (places / np.pi >= low + margin) & (places / np.pi < high - margin)
    wanted = abs(signal.freqz_sos(process.sections(band), places)[1]) ** 4
    assert found.mean() / 4 == pytest.approx(filter_bank.LOUD**2, rel=0.15)
    found, wanted = (np.convolve(density, np.ones(17) / 17, "same") for density in (found, wanted))
    assert np.log(found[core] / wanted[core]).std() < 0.08  # AR(32) has .22 and more
    shares = [10 * np.log10(density[~inside].sum() / density.sum()) for density in (found, wanted)]
    assert abs(shares[0] - shares[1]) < 1.6


def test_a_band_across_an_eighth_of_the_rate_is_refused():
    with pytest.raises(BadInput, match="lies across a multiple of an eighth of the sample rate"):
        filter_bank.slow_filter(Bandpass(bands=3), 1, 31)


# ---- bursts and pulses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_kind_has_its_own_parts_alone(sources, kind):
    parts = tensors(sources[BURSTS], RECIPES.builtin(BURSTS).codes[kind])["conv3_1"]
    heard = {name: bool(parts[rows].any()) for name, rows in
             {"impulses": [0, 1], "white": [2, 3], "background": [4, 5], "pulses": [6]}.items()}  # fmt: skip
    assert heard == {"impulses": kind != 1, "white": kind == 0, "background": kind == 2, "pulses": kind == 1}


def test_excursions_have_the_correlation_of_the_bursts():
    taps = burst_filters.state_filter(0.1, 20, 31)
    noise = np.random.default_rng(1).standard_normal(1 << 20)
    states = signal.oaconvolve(noise, taps, "valid") > 1.2816
    assert states.mean() == pytest.approx(0.1, abs=0.003)
    found = correlation.autocorrelation(states[None].astype(float), 12)
    assert found == pytest.approx((1 - 1 / 20 - 0.1 / 18) ** (4 * np.arange(1, 13)), abs=0.02)


def test_amplitudes_have_the_law_of_the_pulses():
    normal = np.random.default_rng(2).standard_normal(1 << 20)
    slopes = burst_filters.amplitude_slopes(0.1)
    found = sum(change * np.maximum(normal - knot, 0) for change, knot in zip(slopes, burst_filters.KNOTS, strict=True))
    assert (slopes > 0).all() and (found > 0).mean() == pytest.approx(1 - np.exp(-0.1), abs=0.002)
    assert found.mean() == pytest.approx(0.1, rel=0.05) and found.var() == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize(("kind", "most"), [(0, 0.04), (2, 0.03)])
def test_magnitudes_are_correlated_before_any_training(sources, kind, most):
    name = RECIPES.builtin(BURSTS).process.sets[kind]
    process = named(name).process
    wanted = np.stack([process.signal(named(name).law.at, 4096, np.random.default_rng([3, k])) for k in range(128)])
    found = generated(Wanted(sources[BURSTS], 64, 4096, 3, settings={"kind": kind}), "c")
    assert correlation.error(*map(correlation.of_magnitude, (wanted, found))) < most  # AR(32) has .19 and .13
    assert found.var() == pytest.approx(wanted.var(), rel=0.1)


# ---- the twin of large layers ---------------------------------------------------------------------------------------


def test_sums_beyond_float32_are_those_of_the_reference():
    """All inputs of the last layer at their end: the first half of its products is beyond 2^24, and all are 0."""
    wide = ArchitectureSpec("wide", (Level(2, 1, (1,), 0), Level(40, 1, (401,), 5)), 64, setting=Setting("H", 0, 1, 0))
    twin = QuantisedTwin(wide, 1, rounded=True)
    with torch.no_grad():
        twin.up1_weight.zero_()
        twin.up1_bias.fill_(3.9)
        twin.out_weight[0, :20], twin.out_weight[0, 20:40], twin.out_weight[0, 40:] = 0.99, -0.99, 0.01
    source = twin.source()
    codes = frames(source, 3, range(20), {"H": 5})
    given = {n: torch.from_numpy(source.net.inputs[n].format.decode(code)).float() for n, code in codes.items()}
    assert twin._largest(*(part.detach() for part in twin.of("out"))) > 1 << 24
    found = twin(given).detach()
    fmt = source.net.output.format
    assert found.dtype == torch.float32
    assert (found.double().numpy() == fmt.decode(run_source(source, 3, range(20), {"H": 5}, 4096))).all()
    assert len(np.unique(found.numpy())) > 10


# ---- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (BANDS, ('beginning = "filter bank"', 'beginning = "filters"'), "beginning is 'filters'; give one of"),
        (BANDS, ("channels = 24", "channels = 20"), "23 channels at the first level"),
        (BANDS, ("kernels = [127, 1]", "kernels = [127]"), "two levels, with the kernels"),
        (BANDS, ("kernels = [127, 1]", "kernels = [126, 1]"), "odd sizes"),
        (BANDS, ("upsampling = 191", "upsampling = 2049"), "odd sizes, 11 to 2047"),
        (BANDS, ("kernels = [127, 1]", "kernels = [9, 1]"), "odd sizes, 11 to 2047"),
        (BANDS, ("high = 7", "high = 15"), "range 0 to 7"),
        (BURSTS, ("upsampling = 31", "upsampling = 2049"), "2047 at most"),
        (BANDS, ('"band0", "band1"', '"band1", "band0"'), "all 8 bands in order"),
        (BANDS, ('"band7"', '"FGN_fixed_H30"'), "no bands of one process"),
        (BANDS, ('"filter bank"', '"burst gates"'), "name three process.sets"),
        (BURSTS, ("kernels = [3, 1, 9]", "kernels = [3, 3, 9]"), "begins with gates of bursts; give it four levels"),
        (BURSTS, ("high = 2", "high = 3"), "a range of three whole numbers"),
        (BURSTS, ("shot_gaussian_exponential", "shot_gaussian_rayleigh"), "its pulses must be Gaussian"),
        ("stft-gan-hw", ("seed = 1", 'seed = 1\nbeginning = "filter bank"'), "has drawn weights; leave it out"),
    ],
)  # fmt: skip
def test_beginnings_that_do_not_fit(name, change, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        begun(changed(name, change))

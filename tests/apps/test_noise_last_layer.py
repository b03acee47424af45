"""The last layer of a hardware net of noise by least squares: its formulas, what it reaches, what it leaves alone."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from noise_tiny import TEXT as TINY

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")

from bittrue.apps.noise.hardware import last_layer, latents  # noqa: E402
from bittrue.apps.noise.hardware.last_layer import Fit  # noqa: E402
from bittrue.apps.noise.hardware.quantised import QuantisedTwin  # noqa: E402
from bittrue.apps.noise.hardware.recipe import BINS, FITTED, RECIPES, LastLayer  # noqa: E402
from bittrue.apps.noise.hardware.trainer import Trainer  # noqa: E402
from bittrue.apps.noise.measures import spectrum  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training.surgeon import Surgeon  # noqa: E402
from bittrue.num import Format, fit_format  # noqa: E402

MIDDLE = "    { channels = 4, noise = 1, kernels = [3], upsampling = 5 },\n"
LAST = "{ channels = 4, noise = 2, kernels = [3, 5], upsampling = 5 }"
TEXT = (
    TINY.replace(MIDDLE, "").replace("{ channels = 3, noise = 2, kernels = [3, 5], upsampling = 5 }", LAST)
    + "\n[last_layer]\ntaps = 15\nsignals = 64\nweights = [1.0, 2.0]\n"
)


def quiet(doing, done, total):
    pass


@pytest.fixture(scope="module")
def own():
    return RECIPES.parse(TEXT.encode(), "the recipe")


@pytest.fixture(scope="module")
def trained(own):
    return QuantisedTwin(own.trained, 3, rounded=True).eval()


@pytest.fixture(scope="module")
def spectra(own, trained):
    return last_layer.measured(own, trained, own.last_layer, quiet)


def signals_of(twin, code, count, seed):
    drawn = latents.drawn(twin.spec, [code], count, FITTED, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return twin.signals(drawn, FITTED).double().numpy()


def rms(fit, w):
    """Of the logarithm of net over process, by value."""
    return np.sqrt(np.square(fit.ratios(w)).mean(1))


def test_densities_are_those_of_the_signals(own, trained, spectra):
    """The quadratic form of the weights beside the multitaper density of what the twin puts out, with other noise."""
    weight = trained.of("out")[0][0].detach().double().numpy()
    found, _ = Fit(spectra, replace(own.last_layer, taps=weight.shape[1])).densities(weight.ravel())
    for k, code in enumerate(own.codes):
        signals = signals_of(trained, code, 256, 9)
        wanted = spectrum.densities(signals - signals.mean()).mean(0)
        ratio = np.log(found[k] / wanted)[8:]  # without what the tapers smear of this value's own mean
        assert abs(ratio.mean()) < 0.02 and ratio.std() < 0.1  # by chance .06


def test_a_process_keeps_its_mean():
    """Shot noise of rate .25 has pulses above zero alone."""
    text = TEXT.replace("FGN_fixed_H30", "shot_gaussian_exponential_fixed_ER25").replace(
        "FGN_fixed_H70", "FGN_fixed_H50"
    )
    own = RECIPES.parse(text.replace("signals = 64", "signals = 200").encode(), "the recipe")
    made = last_layer.fitted(own, QuantisedTwin(own.trained, 3, rounded=True).eval(), quiet)
    wanted = [
        source.process.signal(source.law.at, 1 << 16, np.random.default_rng(3)).mean() for source in own.process.sources
    ]
    found = [signals_of(made, code, 128, 4).mean() for code in own.codes]
    assert wanted[0] > 0.2 > abs(wanted[1]) and np.mean(found) == pytest.approx(np.mean(wanted), abs=0.03)


def test_derivatives_are_those_of_the_cost(own, spectra):
    fit = Fit(spectra, own.last_layer)
    rng = np.random.default_rng(0)
    w = rng.normal(size=fit.channels * own.last_layer.taps)
    normal, descent = fit.equations(w)
    for d in np.eye(len(w))[:: len(w) // 5]:
        slope = (fit.cost(w + 1e-5 * d) - fit.cost(w - 1e-5 * d)) / 2e-5
        assert slope == pytest.approx(-2 * descent @ d, rel=1e-4, abs=1e-7)
        change = (fit.residuals(w + 1e-5 * d) - fit.residuals(w - 1e-5 * d)) / 2e-5
        assert change @ change + own.last_layer.ridge == pytest.approx(d @ normal @ d, rel=1e-4)


def test_one_bias_has_to_do_for_the_means_of_all_values(own, spectra):
    """Offsets that it leaves are powers in the first lines, beside the process's density there."""
    means, level = np.array([[0.5, -0.2, 0.1, 0.0], [0.1, 0.3, 0.1, 1.0]]), np.array([0.2, -0.1])
    fit = Fit(replace(spectra, means=means, level=level), own.last_layer)
    w = np.random.default_rng(2).normal(size=4 * own.last_layer.taps)
    given = means @ w.reshape(4, -1).sum(1)
    bias = np.mean(level - given)
    found = np.square(fit.residuals(w)[-2:])
    for k, weight in enumerate((1.0, 2.0)):
        offset, density = given[k] + bias - level[k], spectra.wanted[k, :4].mean()
        assert abs(offset) > 0.1 and found[k] == pytest.approx(weight * 4 * FITTED * offset**2 / density / BINS)
    assert fit.cost(w) == pytest.approx(
        (np.square(fit.ratios(w)).mean(1) @ [1.0, 2.0]) + found.sum() + own.last_layer.ridge * (w @ w)
    )


def test_a_value_counts_by_its_weight(own, spectra):
    w = np.random.default_rng(0).normal(size=5 * own.last_layer.taps)[: 4 * own.last_layer.taps]
    alone = [Fit(spectra, replace(own.last_layer, weights=given, ridge=0.0)).cost(w) for given in ((1, 0), (0, 1))]
    both = Fit(spectra, replace(own.last_layer, weights=(3, 5), ridge=0.5)).cost(w)
    assert both == pytest.approx(3 * alone[0] + 5 * alone[1] + 0.5 * (w @ w))
    assert Fit(spectra, replace(own.last_layer, weights=(), ridge=0.0)).cost(w) == pytest.approx(sum(alone))


def test_rounding_lets_the_others_make_up(own, spectra):
    fit, fmt = Fit(spectra, own.last_layer), Format.parse("Q2.4")
    w = fit.best(np.random.default_rng(1).normal(size=4 * own.last_layer.taps) / 8, quiet)
    assert fmt.lo * fmt.scale < w.min() and w.max() < fmt.hi * fmt.scale
    plain, found = fmt.decode(fmt.encode(w)), fit.rounded(w, fmt)
    assert (fmt.decode(fmt.encode(found)) == found).all()
    assert fit.cost(w) < fit.cost(found) < 0.7 * fit.cost(plain)


def test_what_the_error_depends_on_most_is_rounded_first(own, spectra, monkeypatch):
    fixed = []

    class Watched(Surgeon):
        def fix(self, places, values=0.0, compensate=True):
            fixed.extend(places)
            super().fix(places, values, compensate)

    monkeypatch.setattr(last_layer, "Surgeon", Watched)
    fit = Fit(spectra, own.last_layer)
    w = np.random.default_rng(1).normal(size=4 * own.last_layer.taps) / 8
    fit.rounded(w, Format.parse("Q2.6"))
    loose = Surgeon(w, fit.equations(w)[0]).inverse.diagonal()
    assert len(set(fixed)) == len(w) and (np.diff(loose[fixed]) >= 0).all() and loose[fixed[-1]] > 2 * loose[fixed[0]]


def test_means_that_the_first_signals_did_not_have_are_no_spectrum(own, trained, monkeypatch):
    noise = 0.01 * torch.randn(3, 32, 4, FITTED, generator=torch.Generator().manual_seed(0))
    drawn = iter([noise[0], noise[1] + 0.1, noise[2] + 0.1] * 2)
    monkeypatch.setattr(last_layer, "_inputs", lambda *given: next(drawn))
    found = last_layer.measured(own, trained, own.last_layer, quiet)
    assert np.allclose(found.means, 0.1, atol=1e-3)
    powers = np.einsum("vfcc->vfc", found.given).real
    assert np.allclose(powers.mean(1), 1e-4, rtol=0.05) and abs(powers[:, :4]).max() < 5e-3  # 0.01 * 4096 with the mean


def test_the_last_layer_is_fitted_and_all_others_keep_their_bits(own, trained, spectra):
    made = last_layer.fitted(own, trained, quiet)
    fit = Fit(spectra, own.last_layer)
    before = np.pad(trained.of("out")[0][0].detach().double().numpy(), ((0, 0), (5, 5))).ravel()
    after = made.of("out")[0][0].detach().double().numpy()
    assert after.shape == (4, 15) and made.spec == own.spec and own.trained.levels[-1].kernels == (3, 5)
    assert (rms(fit, after.ravel()) < 0.4 * rms(fit, before)).all()
    fmt = fit_format(after, own.spec.weight_bits)
    assert (fmt.decode(fmt.encode(after)) == after).all()
    for name, value in trained.state_dict().items():
        assert name.startswith("out_") or torch.equal(value, made.state_dict()[name])
    means = [signals_of(made, code, 128, 4).mean() for code in own.codes]
    assert abs(np.mean(means)) < 0.02  # the bias takes the channels' means away
    ratio = [
        np.log(spectrum.densities(signals_of(made, code, 128, 6)).mean(0) / spectra.wanted[k])[8:]
        for k, code in enumerate(own.codes)
    ]
    assert all(found.std() < rms(fit, after.ravel())[k] + 0.1 for k, found in enumerate(ratio))


def test_a_dead_net_is_refused(own, spectra):
    dead = replace(spectra, given=np.zeros_like(spectra.given))
    with pytest.raises(BadInput, match="no power at some frequency"):
        Fit(dead, own.last_layer).best(np.ones(4 * own.last_layer.taps), quiet)


def test_steps_end_where_none_helps(own, spectra, monkeypatch):
    fit, told, w = Fit(spectra, own.last_layer), [], np.ones(4 * own.last_layer.taps) / 8
    monkeypatch.setattr(fit, "cost", lambda w: 1.0)
    assert fit.best(w, lambda doing, done, total: told.append(done)) is w and told == [0]


def test_training_ends_in_the_fit(own):
    told = []
    fitted = Trainer(own, None, None, lambda doing, done, total: told.append(doing)).run()
    assert fitted.quantised.spec == own.spec and fitted.floating.spec == own.trained
    assert told[-1] == "fitting the last layer" and "spectra before the last layer" in told
    source = fitted.quantised.source()
    assert source.net.nodes[-1].layer.weight.shape == (1, 4, 15)


class Stopped(BaseException):
    pass


@pytest.mark.parametrize("doing", ["spectra before the last layer", "fitting the last layer"])
def test_a_run_killed_in_the_fit_does_it_again(own, tmp_path, doing):
    def killed(now, done, total):
        if now == doing and done == 1:
            raise Stopped

    whole = Trainer(own, None, None, quiet).run().quantised.state_dict()
    with pytest.raises(Stopped):
        Trainer(own, tmp_path / "state", None, killed).run()
    cut = Trainer(own, tmp_path / "state", None, quiet).run().quantised.state_dict()
    assert whole.keys() == cut.keys() and all(torch.equal(value, cut[name]) for name, value in whole.items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("taps = 15", "taps = 4"), "give at least the 5 that are trained"),
        (("weights = [1.0, 2.0]", "weights = [1.0]"), "are 1 for 2 process.sets"),
        (("weights = [1.0, 2.0]", "weights = [1.0, -2.0]"), "last_layer.weights is"),
        (("taps = 15", "taps = 1025"), "last_layer.taps is 1025"),
        (("signals = 64", "signals = 4"), "last_layer.signals is 4"),
        (("taps = 15", "tap = 15"), "unknown key last_layer.tap"),
        (("weights = [1.0, 2.0]", "weights = [0.0, 0.0]"), "weights are all 0"),
        (("channels = 4, noise = 2, kernels = [3, 5]", "channels = 4000, noise = 2, kernels = [3, 5]"), "the fit of"),
    ],
)  # fmt: skip
def test_plans_that_do_not_fit(change, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        RECIPES.parse(TEXT.replace(*change).encode(), "the recipe")


def test_a_plan_asks_for_the_memory_that_it_needs(own, spectra, monkeypatch):
    """At least that of the largest arrays that the fit holds at a time, and not ten times as much."""
    asked = {}
    monkeypatch.setattr("bittrue.apps.noise.hardware.recipe.take", lambda size, what: asked.update({what: size}))
    RECIPES.parse(TEXT.encode(), "the recipe")
    fit = Fit(spectra, own.last_layer)
    tracemalloc.start()
    fit.rounded(fit.best(np.ones(4 * own.last_layer.taps) / 8, quiet), Format.parse("Q1.7"))
    peak = tracemalloc.get_traced_memory()[1] + spectra.given.nbytes
    tracemalloc.stop()
    assert peak < asked["the fit of [last_layer]"] < 10 * peak


def test_levels_slower_than_a_signal_are_refused():
    text = TEXT.replace("samples = 64\n", "samples = 16384\n").replace("samples = 128", "samples = 16384")
    with pytest.raises(BadInput, match="of 8 levels the slowest has one in 16,384"):
        RECIPES.parse(text.replace(f"    {LAST}", 6 * MIDDLE + f"    {LAST}").encode(), "the recipe")


def test_a_net_of_two_dimensions_keeps_its_last_layer():
    with pytest.raises(BadInput, match=r"leave \[last_layer\] out"):
        replace(RECIPES.builtin("stft-gan-hw"), last_layer=LastLayer())

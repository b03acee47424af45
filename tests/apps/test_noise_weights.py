"""The committed nets of noise: known answers, one signal without borders, the same on other legs, their cards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bittrue.apps.noise.hardware import bundle, known_signals
from bittrue.apps.noise.hardware.judging import likeness
from bittrue.apps.noise.hardware.recipe import DRAWN, RECIPES
from bittrue.apps.noise.measures import correlation, hurst, marginals
from bittrue.apps.noise.measures.comparison import compared
from bittrue.apps.noise.measures.summary import Kind, measured
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.check import source_executions
from bittrue.check.executions import BENCHES
from bittrue.check.generating import Wanted, generated
from bittrue.spec.source import seam
from bittrue.spec.source_store import has_source, load
from bittrue.spec.store import content_hash

WEIGHTS = Path(__file__).parents[2] / "weights"
NETS = sorted(path.name for path in WEIGHTS.iterdir() if has_source(path))


def test_there_are_nets():
    assert {"noise-fgn", "noise-bands", "noise-impulsive", "stft-gan-hw"} <= set(NETS)


@pytest.mark.parametrize("name", NETS)
def test_a_net_is_what_its_recipe_made(name):
    folder = WEIGHTS / name
    recipe, source = RECIPES.load(folder / "recipe.toml"), load(folder)
    assert recipe.text == RECIPES.builtin(name).text
    assert known_signals.verify(folder) == 2 * source.net.output.elements * len(recipe.codes)
    assert sum(n.layer.weight.size + n.layer.bias.size for n in source.net.nodes if hasattr(n.layer, "weight")) == (
        recipe.spec.parameters
    )
    card = (folder / "CARD.md").read_text()
    assert content_hash(source.net) in card and all(f"| {name} |" in card for name in recipe.process.sets)
    assert bundle.notes(folder).strip() in card and (recipe.beginning == DRAWN or f"| {recipe.beginning} |" in card)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("leg", ["torch", "c"])
def test_other_legs_give_the_same_samples(name, leg):
    if leg == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    source = load(WEIGHTS / name)
    values = RECIPES.builtin(name).process.values
    for settings in [dict.fromkeys(source.settings, value) for value in values[-2:]] or [{}]:
        wanted = Wanted(source, 1, 2 * source.samples, (1 << 63) + 5, start=3, settings=settings)
        assert np.array_equal(generated(wanted, leg, codes=True), generated(wanted, codes=True))


def test_a_simulation_leaves_icarus_out_where_it_would_take_long(monkeypatch):
    monkeypatch.setattr(source_executions, "SOURCE_LEGS", ["ref"])
    benches = {title: bench for title, bench in BENCHES.items() if bench[0] == "icarus"}
    monkeypatch.setattr(source_executions, "BENCHES", benches)
    source = load(WEIGHTS / "noise-fgn")
    rows = list(source_executions.source_rows(source, 65_536, 2, 40, lambda doing: None, asked=False))
    assert [(row.samples, row.ok) for row in rows] == [(2 * 1024, True), *[(0, True)] * len(benches)] and benches
    assert all("clocks, too many unasked; --bench-samples 40 runs it" in row.reason for row in rows[1:])


@pytest.mark.heavy
@pytest.mark.parametrize("name", NETS)
def test_hardware_gives_the_same_samples(name):
    source = load(WEIGHTS / name)
    wanted = Wanted(source, 1, 4 * source.samples, 5)
    assert np.array_equal(generated(wanted, "rtl", codes=True), generated(wanted, codes=True))


def test_the_spectrogram_net_does_not_ignore_its_noise():
    recipe, source = RECIPES.builtin("stft-gan-hw"), load(WEIGHTS / "stft-gan-hw")
    signals = recipe.spec.waveforms(generated(Wanted(source, 32, 4096, 11)))
    assert likeness(signals) < 0.15


@pytest.mark.parametrize("value", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_the_hurst_index_is_what_was_asked_for(value):
    source = load(WEIGHTS / "noise-fgn")
    assert seam(source) == ""
    signals = generated(Wanted(source, 48, 4096, 11, settings={"H": value}))
    assert np.median(hurst.of_noise(signals)) == pytest.approx(value, abs=0.015)
    assert likeness(signals) < 0.25


@pytest.mark.parametrize("band", range(8))
def test_a_band_is_where_it_was_asked_for(band):
    """By 32 signals, whose own chance is a distance of about .1."""
    source = load(WEIGHTS / "noise-bands")
    assert seam(source) == ""
    process = Bandpass()
    signals = generated(Wanted(source, 32, 4096, 11, settings={"band": band}), "c")
    wanted = np.stack([process.signal(band, 4096, np.random.default_rng([1, k])) for k in range(32)])
    kind = Kind(process, band)
    near = compared(*(measured(values, kind) for values in (wanted, signals)))
    assert near["geodesic in band"] < 0.2 and abs(near["out of band dB"]) < 3 and abs(near["kurtosis"]) < 0.2
    assert likeness(signals) < 0.1


@pytest.mark.parametrize(("kind", "most"), [(0, 0.048), (1, 0.03), (2, 0.033)])
def test_impulses_come_together_as_those_of_the_process(kind, most):
    """A quarter of what AR(32) is off, but for pulses, where 64 signals alone are off by more than that."""
    source, recipe = load(WEIGHTS / "noise-impulsive"), RECIPES.builtin("noise-impulsive")
    process, law = recipe.process.sources[kind].process, recipe.process.sources[kind].law
    signals = generated(Wanted(source, 128, 4096, 11, settings={"kind": kind}), "c")
    wanted = np.stack([process.signal(law.at, 4096, np.random.default_rng([2, k])) for k in range(128)])
    assert correlation.error(*map(correlation.of_magnitude, (wanted, signals))) < most
    assert marginals.kurtosis(signals) == pytest.approx(marginals.kurtosis(wanted), rel=0.2)

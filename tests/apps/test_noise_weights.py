"""The committed nets of noise: known answers, one signal without borders, the same on other legs, their cards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bittrue.apps.noise.hardware import known_signals
from bittrue.apps.noise.hardware.judging import likeness
from bittrue.apps.noise.hardware.recipe import RECIPES
from bittrue.apps.noise.measures import hurst
from bittrue.check.generating import Wanted, generated
from bittrue.spec.source import seam
from bittrue.spec.source_store import has_source, load
from bittrue.spec.store import content_hash

WEIGHTS = Path(__file__).parents[2] / "weights"
NETS = sorted(path.name for path in WEIGHTS.iterdir() if has_source(path))


def test_there_are_nets():
    assert {"noise-fgn", "stft-gan-hw"} <= set(NETS)


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


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("leg", ["torch", "c"])
def test_other_legs_give_the_same_samples(name, leg):
    if leg == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    source = load(WEIGHTS / name)
    wanted = Wanted(source, 1, 2 * source.samples, (1 << 63) + 5, start=3)
    assert np.array_equal(generated(wanted, leg, codes=True), generated(wanted, codes=True))


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

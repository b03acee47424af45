"""Nets of spectrograms: the lapped transform, the law of the twin, training to a source, the chip, waveforms."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from bittrue.apps.noise import lapped
from bittrue.apps.noise.hardware.recipe import RECIPES
from bittrue.apps.noise.spectrogram_net import Doubling, SpectrogramSpec, drawn_weights, spectrogram_source
from bittrue.check.generating import Wanted, generated
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.ref.source import frames, run_source
from bittrue.spec import source_store

TEXT = """name = "tiny-image"

[process]
sets = ["band3"]
signals = 8

[spectrogram]
latent = 8
base = 4
levels = [{ channels = 8, convolutions = 2 }, { channels = 6, convolutions = 1 }, { channels = 4 }]

[objective]
windows = [8, 16, 64]
lags = [1, 4]
steps = [1]
dilations = [1, 2]
quantiles = 15

[train]
steps = 8
samples = 512
look_every = 4
look_batches = 1

[quantise]
steps = 4
samples = 512
rate = 0.0005
look_every = 4
look_batches = 1

[measure]
signals = 8
orders = [8, 32]
length = 400
seeds = 1
"""
SMALL = SpectrogramSpec("tiny-image", 8, 4, (Doubling(8, 2), Doubling(6, 1), Doubling(4)))


def recipe(*changes):
    """The tiny recipe with lines changed, ``(old, new)`` each."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return RECIPES.parse(text.encode(), "the recipe")


@pytest.fixture(scope="module")
def source():
    return spectrogram_source(SMALL, drawn_weights(SMALL, 1))


# ---- the transform --------------------------------------------------------------------------------------------------


def test_the_transform_gives_back_signals_without_their_last_line():
    rng = np.random.default_rng(0)
    t, rows = np.arange(320), 16
    x = sum(rng.normal() * np.cos(2 * np.pi * f * t / 320 + rng.uniform(0, 6)) for f in range(0, 90, 7))[np.newaxis]
    z = lapped.spectrogram(x, rows)
    assert z.shape == (1, 2, 16, 20)
    assert abs(lapped.waveform(z) - x).max() < 0.01 * x.std()  # a sine window leaks a little
    alternating = ((-1.0) ** t)[np.newaxis]
    assert abs(lapped.waveform(lapped.spectrogram(alternating, rows))).max() < 0.8 < abs(alternating).max()


def test_the_transform_is_its_formula():
    rows, times = 3, 4
    x = np.random.default_rng(1).normal(size=(1, rows * times))
    w = [np.sin(np.pi * (n + 0.5) / (2 * rows)) for n in range(2 * rows)]
    for r in range(rows):
        for t in range(times):
            terms = (
                w[n] * x[0, (rows * t + n) % (rows * times)] * np.exp(-1j * np.pi * r * n / rows)
                for n in range(2 * rows)
            )
            wanted = sum(terms) / np.sqrt(2 * rows)
            found = lapped.spectrogram(x, rows)[0, :, r, t]
            assert complex(*found) == pytest.approx(wanted)
    white = lapped.spectrogram(np.random.default_rng(2).normal(size=(20, 64 * 64)), 64)
    assert white[:, :, 1:].std() == pytest.approx(0.5, abs=0.005)


def test_images_follow_each_other_in_time():
    z = np.random.default_rng(3).normal(size=(2, 2, 8, 24))
    images = np.stack(np.split(z, 3, axis=3), 1)  # (N, images, 2, rows, times)
    generated_like = images.swapaxes(1, 2).reshape(2, 2, -1)
    assert np.array_equal(lapped.joined(generated_like, (2, 8, 8)), z)


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (2, 4, 4), (0, 2, 4, 4)])
def test_what_is_no_spectrogram_is_refused(shape):
    with pytest.raises(BadInput, match="give \\(N, 2, rows, times\\)"):
        lapped.waveform(np.zeros(shape))
    with pytest.raises(BadInput, match="multiple of 5"):
        lapped.spectrogram(np.zeros((2, 12)), 5)


# ---- the net --------------------------------------------------------------------------------------------------------


def test_the_built_in_recipe_is_of_the_size_that_the_chip_takes():
    built = RECIPES.builtin("stft-gan-hw")
    spec = built.spec
    net = spectrogram_source(spec, drawn_weights(spec, 0)).net
    layers = [node.layer for node in net.nodes]
    assert sum(layer.weight.size + layer.bias.size for layer in layers) == spec.parameters < 175_000
    assert net.output.shape == (2, 64, 64) and spec.samples == spec.grain == 4096
    assert max(layer.weight.shape[0] for layer in layers) <= 128


def test_it_is_firmware_for_the_chip(source, tmp_path, capsys):
    source_store.save(source, tmp_path / "net")
    np.save(tmp_path / "x.npy", frames(source, 1, np.arange(1), {})["input"][0])
    words = ["max78002", "generate", tmp_path / "net", "--sample", tmp_path / "x.npy", "-o", tmp_path / "firmware"]
    assert main([str(word) for word in words]) == 0
    assert "convtranspose2d" in capsys.readouterr().out and (tmp_path / "firmware" / "weights.h").is_file()


def test_every_leg_makes_the_same_spectrograms(source):
    wanted = Wanted(source, 2, 2 * source.samples, 7)
    found = generated(wanted, codes=True)
    assert found.shape == (2, 2, 512) and len(np.unique(found)) > 100
    assert np.array_equal(found[0, :, :256].reshape(2, 16, 16), run_source(source, 7, [0], {}, 4096)[0])
    assert np.array_equal(generated(wanted, "c", codes=True), found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"levels": SMALL.levels[:1]}, "two levels"),
        ({"levels": (Doubling(8, 0), Doubling(4))}, "one convolution or more"),
        ({"latent": 0}, "sizes of 1 or more"),
        ({"levels": (Doubling(8, 2), *[Doubling(4)] * 9)}, "at most 1,024"),
    ],
)
def test_architectures_that_do_not_fit(change, said):
    with pytest.raises(BadInput, match=said):
        replace(SMALL, **change)


def test_weights_of_another_shape():
    weights = dict(drawn_weights(SMALL, 0))
    weights["out"] = weights["up1"]
    with pytest.raises(BadInput, match="layer out has weights"):
        spectrogram_source(SMALL, weights)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[spectrogram]", "[spectrogram]\nwidth = 1"), "unknown key spectrogram.width"),
        (("[spectrogram]", "[architecture]\nsamples = 64\n[spectrogram]"), "give one of them"),
        (
            ("[process]", '[parameter]\nname = "H"\nlow = 0\nhigh = 1\ndefault = 0\n[process]'),
            "a net of two dimensions has no parameter",
        ),
        (("samples = 512", "samples = 300"), "train.samples is 300; give a multiple of 256"),
        (("orders = [8, 32]", "orders = [8, 1000]"), "measure.orders is"),
        (("orders = [8, 32]", "orders = [8]"), "measure.orders has no 32"),
    ],
)
def test_recipes_that_do_not_fit(change, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        recipe(change)


# ---- training -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("louder", [1.0, 6.0])
def test_the_rounded_twin_is_the_reference(louder):
    torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")
    from bittrue.apps.noise.hardware.twins import twin

    found = twin(SMALL, 7, rounded=True)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.mul_(louder).add_(0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    source = found.source()
    codes = frames(source, 3, np.arange(20), {})["input"]
    with torch.no_grad():
        given = {"input": torch.from_numpy(source.net.input.format.decode(codes)).float()}
        z = found(given)
        signals = found.signals(given, 512).numpy()
    wanted = source.net.output.format.decode(run_source(source, 3, np.arange(20), {}, 4096))
    assert np.array_equal(z.double().numpy(), wanted) and len(np.unique(wanted)) > 100
    values = wanted.reshape(10, 2, 2, 256).swapaxes(1, 2).reshape(10, 2, 512)
    assert abs(SMALL.waveforms(values) - signals).max() < 1e-4 * signals.std()


def test_an_architecture_that_float32_cannot_hold_is_refused():
    pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")
    from bittrue.apps.noise.hardware.twins import twin

    with pytest.raises(BadInput, match="adds 1152 products of 8 bits"):
        twin(SpectrogramSpec("wide", 128))


def test_a_recipe_becomes_a_source(tmp_path, capsys):
    pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")
    from bittrue.apps.noise.hardware import known_signals

    path, folder = tmp_path / "tiny.toml", tmp_path / "net"
    path.write_text(TEXT)
    assert main(["train", "noise", "--recipe", str(path), "-o", str(folder)]) == 0
    assert known_signals.verify(folder) == 2 * 2 * 256
    card = (folder / "CARD.md").read_text()
    assert "in band" in card and "AR(32)" in card and "an image each" in card and "lapped" in card
    words = ["noise", "generate", folder, "--count", 2, "--length", 512, "--waveform", "-o", tmp_path / "x.npy"]
    assert main([str(word) for word in words]) == 0
    assert "waveforms" in capsys.readouterr().out
    source = source_store.load(folder)
    wanted = SMALL.waveforms(generated(Wanted(source, 2, 512)))
    assert np.array_equal(np.load(tmp_path / "x.npy"), wanted) and wanted.shape == (2, 512)
    for more, said in ((["--codes"], "leave one of them out"), (["--length", "300"], "multiple of 256")):
        assert main([*map(str, words), *more]) == 2
        assert said in capsys.readouterr().err

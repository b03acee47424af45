"""Readers of recipes, of training checkpoints and of amplifier models."""

from __future__ import annotations

import io
from pathlib import Path

from target import target

from bittrue.apps.dpd import recipe as dpd
from bittrue.apps.dpd.amplifiers.identify_plan import plan
from bittrue.apps.ecg import recipe as ecg

ROOT = Path(__file__).resolve().parents[2]


def _recipes(*patterns: str) -> list[bytes]:
    folder = ROOT / "python" / "bittrue" / "apps"
    return [path.read_bytes() for pattern in patterns for path in sorted(folder.glob(pattern))]


@target(lambda: _recipes("dpd/recipes/tdnn-*.toml"))
def predistorter_recipe(data: bytes, _: Path) -> object:
    return dpd.parse(data, "the recipe")


@target(lambda: _recipes("ecg/recipes/*.toml"))
def heartbeat_recipe(data: bytes, _: Path) -> object:
    return ecg.parse(data, "the recipe")


@target(lambda: _recipes("dpd/recipes/amplifiers/*.toml"))
def amplifier_recipe(data: bytes, folder: Path) -> object:
    (folder / "recipe.toml").write_bytes(data)
    return plan(str(folder / "recipe.toml"))


def _checkpoint() -> list[bytes]:
    import torch

    stream = io.BytesIO()
    state = {"version": 1, "recipe": "r", "inputs": "i", "weights": [torch.ones(3), torch.zeros(2, 2)], "epoch": (1, 2)}
    torch.save(state, stream)
    return [stream.getvalue()]


@target(_checkpoint)
def training_checkpoint(data: bytes, folder: Path) -> object:
    from bittrue.kit.training import checkpoint

    (folder / "state.pt").write_bytes(data)
    return checkpoint.resume(folder / "state.pt", 1, "r", "i")

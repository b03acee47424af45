"""Configurations of both published stages so small that a step takes milliseconds, and a folder of cities for them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from bittrue.apps.radio.configuration import Configuration, parse
from bittrue.apps.radio.making import Plan, make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bittrue.apps.radio.published.trainer import StageTrainer

FIRST = """
model:
  embed_dim: 3
  lossconfig: {disc_start: 2, kl_weight: 1.0e-6, disc_weight: 0.5}
  ddconfig: {ch: 8, ch_mult: [1, 2], num_res_blocks: 1, resolution: [32, 32], z_channels: 3}
data: {name: radio, batch_size: 2}
trainer: {gradient_accumulate_every: 2, lr: 1.0e-3, min_lr: 1.0e-5, train_num_steps: 5, save_and_sample_every: 2,
  results_folder: results, log_freq: 2, ema_update_after_step: 2, ema_update_every: 1, checkpoint_seconds: 0}
"""
SECOND = """
model:
  model_type: const_sde
  model_name: cond_unet
  image_size: [32, 32]
  default_scale: false
  first_stage:
    embed_dim: 3
    lossconfig: {disc_start: 2, kl_weight: 1.0e-6, disc_weight: 0.5}
    ddconfig: {ch: 8, ch_mult: [1, 2], num_res_blocks: 1, resolution: [32, 32], z_channels: 3}
  unet: {dim: 8, dim_mults: [1, 2], channels: 3, cond_net: conv, cond_dim: 8,
    window_sizes1: [[2, 2], [1, 1]], window_sizes2: [[2, 2], [1, 1]]}
data: {name: radio, batch_size: 2}
trainer: {gradient_accumulate_every: 2, lr: 1.0e-3, min_lr: 1.0e-5, train_num_steps: 5, save_and_sample_every: 2,
  results_folder: results, log_freq: 2, ema_update_after_step: 2, ema_update_every: 1, checkpoint_seconds: 0}
"""
CITIES = (1, 2, 5)
"""One that trains, one that tests, one that validates."""


@cache
def cities() -> Path:
    folder = Path(mkdtemp(prefix="radio"))
    for number in CITIES:
        make(folder, Plan(maps=1, transmitters=3, seed=3, first=number))
    return folder


def written(text: str, folder: Path, *changes: tuple[str, str]) -> str:
    """The text with other values, on the cities, its results in a folder."""
    for old, new in (("results_folder: results", f"results_folder: {folder}"), *changes):
        assert old in text
        text = text.replace(old, new)
    return text.replace("data: {name: ", f"data: {{folder: {cities()}, name: ")


def small(text: str, folder: Path, *changes: tuple[str, str]) -> Configuration:
    return parse(written(text, folder, *changes).encode(), "small")


def trained_by(first: Path) -> tuple[str, str]:
    """The change that makes a diffusion model begin with a first stage's file."""
    return "  first_stage:\n    embed_dim: 3", f"  first_stage:\n    embed_dim: 3\n    ckpt_path: {first}"


def trainer(configuration: Configuration) -> StageTrainer:
    from bittrue.apps.radio.published.run import prepared
    from bittrue.kit.training.distributed import Team

    return prepared(configuration, Team())[0]


def trained_step(configuration: Configuration) -> tuple[dict[str, bool], Mapping[str, float], StageTrainer]:
    """Three steps: which parameters moved, the figures of the last, and the trainer."""
    import torch

    one = trainer(configuration)
    before = {name: value.detach().clone() for name, value in one.network.named_parameters()}
    for _ in range(3):
        found = one.advance(one.done)
        one.done += 1
    moved = {name: not torch.equal(before[name], value) for name, value in one.network.named_parameters()}
    return moved, found, one

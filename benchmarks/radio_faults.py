"""What each fault of the published radio training is worth on a reduced problem: trained with it, and without any.

    python benchmarks/radio_faults.py -o build/radio-faults [--side 32] [--steps 300] [--seeds 0 1]

The configurations are ``tiny_vae`` and ``tiny_ldm`` at another side and number of steps, the first stage with two
batches of two maps a step (``passes`` counts them), the discriminator from the middle on, the least rate a tenth of the
first as published. Runs of one seed begin with the same weights and see the same maps in the same order; diffusion
models stand on the first stage without faults of their seed. Figures are of held out maps by averaged weights, drawn
maps of five steps of the sampler. The folder keeps the cities and every figure (``figures.json``); a call that was
stopped goes on with the runs that are missing.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from bittrue.apps.radio.configuration import Configuration, DiffusionFile, load
from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.making import make
from bittrue.apps.radio.measures import judge
from bittrue.apps.radio.published import draws, presets
from bittrue.apps.radio.published.latent_diffusion import DiffusionTrainer
from bittrue.apps.radio.published.run import placed, prepared
from bittrue.apps.radio.published.trainer import StageTrainer
from bittrue.files import write_whole
from bittrue.kit.training.distributed import Team

VAE: dict[str, tuple[str, ...]] = {
    "none": (),
    "passes": ("passes",),
    "passes, one batch a step": ("passes",),
    "clip": ("clip",),
    "logvar": ("logvar",),
    "floor": ("floor",),
    "all": ("passes", "clip", "logvar", "floor"),
}
"""Faults of each run of the first stage. ``divisor`` changes nothing of the maps that these are trained on."""
LDM: dict[str, tuple[str, ...]] = {"none": (), "skip": ("skip",), "floor": ("floor",), "all": ("skip", "floor")}
COLUMNS = {
    "vae": ("validation", "psnr", "ssim", "apart", "logvar"),
    "ldm": ("validation", "nmse", "rmse", "ssim"),
}


def first_stage(name: str, faults: tuple[str, ...], asked: argparse.Namespace, seed: int) -> Configuration:
    """The configuration of a run of the first stage."""
    found = placed(load("tiny_vae"), None, asked.output / "cities")
    one = name.endswith("one batch a step")
    model = replace(
        found.model,
        ddconfig=replace(found.model.ddconfig, resolution=(asked.side, asked.side)),
        lossconfig=replace(found.model.lossconfig, disc_start=asked.steps // 2),
    )
    return replace(
        found,
        model=model,
        data=replace(found.data, batch_size=4 if one else 2),
        trainer=_trainer(found, asked.steps, 1 if one else 2),
        origin_compatible=faults,
        seed=seed,
    )


def diffusion(faults: tuple[str, ...], asked: argparse.Namespace, seed: int) -> Configuration:
    """The configuration of a run of the diffusion model."""
    found = placed(load("tiny_ldm"), None, asked.output / "cities")
    assert isinstance(found, DiffusionFile)
    stage = replace(
        found.first_stage,
        ckpt_path=str(asked.output / f"first-{seed}.pt"),
        ddconfig=replace(found.first_stage.ddconfig, resolution=(asked.side, asked.side)),
    )
    return replace(
        found,
        model=replace(found.model, first_stage=stage, image_size=(asked.side, asked.side)),
        trainer=_trainer(found, asked.steps, 1),
        origin_compatible=faults,
        seed=seed,
    )


def _trainer(found: Configuration, steps: int, accumulated: int) -> Any:
    return replace(
        found.trainer,
        train_num_steps=steps,
        gradient_accumulate_every=accumulated,
        ema_update_after_step=steps // 2,
        min_lr=found.trainer.lr / 10,
    )


def trained(configuration: Configuration) -> tuple[StageTrainer, dict[str, float]]:
    """A run to its end, and its figures: of the last look, and means over the last tenth of the steps."""
    trainer, _, _ = prepared(configuration, Team())
    late: list[dict[str, float]] = []
    while trainer.done < trainer.total:
        found = trainer.advance(trainer.done)
        trainer.done += 1
        if trainer.done > 0.9 * trainer.total:
            late.append(found)
    figures = {name.removeprefix("val "): value for name, value in trainer.look().items()}
    if "logvar" in trainer.columns:
        figures |= {
            "apart": fmean(one["real"] - one["fake"] for one in late),
            "logvar": late[-1]["logvar"],
        }
    return trainer, figures


@torch.no_grad()
def drawn(trainer: DiffusionTrainer) -> dict[str, float]:
    """Mean errors of maps that are drawn for the held out conditions, levels from 0 to 1."""
    trainer.network.eval()
    places = trainer.looked_at()
    images, conds = trainer.held_out.plain(places)
    with trainer.averaged.applied():
        each = [draws.generator(trainer.configuration.seed, draws.SAMPLE, k) for k in places]
        made = trainer.whole.maps(conds, each)
    found = [judge(*map(_levels, part)) for part in zip(images[:, 0], made[:, 0] * 2 - 1, conds[:, 0], strict=True)]
    return {name: fmean(getattr(one, name) for one in found) for name in ("nmse", "rmse", "ssim")}


def _levels(values: torch.Tensor) -> Levels:
    """Grey levels of values from -1 to 1."""
    return np.floor((values.numpy() + 1) * 127.5 + 0.5).clip(0, 255).astype(np.uint8)


def run(stage: str, name: str, asked: argparse.Namespace, seed: int) -> dict[str, float]:
    """One run's figures; the first stage without faults is kept for the diffusion models."""
    if stage == "ldm":
        trainer, figures = trained(diffusion(LDM[name], asked, seed))
        assert isinstance(trainer, DiffusionTrainer)
        return figures | drawn(trainer)
    trainer, figures = trained(first_stage(name, VAE[name], asked, seed))
    if name == "none":
        torch.save(trainer.weights(), asked.output / f"first-{seed}.pt")
    return figures


def main() -> None:
    """Train what is missing, then print a table a stage: means over the seeds, and how far seeds lie apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("build/radio-faults"))
    parser.add_argument("--side", type=int, default=32, help="pixels: 32, 64 or 128")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if not (asked.output / "cities").exists():
        make(asked.output / "cities", presets.CITIES)
    file = asked.output / "figures.json"
    known: dict[str, dict[str, float]] = json.loads(file.read_text()) if file.exists() else {}
    stages = {"vae": VAE, "ldm": LDM}
    for seed, stage in itertools.product(asked.seeds, stages):
        for name in stages[stage]:
            key = _key(stage, name, asked, seed)
            if key not in known:
                known[key] = run(stage, name, asked, seed)
                write_whole(file, json.dumps(known, indent=1) + "\n", renew=True)
                print(f"{key}: {known[key]}", flush=True)
    for stage, runs in stages.items():
        print(f"\n| {stage} | {' | '.join(COLUMNS[stage])} |\n|---|{'---|' * len(COLUMNS[stage])}")
        for name in runs:
            found = [known[_key(stage, name, asked, seed)] for seed in asked.seeds]
            cells = [_cell([one[column] for one in found]) for column in COLUMNS[stage]]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _key(stage: str, name: str, asked: argparse.Namespace, seed: int) -> str:
    return f"{stage}, {name}, {asked.side} pixels, {asked.steps} steps, seed {seed}"


def _cell(values: list[float]) -> str:
    """The mean, and in brackets half of what lies between the least and the most."""
    return f"{fmean(values):.4g} ({(max(values) - min(values)) / 2:.2g})"


if __name__ == "__main__":
    main()

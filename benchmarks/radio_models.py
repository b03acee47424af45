"""Full-size models of radio maps on this machine: parameters, a pass forward, two steps of training, peak memory.

    python benchmarks/radio_models.py [--only autoencoder]

Every line is measured in a process of its own, one after the other. A pass is of one random map; a step trains on one
map of a synthetic city at 256 x 256 pixels by the shipped configuration, but for ``batch_size`` and
``gradient_accumulate_every``, which are 1. The first stage's steps are of its second phase.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bittrue.apps.radio.configuration import DiffusionFile, load
from bittrue.apps.radio.making import Plan, make
from bittrue.apps.radio.models.autoencoder import AutoencoderKL
from bittrue.apps.radio.models.discriminator import Discriminator
from bittrue.apps.radio.models.unet import Unet
from bittrue.apps.radio.published.run import placed, prepared
from bittrue.kit.training.distributed import Team

ROWS = (
    *((name, side) for name in ("autoencoder", "discriminator", "unet") for side in (256, 320)),
    ("train-autoencoder", 256),
    ("train-unet", 256),
)
CITIES = (1, 5)
"""One that trains, one that validates."""


def forward(name: str, side: int) -> tuple[int, list[float]]:
    """Parameters of a model, and the seconds of a pass."""
    torch.manual_seed(0)
    image, cond = torch.rand(1, 1, side, side) * 2 - 1, torch.rand(1, 3, side, side) * 2 - 1
    ldm = load("radio_train_m")
    assert isinstance(ldm, DiffusionFile)
    with torch.inference_mode():
        if name == "autoencoder":
            model: torch.nn.Module = AutoencoderKL(ldm.first_stage).eval()
            began = time.perf_counter()
            shape = tuple(model(image)[0].shape)
            wanted: tuple[int, ...] = (1, 1, side, side)
        elif name == "discriminator":
            model = Discriminator().eval()
            began = time.perf_counter()
            shape, wanted = tuple(model(image).shape), (1, 1, side // 8 - 2, side // 8 - 2)
        else:
            latent = side // 4
            model = Unet(ldm.model.unet, (latent, latent)).eval()
            began = time.perf_counter()
            shape = tuple(model(torch.randn(1, 3, latent, latent), torch.full((1,), 0.5), cond)[0].shape)
            wanted = (1, 3, latent, latent)
        took = time.perf_counter() - began
    if shape != wanted:
        raise SystemExit(f"{name} at {side}: shape {shape}, and {wanted} was expected")
    return sum(p.numel() for p in model.parameters()), [took]


def train(name: str) -> tuple[int, list[float]]:
    """Parameters of what is trained, and the seconds of two steps."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        for number in CITIES:
            make(folder / "cities", Plan(maps=1, transmitters=1, first=number))
        found = placed(load("radio_train_m" if name == "unet" else "first_radio"), folder / "run", folder / "cities")
        found = replace(
            found,
            data=replace(found.data, batch_size=1),
            trainer=replace(found.trainer, gradient_accumulate_every=1),
        )
        if isinstance(found, DiffusionFile):
            path = folder / "first.pt"
            torch.save({"model": AutoencoderKL(found.first_stage).state_dict()}, path)
            stage = replace(found.model.first_stage, ckpt_path=str(path))
            found = replace(found, model=replace(found.model, first_stage=stage))
        else:
            loss = replace(found.model.lossconfig, disc_start=0)
            found = replace(found, model=replace(found.model, lossconfig=loss))
        trainer, _, _ = prepared(found, Team())
        taken = []
        for number in range(2):
            began = time.perf_counter()
            trainer.advance(number)
            trainer.done += 1
            taken.append(time.perf_counter() - began)
        return sum(p.numel() for p in trainer.network.parameters()), taken


def main() -> None:
    """Print a line a row, or run one in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="rows whose name begins so")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "SIDE"), help="run this row here")
    arguments = parser.parse_args()
    if arguments.one:
        name, side = arguments.one[0], int(arguments.one[1])
        torch.set_num_threads(1)
        count, taken = train(name.removeprefix("train-")) if name.startswith("train-") else forward(name, side)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        seconds = " + ".join(f"{one:.1f}" for one in taken)
        print(f"| {name} | {side} | {count:,} | {seconds} | {peak:.2f} |", flush=True)
        return
    print("| model | side | parameters | seconds | peak memory, GB |\n|---|---|---|---|---|", flush=True)
    for name, side in ROWS:
        if not arguments.only or name.startswith(arguments.only):
            subprocess.run([sys.executable, __file__, "--one", name, str(side)], check=True)


if __name__ == "__main__":
    main()

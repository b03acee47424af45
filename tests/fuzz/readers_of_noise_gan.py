"""Readers of the noise GANs: dictionaries, tables of sweeps, scalers, and checkpoints that training goes on from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from target import target

from bittrue.apps.noise.gan import reading, sweep_table
from bittrue.apps.noise.gan.configuration import DEFAULTS, checked
from bittrue.apps.noise.gan.plan import plan
from bittrue.apps.noise.gan.transform import Transform
from bittrue.apps.noise.shelf import SHELF

_DATA = {"quantize": "channel", "data_set": "x"}
_SMALL = {"epochs": 1, "model_specs": {"model_levels": 2, "max_channels": 4}, "dataloader_specs": {"batch_size": 4}}
_ROWS = 'data_set,G.lr,D.betas,wavegan\nFGN/a,1e-4,"(0.5, 0.9)",True\nFGN/b,2e-4,"[0, 0.9]",False\n'


@target(lambda: [json.dumps(DEFAULTS).encode()])
def noise_gan_json(data: bytes, _: Path) -> object:
    return reading.configured(reading.READERS[".json"](data, "x"), "x").settings


@target(lambda: [SHELF.content(name) for name in ("stft-gan", "wavegan")])
def noise_gan_toml(data: bytes, _: Path) -> object:
    return reading.configured(reading.READERS[".toml"](data, "x"), "x").settings


@target(lambda: [f"# a comment\nspecs_dict = {DEFAULTS!r}\n".encode()])
def noise_gan_python(data: bytes, _: Path) -> object:
    return reading.configured(reading.READERS[".py"](data, "x"), "x").settings


@target(lambda: [_ROWS.encode()])
def noise_gan_table(data: bytes, folder: Path) -> object:
    (folder / "rows.csv").write_bytes(data)
    return sweep_table.load(folder / "rows.csv", DEFAULTS)


def _plans() -> list[object]:
    quantized = {"dataloader_specs": {"batch_size": 4, "dataset_specs": _DATA}}
    return [plan(checked(table), 16, False) for table in (_SMALL, _SMALL | quantized)]


def _scalers() -> list[bytes]:
    x = np.random.default_rng(0).normal(size=(20, 16))
    return [Transform.fitted(made, x)[0].content() for made in _plans()]


@target(_scalers)
def noise_gan_scaler(data: bytes, folder: Path) -> object:
    (folder / "scaler.safetensors").write_bytes(data)
    plans = _plans()
    number = int(b"quantiles" in data)
    return Transform.read(plans[number], folder / "scaler.safetensors").inverse(np.zeros((1, 1, 16), np.float32))


def _trainer() -> object:
    import torch

    from bittrue.apps.noise.gan.trainer import Trainer
    from bittrue.kit.training.distributed import Team

    return Trainer(_plans()[0], torch.zeros(4, 1, 16), 1.0, Team())


def _checkpoints() -> list[bytes]:
    import tempfile

    from bittrue.apps.noise.gan import resuming

    trainer = _trainer()
    trainer.run(lambda last: None, lambda found: None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.pt"
        resuming.keeper(trainer.plan, "digest", path, 0, True).save(trainer.state, True)
        return [path.read_bytes()]


@target(_checkpoints)
def noise_gan_checkpoint(data: bytes, folder: Path) -> object:
    from bittrue.apps.noise.gan import resuming

    path = folder / "checkpoint.pt"
    path.write_bytes(data)
    return resuming.go_on(_trainer(), path, "digest")

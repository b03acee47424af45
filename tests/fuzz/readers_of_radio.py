"""Readers of radio maps: grey pictures, antennas, buildings, predicted folders' files, training configurations."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from target import target

from bittrue import spec
from bittrue.apps.radio.configuration import builtin, parse
from bittrue.apps.radio.data import png, scene
from bittrue.apps.radio.hardware.blocks import drawn, integer_net
from bittrue.apps.radio.latent import diffusion_folder
from bittrue.apps.radio.latent.autoencoder import AutoencoderSpec
from bittrue.apps.radio.latent.denoiser import DenoiserSpec
from bittrue.apps.radio.latent.diffusion_folder import Diffusion

_LEVELS = np.arange(65536, dtype=np.uint32).reshape(256, 256)
_ANTENNA = np.where(_LEVELS == 30000, 255, 0).astype(np.uint8)
_BUILDINGS = np.where(_LEVELS % 256 < 90, 255, 0).astype(np.uint8)


@target(lambda: [png.encoded((_LEVELS // 7 % 256).astype(np.uint8)), png.encoded(_BUILDINGS)])
def radio_map(data: bytes, folder: Path) -> object:
    (folder / "1_0.png").write_bytes(data)
    return png.read(folder / "1_0.png", "radio map")


@target(lambda: [png.encoded(_ANTENNA)])
def radio_antenna(data: bytes, folder: Path) -> object:
    (folder / "1_0.png").write_bytes(data)
    return scene.place(png.read(folder / "1_0.png", "antenna image"), folder / "1_0.png")


@target(lambda: [png.encoded(_BUILDINGS)])
def radio_buildings(data: bytes, folder: Path) -> object:
    (folder / "1.png").write_bytes(data)
    return scene.buildings(folder / "1.png")


@target(lambda: [builtin("first_radio"), builtin("radio_train_m")])
def radio_configuration(data: bytes, _: Path) -> object:
    return parse(data, "the configuration")


def _weights() -> list[bytes]:
    import torch

    values = {"encoder.conv_in.weight": torch.ones(2, 1, 3, 3), "decoder.conv_out.bias": torch.zeros(1)}
    tables = [{"step": 1, "model": values, "ema": {f"ema_model.{name}": one for name, one in values.items()}}, values]
    streams = [io.BytesIO() for _ in tables]
    for stream, table in zip(streams, tables, strict=True):
        torch.save(table, stream)
    return [stream.getvalue() for stream in streams]


@target(_weights)
def radio_weights(data: bytes, folder: Path) -> object:
    from bittrue.apps.radio.models import public_files

    (folder / "model-1.pt").write_bytes(data)
    return public_files.weights(folder / "model-1.pt", True)


def _model() -> Diffusion:
    sizes = DenoiserSpec("ldm", 1, 1, (1, 1)), AutoencoderSpec("vae", 1, (1, 1, 1), (1, 1, 1), 0)
    nets = [integer_net(one.graph, drawn(one.graph, 1)) for one in sizes]
    return Diffusion(*nets, 1, "vae")


@target(lambda: [_model().text.encode()])
def radio_diffusion(data: bytes, folder: Path) -> object:
    model = _model()
    spec.save(model.net, folder / "ldm")
    spec.save(model.autoencoder, folder / "vae")
    (folder / "ldm" / diffusion_folder.FILE).write_bytes(data)
    return diffusion_folder.read(folder / "ldm").text

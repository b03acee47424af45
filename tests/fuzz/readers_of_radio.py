"""Readers of radio maps: grey pictures, antennas, buildings, predicted folders' files, training configurations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from target import target

from bittrue.apps.radio.configuration import builtin, parse
from bittrue.apps.radio.data import png, scene

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

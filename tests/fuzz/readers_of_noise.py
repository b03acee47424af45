"""Readers of noise: sets in HDF5, plain and packed, their descriptions, and what a run says it was trained on."""

from __future__ import annotations

import io
import json
from pathlib import Path

import h5py
import numpy as np
from target import saved, target

from bittrue.apps.noise import dataset
from bittrue.apps.noise.dataset_hdf5 import stored
from bittrue.apps.noise.ofdm.recipe import described, recipe
from bittrue.apps.noise.reporting.runs import CONFIGURATION, Run, configured, samples


def _file(values: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("train", data=values, **options)
    return stream.getvalue()


def _description(name: str) -> bytes:
    return json.dumps(recipe(name).documents(4, 2, 960, 1)[dataset.OFDM], indent=1).encode()


_SIGNALS = np.arange(120, dtype=np.float64).reshape(6, 20) / 7


@target(lambda: [_file(_SIGNALS), _file(_SIGNALS * (1 + 2j)), _file(_SIGNALS.astype("f4"), compression="gzip")])
def noise_hdf5(data: bytes, folder: Path) -> object:
    (folder / "train.h5").write_bytes(data)
    return list(stored(folder / "train.h5", "train").pieces(4))


@target(lambda: [_description("CFO50"), _description("512fft_EVA70Hz"), _description("Dg0.1_Dphi0.087")])
def noise_description(data: bytes, folder: Path) -> object:
    (folder / dataset.OFDM).write_bytes(data)
    return described(dataset.description(folder))


@target(lambda: [b'{"epochs": 3, "dataloader_specs": {"dataset_specs": {"data_set": "FGN/FGN_fixed_H70"}}}'])
def noise_configuration(data: bytes, folder: Path) -> object:
    (folder / CONFIGURATION).write_bytes(data)
    return configured(folder)


@target(lambda: [saved(np.save, _SIGNALS), saved(np.save, np.stack([_SIGNALS, _SIGNALS], axis=1).astype("f4"))])
def noise_samples(data: bytes, folder: Path) -> object:
    (folder / "x.npy").write_bytes(data)
    return samples(Run(folder / "x.npy", "x", "FGN"), 4, 20)

"""Small data sets and dictionaries of noise GANs that train in a moment."""

from __future__ import annotations

import numpy as np

from bittrue.apps.noise.gan.configuration import checked, merged

DATA_SET = "FGN/FGN_fixed_H50"
SMALL = {
    "epochs": 2,
    "model_specs": {"model_levels": 3, "max_channels": 8},
    "dataloader_specs": {"batch_size": 8, "dataset_specs": {"data_set": DATA_SET}},
}
WAVE = {"model_specs": {"wavegan": True}}
STFT = {"dataloader_specs": {"dataset_specs": {"stft": True, "nperseg": 32}}}
WINDOWED = {"model_specs": {"model_levels": 3}}


def signals(count, length, seed=0, is_complex=False):
    """White noise with an offset and a scale that a scaler has to bring back."""
    random = np.random.default_rng(seed)
    x = 3 + 2 * random.normal(size=(count, length))
    return x + 1j * random.normal(size=(count, length)) if is_complex else x


def write_set(root, length=256, train=20, test=6, is_complex=False, name=DATA_SET):
    """A folder of the public layout below ``root``."""
    import h5py

    folder = root / name
    folder.mkdir(parents=True)
    for seed, (part, count) in enumerate((("train", train), ("test", test))):
        x = signals(count, length, seed, is_complex)
        with h5py.File(folder / f"{part}.h5", "w") as file:
            file["train"] = np.concatenate([np.full((count, 1), 0.5), x], axis=1)
    return folder


def small(*over):
    """A configuration over `SMALL`."""
    table = SMALL
    for each in over:
        table = merged(table, each)
    return checked(table)

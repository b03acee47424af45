"""Configuration dictionary of the noise GANs: every key of the public document with its default, typed and bounded.

Source of keys and defaults: the configuration documents of usnistgov/NoiseGAN and usnistgov/OFDM-GAN (Sklar and
Wunderlich, JRES 126046, 2021; Wunderlich and Sklar, Mach. Learn.: Sci. Technol. 4(3), 2023). ``seed`` and
``max_channels`` are bittrue's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from bittrue.errors import BadInput, shown
from bittrue.kit.bounds import Count, Section, Seed, Whole, Within
from bittrue.kit.schema import build

Table = dict[str, Any]
"""A configuration as its file has it: nested dictionaries."""

DEFAULTS: Table = {
    "save_model": True,
    "checkpoint": None,
    "epochs": 500,
    "D_updates": 1,
    "eval_model": True,
    "latent_type": "uniform",
    "num_gpus": 8,
    "start_gpu": 0,
    "seed": 0,
    "model_specs": {
        "model_levels": 5,
        "num_channels": 2,
        "weight_init": "kaiming_normal",
        "scale_factor": 2,
        "kernel_size": 128,
        "receptive_field_type": "kernel",
        "gan_bias": False,
        "latent_dim": 100,
        "wavegan": False,
        "phase_shuffle": True,
        "gen_batch_norm": False,
        "use_tanh": True,
        "max_channels": 1024,
    },
    "dataloader_specs": {
        "batch_size": 64,
        "dataset_specs": {
            "data_scaler": "global_min_max",
            "data_set": "OFDM/allocation_sets/mod16_iq_random_cp_long_128fft_rblocks1_subs36_evm-25",
            "num_samples": None,
            "pad_signal": None,
            "stft": False,
            "nperseg": 0,
            "fft_shift": False,
            "transform_type": "stft",
            "noverlap": 0.5,
            "data_rep": "IQ",
            "quantize": None,
        },
    },
    "optim_params": {"D": {"lr": 0.0001, "betas": [0.0, 0.9]}, "G": {"lr": 0.0001, "betas": [0.0, 0.9]}},
}
"""The public document, with ``None`` where it says none."""

NONE = "none"
ABSENT: Mapping[str, Any] = {
    "checkpoint": "",
    "num_samples": 0,
    "pad_signal": 0,
    "nperseg": 0,
    "noverlap": 0.0,
    "transform_type": NONE,
    "data_scaler": NONE,
    "quantize": NONE,
}
"""Keys that may be None, and what the typed configuration holds for it."""
NEXT_POWER = -1
"""``pad_signal`` of a signal that grows to the next power of 2: True in the file."""


@dataclass(frozen=True)
class ModelSpecs(Section):
    """The nets; ``max_channels`` is of the generator's first level, and every next one has half, at least 32."""

    model_levels: Annotated[int, Within(1, 12)]
    num_channels: Annotated[int, Within(1, 3)]
    weight_init: Literal[
        "uniform", "normal", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal"
    ]
    scale_factor: Annotated[int, Within(2, 16)]
    kernel_size: Annotated[int, Within(2, 4096)]
    receptive_field_type: Literal["kernel", "standard", "dilation"]
    gan_bias: bool
    latent_dim: Annotated[int, Within(1, 1 << 16)]
    wavegan: bool
    phase_shuffle: bool
    gen_batch_norm: bool
    use_tanh: bool
    max_channels: Annotated[int, Within(1, 1 << 13)]


@dataclass(frozen=True)
class DatasetSpecs(Section):
    """The signals and what the nets see of them; ``nperseg`` in samples, ``noverlap`` as a share of it."""

    data_scaler: Literal["feature_min_max", "feature_max_abs", "global_min_max", "global_max_abs", "none"]
    data_set: str
    num_samples: Whole
    pad_signal: Annotated[int, Within(NEXT_POWER, 1 << 24)]
    stft: bool
    nperseg: Annotated[int, Within(0, 1 << 20)]
    fft_shift: bool
    transform_type: Literal["stft", "none"]
    noverlap: Annotated[float, Within(0, 0.99)]
    data_rep: Literal["IQ", "log_mag_IF", "log_mag_GD", "log_mag_IQ"]
    quantize: Literal["channel", "feature", "none"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[\w+=.-]+(/[\w+=.-]+)*", self.data_set, re.ASCII) or ".." in self.data_set.split("/"):
            raise BadInput(
                f"data_set is {shown(self.data_set)}; name a folder below Datasets, such as FBM/FBM_fixed_H50"
            )


@dataclass(frozen=True)
class LoaderSpecs(Section):
    """Signals a step, and the data."""

    batch_size: Annotated[int, Within(1, 1 << 16)]
    dataset_specs: DatasetSpecs


@dataclass(frozen=True)
class Adam(Section):
    """Learning rate and the decays of Adam's two averages."""

    lr: Annotated[float, Within(0, 10)]
    betas: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise BadInput(f"betas is {shown(self.betas)}; two numbers from 0 to below 1 are needed")


@dataclass(frozen=True)
class OptimParams:
    """Of the critic D and the generator G."""

    D: Adam
    G: Adam


@dataclass(frozen=True)
class Settings(Section):
    """The dictionary with types; what is None in the file is as `ABSENT` says."""

    save_model: bool
    checkpoint: str
    epochs: Annotated[int, Within(1, 1_000_000)]
    D_updates: Count
    eval_model: bool
    latent_type: Literal["uniform", "gaussian", "truncated_normal"]
    num_gpus: Whole
    start_gpu: Whole
    seed: Seed
    model_specs: ModelSpecs
    dataloader_specs: LoaderSpecs
    optim_params: OptimParams

    @property
    def data(self) -> DatasetSpecs:
        """The signals."""
        return self.dataloader_specs.dataset_specs


@dataclass(frozen=True)
class Configuration:
    """One run.

    Parameters
    ----------
    given : dict
        What was said; the rest is `DEFAULTS`.
    """

    given: Table

    @property
    def table(self) -> Table:
        """The whole dictionary, in the form of the file."""
        return merged(DEFAULTS, self.given)

    @property
    def settings(self) -> Settings:
        """With types. Raises `BadInput` for a key or a value that is wrong, with the nearest right one."""
        made: Settings = build(Settings, _typed(self.table))
        return made

    def says(self, *path: str) -> bool:
        """Whether a key was given, whatever its value."""
        table: Any = self.given
        for key in path:
            if not isinstance(table, dict) or key not in table:
                return False
            table = table[key]
        return True

    def replaced(self, changes: Mapping[tuple[str, ...], Any]) -> Configuration:
        """With other values by their paths."""
        given = deepcopy(self.given)
        for (*above, key), value in changes.items():
            table = given
            for name in above:
                table = table.setdefault(name, {})
            table[key] = value
        return Configuration(given)

    def text(self) -> str:
        """The whole dictionary as JSON."""
        return json.dumps(self.table, indent=1) + "\n"


def checked(given: Any) -> Configuration:
    """A configuration from what a file holds, every key and value looked at. Raises `BadInput`."""
    if not isinstance(given, dict):
        raise BadInput(f"the configuration is {shown(given)}; a dictionary is needed")
    configuration = Configuration(plain(given))
    _ = configuration.settings
    return configuration


def leaves(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Values by their paths, in order."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= leaves(value, (*path, key))
        else:
            found[(*path, key)] = value
    return found


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Table:
    """One dictionary over another, level by level."""
    result = deepcopy(dict(below))
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else deepcopy(value)
    return result


def plain(value: Any) -> Any:
    """Tuples as lists, all the way down: one form for JSON, TOML and Python."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else shown(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def _typed(table: Table) -> Table:
    typed: Table = {}
    for key, value in table.items():
        if isinstance(value, dict):
            typed[key] = _typed(value)
        elif key in ABSENT and (value is None or (isinstance(value, str) and value.lower() == NONE)):
            typed[key] = ABSENT[key]
        elif key == "pad_signal" and isinstance(value, bool):
            typed[key] = NEXT_POWER if value else 0
        elif value is None:
            raise BadInput(f"{key} is None; give a value, or leave the key out")
        else:
            typed[key] = value
    return typed

"""Configurations of training in the published yaml form: one of the first stage (VAE), one of the diffusion model.

Which one it is follows from ``model.first_stage``. The published files are taken as they are; ``origin_compatible``
(true, false, or a list of `FirstStageFault` or `DiffusionFault`) and ``seed`` are ours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from bittrue.apps.radio.configuration_keys import DataSection, Diffusion, Finetune, FirstStage, Sampler, Trainer
from bittrue.apps.radio.yaml_text import BYTES, document
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.kit.bounds import Section, Within
from bittrue.kit.schema import build, nearest

SHIPPED = ("first_radio", "radio_train_m")
"""Built-in configurations: the first stage, and the diffusion model."""
TINY = ("tiny_vae", "tiny_ldm")
"""The same, small: they train in minutes on a CPU."""
FIRST_STAGE, DIFFUSION = "first stage", "diffusion"
FirstStageFault = Literal["passes", "clip", "logvar", "floor", "divisor"]
"""Faults of the published training of the first stage, each of which ``origin_compatible`` can bring back: passes are
counted and not batches; clipping behind the step; a log variance that stays 0; `bittrue.apps.radio.schedule`'s floor;
maps divided by 256 (`bittrue.apps.radio.data.maps.View`)."""
DiffusionFault = Literal["skip", "floor", "divisor"]
"""Of the diffusion: the factors of `bittrue.apps.radio.models.unet.Unet`, one of the wrong sign; the same two."""


@dataclass(frozen=True)
class FirstStageFile(Section):
    """A file without ``model.first_stage``: the first stage is trained."""

    model: FirstStage
    data: DataSection
    trainer: Trainer
    origin_compatible: tuple[FirstStageFault, ...] = ()
    seed: Annotated[int, Within(0, 2**32 - 1)] = 0

    stage, faults = FIRST_STAGE, get_args(FirstStageFault)

    @property
    def first_stage(self) -> FirstStage:
        """The autoencoder."""
        return self.model


@dataclass(frozen=True)
class DiffusionFile(Section):
    """A file with ``model.first_stage``: the diffusion model is trained in its latent."""

    model: Diffusion
    data: DataSection
    trainer: Trainer
    finetune: Finetune = field(default_factory=Finetune)
    sampler: Sampler = field(default_factory=Sampler)
    origin_compatible: tuple[DiffusionFault, ...] = ()
    seed: Annotated[int, Within(0, 2**32 - 1)] = 0

    stage, faults = DIFFUSION, get_args(DiffusionFault)

    @property
    def first_stage(self) -> FirstStage:
        """The autoencoder."""
        return self.model.first_stage


Configuration = FirstStageFile | DiffusionFile


def parse(content: bytes, what: str) -> Configuration:
    """A configuration from the text of its file.

    Raises `BadInput`, naming the key with its sections, for one that is missing, unknown (with the nearest), of another
    type or beyond its bounds.
    """
    table = _given(document(content, what))
    model = table.get("model")
    kind = DiffusionFile if isinstance(model, dict) and ({"first_stage", "unet"} & model.keys()) else FirstStageFile
    if "origin_compatible" in table:
        table["origin_compatible"] = _named(table["origin_compatible"], kind.faults, what)
    try:
        found: Configuration = build(kind, table)
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None
    return found


def load(source: str | os.PathLike[str]) -> Configuration:
    """A built-in configuration by its name, with or without ``.yaml``, or else the file there."""
    name = os.fspath(source)
    bare = name.removesuffix(".yaml")
    known = (*SHIPPED, *TINY)
    if bare in known and not Path(name).exists():
        return parse(builtin(bare), f"configuration {bare}")
    if not Path(name).suffix and not Path(name).exists():
        raise BadInput(
            f"unknown configuration {shown(name)}; choose {', '.join(known)}, or give a yaml file{nearest(name, known)}"
        )
    return parse(read_bytes(name, "the configuration", BYTES), name)


def builtin(name: str) -> bytes:
    """The file of a built-in configuration, one of `SHIPPED` or `TINY`."""
    return (resources.files(__package__).joinpath("recipes") / f"{name}.yaml").read_bytes()


def _named(asked: Any, faults: tuple[str, ...], what: str) -> list[Any]:
    """``origin_compatible`` as a list of faults, in one order and each once: all for true, none for false."""
    if isinstance(asked, bool):
        return list(faults) if asked else []
    if not isinstance(asked, list):
        raise BadInput(
            f"{what}: origin_compatible is {shown(asked)}; give true, false or a list of {', '.join(faults)}"
        )
    return [name for name in faults if name in asked] + [name for name in asked if name not in faults]


def _given(table: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that have no value: ``ckpt_path:`` says the same as no line."""
    kept = ((key, value) for key, value in table.items() if value is not None)
    return {key: _given(value) if isinstance(value, dict) else value for key, value in kept}

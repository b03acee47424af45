"""Sizes of a model and of its batches, bounded before memory is taken for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from bittrue.apps.radio.configuration import Configuration, DiffusionFile
from bittrue.apps.radio.models.public_files import LARGEST
from bittrue.errors import BadInput
from bittrue.limits import take

PARAMETERS = LARGEST // 16
"""Most parameters of a model: a checkpoint has each four times, as weight, average and two moments of AdamW."""
_Model = TypeVar("_Model", bound=nn.Module)


def built(build: Callable[[], _Model]) -> _Model:
    """The model that ``build`` gives. Raises `BadInput`, before it is built, for one of more than `PARAMETERS`."""
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in build().parameters())
    if count > PARAMETERS:
        raise BadInput(
            f"the configuration's model has {count:,} parameters and at most {PARAMETERS:,} are taken; lower ch, dim "
            "or their multiples"
        )
    return build()


def check_batch(configuration: Configuration, side: int, maps: int) -> None:
    """Raise `BadInput` where so many maps of a side at once take more memory than a command may (`take`).

    Counted are maps, conditions and what certainly has to be held beside them, float32: of the first stage's training
    the results of all convolutions at the maps' own side; of the diffusion model one result of the frozen encoder, and
    those of the U-Net at the latent's side.
    """
    dd = configuration.first_stage.ddconfig
    values = side * side * (4 + dd.ch)
    if isinstance(configuration, DiffusionFile):
        values += (side // dd.factor) ** 2 * configuration.model.unet.dim * 12
    else:
        values += side * side * dd.ch * (4 * dd.num_res_blocks + 2)
    take(4 * maps * values, f"a batch of {maps:,} maps of {side} x {side} pixels")

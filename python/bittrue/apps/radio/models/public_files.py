"""Files of weights: those that RadioDiff's code writes (``model-<n>.pt``) and ours, which have the same layout.

``model`` holds the parameters by name, ``ema`` their averages as ``ema_model.<name>``. The first stage's files have
``encoder``, ``decoder``, ``quant_conv``, ``post_quant_conv`` and ``loss``; the diffusion model's ``model`` (the U-Net),
``first_stage_model`` and ``scale_factor``. Nothing in a file is executed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from bittrue.apps.radio.configuration import DIFFUSION, FIRST_STAGE
from bittrue.errors import BadInput, shown
from bittrue.kit.training import checkpoint

LARGEST = 1 << 33
"""Most bytes of a file: the diffusion model with its optimiser has 3.6 GB."""
FIX = "name another file"
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64)
"""Of parameters and averages, and of counters and indices."""
OF_FIRST_STAGE = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")
Weights = dict[str, Tensor]


def weights(path: str | os.PathLike[str], average: bool) -> Weights:
    """The parameters of a file by name: the averages with ``average`` where there are some, else the plain ones.

    Raises `BadInput` where it cannot be read, or holds no parameters.
    """
    found = checkpoint.content(path, FIX, LARGEST)
    if isinstance(found, Mapping) and average and isinstance(found.get("ema"), Mapping):
        averages = {name.removeprefix("ema_model."): v for name, v in _named(found["ema"], "ema_model.").items()}
        if averages:
            return averages
    inner = found.get("model", found.get("state_dict", found)) if isinstance(found, Mapping) else None
    plain = {name.removeprefix("module."): value for name, value in _named(inner, "").items()}
    if not plain:
        raise BadInput(f"{path} holds no parameters by name; {FIX}")
    return plain


def load_first_stage(model: nn.Module, path: str | os.PathLike[str], average: bool = True) -> None:
    """Fill an autoencoder. Raises `BadInput` for a file of the other stage and for the first name that does not fit."""
    found = weights(path, average)
    _of_stage(path, found, FIRST_STAGE)
    fill(model, {name: value for name, value in found.items() if name.startswith(OF_FIRST_STAGE)}, path)


def load_diffusion(
    model: nn.Module, path: str | os.PathLike[str], average: bool = False, ignored: Iterable[str] = ()
) -> None:
    """Fill a `LatentDiffusion`, but for names that begin with one of ``ignored``, which keep what they have.

    A published file's averages are of all of it; ours are of the U-Net, and the first stage is taken from ``model``.
    """
    found = weights(path, average)
    if average and not any(name.startswith("first_stage_model.") for name in found):
        found = {**weights(path, False), **found}
    _of_stage(path, found, DIFFUSION)
    found = {name: value for name, value in found.items() if not name.startswith("first_stage_model.loss.")}
    fill(model, found, path, tuple(ignored), ("model.", "first_stage_model.", "scale_factor"))


def fill(
    model: nn.Module,
    found: Weights,
    path: str | os.PathLike[str],
    ignored: tuple[str, ...] = (),
    within: tuple[str, ...] = ("",),
) -> None:
    """Fill a module from parameters by name; what the module does not have within the names ``within`` is refused.

    Raises `BadInput`, naming the first parameter that is missing, unknown, of another shape, or holds what is no finite
    real number.
    """
    wanted = model.state_dict()
    for name, value in wanted.items():
        if ignored and name.startswith(ignored):
            continue
        if name not in found:
            raise BadInput(
                f"{path} has no {name}, which the configuration's net has; {FIX} or change the configuration"
            )
        if found[name].shape != value.shape:
            raise BadInput(
                f"{path} has {name} of shape {_shape(found[name])} and the configuration asks for {_shape(value)}; "
                f"{FIX} or change the configuration"
            )
        if not _is_finite(found[name]):
            raise BadInput(f"{path} has {name} with values that are no finite real numbers; {FIX}")
    for name in found:
        if name not in wanted and name.startswith(within) and not (ignored and name.startswith(ignored)):
            raise BadInput(f"{path} has {shown(name)}, which the configuration's net has not; {FIX}")
    kept = {name: wanted[name] if ignored and name.startswith(ignored) else found[name] for name in wanted}
    model.load_state_dict(kept)


def _of_stage(path: str | os.PathLike[str], found: Weights, stage: str) -> None:
    """Raises `BadInput` where the names are those of the other stage."""
    other = any(name.startswith(("first_stage_model.", "model.")) for name in found)
    if other != (stage == DIFFUSION):
        is_of, wanted = (DIFFUSION, FIRST_STAGE) if other else (FIRST_STAGE, DIFFUSION)
        raise BadInput(f"{path} is a checkpoint of the {is_of} model and one of the {wanted} model is needed; {FIX}")


def _named(table: Any, prefix: str) -> Weights:
    if not isinstance(table, Mapping):
        return {}
    return {
        name: value
        for name, value in table.items()
        if isinstance(name, str) and name.startswith(prefix) and isinstance(value, Tensor)
    }


def _is_finite(value: Tensor) -> bool:
    plain = value.layout == torch.strided and value.dtype in DTYPES and not value.is_meta
    return plain and bool(value.isfinite().all())


def _shape(value: Tensor) -> str:
    return " x ".join(map(str, value.shape)) or "one number"

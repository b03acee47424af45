"""What a user gives as data, as one tensor of samples for each input of a module."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bittrue.errors import BadInput, shown

MOST = 1024
"""Most samples that formats are chosen by; of more, as many are taken at equal distances."""


def samples(given: Any, module: nn.Module, what: str) -> tuple[Tensor, ...]:
    """Tensors (N, ...), N the same for all and `MOST` at most, of the module's device and type of numbers.

    Parameters
    ----------
    given : tensor or array (N, ...), a tuple of one for each input, or an iterable of batches
        Batches as a `DataLoader` gives them: what is behind the inputs (labels, say) is not taken.
    module : Module
    what : str
        How messages call it.

    Raises
    ------
    BadInput
        For no samples, integers, NaN or infinity, or inputs of which one has more samples than another.
    """
    single = isinstance(given, Tensor | np.ndarray)
    tensors = (given,) if single else given if isinstance(given, tuple) else _joined(given, module, what)
    found = tuple(_checked(tensor, what, module) for tensor in tensors)
    counts = {len(tensor) for tensor in found}
    if len(counts) != 1:
        raise BadInput(f"{what} has {sorted(counts)} samples by input; give as many of each")
    return found


def example(found: Sequence[Tensor]) -> list[Tensor]:
    """Two samples of each input: as many as tell the axis of samples from others of length 1."""
    return [torch.cat([tensor[:1], tensor[-1:]]) for tensor in found]


def _joined(given: Any, module: nn.Module, what: str) -> tuple[Tensor, ...]:
    """The batches of an iterable one behind the other, until there are enough samples."""
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | dict):
        raise BadInput(
            f"{what} is {shown(given)}; give a tensor (N, ...), a tuple of them, or batches as of a DataLoader"
        )
    arguments = inspect.signature(module.forward).parameters.values()
    inputs = sum(argument.default is argument.empty for argument in arguments)
    parts: list[list[Tensor]] = []
    for batch in given:
        tensors = batch if isinstance(batch, list | tuple) else [batch]
        if len(tensors) < inputs or not all(isinstance(tensor, Tensor | np.ndarray) for tensor in tensors[:inputs]):
            raise BadInput(
                f"{what} has a batch {shown(type(batch).__name__)}; give {inputs} tensors of samples in each"
            )
        parts.append([torch.as_tensor(tensor) for tensor in tensors[:inputs]])
        if sum(len(part[0]) for part in parts) >= MOST:
            break
    if not parts:
        raise BadInput(f"{what} has no batches; give at least one sample")
    try:
        return tuple(torch.cat(list(tensors)) for tensors in zip(*parts, strict=True))
    except RuntimeError as error:
        raise BadInput(f"{what} has batches that do not fit each other: {error}; give samples of one shape") from None


def _checked(tensor: Any, what: str, module: nn.Module) -> Tensor:
    if not isinstance(tensor, Tensor | np.ndarray):
        raise BadInput(f"{what} holds a {type(tensor).__name__}; give tensors or arrays of samples")
    found = torch.as_tensor(tensor).detach()
    if found.ndim < 2 or not found.numel():
        raise BadInput(f"{what} has shape {tuple(found.shape)}; give samples along axis 0, (N, ...), one at least")
    if not found.is_floating_point():
        raise BadInput(f"{what} holds {found.dtype} numbers; give the float values that the module takes")
    if not torch.isfinite(found).all():
        raise BadInput(f"{what} holds NaN or infinity; clean the data")
    if len(found) > MOST:
        found = found[torch.linspace(0, len(found) - 1, MOST).to(torch.int64)]
    like = next((p for p in module.parameters() if p.is_floating_point()), None)
    return found.to(torch.float32) if like is None else found.to(like.device, like.dtype)

"""Checkpoints as files of PyTorch's."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.qat.ai8x.exporting import to_checkpoint


def torch_bytes(state: Mapping[str, Any], arch: str, epoch: int) -> bytes:
    """A ``.pth.tar`` of a state: ``epoch``, ``arch``, ``state_dict``, ``extras``, as ai8x-synthesis reads it.

    Integers become float32 tensors, as there; other arrays keep their type.
    """
    tensors = OrderedDict((name, _tensor(value)) for name, value in state.items())
    return _saved({"epoch": epoch, "arch": arch, "state_dict": tensors, "extras": {"clipping_method": "MAX_BIT_SHIFT"}})


def save_checkpoint(model: nn.Module, path: str | Path, arch: str = "", epoch: int = 0) -> None:
    """Write `to_checkpoint` of a model, whole or not at all, in the form that the ending of ``path`` names.

    Raises `BadInput` for an ending other than ``.npz``, ``.pth.tar``, ``.pth`` and ``.pt``.
    """
    if not str(path).lower().endswith((".npz", ".pth.tar", ".pth", ".pt")):
        raise BadInput(f"{path} names no format of checkpoints; end it in .npz or .pth.tar")
    npz = str(path).lower().endswith(".npz")
    write_whole(path, npz_bytes(model) if npz else _saved(to_checkpoint(model, arch, epoch)))


def npz_bytes(model: nn.Module) -> bytes:
    """The state of `to_checkpoint` as a ``.npz`` of plain arrays; the same model gives the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **{name: value.numpy() for name, value in to_checkpoint(model)["state_dict"].items()})
    return buffer.getvalue()


def _tensor(value: Any) -> torch.Tensor:
    tensor = torch.as_tensor(value)
    return tensor.to(torch.float32) if tensor.dtype == torch.int64 else tensor


def _saved(document: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(document, buffer)
    return buffer.getvalue()

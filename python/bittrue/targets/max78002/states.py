"""The state of a checkpoint file: arrays by key, in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.limits import ELEMENTS
from bittrue.readers import npz, refusing
from bittrue.targets.max78002.archive import read_archive
from bittrue.targets.max78002.layer_keys import SCALARS, WRAPPERS, layers_of
from bittrue.targets.max78002.storages import Opaque, StoredTensor

Array = npt.NDArray[Any]

KEY = 500
"""Longest key."""

_NEEDED = ("weight", "bias", "running_mean", "running_var", *SCALARS)


def npz_state(path: str | Path) -> dict[str, Array]:
    """The arrays of a ``.npz``. Raises `BadInput`."""
    arrays = npz(
        read_bytes(path, "the checkpoint"), f"the checkpoint {path}", "write it again as a .npz of plain arrays"
    )
    _check(path, {key: array.size for key, array in arrays.items()})
    return _unwrapped(arrays)


def torch_state(path: str | Path) -> tuple[dict[str, Array], str, int]:
    """The tensors of an archive of ``torch.save``, its ``arch`` and its ``epoch``. Raises `BadInput`."""
    content = read_archive(path)
    document = content if isinstance(content, dict) else {}
    state = document.get("state_dict", document)
    tensors = {} if not isinstance(state, dict) else {k: v for k, v in state.items() if isinstance(v, StoredTensor)}
    if not tensors:
        raise BadInput(f"{path} has no state_dict with tensors; give the checkpoint that training saved")
    _refuse_unread(path, state)
    _check(path, {key: tensor.count for key, tensor in tensors.items()})
    arrays: dict[str, Array] = {}
    for key, tensor in tensors.items():
        with refusing(f"the checkpoint {path}, tensor {shown(key)}", "save it again"):
            arrays[key] = tensor.array()
    arch, epoch = document.get("arch"), document.get("epoch")
    arch = arch if isinstance(arch, str) and arch.isprintable() else ""
    return _unwrapped(arrays), arch[:KEY], epoch if type(epoch) is int and 0 <= epoch < 1 << 31 else 0


def _refuse_unread(path: str | Path, state: Mapping[Any, Any]) -> None:
    """What belongs to a layer and is no plain tensor must not be passed over."""
    for key, value in state.items():
        if isinstance(key, str) and key.rpartition(".")[2] in _NEEDED and not isinstance(value, StoredTensor):
            kind = value.text if isinstance(value, Opaque) else type(value).__name__
            raise BadInput(f"{path}: {shown(key)} is no plain tensor but {shown(kind)}; save it as a float32 tensor")


def _check(path: str | Path, counts: Mapping[Any, int]) -> None:
    """Raise `BadInput` for keys that cannot be shown, and for more numbers than are read."""
    for key in counts:
        if not isinstance(key, str) or not 0 < len(key) <= KEY or not key.isprintable():
            raise BadInput(f"{path} has the key {shown(key)}; keys are names of up to {KEY} letters")
    if (total := sum(counts.values())) > ELEMENTS:
        largest = max(counts, key=lambda key: counts[key])
        raise BadInput(
            f"{path} holds {total:,} numbers, {counts[largest]:,} of them in {largest}; up to {ELEMENTS:,} are read, "
            f"which is far more than fit the chip, so save only what the net needs"
        )


def _unwrapped(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays without what training puts before every key, where it stands before all of them.

    Where only some keys have it the file holds layers twice, and both names are kept.
    """
    for wrapper in WRAPPERS:
        short = {key.removeprefix(wrapper): value for key, value in arrays.items()}
        nested = all("." in keys.operation for keys in layers_of(short))  # X.weight has its parameters by another rule
        if nested and all(key.startswith(wrapper) for key in arrays):
            return short
    return dict(arrays)

"""Folding batch norm in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num.batch_norm import fold_batch_norm
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.parameters import numbers

Array = npt.NDArray[Any]


def fold(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with every ``X.bn`` folded into ``X.op`` (`bittrue.num.fold_batch_norm`), and no ``.bn.`` key.

    Raises `BadInput` where there is nothing to fold, or statistics are missing or do not fit.
    """
    norms = checkpoint.batch_norms
    if not norms:
        raise BadInput(f"{checkpoint.path} has no batch norm; there is nothing to fold, use it as it is")
    state = dict(checkpoint.state)
    for name in norms:
        norm = {key: state.pop(key) for key in list(state) if key.startswith(f"{name}.bn.")}
        missing = [key for key in ("running_mean", "running_var") if f"{name}.bn.{key}" not in norm]
        if missing or f"{name}.op.weight" not in state:
            key = f"{name}.bn.{missing[0]}" if missing else f"{name}.op.weight"
            raise BadInput(f"{checkpoint.path} lacks {key}, without which {name}.bn cannot be folded; save it again")
        weight, bias = _folded(checkpoint.path, name, state | norm)
        state[f"{name}.op.weight"] = weight
        state = _beside(state, f"{name}.op.weight", f"{name}.op.bias", bias)
    return replace(checkpoint, state=state)


def _folded(path: str, name: str, state: Mapping[str, Array]) -> tuple[Array, Array]:
    """Weight and bias of a layer with its batch norm folded in."""
    keys = ("op.weight", "op.bias", "bn.running_mean", "bn.running_var", "bn.weight", "bn.bias")
    given = [state.get(f"{name}.{key}") for key in keys]
    rows = [
        None if row is None else numbers(row, f"{path}: {name}.{key}") for key, row in zip(keys, given, strict=True)
    ]
    if rows[0] is not None and rows[0].ndim < 2:
        raise BadInput(
            f"{path}: {name}.op.weight has shape {rows[0].shape}; a layer's has 2 axes or more; save it again"
        )
    turned = rows[0] is not None and _transposed(rows[0], rows[2])
    if turned and rows[0] is not None:
        rows[0] = rows[0].swapaxes(0, 1)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            weight, bias = fold_batch_norm(*rows)  # type: ignore[arg-type]
    except BadInput as error:
        raise BadInput(f"{path}: {name}: {error}") from None
    what = f"{path}: {name}.bn folded into {name}.op"
    weight = np.ascontiguousarray(weight.swapaxes(0, 1)) if turned else weight
    return numbers(weight, what), numbers(bias, what)


def _transposed(weight: Array, mean: Array | None) -> bool:
    """Whether a kernel is one of a transposed convolution, which has inputs first: statistics are as many as outputs.

    Where it has as many inputs as outputs it is taken for one of a plain convolution, as ai8x-training does.
    """
    return weight.ndim == 4 and mean is not None and mean.shape == weight.shape[1:2] != weight.shape[:1]


def _beside(state: dict[str, Any], before: str, key: str, value: Any) -> dict[str, Any]:
    """``state`` with a key, right behind another where it is new."""
    if key in state:
        return state | {key: value}
    items: dict[str, Any] = {}
    for name, array in state.items():
        items[name] = array
        if name == before:
            items[key] = value
    return items

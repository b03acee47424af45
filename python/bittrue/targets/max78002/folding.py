"""Folding batch norm in a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bittrue.errors import BadInput
from bittrue.num.batch_norm import fold_batch_norm
from bittrue.targets.max78002.checkpoint import Checkpoint


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
        try:
            weight, bias = fold_batch_norm(
                state[f"{name}.op.weight"],
                state.get(f"{name}.op.bias"),
                norm[f"{name}.bn.running_mean"],
                norm[f"{name}.bn.running_var"],
                norm.get(f"{name}.bn.weight"),
                norm.get(f"{name}.bn.bias"),
            )
        except BadInput as error:
            raise BadInput(f"{checkpoint.path}: {name}: {error}") from None
        state[f"{name}.op.weight"] = weight
        state = _beside(state, f"{name}.op.weight", f"{name}.op.bias", bias)
    return replace(checkpoint, state=state)


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

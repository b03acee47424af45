"""Which layers of a checkpoint a description takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bittrue.errors import BadInput
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.layer_keys import LayerKeys, plain, same_layer

NAMED = 8
"""Layers that a sentence names before it only counts them."""


def chosen(checkpoint: Checkpoint, count: int, description: str) -> tuple[Checkpoint, str]:
    """The checkpoint with the ``count`` layers that a description takes, and a remark where there was a choice.

    As in ai8x-synthesis these are the first ``count`` weights in the order of the file, each with the bias and the
    parameters of exactly its name. Files that hold every layer twice, as ``module.X`` and as ``X``, are taken so, and
    layers beyond the description's are left.

    Raises
    ------
    BadInput
        For fewer layers; where one layer stands twice among those taken; and where fractions would be taken while there
        are integers too.
    """
    layers = checkpoint.keys
    taken, rest = layers[:count], layers[count:]
    _refuse_twice(checkpoint.path, taken, description)
    twins = [_twin(layer, taken) for layer in rest]
    if len(taken) < count or not taken:
        raise BadInput(
            f"{description} describes {count} layers with weights, and {checkpoint.path} has {len(layers)}: "
            f"{_names(layers)}; use the two that belong together"
        )
    for first, layer in zip(twins, rest, strict=True):
        if first and checkpoint.integers(layer) and not checkpoint.whole(first):
            raise BadInput(
                f"{checkpoint.path} has one layer twice: {first.weight} with fractions and {layer.weight} with "
                f"integers, and the first would be taken; remove one of the two"
            )
    if not rest:
        return checkpoint, ""
    copies = None not in twins and _complete(taken, rest, twins)
    remark = (
        f"{checkpoint.path} holds {'layers twice' if copies else f'more layers than the {count} described'}; as in "
        f"ai8x-synthesis the first in the file were taken, "
        f"{_names(taken)}{_biases(checkpoint, taken)}, and not {_names(rest)}{_biases(checkpoint, rest)}"
    )
    return replace(checkpoint, state=_without(checkpoint, taken, rest)), remark


def twice(layers: Sequence[LayerKeys]) -> tuple[LayerKeys, LayerKeys] | None:
    """The first two keys that are one layer's, as ``module.conv1.op.weight`` and ``conv1.op.weight`` are."""
    seen: dict[str, LayerKeys] = {}
    for layer in layers:
        first = seen.setdefault(plain(layer.operation), layer)
        if first is not layer:
            return first, layer
    return None


def _refuse_twice(path: str, taken: Sequence[LayerKeys], description: str) -> None:
    found = twice(taken)
    if found:
        raise BadInput(
            f"{path} has one layer twice, as {found[0].weight} and {found[1].weight}, and both are among the "
            f"{len(taken)} that {description} takes; remove one of the two"
        )


def _twin(layer: LayerKeys, taken: Sequence[LayerKeys]) -> LayerKeys | None:
    """The layer among those taken of which another is a copy."""
    same = (first for first in taken if plain(first.operation) == plain(layer.operation))
    return next(same, None) or next((first for first in taken if same_layer(first, layer)), None)


def _complete(taken: Sequence[LayerKeys], rest: Sequence[LayerKeys], twins: Sequence[LayerKeys | None]) -> bool:
    """Whether copies under a prefix that is no wrapper are copies of all layers; a few might be layers of their own."""
    known = all(
        first and plain(first.operation) == plain(layer.operation) for first, layer in zip(twins, rest, strict=True)
    )
    return known or len({twins.count(first) for first in taken}) == 1


def _without(checkpoint: Checkpoint, taken: Sequence[LayerKeys], rest: Sequence[LayerKeys]) -> dict[str, Any]:
    kept, owners = {key for layer in taken for key in layer.all}, {layer.layer for layer in rest}

    def left(key: str) -> bool:
        parts = key.split(".")
        return any(".".join(parts[:end]) in owners for end in range(1, len(parts)))

    return {key: value for key, value in checkpoint.state.items() if key in kept or not left(key)}


def _names(layers: Sequence[LayerKeys]) -> str:
    more = f" and {len(layers) - NAMED} more" if len(layers) > NAMED else ""
    return ", ".join(layer.name for layer in layers[:NAMED]) + more


def _biases(checkpoint: Checkpoint, layers: Sequence[LayerKeys]) -> str:
    count = sum(layer.bias in checkpoint.state for layer in layers)
    if count in (0, len(layers)):
        return f" (with{'' if count else 'out'} biases)"
    return f" ({count} of {len(layers)} with biases)"

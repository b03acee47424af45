"""The parameters of one layer of a checkpoint, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, amount
from bittrue.targets.max78002.layer_keys import SCALARS, LayerKeys

Array = npt.NDArray[Any]
FLOAT32 = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class LayerParameters:
    """Parameters of one layer as the file has them.

    Parameters
    ----------
    keys : LayerKeys
    weight : float or integer array, 2, 3 or 4 axes
    bias : array (O,), optional
    weight_bits : int
        0 where training has not begun to quantise.
    output_shift, shift_quantile : float
    quantize_activation, adjust_output_shift : bool
    given : frozenset of str
        Which of `SCALARS` the file has; the others are defaults.
    """

    keys: LayerKeys
    weight: Array
    bias: Array | None
    weight_bits: int = 8
    bias_bits: int = 8
    output_shift: float = 0.0
    shift_quantile: float = 1.0
    quantize_activation: bool = False
    adjust_output_shift: bool = False
    given: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """What the layer is called."""
        return self.keys.name

    @classmethod
    def of(cls, state: Mapping[str, Array], path: str, keys: LayerKeys) -> LayerParameters:
        """The parameters of a layer of a state. Raises `BadInput` for arrays of a wrong type, shape or value."""
        _refuse_strays(state, path, keys)
        weight = numbers(state[keys.weight], f"{path}: {keys.weight}")
        if weight.ndim not in (2, 3, 4):
            raise BadInput(
                f"{path}: {keys.weight} has shape {weight.shape}; convolutions have 3 or 4 axes and linear layers 2, "
                f"{_meaning(weight.ndim)}"
            )
        bias = state.get(keys.bias)
        if bias is not None:
            bias = numbers(bias, f"{path}: {keys.bias}")
            outputs = weight.shape[:1] if weight.ndim < 4 else weight.shape[:2]  # a transposed kernel has inputs first
            if (
                bias.ndim != 1
                or all(len(bias) % count for count in outputs)
                or (weight.ndim < 4 and len(bias) != outputs[0])
            ):
                raise BadInput(
                    f"{path}: {keys.bias} has shape {bias.shape} and the weight {weight.shape}; it needs one number "
                    f"a row"
                )
        return cls(keys, weight, bias, **_scalars(state, path, keys))


def _meaning(axes: int) -> str:
    return "so fold batch norm, or remove what is no layer of the chip" if axes == 1 else "so remove it"


def _scalars(state: Mapping[str, Array], path: str, keys: LayerKeys) -> dict[str, Any]:
    given = [name for name in SCALARS if keys.scalar(name) in state]
    found = {name: _scalar(state[keys.scalar(name)], f"{path}: {keys.scalar(name)}") for name in given}
    for name in ("weight_bits", "bias_bits"):
        if found.get(name, 8) not in (0, 1, 2, 4, 8):
            raise BadInput(f"{path}: {keys.scalar(name)} is {amount(found[name])}; the chip has 1, 2, 4 and 8 bits")
    if not 0 <= found.get("shift_quantile", 1) <= 1:
        raise BadInput(f"{path}: {keys.scalar('shift_quantile')} is {amount(found['shift_quantile'])}; choose 0 to 1")
    typed: dict[str, Any] = {
        name: value if name in ("output_shift", "shift_quantile") else int(value) for name, value in found.items()
    }
    return typed | {"given": frozenset(given)}


def _refuse_strays(state: Mapping[str, Array], path: str, keys: LayerKeys) -> None:
    """Parameters under a name where ai8x-synthesis does not look for them would be lost without a word."""
    for name in SCALARS:
        stray = f"{keys.operation}.{name}"
        if stray != keys.scalar(name) and stray in state:
            raise BadInput(
                f"{path} has {stray} for {keys.weight}, which ai8x reads as {keys.scalar(name)}; rename the weight to "
                f"{keys.operation}.op{keys.weight[len(keys.operation) :]}, or the parameter"
            )


def numbers(values: Array, what: str) -> Array:
    """``values``; `BadInput` unless they are real numbers that float32 holds, one or more."""
    if values.dtype.kind not in "iuf" or not values.size:
        raise BadInput(f"{what} holds {values.size} numbers of type {values.dtype}; real numbers are needed")
    if not np.isfinite(values).all():
        raise BadInput(f"{what} holds NaN or infinity; take an earlier checkpoint")
    if max(abs(float(values.min())), abs(float(values.max()))) > FLOAT32:
        raise BadInput(f"{what} holds numbers beyond float32; take an earlier checkpoint")
    return values


def _scalar(value: Array, what: str) -> float:
    if value.size != 1 or value.dtype.kind not in "biuf" or not np.isfinite(value).all():
        raise BadInput(f"{what} has shape {value.shape} and type {value.dtype}; it must be one number")
    return float(value.reshape(()))

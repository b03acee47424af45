"""From float weights to integers, as ai8x-synthesis' ``quantize.py`` does it: integer for integer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num.quantile import checked_bits, output_shift, weight_codes
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.parameters import LayerParameters

Array = npt.NDArray[Any]


def quantise(checkpoint: Checkpoint, bits: Sequence[int | None] = (), default_bits: int = 8) -> Checkpoint:
    """A checkpoint of integers.

    A layer's power of two comes from the quantile ``shift_quantile`` of its magnitudes (`bittrue.num.quantile`)::

        s = output_shift(weight, bias)          stored as X.output_shift
        W = clamp(floor(w * 2**(B - 1 - s) + 1/2))      stored as X.op.weight
        b = the same of the bias                        stored as b * 2**(B - 1) in X.op.bias

    Parameters
    ----------
    checkpoint : Checkpoint
        Without batch norm.
    bits : sequence of int or None
        Bits of each layer's weights, as a network description gives them; where it is ``None`` or too short, the
        checkpoint's ``weight_bits`` count, and where those are 0 or missing, ``default_bits``.
    default_bits : int
        8, 4, 2 or 1.

    Returns
    -------
    Checkpoint
        The same keys in the same order; integers are int64.

    Raises
    ------
    BadInput
        For batch norm that is not folded, a file that is quantised already, wholly or in part, or numbers of bits that
        do not exist.
    """
    layers = checkpoint.parameters()
    if checkpoint.quantised:
        raise BadInput(f"{checkpoint.path} is quantised already: its weights are whole numbers; use it as it is")
    if len(bits) > len(layers):
        raise BadInput(
            f"the network describes {len(bits)} layers with weights and {checkpoint.path} has {len(layers)}; use the "
            f"two that belong together"
        )
    _refuse_scales(checkpoint)
    _refuse_mixtures(checkpoint, layers)
    state = dict(checkpoint.state)
    for index, layer in enumerate(layers):
        width = _width(layer, bits[index] if index < len(bits) else None, default_bits)
        shift = output_shift(layer.weight, layer.bias, layer.shift_quantile, width)
        keys = layer.keys
        state[keys.weight] = weight_codes(layer.weight, shift, width)
        new: dict[str, Any] = {
            "output_shift": [shift],
            "weight_bits": [width],
            "bias_bits": [width],
            "quantize_activation": [1],
            "adjust_output_shift": [0],
        }
        if layer.bias is not None:
            state[keys.bias] = weight_codes(layer.bias, shift, width) << (width - 1)
        state |= {keys.scalar(name): np.asarray(value, np.int64) for name, value in new.items()}
        state.setdefault(keys.scalar("shift_quantile"), np.array([layer.shift_quantile], np.float32))
    return replace(checkpoint, state=state)


def _width(layer: LayerParameters, chosen: int | None, default: int) -> int:
    """Bits of a layer's weights: chosen, else the checkpoint's, else the default."""
    if chosen == -1:
        raise BadInput(
            f"layer {layer.name} is to have -1/+1 weights, which rounding does not make; write them as integers into "
            f"the checkpoint yourself, or choose 1 bit, -1 and 0"
        )
    return checked_bits(chosen or layer.weight_bits * ("weight_bits" in layer.given) or default)


def _refuse_scales(checkpoint: Checkpoint) -> None:
    """Newer training tools keep scales of activations beside the weights; without them shifts would be wrong."""
    for key, value in checkpoint.state.items():
        if key.endswith((".activation_threshold", ".final_scale")) and np.any((value != 0) & (value != 1)):
            raise BadInput(
                f"{checkpoint.path} has activation scales ({key}), which are not known here; quantise it with "
                f"the vendor's tool and import the result"
            )


def _refuse_mixtures(checkpoint: Checkpoint, layers: Sequence[LayerParameters]) -> None:
    """Codes must not be quantised again, and layers that share their parameters would have one shift."""
    owners: dict[str, LayerParameters] = {}
    codes = [layer.name for layer in layers if checkpoint.integers(layer.keys)]
    floats = [layer.name for layer in layers if not checkpoint.whole(layer.keys)]
    if codes and floats:
        raise BadInput(
            f"{checkpoint.path} holds integers in layer {codes[0]} and fractions in layer {floats[0]}, so part "
            f"of it is quantised already; quantise the checkpoint that training saved"
        )
    for layer in layers:
        first = owners.setdefault(layer.keys.layer, layer)
        if first is not layer:
            raise BadInput(
                f"{checkpoint.path}: {first.keys.weight} and {layer.keys.weight} share the parameters "
                f"{layer.keys.layer}.*, and each needs a shift of its own; rename one to "
                f"{layer.keys.operation}.op.weight"
            )

"""Weights, bias and shift of a layer: what a checkpoint has for it, as the chip takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, amount
from bittrue.spec import transposed_kernel
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.described import Described, Description
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.parameters import LayerParameters

Codes = npt.NDArray[np.int64]
LARGEST = 1 << 16
"""Codes beyond it are no codes, whatever the layer."""

Found = dict[int, tuple[str, dict[str, Any]]]
"""By number of a layer: what the checkpoint calls it, and ``weight``, ``bias``, ``bits``, ``output_shift``."""


def layer_weights(description: Description, checkpoint: Checkpoint, device: Device) -> Found:
    """What the checkpoint has for every layer with weights, its own or those of another layer.

    A layer of its own weights has those that follow in the order of the file. Raises `BadInput`, naming the layer,
    where weights do not belong to it.
    """
    rows: Iterator[LayerParameters] = iter(checkpoint.parameters())
    found: Found = {}
    for layer in description.layers:
        place = f"{description.path}: {layer}"
        if layer.weighted:
            given = next(rows)
            found[layer.index] = given.keys.plain, _taken(layer, given, device, place)
        elif layer.weight_source is not None and layer.operation != "none":
            if layer.weight_source not in found:
                raise BadInput(f"{place}: weight_source {layer.weight_source} is no earlier layer with weights")
            again = found[layer.weight_source][1]
            _check_shape(layer, again["weight"], place, "the weight")
            found[layer.index] = "", again
    return found


def _taken(layer: Described, given: LayerParameters, device: Device, place: str) -> dict[str, Any]:
    weight = _whole(given.weight, given.keys.weight)
    weight = _oriented(layer, weight, place, given.keys.weight)
    _check_shape(layer, weight, place, given.keys.weight)
    if given.bias is not None and given.bias.shape != weight.shape[:1]:
        raise BadInput(
            f"{place}: {given.keys.bias} has shape {given.bias.shape} and the layer {len(weight)} outputs; it needs "
            f"one number an output"
        )
    bits = _bits(weight, layer, given, device)
    lowest, highest = (-1, 1) if bits < 0 else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    if int(weight.min()) < lowest or int(weight.max()) > highest or (bits < 0 and not weight.all()):
        kind = "-1/+1" if bits < 0 else f"{bits}-bit"
        raise BadInput(
            f"{place}: {given.keys.weight} holds {int(weight.min())}..{int(weight.max())}, which are not {kind} "
            f"weights; set quantization to what the checkpoint was quantised for"
        )
    shift = given.output_shift if layer.output_shift is None else float(layer.output_shift)
    if shift != np.floor(shift):
        raise BadInput(f"{place}: {given.keys.scalar('output_shift')} is {amount(shift)}; a shift is a whole number")
    return {"weight": weight, "bias": _bias_bytes(given), "bits": bits, "output_shift": int(shift)}


def _oriented(layer: Described, weight: Codes, place: str, key: str) -> Codes:
    """The weight with as many axes as the layer's has, outputs first.

    Sides of 1 may be there or not: a linear layer's matrix is a convolution's kernel of 1, and the other way.
    """
    axes = {"linear": 0, "conv1d": 1}.get(layer.operation, 2)
    sides = weight.shape[2:]
    if len(sides) < axes:
        sides = sides + (1,) * (axes - len(sides))
    elif set(sides[axes:]) <= {1}:
        sides = sides[:axes]
    if layer.operation != "convtranspose2d":
        return weight.reshape(*weight.shape[:2], *sides)
    if len(weight) % layer.groups:
        raise BadInput(f"{place} has {layer.groups} groups, and {key} shape {weight.shape}; correct the description")
    return transposed_kernel(weight.reshape(*weight.shape[:2], *sides), layer.groups)


def _check_shape(layer: Described, weight: Codes, place: str, key: str) -> None:
    wanted = {"linear": (), "conv1d": (layer.kernel,)}.get(layer.operation, (layer.kernel,) * 2)
    if weight.shape[2:] != wanted:
        kind = "linear"
        if wanted:
            kind = f"{layer.operation} with kernel_size {'x'.join(map(str, wanted))}"
        raise BadInput(f"{place} is {kind}, but {key} has shape {weight.shape}; correct the description")


def _bits(weight: Codes, layer: Described, given: LayerParameters, device: Device) -> int:
    if layer.quantization is not None:
        return layer.quantization
    if device.binary and (np.abs(weight) == 1).all():
        return -1
    return 1 if not weight.any() else given.weight_bits or 8


def _bias_bytes(given: LayerParameters) -> Codes | None:
    if given.bias is None:
        return None
    found = np.floor(given.bias / (1 << ((given.weight_bits or 8) - 1)))
    if found.min() < -128 or found.max() > 127:
        raise BadInput(
            f"{given.keys.bias} needs bytes of {amount(found.min())}..{amount(found.max())}; the chip has -128..127, "
            f"so quantise the checkpoint again"
        )
    return found.astype(np.int64)


def _whole(values: npt.NDArray[Any], what: str) -> Codes:
    values = np.asarray(values, np.float64)  # half precision does not hold the limit
    if not np.array_equal(values, np.floor(values)):
        raise BadInput(f"{what} holds fractions; quantise the checkpoint first: bittrue ecg quantize")
    if values.max() > LARGEST or values.min() < -LARGEST:
        raise BadInput(
            f"{what} holds {amount(float(values.min()))}..{amount(float(values.max()))}; the chip has codes of 8 bits"
        )
    return values.astype(np.int64)

"""An ai8x network description and its checkpoint become a net."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.spec import Axis, Net
from bittrue.spec.stages import Stage, node_name, stage_net, stage_types
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.choosing import chosen
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.length import input_length
from bittrue.targets.max78002.limits import check_stages
from bittrue.targets.max78002.network import Described, Description
from bittrue.targets.max78002.parameters import LayerParameters
from bittrue.targets.max78002.quantise import quantise

Codes = npt.NDArray[np.int64]
LARGEST = 1 << 16
"""Codes beyond it are no codes, whatever the layer."""


@dataclass(frozen=True, eq=False)
class Imported:
    """A net, the stages that it was made of, and what a user should know about how."""

    net: Net
    stages: tuple[Stage, ...]
    remarks: tuple[str, ...]


def import_network(
    description: Description, checkpoint: Checkpoint, device: Device, length: int | None = None
) -> Imported:
    """The net of a description and a checkpoint, with the meaning that ai8x-synthesis gives the two.

    Bits of a layer's weights: the description's ``quantization``; else -1/+1 where the chip has that and all weights
    are; else 1 where all are zero; else the checkpoint's ``weight_bits``. Shift: the description's ``output_shift``,
    else the checkpoint's. Bias byte: ``floor(bias / 2**(weight_bits - 1))``.

    Parameters
    ----------
    description : Description
    checkpoint : Checkpoint
        Quantised; a checkpoint of float weights is quantised first.
    device : Device
    length : int, optional
        Samples of an input frame; otherwise `bittrue.targets.max78002.length` finds it.

    Raises
    ------
    BadInput
        Where the two do not belong together, or the net does not fit the device.
    """
    remarks: list[str] = []
    if checkpoint.arch and checkpoint.arch.lower() != description.arch.lower():
        remarks.append(f"the checkpoint is of {checkpoint.arch} and the description of {description.arch}")
    bits = description.bits
    checkpoint.refuse_batch_norm()
    checkpoint, choice = chosen(checkpoint, len(bits), description.path)
    remarks += [choice] if choice else []
    if not checkpoint.quantised:
        checkpoint = quantise(checkpoint, bits)
        remarks.append(f"{checkpoint.path} holds float weights; they were quantised, as 'bittrue ecg quantize' does")
    stages = tuple(_stages(description, checkpoint, device))
    channels = _channels(description, stages, length or description.layers[0].length)
    length, choice = input_length(description, stages, device, channels, length)
    remarks += [choice] if choice else []
    net = stage_net(_net_name(description.arch), (channels, length), stages)
    check_stages(stages, (channels, length), device)
    _check_claims(description, stages, (channels, length))
    remarks += [f"layer {stage.name} has only zeros as weights" for stage in stages if _silent(stage)]
    return Imported(net, stages, tuple(remarks))


def _stages(description: Description, checkpoint: Checkpoint, device: Device) -> Iterator[Stage]:
    rows, found = iter(checkpoint.parameters()), dict[int, LayerParameters]()
    for layer in description.layers:
        if layer.weighted:
            found[layer.index] = next(rows)
        elif layer.weight_source is not None and layer.operation != "none":
            found[layer.index] = found[_source(description, layer, found)]
    names = _names(description, found)
    for layer, name in zip(description.layers, names, strict=True):
        place = f"{description.path}: {layer}"
        yield _stage(name, layer, found.get(layer.index), device, place)


def _source(description: Description, layer: Described, found: dict[int, LayerParameters]) -> int:
    source = layer.weight_source
    indices = {other.name.lower(): other.index for other in description.layers if other.name}
    index = indices.get(source.lower(), -1) if isinstance(source, str) else source
    if index not in found or isinstance(source, bool):
        raise BadInput(f"{description.path}: {layer}: weight_source {source!r} is no earlier layer with weights")
    return int(index or 0)


def _names(description: Description, found: dict[int, LayerParameters]) -> list[str]:
    """A node name a layer: the checkpoint's, else the description's, else its number."""
    names: list[str] = []
    for layer in description.layers:
        own = layer.weight_source is None and layer.index in found
        name = node_name(found[layer.index].keys.plain if own else layer.name or f"layer{layer.index}")
        names.append(f"{name}_{layer.index}" if name in names or name == "input" else name)
    return names


def _stage(name: str, layer: Described, given: LayerParameters | None, device: Device, place: str) -> Stage:
    common: dict[str, Any] = {"pool": layer.pool, "activation": layer.activation, "wide": layer.wide}
    if given is None:
        return Stage(name, layer.operation, **common)
    weight = _whole(given.weight, given.keys.weight)
    axes = 3 if layer.operation == "conv1d" else 2
    if weight.ndim != axes or (axes == 3 and weight.shape[2] != layer.kernel):
        wanted = f"conv1d with kernel_size {layer.kernel}" if axes == 3 else "linear"
        raise BadInput(
            f"{place} is {wanted}, but {given.keys.weight} has shape {weight.shape}; correct the description"
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
        raise BadInput(f"{place}: {given.keys.scalar('output_shift')} is {shift:g}; a shift is a whole number")
    return Stage(
        name,
        layer.operation,
        weight,
        _bias_bytes(given),
        bits,
        int(shift),
        **common,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        stride=layer.stride,
    )


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
            f"{given.keys.bias} needs bytes of {found.min():g}..{found.max():g}; the chip has -128..127, so "
            f"quantise the checkpoint again"
        )
    return found.astype(np.int64)


def _channels(description: Description, stages: Sequence[Stage], length: int | None) -> int:
    """Channels of the input: what the first layer with weights takes.

    A linear layer that flattens takes channels times samples: one channel, unless ``length`` says how many samples.
    """
    for layer, stage in zip(description.layers, stages, strict=True):
        if stage.weight is not None and stage.operation == "conv1d":
            return int(stage.weight.shape[1]) * stage.groups
        if layer.in_channels is not None:
            return layer.in_channels
        if stage.weight is not None:
            inputs = int(stage.weight.shape[1])
            samples = inputs if length is None else _samples(stages[: layer.index], length)
            return (inputs // samples if inputs % samples == 0 else 1) if layer.flatten else inputs
    raise BadInput(f"{description.path} has no layer with weights; there is nothing to import")


def _samples(stages: Sequence[Stage], length: int) -> int:
    """Samples of a frame behind stages that only pool; 1 where none are left."""
    try:
        for stage in stages:
            if stage.pool:
                length = Axis(stage.pool.size, stage.pool.stride, stage.pool.dilation).windows(length)
    except BadInput:
        return 1
    return length


def _check_claims(description: Description, stages: Sequence[Stage], shape: tuple[int, int]) -> None:
    """What the description says of shapes must be so, and frames are flattened where it says so."""
    types = stage_types(shape, stages)
    for layer, (taken, result) in zip(description.layers, types, strict=True):
        given, place = taken.shape, f"{description.path}: {layer}"
        length = given[1] if len(given) == 2 else 1
        claims = (
            ("in_channels", layer.in_channels, given[0]),
            ("in_dim", layer.length, length),
            ("out_channels", layer.out_channels, result.shape[0]),
        )
        for key, claimed, real in claims:
            if claimed is not None and claimed != real:
                raise BadInput(f"{place}: {key} says {claimed}, but the net has {real} there; correct the description")
        if layer.operation == "linear" and length > 1 and not layer.flatten:
            raise BadInput(f"{place} is linear and fed frames of {length} samples; add flatten: true")


def _silent(stage: Stage) -> bool:
    return stage.weight is not None and not stage.weight.any()


def _whole(values: npt.NDArray[Any], what: str) -> Codes:
    values = np.asarray(values, np.float64)  # half precision does not hold the limit
    if not np.array_equal(values, np.floor(values)):
        raise BadInput(f"{what} holds fractions; quantise the checkpoint first: bittrue ecg quantize")
    if values.max() > LARGEST or values.min() < -LARGEST:
        raise BadInput(f"{what} holds {float(values.min()):g}..{float(values.max()):g}; the chip has codes of 8 bits")
    return values.astype(np.int64)


def _net_name(arch: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]", "-", arch)[:60]
    return name if name[:1].isalpha() else f"net-{name}"

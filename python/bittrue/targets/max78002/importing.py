"""An ai8x network description and its checkpoint become a net."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.spec import Net, TensorType
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Builder, Stage, node_name
from bittrue.targets.max78002 import described
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.choosing import chosen
from bittrue.targets.max78002.described import Described, Description
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.fitting import Shape, fitted, joined
from bittrue.targets.max78002.input_channels import input_channels
from bittrue.targets.max78002.layer_weights import Found, layer_weights
from bittrue.targets.max78002.limits import check_stages
from bittrue.targets.max78002.quantise import quantise
from bittrue.targets.max78002.sizes import input_size


@dataclass(frozen=True, eq=False)
class Imported:
    """A net, the stages that it was made of, and what a user should know about how."""

    net: Net
    stages: tuple[Stage, ...]
    remarks: tuple[str, ...]


def import_network(
    description: Description, checkpoint: Checkpoint, device: Device, size: int | Shape | None = None
) -> Imported:
    """The net of a description and a checkpoint, with the meaning that ai8x-synthesis gives the two.

    Bits of a layer's weights: the description's ``quantization``; else -1/+1 where the chip has that and all weights
    are; else 1 where all are zero; else the checkpoint's ``weight_bits``. Shift: the description's ``output_shift``,
    else the checkpoint's. Bias byte: ``floor(bias / 2**(weight_bits - 1))``. A layer with a ``weight_source`` has the
    weights, bias and shift of that layer. Results are those of layers with ``output: true``, of the last layer, and of
    layers that no other takes.

    Parameters
    ----------
    description : Description
    checkpoint : Checkpoint
        Quantised; a checkpoint of float weights is quantised first.
    device : Device
    size : int or tuple of int, optional
        Samples of an input frame, or rows and columns of an image; otherwise `bittrue.targets.max78002.sizes` finds it.

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
    stages = _stages(description, layer_weights(description, checkpoint, device), device)
    asked = (size,) if isinstance(size, int) else size
    channels = input_channels(description, stages, asked)
    asked, choice = input_size(description, stages, device, channels, asked)
    remarks += [choice] if choice else []
    shape = (channels, *asked)
    builder, stages = _built(description, stages, shape)
    check_stages(stages, shape, device, _shared(description, stages))
    outputs, spare = _outputs(description, stages)
    remarks += [f"layer {name} is a result too, as nothing takes it" for name in spare]
    remarks += [f"layer {stage.name} has only zeros as weights" for stage in stages if _silent(stage)]
    return Imported(builder.net(_net_name(description.arch), outputs), tuple(stages), tuple(remarks))


def _stages(description: Description, found: Found, device: Device) -> list[Stage]:
    """A stage a layer, in the order of execution."""
    names = _names(description, found)
    if not device.links and description.order != tuple(range(len(description.order))):
        raise BadInput(f"{description.path}: a {device.name} executes layers one after the other; omit next_sequence")
    stages = []
    for position, layer in enumerate(description.executed):
        sources = description.sources(position)
        taken = tuple(INPUT if source == described.INPUT else names[source] for source in sources)
        flat = layer.flatten and layer.operation == "conv2d"
        _, weights = found.get(layer.index, ("", {}))
        weights = weights | {"weight": weights["weight"][:, :, 0, 0]} if flat else weights
        stages.append(
            Stage(
                names[layer.index],
                "linear" if flat else layer.operation,
                **weights,
                wide=layer.wide,
                activation=layer.activation,
                pool=layer.pool,
                padding=layer.padding,
                dilation=layer.dilation,
                groups=layer.groups,
                stride=layer.stride,
                output_padding=layer.output_padding,
                sources=taken,
                join=layer.join or ("concat" if len(taken) > 1 else None),
                pool_first=layer.pool_first,
                flatten=layer.flatten,
            )
        )
    return stages


def _shared(description: Description, stages: Sequence[Stage]) -> set[str]:
    """Names of the stages whose weights an earlier one has too, by ``weight_source``."""
    owners: set[int] = set()
    found = set()
    for owner, stage in zip(description.executed, stages, strict=True):
        if stage.weight is None:
            continue
        while owner.weight_source is not None:
            owner = description.layers[owner.weight_source]
        if owner.index in owners:
            found.add(stage.name)
        owners.add(owner.index)
    return found


def _names(description: Description, found: Found) -> list[str]:
    """A node name a layer: the checkpoint's, else the description's, else its number."""
    names: list[str] = []
    for layer in description.layers:
        name = node_name(found.get(layer.index, ("",))[0] or layer.name or f"layer{layer.index}")
        names.append(f"{name[:26]}_{layer.index}" if name in names or name == INPUT else name)
    return names


def _built(description: Description, stages: Sequence[Stage], shape: Shape) -> tuple[Builder, list[Stage]]:
    """The nodes of all stages, each fitted to what it takes; what the description says of shapes must be so."""
    builder, found = Builder(shape, [stage.name for stage in stages]), []
    for layer, stage in zip(description.executed, stages, strict=True):
        place = f"{description.path}: {layer}"
        try:
            shape = joined(stage, [builder.types[source].shape for source in stage.sources])
            stage = fitted(stage, layer, shape)
        except BadInput as error:
            raise BadInput(f"{place}: {error}") from None
        _refuse_frames(stage, shape, place)
        given, result = builder.add(stage)
        _check_claims(layer, given, result, place)
        found.append(stage)
    return builder, found


def _refuse_frames(stage: Stage, shape: Shape, place: str) -> None:
    """A linear layer without flattening that only fits flattened data."""
    if stage.operation != "linear" or stage.flatten or stage.weight is None or stage.pool:
        return
    channels, *lengths = stage.reading(shape)
    inputs = stage.weight.shape[1]
    if inputs != channels and inputs == math.prod(shape):
        what = f"frames of {lengths[0]} samples" if len(lengths) == 1 else f"images of {lengths[0]}x{lengths[1]}"
        raise BadInput(f"{place} is linear and fed {what}; add flatten: true")


def _check_claims(layer: Described, given: TensorType, result: TensorType, place: str) -> None:
    claims = (
        ("in_channels", layer.in_channels, given.shape[0]),
        ("out_channels", layer.out_channels, result.shape[0]),
    )
    for key, claimed, real in claims:
        if claimed is not None and claimed != real:
            raise BadInput(f"{place}: {key} says {claimed}, but the net has {real} there; correct the description")


def _outputs(description: Description, stages: Sequence[Stage]) -> tuple[list[str], list[str]]:
    """Names of the results in the order of execution, and of those among them that the description does not name."""
    taken = {source for stage in stages for source in stage.sources}
    pairs = list(zip(description.executed, stages, strict=True))
    spare = [stage.name for layer, stage in pairs[:-1] if stage.name not in taken and not layer.output]
    names = [stage.name for layer, stage in pairs[:-1] if layer.output or stage.name in spare]
    return [*names, stages[-1].name], spare


def _silent(stage: Stage) -> bool:
    return stage.weight is not None and not stage.weight.any()


def _net_name(arch: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]", "-", arch)[:60]
    return name if name[:1].isalpha() else f"net-{name}"

"""Stages as an ai8x network description and checkpoint, so that the vendor's tools can be asked for a second opinion.

Processors and offsets are assigned: channels from processor 0 upward, as few passes as there must be, results in the
two halves of data memory in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from bittrue.errors import BadInput
from bittrue.spec import Abs, Net, ReLU, TensorType, transposed_kernel
from bittrue.spec.net import INPUT
from bittrue.spec.stages import DATA, Pool, Stage, stage_types
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.tensors import Tensor


def network_yaml(
    stages: Sequence[Stage],
    net: Net,
    device: Device,
    dataset: str = "bittrue",
    places: Sequence[tuple[Tensor, Tensor]] | None = None,
    outputs: Sequence[str] = (),
) -> str:
    """The description of stages, with every key that matters written out.

    ``places`` are what each stage takes and puts out, where they have places already; without, the stages are a row.
    ``outputs`` names the stages with the net's results; without, the last.

    Raises `BadInput` where a tensor does not fit half of the data memory.
    """
    channels, *sides = net.input.shape
    types = stage_types(net.input.shape, stages)
    places = places or [_halves(stage, index, types[index], device) for index, stage in enumerate(stages)]
    layers = [_layer(stage, types[index], *places[index]) for index, stage in enumerate(stages)]
    names = [INPUT, *(stage.name for stage in stages)]
    for index, stage in enumerate(stages):
        before = Tensor(1, 1) if not index else places[index - 1][1]
        layers[index] |= _order(stage, index, names, places[index], before)
        layers[index] |= {"output": True} if len(outputs) > 1 and stage.name in outputs else {}
    first: dict[str, Any] = {"in_channels": channels, "in_dim": [*sides, 1][:2], "data_format": "HWC"}
    layers[0] = layers[0] | first
    results = ", ".join(str(net.types[name]) for name in net.outputs)
    head = f"# {net.name} for {device.name}: {net.input} to {results}\n"
    body: str = yaml.dump(
        {"arch": net.name, "dataset": dataset, "layers": layers}, Dumper=_Dumper, sort_keys=False, width=120
    )
    return head + body


def stage_state(stages: Sequence[Stage]) -> dict[str, npt.NDArray[Any]]:
    """The quantised checkpoint of stages, as `bittrue.targets.max78002.quantise` would leave it."""
    state: dict[str, npt.NDArray[Any]] = {}
    for stage in stages:
        if stage.weight is None:
            continue
        bits = abs(stage.bits)
        numbers = {"output_shift": stage.output_shift, "weight_bits": bits, "bias_bits": bits}
        for key, value in (numbers | {"quantize_activation": 1, "adjust_output_shift": 0}).items():
            state[f"{stage.name}.{key}"] = np.array([value])
        state[f"{stage.name}.shift_quantile"] = np.array([1.0], np.float32)
        transposed = stage.operation == "convtranspose2d"
        weight = transposed_kernel(stage.weight, stage.groups) if transposed else stage.weight
        state[f"{stage.name}.op.weight"] = weight.copy()
        if stage.bias is not None:
            state[f"{stage.name}.op.bias"] = stage.bias << (bits - 1)
    return state


def processors(channels: int) -> int:
    """The map of processors for so many channels: one each, in as few passes as there must be, from 0 upward."""
    return Tensor(channels, 1).processors


class _Hex(int):
    """A number that is written in hexadecimal."""


class _Dumper(yaml.SafeDumper):
    """The safe dumper, which writes lists in one line and `_Hex` in hexadecimal."""


_Dumper.add_representer(_Hex, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:int", f"0x{value:04x}"))
_Dumper.add_representer(
    list,
    lambda dumper, value: dumper.represent_sequence(
        "tag:yaml.org,2002:seq", value, flow_style=all(isinstance(item, int) for item in value)
    ),
)


def _halves(stage: Stage, index: int, types: tuple[TensorType, TensorType], device: Device) -> tuple[Tensor, Tensor]:
    """What a stage takes and puts out, in the two halves of data memory in turn."""
    half = device.data_bytes // 2
    given, result = (Tensor(one.shape[0], math.prod(one.shape[1:]), one.format != DATA) for one in types)
    given, result = given.at(0, half if index % 2 else 0), result.at(0, 0 if index % 2 else half)
    if result.size > half:
        raise BadInput(
            f"layer {stage.name} puts out {result.size:,} bytes a data memory; half of one is {half:,}, so pool "
            f"earlier or use fewer channels"
        )
    return given, result


def _order(
    stage: Stage, index: int, names: Sequence[str], places: tuple[Tensor, Tensor], before: Tensor
) -> dict[str, Any]:
    """What a stage takes where that is not just the result before it, and the gaps between words."""
    (given, result), keys = places, {}  # type: ignore[var-annotated]
    if stage.sources not in ((), (names[index],)):
        numbers = [names.index(source) - 1 for source in stage.sources]
        keys["in_sequences"] = numbers if len(numbers) > 1 else numbers[0]
    if given.offset != before.offset:
        keys["in_offset"] = _Hex(given.offset)
    if given.gap and not stage.eltwise:
        keys["read_gap"] = given.gap
    if result.gap:
        keys["write_gap"] = result.gap
    return keys


def _layer(stage: Stage, types: tuple[TensorType, TensorType], source: Tensor, target: Tensor) -> dict[str, Any]:
    sides = types[0].shape[1:]
    keys: dict[str, Any] = {"name": stage.name, "operation": _operation(stage)}
    keys |= {"processors": _Hex(source.processors), "output_processors": _Hex(target.processors)}
    keys["out_offset"] = _Hex(target.offset)
    if stage.shape is not None:
        keys["in_dim"] = [*sides, 1][:2]
    if stage.operation == "linear" and math.prod(sides) > 1:
        keys["flatten"] = True
    if stage.eltwise:
        keys |= {"eltwise": stage.join} if stage.operation != "none" else {}
        keys |= {"operands": len(stage.sources)} if len(stage.sources) > 2 else {}
    if stage.weight is not None and stage.operation != "linear":
        keys |= _kernel(stage, stage.weight.shape[2:])
    if stage.pool:
        keys |= _pool(stage, stage.pool, len(sides))
    if stage.weight is not None:
        keys["activate"] = {ReLU: "ReLU", Abs: "Abs"}.get(type(stage.activation), "None")
        keys["quantization"] = "binary" if stage.bits < 0 else stage.bits
        keys |= {"output_width": 32} if stage.wide else {"output_shift": stage.output_shift}
    return keys


def _kernel(stage: Stage, sides: tuple[int, ...]) -> dict[str, Any]:
    frame = stage.operation == "conv1d"
    keys: dict[str, Any] = {"kernel_size": sides[0] if frame else "x".join(map(str, sides)), "pad": stage.padding}
    keys |= {"output_pad": stage.output_padding} if stage.operation == "convtranspose2d" else {}
    keys |= {"dilation": stage.dilation} if frame and stage.dilation != 1 else {}
    return keys | ({"groups": stage.groups} if stage.groups > 1 else {})


def _pool(stage: Stage, pool: Pool, rank: int) -> dict[str, Any]:
    found: dict[str, Any] = {f"{pool.kind}_pool": pool.size, "pool_stride": pool.stride}
    found |= {"pool_dilation": pool.dilation} if pool.dilation not in (1, (1, 1)) else {}
    for key, value in found.items():
        if isinstance(value, tuple):
            found[key] = list(value)
        elif stage.operation == "none" and rank == 1:
            found[key] = [value, 1]  # without a convolution, ai8x takes one number for both of two dimensions
    return found | ({} if stage.pool_first else {"pool_first": False})


def _operation(stage: Stage) -> str:
    if stage.eltwise and stage.operation == "none":
        return str(stage.join)
    return {"linear": "mlp", "none": "passthrough"}.get(stage.operation, stage.operation)

"""Stages as an ai8x network description and checkpoint, so that the vendor's tools can be asked for a second opinion.

Processors and offsets are assigned: channels from processor 0 upward, as few passes as there must be, results in the
two halves of data memory in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from bittrue.errors import BadInput
from bittrue.spec import Abs, Net, ReLU, TensorType
from bittrue.spec.stages import Stage, stage_types
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.tensors import Tensor


def network_yaml(
    stages: Sequence[Stage],
    net: Net,
    device: Device,
    dataset: str = "bittrue",
    places: Sequence[tuple[Tensor, Tensor]] | None = None,
) -> str:
    """The description of stages, with every key that matters written out.

    ``places`` are what each stage takes and puts out, where they have places already.

    Raises `BadInput` where a tensor does not fit half of the data memory.
    """
    channels, length = net.input.shape
    types = stage_types((channels, length), stages)
    places = places or [_halves(stage, index, types[index], device) for index, stage in enumerate(stages)]
    layers = [_layer(stage, types[index], *places[index]) for index, stage in enumerate(stages)]
    first: dict[str, Any] = {"in_channels": channels, "in_dim": [length, 1], "data_format": "HWC"}
    layers[0] = layers[0] | first
    head = f"# {net.name} for {device.name}: {net.input} to {net.output}\n"
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
        state[f"{stage.name}.op.weight"] = stage.weight.copy()
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
    given = Tensor(*_frame(types[0].shape), offset=half if index % 2 else 0)
    result = Tensor(*_frame(types[1].shape), stage.wide, offset=0 if index % 2 else half)
    if result.size > half:
        raise BadInput(
            f"layer {stage.name} puts out {result.size:,} bytes a data memory; half of one is {half:,}, so pool "
            f"earlier or use fewer channels"
        )
    return given, result


def _layer(stage: Stage, types: tuple[TensorType, TensorType], source: Tensor, target: Tensor) -> dict[str, Any]:
    given = _frame(types[0].shape)
    keys: dict[str, Any] = {"name": stage.name, "operation": _operation(stage)}
    keys |= {"processors": _Hex(source.processors), "output_processors": _Hex(target.processors)}
    keys["out_offset"] = _Hex(target.offset)
    if stage.operation == "linear" and given[1] > 1:
        keys["flatten"] = True
    if stage.operation == "conv1d" and stage.weight is not None:
        keys |= {"kernel_size": stage.weight.shape[2], "pad": stage.padding}
        keys |= {"dilation": stage.dilation} if stage.dilation > 1 else {}
        keys |= {"groups": stage.groups} if stage.groups > 1 else {}
    if stage.pool:
        pool = {f"{stage.pool.kind}_pool": stage.pool.size, "pool_stride": stage.pool.stride}
        pool |= {"pool_dilation": stage.pool.dilation} if stage.pool.dilation > 1 else {}
        # Without a convolution, ai8x takes one number for both of two dimensions.
        keys |= {key: [value, 1] for key, value in pool.items()} if stage.operation == "none" else pool
    if stage.weight is not None:
        keys["activate"] = {ReLU: "ReLU", Abs: "Abs"}.get(type(stage.activation), "None")
        keys["quantization"] = "binary" if stage.bits < 0 else stage.bits
        keys |= {"output_width": 32} if stage.wide else {"output_shift": stage.output_shift}
    return keys


def _operation(stage: Stage) -> str:
    return {"conv1d": "conv1d", "linear": "mlp", "none": "passthrough"}[stage.operation]


def _frame(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0], shape[1]) if len(shape) == 2 else (shape[0], 1)

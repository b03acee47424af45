"""A net as the row of stages that a chip would run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bittrue.errors import BadInput
from bittrue.num.quantile import BITS
from bittrue.spec import (
    Abs,
    AvgPool1d,
    Bitwise,
    Concat,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Eltwise,
    Flatten,
    Linear,
    MaxPool1d,
    Net,
    Node,
    ReLU,
    Reshape,
)
from bittrue.spec.net import INPUT
from bittrue.spec.stages import BIAS_STEP, DATA, WIDE_BITS, Pool, Stage
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.limits import check_stages


def stages_of(net: Net, device: Device) -> tuple[Stage, ...]:
    """The stages whose net (`bittrue.spec.stages.stage_net`) computes the same as ``net``, bit for bit.

    Raises `BadInput`, naming the node, where ``net`` is no chain of such layers, or ``device`` cannot have one.
    """
    if len(net.input.shape) == 3:
        raise BadInput(
            f"net {net.name} takes images; firmware is generated for frames, so use the net itself: bittrue run"
        )
    if net.input.format != DATA or len(net.input.shape) != 2:
        raise BadInput(
            f"net {net.name} takes {net.input}; a {device.name} takes frames of {DATA}, such as 1x128 {DATA}"
        )
    found: list[Stage] = []
    pool: tuple[str, Pool] | None = None
    before = INPUT
    if len(net.outputs) > 1:
        raise BadInput(f"net {net.name} has {len(net.outputs)} outputs; firmware is generated for one, the last node")
    for node in net.nodes:
        layer = node.layer
        if isinstance(layer, Conv2d | ConvTranspose2d | Eltwise | Bitwise | Concat | Reshape):
            kind = type(layer).__name__
            raise BadInput(
                f"net {net.name}: node {node.name} is a {kind}; firmware is generated for chains of layers on frames, "
                f"so use the net itself: bittrue run"
            )
        if node.inputs != (before,):
            raise BadInput(f"net {net.name}: node {node.name} branches; a chain is needed, where each takes the last")
        before = node.name
        if pool and (not isinstance(layer, Conv1d) or _apart(pool[1])):
            found.append(_passing(*pool))
            pool = None
        if isinstance(layer, MaxPool1d | AvgPool1d):
            kind = "max" if isinstance(layer, MaxPool1d) else "avg"
            pool = node.name, Pool(kind, layer.size, layer.stride, layer.dilation)  # type: ignore[arg-type]
        elif isinstance(layer, Conv1d | Dense):
            found.append(replace(_summing(net, node, layer), pool=pool[1] if pool else None))
            pool = None
        elif not isinstance(layer, Flatten):
            raise BadInput(f"net {net.name}: node {node.name} is a {type(layer).__name__}, which a {device.name} lacks")
    found += [_passing(*pool)] if pool else []
    stages = tuple(_signs(found) if device.binary else found)
    channels, length = net.input.shape
    check_stages(stages, (channels, length), device)
    return stages


def _passing(name: str, pool: Pool) -> Stage:
    return Stage(name, "none", pool=None if (pool.size, pool.stride) == (1, 1) else pool)


def _apart(pool: Pool) -> bool:
    """Whether a pooling needs a layer of its own, because fused its dilation would be ambiguous (`limits`)."""
    return pool.kind == "max" and pool.dilation > 1


def _summing(net: Net, node: Node, layer: Conv1d | Dense) -> Stage:
    place = f"net {net.name}: node {node.name}"
    (given,) = net.input_types(node)
    wide = layer.output.bits == WIDE_BITS and layer.shift(given.format) == 0
    if wide and node is not net.nodes[-1]:
        raise BadInput(f"{place} is {WIDE_BITS} bits wide; only the last layer may be, so give it {DATA}")
    if wide and layer.activation != Linear():
        raise BadInput(
            f"{place} is {WIDE_BITS} bits wide and has an activation; a wide result is the sum itself, so remove one"
        )
    if not wide and layer.output != DATA:
        raise BadInput(f"{place} puts out {layer.output}; the chip has {DATA}, or the accumulator as the last result")
    if not isinstance(layer.activation, Linear | ReLU | Abs):
        raise BadInput(f"{place} has a leaky ReLU; the chip has ReLU, Abs and none")
    bits = min((b for b in BITS if b >= layer.weight_format.bits), default=0)
    if not bits:
        raise BadInput(f"{place} has weights of {layer.weight_format.bits} bits; the chip has up to {max(BITS)}")
    bias = layer.bias // BIAS_STEP
    if (layer.bias % BIAS_STEP).any() or int(bias.min()) < -BIAS_STEP or int(bias.max()) >= BIAS_STEP:
        raise BadInput(f"{place} has biases that are no multiples of {BIAS_STEP} within -16384..16256; round them")
    shift = 0 if wide else DATA.frac - layer.weight_format.frac - (8 - bits)
    stage = Stage(node.name, "linear", np.asarray(layer.weight), bias, bits, shift, wide, layer.activation)
    if isinstance(layer, Dense):
        return stage
    geometry = {name: getattr(layer, name) for name in ("padding", "dilation", "groups", "stride")}
    return replace(stage, operation="conv1d", **geometry)


def _signs(stages: list[Stage]) -> list[Stage]:
    """Two-bit weights that are all -1 and +1 take one bit; the chip has these only where no layer has -1 and 0."""
    if any(stage.bits == 1 for stage in stages):
        return stages
    return [
        replace(stage, bits=-1, output_shift=0 if stage.wide else stage.output_shift - 1)
        if stage.weight is not None and stage.bits == 2 and (np.abs(stage.weight) == 1).all()
        else stage
        for stage in stages
    ]

"""A quantised model as a net, and as a checkpoint in ai8x form."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from bittrue.errors import BadInput
from bittrue.num.quantile import weight_codes
from bittrue.qat.ai8x.chain import Link, chain_of
from bittrue.qat.ai8x.layers import Conv1d
from bittrue.spec import Net
from bittrue.spec.stages import Stage, node_name, stage_net


def to_stages(model: nn.Module, shape: tuple[int, int]) -> list[Stage]:
    """The stages of a quantised model, in integers. Raises `BadInput` as `to_net` does."""
    return [_stage(link) for link in chain_of(model, shape)]


def to_net(model: nn.Module, shape: tuple[int, int], name: str = "net") -> Net:
    """The net that a quantised model is, for frames of ``shape`` (channels, length).

    ``model.eval()(x / 128)`` equals ``bittrue.ref.run(net, x)``, decoded, for every int8 ``x``.

    Raises
    ------
    BadInput
        Where the model is not a chain of layers of this package, one is not quantised, or a weight is NaN.
    """
    return stage_net(name, shape, to_stages(model, shape))


def to_checkpoint(model: nn.Module, arch: str = "", epoch: int = 0) -> dict[str, Any]:
    """What ai8x-training saves: ``epoch``, ``arch``, ``state_dict`` (float parameters, on the CPU) and ``extras``."""
    state = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    return {"epoch": epoch, "arch": arch, "state_dict": state, "extras": {}}


def _stage(link: Link) -> Stage:
    layer, name = link.layer, node_name(link.name)
    if layer.op is None:
        return Stage(name, "none", pool=layer.pool)
    if not layer.quantised:
        raise BadInput(f"layer {link.name} is not quantised; call bittrue.qat.ai8x.initiate_qat and train on")
    parameters = [part for part in (layer.weight, layer.bias) if part is not None]
    if not all(bool(torch.isfinite(part).all()) for part in parameters):
        raise BadInput(f"layer {link.name} holds NaN or infinity; restart training at a lower rate")
    bits, shift = int(layer.weight_bits), layer.shift()
    codes = [weight_codes(part.detach().cpu().numpy(), shift, bits) for part in parameters]
    common: dict[str, Any] = {
        "weight": codes[0],
        "bias": codes[1] if len(codes) > 1 else None,
        "bits": bits,
        "output_shift": shift,
        "wide": layer.wide,
        "activation": layer.activation,
        "pool": layer.pool,
    }
    if not isinstance(layer, Conv1d):
        return Stage(name, "linear", **common)
    groups, stride, padding, dilation = layer.numbers
    return Stage(name, "conv1d", **common, padding=padding, dilation=dilation, groups=groups, stride=stride)

"""A quantised model as a net, and as a checkpoint in ai8x form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from bittrue.qat.ai8x.eltwise import Eltwise
from bittrue.qat.ai8x.graph import Link, links_of
from bittrue.qat.ai8x.layers import Linear
from bittrue.spec import Net
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Stage, node_name, stage_net


def to_stages(model: nn.Module, shape: Sequence[int]) -> list[Stage]:
    """The stages of a quantised model, in integers. Raises `BadInput` as `to_net` does."""
    return _stages(links_of(model, shape)[0])


def to_net(model: nn.Module, shape: Sequence[int], name: str = "net") -> Net:
    """The net that a quantised model is, for data of ``shape``: (channels, length) or (channels, rows, columns).

    ``model.eval()(x / 128)`` equals ``bittrue.ref.run(net, x)``, decoded, for every int8 ``x``. A model that returns a
    list of results, or a dictionary, has a net of several outputs, called as their layers and in the order of
    evaluation.

    Raises
    ------
    BadInput
        Where the model is not a graph of layers of this package, one is not quantised, or a weight is NaN.
    """
    links, outputs = links_of(model, shape)
    return stage_net(name, tuple(shape), _stages(links), [node_name(output) for output in outputs])


def to_checkpoint(model: nn.Module, arch: str = "", epoch: int = 0) -> dict[str, Any]:
    """What ai8x-training saves: ``epoch``, ``arch``, ``state_dict`` (float parameters, on the CPU) and ``extras``."""
    state = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    return {"epoch": epoch, "arch": arch, "state_dict": state, "extras": {}}


def _stages(links: Sequence[Link]) -> list[Stage]:
    """One stage a layer; sources are named where it takes others than the one before it."""
    found, before = [], INPUT
    for link in links:
        moves: dict[str, Any] = {}
        if link.sources != (before,):
            moves["sources"] = tuple(INPUT if name == INPUT else node_name(name) for name in link.sources)
        if isinstance(link.layer, Eltwise):
            moves["join"] = link.layer.join
        elif len(link.sources) > 1:
            moves["join"] = "concat"
        if link.shape is not None and not isinstance(link.layer, Linear):
            moves["shape"] = link.shape
        found.append(link.layer.to_stage(link.name, **moves))
        before = link.name
    return found

"""A net as the stages that a chip would run, one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from bittrue.errors import BadInput
from bittrue.num.quantile import BITS
from bittrue.spec import (
    Abs,
    Add,
    BitwiseOr,
    BitwiseXor,
    Concat,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Flatten,
    Linear,
    Net,
    Node,
    ReLU,
    Reshape,
    Sub,
)
from bittrue.spec.net import INPUT
from bittrue.spec.pool import Pool as PoolLayer
from bittrue.spec.stages import BIAS_STEP, DATA, WIDE_BITS, Join, Operation, Pool, Stage
from bittrue.spec.weighted import Weighted
from bittrue.targets.max78002.copies import with_copies
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.limits import check_stages
from bittrue.targets.max78002.views import View, may_pool, poolable, taken

_JOINS: dict[type, Join] = {Add: "add", Sub: "sub", BitwiseXor: "xor", BitwiseOr: "or"}
_OPERATIONS: dict[type, Operation] = {
    Conv1d: "conv1d",
    Conv2d: "conv2d",
    ConvTranspose2d: "convtranspose2d",
    Dense: "linear",
}


def stages_of(net: Net, device: Device) -> tuple[Stage, ...]:
    """The stages of `stages_and_outputs`, without the names."""
    return stages_and_outputs(net, device)[0]


def stages_and_outputs(net: Net, device: Device) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    """The stages whose net (`bittrue.spec.stages.stage_net`) computes the same as ``net``, bit for bit, and the names
    of those that put out its results.

    Where a result must lie in two places, a stage without weights copies it (`bittrue.targets.max78002.copies`).

    Raises `BadInput`, naming the node, where ``net`` is not made of such layers, or ``device`` cannot have one.
    """
    if net.input.format != DATA or len(net.input.shape) not in (2, 3):
        raise BadInput(
            f"net {net.name} takes {net.input}; a {device.name} takes frames of {DATA}, such as 1x128 {DATA}, or images"
        )
    reader = _Reader(net, device)
    found = with_copies(reader.read(), net.input.shape, device)
    stages = tuple(_signs(found) if device.binary else found)
    check_stages(stages, net.input.shape, device)
    outputs = tuple(reader.views[name].sources[0] for name in net.outputs)
    if INPUT in outputs:
        raise BadInput(f"net {net.name} puts out its input, for which no chip is needed; remove that output")
    return stages, outputs


class _Reader:
    """Follows the nodes of a net; ``views`` are their values, by name."""

    def __init__(self, net: Net, device: Device) -> None:
        self.net, self.device = net, device
        self.views = {INPUT: View((INPUT,), net.input.shape)}
        self._shapes = {INPUT: net.input.shape}
        self._stages: list[Stage] = []
        self._uses = Counter(source for node in net.nodes for source in node.inputs)

    def read(self) -> list[Stage]:
        """The stages of all nodes."""
        for node in self.net.nodes:
            view = self._view(node)
            self.views[node.name] = view
            often = self._uses[node.name] > 1 and (view.pool is not None or view.eltwise)
            if often or node.name in self.net.outputs:
                self._settle(node.name)
        return self._stages

    def _view(self, node: Node) -> View:
        layer, given = node.layer, [self.views[source] for source in node.inputs]
        if isinstance(layer, PoolLayer):
            view = given[0] if poolable(given[0], self.device) else self._settle(node.inputs[0])
            pool = Pool(layer.kind, *(_number(getattr(layer, n)) for n in ("size", "stride", "dilation")))
            return replace(view, pool=pool, pool_first=not view.eltwise)
        if isinstance(layer, Conv1d | Conv2d | ConvTranspose2d | Dense):
            return self._weighted(node, layer)
        if isinstance(layer, Flatten | Reshape):
            return self._reshaped(node, self.net.types[node.name].shape)
        if isinstance(layer, Concat):
            return self._joined(node, "concat")
        if isinstance(layer, tuple(_JOINS)):
            if self.net.types[node.name].format != DATA:
                raise BadInput(
                    f"net {self.net.name}: node {node.name} puts out {self.net.types[node.name]}; the chip combines "
                    f"elements as {DATA}, so give it that output"
                )
            return self._joined(node, _JOINS[type(layer)])
        raise BadInput(
            f"net {self.net.name}: node {node.name} is a {type(layer).__name__}, which a {self.device.name} lacks"
        )

    def _settle(self, name: str) -> View:
        """The value of ``name`` as the result of a stage: of one without weights where none has computed it yet."""
        view = self.views[name]
        if not view.computed:
            self._add(view.stage(name, "none", self._natural(view)), self._behind(view))
            self.views[name] = View((name,), self._shapes[name], flat=view.flat)
        return self.views[name]

    def _add(self, stage: Stage, shape: tuple[int, ...]) -> None:
        self._stages.append(stage)
        self._shapes[stage.name] = shape

    def _natural(self, view: View) -> tuple[int, ...]:
        """The shape that sources have, joined."""
        shapes = [self._shapes[source] for source in view.sources]
        channels = sum(shape[0] for shape in shapes) if view.join == "concat" else shapes[0][0]
        return channels, *shapes[0][1:]

    def _behind(self, view: View) -> tuple[int, ...]:
        """The shape behind the pooling."""
        if view.pool is None:
            return view.given
        axes = view.pool.layer(len(view.given) - 1).axes  # type: ignore[attr-defined]
        counts = (axis.windows(length) for axis, length in zip(axes, view.given[1:], strict=True))
        return view.given[0], *counts

    def _weighted(self, node: Node, layer: Weighted) -> View:
        (source,) = node.inputs
        view = self.views[source]
        if not taken(view, layer, self.device):
            view = self._settle(source)
        if view.flat and not isinstance(layer, Dense):
            self._rearranges(node)
        stage = view.stage(node.name, _OPERATIONS[type(layer)], self._natural(view))
        wide = layer.output.bits == WIDE_BITS and layer.shift(self.net.types[source].format) == 0
        self._add(
            replace(stage, **_sums(f"net {self.net.name}: node {node.name}", layer, wide, self._uses[node.name])),
            self.net.types[node.name].shape,
        )
        return View((node.name,), self.net.types[node.name].shape)

    def _reshaped(self, node: Node, shape: tuple[int, ...]) -> View:
        """The same values in another shape, which moves nothing as long as the channels stay the same."""
        view = self.views[node.inputs[0]]
        if view.pool is not None or view.eltwise:
            view = self._settle(node.inputs[0])
        if shape[0] == view.given[0]:
            return replace(view, given=shape, flat=False)
        if len(shape) > 1:
            self._rearranges(node)
        return replace(view, flat=True)

    def _joined(self, node: Node, join: Join) -> View:
        given = [self.views[source] for source in node.inputs]
        single = all(len(view.sources) == 1 and not view.flat for view in given)
        pools = {view.pool for view in given} if single and join != "concat" else {None}
        together = len(pools) == 1 and may_pool(given[0], self.device)
        views = []
        for source, view in zip(node.inputs, given, strict=True):
            alike = view.given == self._shapes.get(view.sources[0])
            plain = len(view.sources) == 1 and (view.computed or (together and view.pool in pools))
            if not plain or not alike:
                view = self._settle(source)
            if view.flat or view.given != self._shapes[view.sources[0]]:
                self._rearranges(node)
            views.append(view)
        shape = views[0].given
        if join == "concat":
            shape = (sum(view.given[0] for view in views), *shape[1:])
        return View(tuple(view.sources[0] for view in views), shape, join, views[0].pool)

    def _rearranges(self, node: Node) -> None:
        raise BadInput(
            f"net {self.net.name}: node {node.name} needs its data in another order than channel by channel; the chip "
            f"moves none, so only Dense may take what is flattened, and a shape must keep its channels"
        )


def _number(value: Any) -> Any:
    """One number where all axes have the same."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _sums(place: str, layer: Weighted, wide: bool, uses: int) -> dict[str, Any]:
    """The parameters of a stage with weights. Raises `BadInput`, beginning with ``place``."""
    if wide and uses:
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
    found = {"weight": np.asarray(layer.weight), "bias": bias, "bits": bits, "output_shift": shift, "wide": wide}
    names = ("padding", "dilation", "groups", "stride", "output_padding")
    geometry = {name: _number(getattr(layer, name)) for name in names if hasattr(layer, name)}
    return found | geometry | {"activation": layer.activation}


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

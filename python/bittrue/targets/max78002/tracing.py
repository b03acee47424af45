"""Shapes on the way through a network, found without its arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from bittrue.errors import BadInput
from bittrue.spec import Axis
from bittrue.spec.conv import Conv
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Stage
from bittrue.spec.window import per_axis
from bittrue.targets.max78002.described import Described
from bittrue.targets.max78002.fitting import Shape, fitted, joined


class Lost(NamedTuple):
    """What speaks against a size: results that only a larger one has, and what pooling drops.

    Parameters
    ----------
    apart : int
        Samples beyond the first that linear layers without flattening take one by one.
    dropped : int
        Rows and columns that fill no window of a pooling.
    """

    apart: int = 0
    dropped: int = 0


class Trace:
    """Shapes of what stages put out, for one shape of the input after the other.

    Parameters
    ----------
    layers : sequence of Described
    stages : sequence of Stage
        One a layer.
    """

    def __init__(self, layers: Sequence[Described], stages: Sequence[Stage]) -> None:
        self._stages = list(zip(layers, stages, strict=True))
        self._axes: dict[str, tuple[Axis, ...]] = {}
        for stage in stages:
            if stage.weight is not None and isinstance(layer := stage.layer(), Conv):
                self._axes[stage.name] = layer.axes

    def result(self, shape: Shape) -> tuple[Shape, Lost]:
        """Shape of the last result for an input of ``shape``, and what is lost on the way.

        Raises `BadInput`, naming the layer, where data do not come through, or a linear layer takes others.
        """
        known, last, lost = {INPUT: shape}, shape, Lost()
        for layer, stage in self._stages:
            try:
                last, here = self._step(layer, stage, [known[source] for source in stage.sources])
            except BadInput as error:
                raise BadInput(f"layer {stage.name}: {error}") from None
            known[stage.name] = last
            lost = Lost(lost.apart + here.apart, lost.dropped + here.dropped)
        return last, lost

    def lost(self, shape: Shape) -> Lost | None:
        """What is lost of an input of ``shape``, and ``None`` where it does not come through."""
        try:
            return self.result(shape)[1]
        except BadInput:
            return None

    def reason(self, shape: Shape) -> str:
        """Why an input of ``shape`` does not come through."""
        try:
            self.result(shape)
        except BadInput as error:
            return str(error)
        return ""

    def without_claims(self) -> Trace:
        """The same without what the description says of shapes, so that a sentence can say what is wrong with it."""
        layers = [replace(layer, size=None) for layer, _ in self._stages]
        return Trace(layers, [replace(stage, flatten=True) for _, stage in self._stages])

    def _step(self, layer: Described, stage: Stage, given: list[Shape]) -> tuple[Shape, Lost]:
        shape = joined(stage, given)
        stage = fitted(stage, layer, shape)
        channels, *lengths = stage.reading(shape)
        dropped = 0
        if stage.pool:
            numbers = (stage.pool.size, stage.pool.stride, stage.pool.dilation)
            pools = [Axis(*axis) for axis in zip(*(per_axis(n, len(lengths), 1, "") for n in numbers), strict=True)]
            counts = [axis.windows(length) for axis, length in zip(pools, lengths, strict=True)]
            ends = [(count - 1) * axis.stride + axis.span for axis, count in zip(pools, counts, strict=True)]
            lengths, dropped = counts, sum(lengths) - sum(ends)
        if stage.weight is None:
            return (channels, *lengths), Lost(0, dropped)
        if stage.operation != "linear":
            axes = self._axes[stage.name]
            counts = [axis.windows(length) for axis, length in zip(axes, lengths, strict=True)]
            return (len(stage.weight), *counts), Lost(0, dropped)
        samples, inputs = math.prod(lengths), stage.weight.shape[1]
        flat = stage.flatten or samples == 1
        if channels * (samples if flat else 1) != inputs:
            raise BadInput(f"it weighs {inputs} inputs and is fed {channels} channels of {samples} samples")
        return (len(stage.weight), *(() if flat else lengths)), Lost(0 if flat else samples - 1, dropped)

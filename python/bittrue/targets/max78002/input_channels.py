"""Channels of a net's input: what the first layer with weights takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bittrue.errors import BadInput
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Stage
from bittrue.targets.max78002.described import Description
from bittrue.targets.max78002.fitting import Shape
from bittrue.targets.max78002.tracing import Trace


def input_channels(description: Description, stages: Sequence[Stage], size: Shape | None) -> int:
    """Channels of the input, from the first layer that takes nothing that a layer with weights put out.

    A linear layer that flattens takes channels times samples: one channel, unless ``size`` (or ``in_dim``) says how
    many samples there are. Raises `BadInput` where no layer has weights.
    """
    times = {INPUT: 1}
    layers = description.executed
    said = layers[0].size
    size = size or (said and tuple(said))
    for position, (layer, stage) in enumerate(zip(layers, stages, strict=True)):
        if not set(stage.sources) <= set(times):
            continue
        parts = [times[source] for source in stage.sources]
        factor = sum(parts) if stage.join == "concat" else parts[0]
        if layer.in_channels is not None and stage.operation in ("linear", "none"):
            return max(1, layer.in_channels // factor)
        if stage.weight is None:
            times[stage.name] = factor
            continue
        inputs = int(stage.weight.shape[1]) * stage.groups
        if stage.operation == "linear" and stage.flatten:
            samples = 0 if size is None else _samples(description, stages, position, size)
            return inputs // samples // factor if samples and inputs % (samples * factor) == 0 else 1
        return max(1, inputs // factor)
    raise BadInput(f"{description.path} has no layer with weights; there is nothing to import")


def _samples(description: Description, stages: Sequence[Stage], position: int, size: Shape) -> int:
    """Samples of a channel behind layers that only pool; 1 where none are left."""
    if not position:
        return math.prod(size)
    try:
        shape, _ = Trace(description.executed[:position], stages[:position]).result((1, *size))
    except BadInput:
        return 1
    return math.prod(shape[1:])

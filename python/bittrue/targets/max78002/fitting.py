"""Stages fitted to what they take: how layers of a description read data of one shape or another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bittrue.errors import BadInput, shown
from bittrue.spec.stages import RANKS, Pool, Stage
from bittrue.spec.window import per_axis
from bittrue.targets.max78002.described import Described

Shape = tuple[int, ...]


def fitted(stage: Stage, layer: Described, shape: Shape) -> Stage:
    """The stage with the shape as which it reads data of a ``shape``, and a pooling of as many axes.

    A layer without a convolution pools data of one column along rows only.

    Raises `BadInput` where ``in_dim`` is not what the net has there, or the pooling has no one meaning.
    """
    if layer.size is not None:
        stage = replace(stage, shape=_read(stage, layer, layer.size, shape))
    read = stage.reading(shape)
    if RANKS.get(stage.operation, len(read) - 1) != len(read) - 1:
        raise BadInput(
            f"a {stage.operation} reads frames, and is fed images of {read[1]}x{read[2]}; say with in_dim how many "
            f"samples a frame has"
        )
    return replace(stage, pool=_pool(stage, stage.pool, read)) if stage.pool else stage


def joined(stage: Stage, shapes: Sequence[Shape]) -> Shape:
    """Shape of what a stage takes of its sources, before it reads it. Raises `BadInput` where they do not join."""
    if len({shape[1:] for shape in shapes}) > 1 or (stage.eltwise and len(set(shapes)) > 1):
        texts = " and ".join("x".join(map(str, shape)) for shape in shapes)
        how = "combined element by element" if stage.eltwise else "joined by their channels"
        raise BadInput(f"in_sequences names data of {texts}, which cannot be {how}; correct it or the size")
    channels = sum(shape[0] for shape in shapes) if stage.join == "concat" else shapes[0][0]
    return (channels, *shapes[0][1:])


def _read(stage: Stage, layer: Described, size: tuple[int, int], shape: Shape) -> Shape | None:
    """The axes behind the channels as which ``in_dim`` has data read, and ``None`` where they are that already."""
    pixels, wanted = math.prod(shape[1:]), math.prod(size)
    if wanted != pixels and (layer.in_channels or 0) * wanted != math.prod(shape):
        said = "x".join(map(str, size if size[1] > 1 else size[:1]))
        real = "x".join(map(str, shape[1:])) or "1"
        raise BadInput(f"in_dim says {said}, but the net has {real} there; correct the description")
    flat = stage.operation == "conv1d" or (stage.operation in ("linear", "none") and len(shape) < 3 and size[1] == 1)
    axes = size[:1] if flat else size
    return None if axes == shape[1:] or (axes == (1,) and len(shape) == 1) else axes


def _pool(stage: Stage, pool: Pool, read: Shape) -> Pool:
    """The pooling in as many axes as what it pools has."""
    rank = len(read) - 1
    numbers = [per_axis(number, 2, 1, "a pooling") for number in (pool.size, pool.stride, pool.dilation)]
    if rank == 1:
        return Pool(pool.kind, *(first for first, _ in numbers))
    if stage.operation == "none" and read[2] == 1:
        numbers = [(first, 1) for first, _ in numbers]
    for size, apart in zip(numbers[0], numbers[2], strict=True):
        if apart > 1 and size != 2:
            raise BadInput(
                f"pool_dilation {shown(list(numbers[2]))} works with windows of 2, not of {size}; the vendor's tool "
                f"reads outside"
            )
    return Pool(pool.kind, *numbers)

"""How large an input frame or image is: ai8x descriptions need not say it, but linear layers fix it, or nearly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bittrue.errors import BadInput
from bittrue.spec import Axis
from bittrue.spec.conv import Conv
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Stage
from bittrue.spec.window import per_axis
from bittrue.targets.max78002.described import Described, Description
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.fitting import Shape, fitted

DEFAULTS: dict[int, Shape] = {1: (128,), 2: (64, 64)}
"""Frames and images where nothing says otherwise."""


class Sizes:
    """Shapes of what stages put out, found without computing anything.

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

    def trace(self, shape: Shape) -> tuple[Shape, int]:
        """Shape of the last result for an input of ``shape``, and how many rows and columns pooling drops on the way.

        Raises `BadInput` where data do not come through, or are not as many as a linear layer takes.
        """
        known, last, dropped = {INPUT: shape}, shape, 0
        for layer, stage in self._stages:
            given = [known[source] for source in stage.sources] or [last]
            last, lost = self._result(layer, stage, given)
            known[stage.name] = last
            dropped += lost
        return last, dropped

    def drops(self, shape: Shape) -> int | None:
        """Rows and columns that pooling drops of an input of ``shape``, and ``None`` where it does not come through."""
        try:
            return self.trace(shape)[1]
        except BadInput:
            return None

    def without_claims(self) -> Sizes:
        """The same without what the description says of shapes, so that a sentence can say what is wrong with it."""
        layers = [replace(layer, size=None) for layer, _ in self._stages]
        return Sizes(layers, [replace(stage, flatten=True) for _, stage in self._stages])

    def _result(self, layer: Described, stage: Stage, given: list[Shape]) -> tuple[Shape, int]:
        tails = {shape[1:] for shape in given}
        if len(tails) > 1 or (stage.eltwise and len(set(given)) > 1):
            raise BadInput("shapes do not join")
        channels = sum(shape[0] for shape in given) if stage.join == "concat" else given[0][0]
        shape: Shape = (channels, *given[0][1:])
        stage = fitted(stage, layer, shape)
        channels, *lengths = stage.reading(shape)
        lost = 0
        if stage.pool:
            before, axes = lengths, tuple(_pool_axes(stage, len(lengths)))
            lengths = [axis.windows(length) for axis, length in zip(axes, before, strict=True)]
            lost = sum(
                length - (count - 1) * axis.stride - axis.span
                for axis, length, count in zip(axes, before, lengths, strict=True)
            )
        if stage.weight is None:
            return (channels, *lengths), lost
        if stage.operation == "linear":
            flat = stage.flatten or math.prod(lengths) == 1
            if channels * (math.prod(lengths) if flat else 1) != stage.weight.shape[1]:
                raise BadInput("a linear layer takes another number of inputs")
            return (len(stage.weight), *(() if flat else lengths)), lost
        axes = self._axes[stage.name]
        return (len(stage.weight), *(axis.windows(n) for axis, n in zip(axes, lengths, strict=True))), lost


def _pool_axes(stage: Stage, rank: int) -> list[Axis]:
    pool = stage.pool
    numbers = [per_axis(number, rank, 1, "") for number in (pool.size, pool.stride, pool.dilation)] if pool else []
    return [Axis(*axis) for axis in zip(*numbers, strict=True)]


def input_size(
    description: Description, stages: Sequence[Stage], device: Device, channels: int, asked: Shape | None
) -> tuple[Shape, str]:
    """Length, or rows and columns, of an input of ``channels`` channels, and a remark where there was a choice.

    ``asked`` counts most (one number in front of two-dimensional layers is a square), then ``in_dim`` of a layer that
    takes the input. Otherwise a size must fit every linear layer. Of several lengths that do, it is the one with the
    most factors of two, as pooling drops what is left over; of several squares, the one of which pooling drops least.
    Without linear layers frames have 128 samples and images 64 x 64.

    Raises `BadInput` where no size fits.
    """
    layers, sizes = description.executed, Sizes(description.executed, stages)
    rank = _rank(description)
    wanted = asked or _said(description, rank)
    if wanted and len(wanted) < rank:
        wanted = wanted * rank if asked else (*wanted, 1)

    if wanted:
        if sizes.drops((channels, *wanted)) is None:
            found = _all(rank, device, channels, sizes)
            fix = f"correct kernels, pooling and flatten{'' if rank == 1 else ', or give another --size'}"
            raise BadInput(
                f"{_many(rank)} of {_text(wanted)}{' samples' if rank == 1 else ''} do not fit the layers of "
                f"{description.path}; {_range(rank, found) or f'no {_one(rank)} fits, so {fix}'}"
            )
        return wanted, ""
    found = _all(rank, device, channels, sizes) or _all(rank, device, channels, sizes.without_claims())
    if not found:
        what = "length of input frames" if rank == 1 else "square input image"
        also = "" if rank == 1 else ", or give rows and columns with --size"
        raise BadInput(
            f"no {what} up to {device.length} fits the layers of {description.path}; correct kernels, pooling and "
            f"flatten{also}"
        )
    default = DEFAULTS[rank]
    if not any(layer.operation == "linear" for layer in layers) and default in found:
        unit, option = (" samples", "--length") if rank == 1 else ("", "--size")
        what = "length" if rank == 1 else "size"
        return default, f"{_many(rank)} of any {what} fit; {_text(default)}{unit} were taken, and {option} chooses"
    best = max(found, key=lambda size: (-found[size] if rank > 1 else 0, size[0] & -size[0], -size[0]))
    option = "--length" if rank == 1 else "--size"
    return best, f"{_range(rank, found)}; {_text(best)} was taken, and {option} chooses" if len(found) > 1 else ""


def _rank(description: Description) -> int:
    """Axes of the input behind its channels: those of the first layer that says it of data as they came in."""
    for position, layer in enumerate(description.executed):
        if layer.rank and not (position and layer.size):
            return layer.rank
        if layer.size or (layer.operation == "linear" and layer.flatten):
            break
    return 1


def _said(description: Description, rank: int) -> Shape | None:
    """``in_dim`` of the first layer."""
    size = description.executed[0].size
    return None if size is None else size[:1] if rank == 1 else size


def _all(rank: int, device: Device, channels: int, sizes: Sizes) -> dict[Shape, int]:
    """Every length, or square, that fits, and what pooling drops of it."""
    squares = [(length,) * rank for length in range(1, device.length + 1)]
    return {square: lost for square in squares if (lost := sizes.drops((channels, *square))) is not None}


def _many(rank: int) -> str:
    return "frames" if rank == 1 else "images"


def _one(rank: int) -> str:
    return "length" if rank == 1 else "square"


def _text(size: Shape) -> str:
    return "x".join(map(str, size))


def _range(rank: int, found: dict[Shape, int]) -> str:
    if not found:
        return ""
    first, *_, last = [*found, list(found)[-1]]
    many = f" to {_text(last)}" if len(found) > 1 else ""
    return f"{_many(rank)} of {_text(first)}{many}{' samples' if rank == 1 else ''} fit"

"""Layers that move codes and compute nothing: the shape changes, or whose values stand where; no format does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.spec.layer import Layer, TensorType, frozen_codes, integers, register
from bittrue.spec.window import framed, per_axis

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@register
@dataclass(frozen=True)
class Flatten(Layer):
    """``y[(c * H + h) * W + w] = x[c, h, w]``: all axes become one, channel by channel, as in PyTorch."""

    def output_type(self, *inputs: TensorType) -> TensorType:
        (given,) = inputs
        if len(given.shape) < 2:
            raise BadInput(f"Flatten takes frames or images, not {shown(given.shape)}, which is flat; leave it away")
        return TensorType((given.elements,), given.format)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.dense import Dense
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        weight = (np.arange(2 * 12) * 57 % 256 + fmt.lo).reshape(2, 12)
        dense = Dense(weight, np.array([-3000, 81]), fmt, Format(32, 14))
        nodes = (Node("flat", cls(), ("input",)), Node("wide", dense, ("flat",)))
        return Net("flatten", TensorType((3, 4), fmt), nodes)


@register
@dataclass(frozen=True)
class Reshape(Layer):
    """The same elements in the same order (the last axis fastest) in another ``shape``: a vector as a frame, say.

    Raises `BadInput` where ``shape`` has another number of elements.
    """

    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "shape", integers(self.shape, "Reshape.shape"))

    def output_type(self, *inputs: TensorType) -> TensorType:
        (given,) = inputs
        result = TensorType(self.shape, given.format)
        if result.elements != given.elements:
            raise BadInput(
                f"Reshape gives shape {shown(self.shape)} ({result.elements} elements) to {given.elements} elements of "
                f"shape {shown(given.shape)}; match them"
            )
        return result

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node
        from bittrue.spec.pool import MaxPool1d

        nodes = (
            Node("frame", cls((2, 6)), ("input",)),
            Node("pairs", MaxPool1d(2, 2), ("frame",)),
            Node("image", cls((1, 3, 2)), ("pairs",)),
        )
        return Net("reshape", TensorType((12,), Format.parse("Q1.7")), nodes)


@register
@dataclass(frozen=True)
class Concat(Layer):
    """All channels of the first tensor, then those of the next: ``y = x_0[0], x_0[1], ..., x_1[0], ...``.

    Raises `BadInput` where the formats, or axes other than the first, differ, and for fewer than two tensors.
    """

    arity: ClassVar[int | None] = None

    def output_type(self, *inputs: TensorType) -> TensorType:
        if len(inputs) < 2:
            raise BadInput(f"Concat takes two or more tensors, not {len(inputs)}; leave it away")
        if len({(given.shape[1:], given.format) for given in inputs}) != 1:
            raise BadInput(
                f"Concat takes tensors alike but for their channels, not {shown(', '.join(map(str, inputs)))}; match "
                f"formats and sizes"
            )
        return TensorType((sum(given.shape[0] for given in inputs), *inputs[0].shape[1:]), inputs[0].format)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node
        from bittrue.spec.pool import AvgPool1d, MaxPool1d

        nodes = (
            Node("most", MaxPool1d(2, 1), ("input",)),
            Node("mean", AvgPool1d(2, 1), ("input",)),
            Node("both", cls(), ("mean", "most", "most")),
        )
        return Net("concat", TensorType((2, 5), Format.parse("Q1.7")), nodes)


@dataclass(frozen=True)
class _Factors(Layer):
    """A layer that makes axes ``factors`` times as long, one whole number an axis."""

    factors: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        name = f"{type(self).__name__} factors"
        given = integers([self.factors] if isinstance(self.factors, int) else self.factors, name)
        if len(given) not in (1, 2):
            raise BadInput(f"{name} is {shown(self.factors)}; give one whole number for a frame, two for an image")
        object.__setattr__(self, "factors", per_axis(given, len(given), 1, name))

    def _longer(self, given: TensorType) -> tuple[int, ...]:
        return tuple(length * factor for length, factor in zip(given.shape[1:], self.factors, strict=True))


@register
@dataclass(frozen=True)
class Upsample(_Factors):
    """``y[c, n] = x[c, floor(n / factor)]`` along each axis: every sample stands ``factor`` times (nearest neighbour).

    ``factors`` are one whole number for a frame, two for an image.
    """

    def output_type(self, *inputs: TensorType) -> TensorType:
        given = framed(inputs, len(self.factors), "Upsample")
        return TensorType((given.shape[0], *self._longer(given)), given.format)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        return Net("upsample", TensorType((2, 2, 3), Format.parse("Q1.7")), (Node("twice", cls((2, 3)), ("input",)),))


@register
@dataclass(frozen=True)
class Interleave(_Factors):
    """Groups of channels as phases of one longer channel: ``y[c, n * factor + i] = x[c * factor + i, n]``.

    That is a polyphase filter's commutator. With two factors ``(r, s)`` it is the sub-pixel shuffle
    ``y[c, h * r + i, w * s + j] = x[(c * r + i) * s + j, h, w]``, PyTorch's ``pixel_shuffle`` where ``r = s``.

    Raises `BadInput` where the product of the factors does not divide the channels.
    """

    def output_type(self, *inputs: TensorType) -> TensorType:
        given, phases = framed(inputs, len(self.factors), "Interleave"), math.prod(self.factors)
        if given.shape[0] % phases:
            raise BadInput(
                f"Interleave by {shown(self.factors)} takes a multiple of {phases} channels, not {given.shape[0]}; "
                f"match them"
            )
        return TensorType((given.shape[0] // phases, *self._longer(given)), given.format)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        nodes = (
            Node("image", cls((2, 3)), ("input",)),
            Node("frame", Reshape((4, 18)), ("image",)),
            Node("phases", cls((2,)), ("frame",)),
        )
        return Net("interleave", TensorType((12, 3, 2), Format.parse("Q1.7")), nodes)


@register
@dataclass(frozen=True, eq=False)
class Constant(Layer):
    """``values``, codes of ``format``, for every sample; it takes no tensor.

    Raises `BadInput` for values outside the format.
    """

    values: npt.NDArray[np.int64]
    format: Format

    arity: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        values = self.format.check(self.values, "Constant.values")
        object.__setattr__(self, "values", frozen_codes(values, max(1, values.ndim), "Constant.values"))

    def output_type(self, *inputs: TensorType) -> TensorType:
        return TensorType(self.values.shape, self.format)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        nodes = (
            Node("ramp", cls(np.arange(10).reshape(2, 5) * 57 % 256 + fmt.lo, fmt), ()),
            Node("both", Concat(), ("input", "ramp")),
        )
        return Net("constant", TensorType((1, 5), fmt), nodes)

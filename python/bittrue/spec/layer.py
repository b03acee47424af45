"""What every layer is: a frozen dataclass that knows its output type, and the register of all kinds."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.limits import AXES, DELAY, ELEMENTS, TAPS
from bittrue.num import Format
from bittrue.num.arrays import integer, plain
from bittrue.spec import activation

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@dataclass(frozen=True)
class TensorType:
    """Type of one sample of a tensor: ``shape`` without the leading sample axis, and the `Format` of its codes.

    Raises `BadInput` for a shape without axes, with an axis shorter than 1, or beyond `bittrue.limits.AXES` or
    `bittrue.limits.ELEMENTS`. A format may be given as text, ``"Q1.7"``.
    """

    shape: tuple[int, ...]
    format: Format

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", integers(self.shape, "a tensor's shape"))
        object.__setattr__(self, "format", Format.of(self.format, "a tensor's format"))
        if not self.shape or min(self.shape) < 1:
            raise BadInput(f"a tensor has shape {shown(self.shape)}; give one or more axes of length 1 or more")
        if len(self.shape) > AXES:
            raise BadInput(f"a tensor has {len(self.shape)} axes, more than {AXES}; merge some")
        if self.elements > ELEMENTS:
            raise BadInput(
                f"a tensor of shape {shown(self.shape)} has {shown(self.elements)} elements, more than {ELEMENTS:,}; "
                f"make it smaller"
            )

    @property
    def elements(self) -> int:
        """Elements of a sample."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.shape))} {self.format}"


class Layer(ABC):
    """One integer function of one or more tensors.

    A layer is a frozen dataclass; its fields are the parameters in net.json, arrays among them go to the weight file.
    Arrays that run through a net are int64 codes of shape ``(N, *type.shape)``; axis 0 counts samples, and it is time
    for layers with ``memory``. Formats and activations may be given as the text that net.json has.
    """

    #: Number of tensors the layer takes; ``None`` for two or more.
    arity: ClassVar[int | None] = 1

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            what = f"{type(self).__name__}.{field.name}"
            if field.type in ("Format", Format):
                object.__setattr__(self, field.name, Format.of(getattr(self, field.name), what))
            elif field.type in ("Activation", activation.Activation):
                object.__setattr__(self, field.name, activation.of(getattr(self, field.name), what))

    @abstractmethod
    def output_type(self, *inputs: TensorType) -> TensorType:
        """Type of the result. Raises `BadInput` where the inputs or the parameters do not fit."""

    @property
    def memory(self) -> int:
        """How many earlier samples an output depends on; before the first sample all history is zero."""
        return 0

    @classmethod
    @abstractmethod
    def example(cls) -> Net:
        """A small net around this layer that exercises it in full range: the equality tests run it on every leg."""


LAYERS: dict[str, type[Layer]] = {}
"""Every kind of layer by the name it has in net.json."""

L = TypeVar("L", bound=type[Layer])


def register(cls: L) -> L:
    """Class decorator: make a layer known under its class name."""
    LAYERS[cls.__name__] = cls
    return cls


R = TypeVar("R")


def rule(rules: Mapping[type, R], layer: Layer, lacking: str) -> R:
    """What a table of ``rules`` has for the kind of a layer, or for the nearest kind that this one is.

    Raises `BadInput` where it has nothing: ``lacking``, then the kind.
    """
    for kind in type(layer).__mro__:
        if kind in rules:
            return rules[kind]
    raise BadInput(f"{lacking} layer {type(layer).__name__}; register one")


def frozen_codes(array: npt.ArrayLike, ndim: int, what: str) -> npt.NDArray[np.int64]:
    """A read-only int64 copy of an integer array of ``ndim`` axes; `BadInput`, naming ``what``, for anything else."""
    source = plain(array, what)
    if source.dtype.kind not in "iu":
        raise BadInput(f"{what} holds {source.dtype} numbers; a net is made of integer codes, so encode them first")
    if source.ndim != ndim or 0 in source.shape:
        raise BadInput(f"{what} has shape {source.shape}; {ndim} non-empty axes are needed")
    if source.size > ELEMENTS:
        raise BadInput(f"{what} has {source.size:,} elements, more than {ELEMENTS:,}; make the layer smaller")
    if int(source.max()) >= 1 << 63:
        raise BadInput(f"{what} holds {int(source.max())}; codes are int64, so narrow the word")
    codes = source.astype(np.int64)
    codes.setflags(write=False)
    return codes


def complex_format(inputs: Sequence[TensorType], layer: str) -> Format:
    """Format of an I/Q input; `BadInput` unless it is one sample ``(I, Q)`` of at most 16 bits."""
    (given,) = inputs
    if given.shape != (2,):
        raise BadInput(f"{layer} takes (I, Q) samples of shape (2,), not {given.shape}; put it first in the net")
    if given.format.bits > 16:
        raise BadInput(
            f"{layer} takes I/Q words of at most 16 bits, not {given.format.bits}: "
            f"|x|^4 must fit 64 bits; narrow the input"
        )
    return given.format


def integers(values: Iterable[int], what: str) -> tuple[int, ...]:
    """``values`` as a tuple of Python integers; `BadInput` where one is no integer, or they stand in no order."""
    found: list[int | None] = [None]
    single = isinstance(values, np.ndarray) and not values.ndim  # says that it is iterable, and is not
    if isinstance(values, Iterable) and not isinstance(values, str | bytes | dict | set | frozenset) and not single:
        values = tuple(values)
        found = [integer(value) for value in values]
    result = tuple(value for value in found if value is not None)
    if len(result) < len(found):
        raise BadInput(f"{what} is {shown(values)}; give a list of whole numbers")
    return result


def increasing_taps(taps: Sequence[int], what: str) -> tuple[int, ...]:
    """``taps`` as a tuple; `BadInput` unless they are strictly increasing delays from 0 to `bittrue.limits.DELAY`."""
    result = integers(taps, what)
    if not result or result[0] < 0 or any(a >= b for a, b in pairwise(result)):
        raise BadInput(f"{what} is {shown(list(result))}; give strictly increasing delays in samples, the first >= 0")
    if result[-1] > DELAY:
        raise BadInput(f"{what} reaches {shown(result[-1])} samples back, more than {DELAY:,}; shorten the delay")
    if len(result) > TAPS:
        raise BadInput(f"{what} has {len(result):,} taps, more than {TAPS:,}; leave some away")
    return result

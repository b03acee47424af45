"""What every layer is: a frozen dataclass that knows its output type, and the register of all kinds."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@dataclass(frozen=True)
class TensorType:
    """Type of one sample of a tensor: ``shape`` without the leading sample axis, and the `Format` of its codes.

    Raises `BadInput` for a shape without axes or with an axis shorter than 1.
    """

    shape: tuple[int, ...]
    format: Format

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", integers(self.shape, "a tensor's shape"))
        if not self.shape or min(self.shape) < 1:
            raise BadInput(f"a tensor has shape {self.shape}; give one or more axes of length 1 or more")

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.shape))} {self.format}"


class Layer(ABC):
    """One integer function of one or more tensors.

    A layer is a frozen dataclass; its fields are the parameters in net.json, arrays among them go to the weight file.
    Arrays that run through a net are int64 codes of shape ``(N, *type.shape)``; axis 0 counts samples, and it is time
    for layers with ``memory``.
    """

    #: Number of tensors the layer takes; ``None`` for two or more.
    arity: ClassVar[int | None] = 1

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


def frozen_codes(array: npt.ArrayLike, ndim: int, what: str) -> npt.NDArray[np.int64]:
    """A read-only int64 copy of an integer array of ``ndim`` axes; `BadInput` for anything else."""
    source = np.asarray(array)
    if source.dtype.kind not in "iu":
        raise BadInput(f"{what} holds {source.dtype} numbers; a net is made of integer codes, so encode them first")
    if source.ndim != ndim or 0 in source.shape:
        raise BadInput(f"{what} has shape {source.shape}; {ndim} non-empty axes are needed")
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
    """``values`` as a tuple of Python integers; `BadInput` where one is not an integer."""
    try:
        return tuple(int(operator.index(value)) for value in values)
    except TypeError:
        raise BadInput(f"{what} is {values!r}; give a list of whole numbers") from None


def increasing_taps(taps: Sequence[int], what: str) -> tuple[int, ...]:
    """``taps`` as a tuple; `BadInput` unless they are strictly increasing delays >= 0."""
    result = integers(taps, what)
    if not result or result[0] < 0 or any(a >= b for a, b in pairwise(result)):
        raise BadInput(f"{what} is {list(taps)}; give strictly increasing delays in samples, the first >= 0")
    return result

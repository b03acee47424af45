"""Tensors of a PyTorch archive: which part of which storage they are, and their numbers when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import shown
from bittrue.limits import ELEMENTS

Array = npt.NDArray[Any]
TYPES: dict[str, str] = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}

AXES = 8
"""Most axes of a tensor."""

REPEATED = 1 << 20
"""Numbers that a tensor may have where its storage has fewer, because it repeats them (a stride of 0)."""


class Malformed(ValueError):
    """What an archive asks for makes no sense."""


@dataclass(frozen=True)
class Name:
    """A name that the archive would import: ``torch FloatStorage``."""

    text: str


@dataclass(frozen=True, eq=False)
class Opaque:
    """Something that the archive holds and nobody here needs; it takes state and items, and keeps none."""

    text: str


@dataclass(frozen=True, eq=False)
class Storage:
    """One row of numbers, ``count`` of them, in the file ``name``; ``kind`` is PyTorch's name of their type."""

    kind: str
    name: str
    count: int
    read: Callable[[str], bytes]

    @classmethod
    def of(cls, key: Any, read: Callable[[str], bytes]) -> Storage:
        """The storage of what a pickle calls a persistent identifier. Raises `Malformed`."""
        if isinstance(key, tuple) and len(key) == 5 and isinstance(key[0], str) and key[0] == "storage":
            _, kind, name, _, count = key
            if isinstance(kind, Name) and isinstance(name, str) and _counts((count,)):
                return cls(kind.text, name, count, read)
        raise Malformed(f"{shown(key)} is no storage")

    def numbers(self) -> Array:
        """All numbers. Raises `Malformed` for a type that is not read, and where there are more or fewer."""
        code = TYPES.get(self.kind.rpartition(" ")[2])
        if code is None:
            raise Malformed(f"tensors of {shown(self.kind)} are not read; convert them to float32")
        data = self.read(self.name)
        if len(data) != self.count * np.dtype(code).itemsize:
            raise Malformed(
                f"storage {shown(self.name)} holds {len(data):,} bytes, not {self.count:,} numbers of {code}"
            )
        return np.frombuffer(data, dtype=code)


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor: number ``i`` along an axis is ``i * stride`` further in its storage."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @classmethod
    def of(cls, *given: Any) -> StoredTensor | Opaque:
        """The tensor of PyTorch's storage, offset, size, stride, and flags. Raises `Malformed`."""
        storage, offset, size, stride, *flags = given
        if not isinstance(storage, Storage) or any(flags[2:]):  # complex conjugate, or negative: by a flag alone
            return Opaque("a tensor of an unknown kind")
        shape = isinstance(size, tuple) and isinstance(stride, tuple) and len(size) == len(stride) <= AXES
        if not shape or not _counts((offset, *size, *stride)):
            raise Malformed(f"a tensor has the size {shown(size)} and the stride {shown(stride)}")
        last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
        if 0 not in size and last >= storage.count:
            raise Malformed("a tensor reaches beyond its storage")
        return cls(storage, offset, size, stride)

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.size)

    def array(self) -> Array:
        """The numbers.

        Raises `Malformed` for more than `bittrue.limits.ELEMENTS`, and for more than `REPEATED` of a smaller storage.
        """
        if self.count > min(ELEMENTS, max(self.storage.count, REPEATED)):
            raise Malformed(f"a tensor of {self.count:,} numbers is larger than its storage of {self.storage.count:,}")
        numbers = self.storage.numbers()
        if not self.count:
            return np.empty(self.size, numbers.dtype)
        steps = tuple(s * numbers.itemsize if n > 1 else 0 for n, s in zip(self.size, self.stride, strict=True))
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.size, steps, writeable=False).copy()


def _counts(values: tuple[Any, ...]) -> bool:
    """Whether all are whole numbers from 0 to what 63 bits hold."""
    return all(type(value) is int and 0 <= value < 1 << 63 for value in values)

"""One array of an HDF5 file, looked through before it is believed and read a piece at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.kit.optional import needed
from bittrue.limits import take
from bittrue.readers import DAMAGE, refusing

KINDS = {"f4": "float32", "f8": "float64", "c8": "complex64", "c16": "complex128"}
FILTERS = {"gzip", "lzf", None}
"""Compressions that h5py brings itself; others are code of plugins."""
PIECE = 1 << 26
"""Most bytes of a compressed piece of the file."""
MOST = 1 << 40
"""Most bytes of an array."""
FIX = "write it again, or restore the file"
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Stored:
    """An array ``(N, columns)`` of real or complex numbers in a file; nothing of it is in memory.

    Parameters
    ----------
    path : Path
    key : str
        Its name in the file.
    shape : (int, int)
    dtype : numpy.dtype
        float32, float64, complex64 or complex128.
    """

    path: Path
    key: str
    shape: tuple[int, int]
    dtype: np.dtype[Any]

    def rows(self, first: int, count: int) -> Array:
        """Rows ``first`` to ``first + count - 1``, as they are stored.

        Raises `BadInput` for rows that are not there, numbers that are not finite, a file that has changed since it was
        looked through or that is damaged, and for more than `bittrue.limits.memory` allows.
        """
        if not 0 <= first <= first + count <= self.shape[0]:
            raise BadInput(f"{self.path} has {self.shape[0]:,} rows; {first:,} to {first + count - 1:,} were asked for")
        take(count * self.shape[1] * self.dtype.itemsize, f"{count:,} rows of {self.path}")
        with _opened(self.path) as file, refusing(str(self.path), FIX):
            array = _array(file, self.path, self.key)
            if (array.shape, array.dtype) != (self.shape, self.dtype):
                raise BadInput(f"{self.path} has changed while it was read; begin again")
            found = np.asarray(array[first : first + count])
        finite = np.isfinite(found).all(axis=1)
        if not finite.all():
            raise BadInput(f"{self.path} holds NaN or infinity in row {first + int(np.argmin(finite)):,}; {FIX}")
        return found

    def pieces(self, count: int) -> Iterator[Array]:
        """All rows, at most ``count`` at a time. Raises `BadInput` as `rows` does."""
        for first in range(0, self.shape[0], count):
            yield self.rows(first, min(count, self.shape[0] - first))


def stored(path: str | os.PathLike[str], key: str) -> Stored:
    """The array of that key.

    Raises
    ------
    BadInput
        Where the file cannot be read, is no HDF5 or a truncated one, has no such key or refers to another file, the
        array has not two axes, holds no real or complex floats, or its numbers do not lie in the file.
    """
    path = Path(path)
    with _opened(path) as file, refusing(str(path), FIX):
        array = _array(file, path, key)
        return Stored(path, key, tuple(array.shape), array.dtype)


def _opened(path: Path) -> Any:
    with needed("sets of noise need", "h5py", extra="noise"):
        import h5py
    try:
        plain = path.is_file()
    except (OSError, ValueError):
        plain = False
    if not plain:
        raise BadInput(f"cannot read the set {path}: there is no such file; check the path")
    try:
        return h5py.File(path, "r", locking=False)
    except DAMAGE as error:
        reason = "it is truncated" if "truncated" in str(error) else "it is damaged or no HDF5"
        raise BadInput(f"cannot read the set {path}: {reason}; {FIX}") from None


def _array(file: Any, path: Path, key: str) -> Any:
    import h5py

    keys = list(file.keys())[:20]
    if key not in file:
        raise BadInput(f"{path} has no array {shown(key)}; it has {', '.join(map(shown, keys)) or 'nothing'}")
    if not isinstance(file.get(key, getlink=True), h5py.HardLink):
        raise BadInput(f"{path} refers to another file for {shown(key)}; write a file that holds its numbers")
    array = file[key]
    if not isinstance(array, h5py.Dataset) or array.external or array.is_virtual:
        raise BadInput(f"{path} does not hold the numbers of {shown(key)} itself; write a file that does")
    kind = array.dtype
    if kind.str[1:] not in KINDS:
        raise BadInput(
            f"{path} holds {shown(str(kind))} in {shown(key)}; it must be one of {', '.join(KINDS.values())}"
        )
    shape = array.shape
    if shape is None or len(shape) != 2 or min(shape) < 1:
        raise BadInput(
            f"{path} holds {shown(key)} of shape {shown(shape)}; it must be signals by columns, (N, columns)"
        )
    _check_storage(array, path, math.prod(shape) * kind.itemsize)
    return array


def _check_storage(array: Any, path: Path, size: int) -> None:
    """Raises `BadInput` where the numbers of an array are not in its file, or take too much to unpack."""
    if size > MOST:
        raise BadInput(f"{path} claims {size:,} bytes of numbers, more than the {MOST:,} that are read; split it")
    packed = array.compression is not None
    plugin = array.compression not in FILTERS or array.scaleoffset is not None
    if plugin or (array.chunks and math.prod(array.chunks) * array.dtype.itemsize > PIECE):
        raise BadInput(f"{path} is packed in a way that is not read; write it with gzip or plain, in pieces of 64 MiB")
    there = array.id.get_storage_size()
    if there > path.stat().st_size or there < (size // 1100 if packed else size):
        raise BadInput(f"{path} is corrupt: {size:,} bytes of numbers are claimed, {there:,} are there; {FIX}")

"""NumPy's files, .npy and .npz, whose declared sizes are believed only as far as the bytes are there."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from bittrue.errors import BadInput, shown
from bittrue.limits import FILE, take
from bittrue.readers.damage import refusing

Array = npt.NDArray[Any]
_KINDS = "biufcSU"
"""Booleans, integers, floats, complex numbers and text: kinds of plain values."""
MEMBERS = 1 << 16
"""Most arrays of a .npz file, counted before its list of contents takes memory."""
_HEADERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


def npy(data: bytes, what: str, fix: str = "write it with numpy.save") -> Array:
    """The array of a .npy file; nothing is unpickled.

    Raises `BadInput` for bytes that are no such file, objects or records instead of plain values, and a shape that has
    more or fewer values than there are bytes for.
    """
    if not data.startswith(npy_format.MAGIC_PREFIX):
        raise BadInput(f"{what} is not a .npy file; {fix}")
    with refusing(what, fix):
        stream = io.BytesIO(data)
        version = npy_format.read_magic(stream)
        if version not in _HEADERS:
            raise BadInput(f"{what} has version {version[0]}.{version[1]} of the .npy format, not 1.0 or 2.0; {fix}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file that Python 2 wrote
            shape, columns_first, kind = _HEADERS[version](stream)
        if kind.kind not in _KINDS or not kind.itemsize:
            raise BadInput(f"{what} holds {shown(str(kind))}, not plain numbers; {fix}")
        there = len(data) - stream.tell()
        if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != there:
            raise BadInput(
                f"{what} is corrupt: its shape is {shown(shape)} of {kind}, and {there:,} bytes of values follow; {fix}"
            )
        flat = np.frombuffer(data, kind, offset=stream.tell())
        return flat.reshape(shape, order="F" if columns_first else "C").copy(order="K")


def npz(data: bytes, what: str, fix: str = "write it with numpy.savez") -> dict[str, Array]:
    """The arrays of a .npz file by name, as `npy` reads them.

    Raises `BadInput` also for a damaged, encrypted or otherwise compressed archive, a name twice, and arrays that take
    more than `bittrue.limits.FILE` bytes together.
    """
    if (count := data.count(b"PK\x01\x02")) > MEMBERS:
        raise BadInput(f"{what} holds {count:,} arrays, more than the {MEMBERS:,} that are read; split it")
    result: dict[str, Array] = {}
    with refusing(what, fix), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if (size := sum(member.file_size for member in members)) > FILE:
            raise BadInput(f"{what} holds {size:,} bytes of arrays, more than the {FILE:,} that are read; split it")
        take(size, what)
        for member in members:
            name = member.filename.removesuffix(".npy")
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BadInput(f"{what} is encrypted or packed in a way that NumPy does not write; {fix}")
            if name in result:
                raise BadInput(f"{what} holds the array {shown(name)} twice; {fix}")
            result[name] = npy(archive.read(member), f"{what}, array {shown(name)}", fix)
    return result

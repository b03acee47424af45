"""PyTorch's zip archives (.pth, .pt, .pth.tar), read without executing anything that they hold.

An archive has a pickle, a program for a stack machine (`bittrue.targets.max78002.pickles`), and one raw file a storage.
Storages are read when a tensor is asked for, so what a checkpoint keeps beside its weights costs nothing. PyTorch is
not needed.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.limits import TEXT
from bittrue.readers import refusing
from bittrue.targets.max78002.pickles import run
from bittrue.targets.max78002.storages import Malformed

FILES = 1 << 16
"""Most files of an archive: far more than there are tensors in a net for the chip."""

PROGRAM = "data.pkl"


def read_archive(path: str | Path) -> Any:
    """What ``torch.save`` wrote: dictionaries, lists, tuples, numbers, text, `StoredTensor` and `Opaque`.

    Raises `BadInput` for a file that cannot be read, is no zip archive of PyTorch's, or is damaged.
    """
    what, fix = f"the checkpoint {path}", "save it again with PyTorch 1.6 or newer, or as .npz"
    data = read_bytes(path, "the checkpoint")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise BadInput(f"{what} is not a zip archive of torch.save; {fix}")
    if (files := data.count(b"PK\x01\x02")) > FILES:
        raise BadInput(f"{what} holds {files:,} files, more than the {FILES:,} that are read; {fix}")
    with refusing(what, fix):
        records = Records(zipfile.ZipFile(io.BytesIO(data)), len(data))
        return run(records.read(PROGRAM), records.storage)


class Records:
    """The files of an archive by their names without the leading folder.

    Parameters
    ----------
    archive : ZipFile
    size : int
        Bytes of the whole archive; what is read of it is no more, as torch.save compresses nothing.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive, self._left = archive, size
        self._names = set(names := archive.namelist())
        if len(self._names) != len(names):
            raise Malformed("it holds a file twice")
        programs = [name for name in names if name.rpartition("/")[2] == PROGRAM]
        if len(programs) != 1:
            raise Malformed("it has no data.pkl" if not programs else "it has several data.pkl")
        self._folder = programs[0].removesuffix(PROGRAM)
        self._storages: dict[str, bytes] = {}
        if f"{self._folder}byteorder" in self._names and self.read("byteorder").strip() != b"little":
            raise Malformed("it was written on a big-endian machine")

    def read(self, name: str, most: int = TEXT) -> bytes:
        """The content of a file.

        Raises `Malformed` where it is missing, encrypted, compressed or longer than ``most``.
        """
        if f"{self._folder}{name}" not in self._names:
            raise Malformed(f"it has no {name}")
        info = self._archive.getinfo(f"{self._folder}{name}")
        if info.flag_bits & 1:
            raise Malformed(f"{name} is encrypted")
        if info.compress_type != zipfile.ZIP_STORED:
            raise Malformed(f"{name} is compressed, which torch.save never does")
        if info.file_size > min(most, self._left):
            raise Malformed(f"{name} says that it has {info.file_size:,} bytes, more than there can be")
        self._left -= info.file_size
        return self._archive.read(info)

    def storage(self, name: str) -> bytes:
        """The bytes of a storage, read once."""
        if name not in self._storages:
            self._storages[name] = self.read(f"data/{name}", self._left)
        return self._storages[name]

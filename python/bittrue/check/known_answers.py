"""Known-answer vectors: input codes and the output codes of the reference, checked in beside a net."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from bittrue import ref
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.readers.tensors import tensors
from bittrue.spec import Net

FILE = "kat.safetensors"
Codes = npt.NDArray[np.int64]


def content(net: Net, samples: npt.NDArray[np.integer]) -> bytes:
    """The file for samples ``(N, *input.shape)``, one stream from zero history: ``input`` and ``output`` codes.

    ``input`` keeps its integer type; ``output`` is int64; ``sha256`` is their `digest`.
    """
    given, expected = np.ascontiguousarray(samples), np.ascontiguousarray(ref.run(net, samples.astype(np.int64)))
    return safetensors.numpy.save({"input": given, "output": expected, "sha256": digest(given, expected)})


def digest(given: npt.NDArray[np.integer], expected: npt.NDArray[np.integer]) -> npt.NDArray[np.int8]:
    """SHA-256 over both arrays, int8 (32,): an edited input may have the same answer, and is an edit all the same.

    What is digested: of each its type as NumPy writes it (``|i1`` for int8, else ``<i2``, ``<i4``, ``<i8``), a space,
    its shape as Python writes it, a space, and its codes.
    """
    total = hashlib.sha256()
    for array in (given, expected):
        total.update(f"{array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return np.frombuffer(total.digest(), np.int8)


def read(path: str | os.PathLike[str]) -> tuple[Codes, Codes]:
    """Input and output codes of a known-answer file. Raises `BadInput` where it cannot be read or was edited."""
    stored = tensors(read_bytes(path, "the known answers"), f"the known answers {path}")
    for name in stored.keys() ^ {"input", "output", "sha256"}:
        if name != "sha256":
            raise BadInput(f"{path} {'holds' if name in stored else 'lacks'} {shown(name)}; restore the file")
    given, expected = stored["input"], stored["output"]
    if given.dtype.kind != "i" or expected.dtype.kind != "i":
        raise BadInput(f"{path} holds {given.dtype} and {expected.dtype}; codes are integers, so restore the file")
    if not given.ndim or not expected.ndim or not len(given):
        raise BadInput(f"{path} holds inputs {given.shape} and outputs {expected.shape}; one sample or more is needed")
    if "sha256" in stored and not np.array_equal(stored["sha256"], digest(given, expected)):
        raise BadInput(f"{path} was edited: its codes have another SHA-256 than it says; restore the folder")
    return given.astype(np.int64), expected.astype(np.int64)


def inputs(folder: str | os.PathLike[str]) -> Codes | None:
    """Input codes of a folder's known answers, or None without such a file; raised as by `read`."""
    path = Path(folder) / FILE
    return read(path)[0] if path.is_file() else None


def verify(net: Net, folder: str | os.PathLike[str]) -> int | None:
    """Ask the reference for the known answers of a net's folder; how many there are, or None without such a file.

    Raises `BadInput` where the file cannot be read, does not fit the net, or holds another answer, naming the first.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return None
    if len(net.inputs) > 1 or len(net.outputs) > 1:
        raise BadInput(f"{path} is of one input and one output, and net {net.name} has several; remove the file")
    given, expected = read(path)
    if given.shape[1:] != net.input.shape or expected.shape != (len(given), *net.output.shape):
        raise BadInput(
            f"{path} holds inputs {given.shape} and outputs {expected.shape}, which net {net.name} cannot have; "
            f"restore the file"
        )
    found = ref.run(net, given)
    if wrong := np.argwhere(found != expected).tolist():
        at = tuple(wrong[0])
        raise BadInput(
            f"{path} belongs to another net: output {list(at[1:])} of sample {at[0]} is {expected[at]} "
            f"there, and net {net.name} gives {found[at]}; restore the folder, or train it again"
        )
    return len(given)

"""Samples in files, as codes of a net's inputs: integers are codes, others values; and results back in files."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from bittrue.api.values import Advice, encode
from bittrue.errors import BadInput, listed
from bittrue.files import read_bytes
from bittrue.readers import npy, npz
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]
Arrays = dict[str, npt.NDArray[Any]]

ADVICE = Advice("save I and Q as the last axis", "add --codes if it holds codes")


def read_arrays(net: Net, path: str) -> Arrays:
    """The arrays of a file by the net's input: the one of a .npy file, or one an input of a .npz file.

    Raises `BadInput` where there is none, it holds Python objects, or arrays of other names.
    """
    content = read_bytes(path, "the samples")
    if Path(path).suffix.lower() == ".npz":
        found = npz(content, path)
        if set(found) != set(net.inputs):
            raise BadInput(
                f"{path} holds {listed(sorted(found)) or 'nothing'}; net {net.name} takes one array each of "
                f"{listed(net.inputs)}"
            )
        return found
    if len(net.inputs) > 1:
        raise BadInput(
            f"{path} holds one array, and net {net.name} takes {listed(net.inputs)}; save them as a .npz file, one "
            f"array of each name"
        )
    return {next(iter(net.inputs)): npy(content, path)}


def codes_of(net: Net, arrays: Arrays, path: str, integers: bool | None = None) -> dict[str, Codes]:
    """Codes of every input, checked.

    Parameters
    ----------
    integers : bool, optional
        True takes codes only, False values only; without it, integers are codes.

    Raises
    ------
    BadInput
        Naming the file, where they do not fit the net.
    """
    found: Arrays = {}
    for name, array in arrays.items():
        codes = array.dtype.kind in "iu" if integers is None else integers
        where = path if len(arrays) == 1 else f"{path}, array {name!r}"
        found[name] = _integers(array, where) if codes else encode(array, net.inputs[name].format, where, ADVICE)
    try:
        return net.check_inputs(found)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def contents(results: Mapping[str, npt.NDArray[Any]], path: str) -> bytes:
    """The bytes of a .npz file with all results, or of a .npy file with the one that there is."""
    content = BytesIO()
    if Path(path).suffix.lower() == ".npz":
        with ZipFile(content, "w") as archive:  # as numpy.savez, which keeps some names to itself
            for name, result in results.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asarray(result), allow_pickle=False)
    else:
        np.save(content, next(iter(results.values())), allow_pickle=False)
    return content.getvalue()


def _integers(array: npt.NDArray[Any], path: str) -> npt.NDArray[Any]:
    if array.dtype.kind not in "iu":
        raise BadInput(f"{path} holds {array.dtype} numbers and --codes takes integer codes; leave --codes away")
    return array

"""``<stem>.npz``: for every bank, the words that write its weights into bank 0; and the seal on the overlay's files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.board.errors import BoardError
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.readers import npz

Integers = npt.NDArray[np.int64]
Stored = dict[str, tuple[Integers, Integers]]
"""Addresses, which ascend, and codes of every bank by its name."""


def read_words(path: Path, sha256: str | None, banks: Sequence[str]) -> Stored:
    """The words of the banks.

    Raises `BoardError` for a file that cannot be read or has another SHA-256 (where one is given), and for arrays that
    are missing, no integers, or of different lengths.
    """
    try:
        arrays = npz(sealed(path, sha256), f"bank words {path}", "copy the overlay again")
    except BadInput as error:
        raise BoardError(str(error)) from None
    found = {}
    for name in banks:
        addresses, codes = (arrays.get(f"{name}_{what}") for what in ("addresses", "codes"))
        if addresses is None or codes is None:
            raise BoardError(f"{path} holds no words of bank {name}; write the overlay again with bittrue overlay")
        if addresses.ndim != 1 or addresses.shape != codes.shape or not (_are_words(addresses) and _are_words(codes)):
            raise BoardError(
                f"{path} holds addresses {addresses.shape} of {addresses.dtype} and codes {codes.shape} of "
                f"{codes.dtype} of bank {name}, not two rows of integers; copy the overlay again"
            )
        order = np.argsort(addresses, kind="stable")
        found[name] = addresses[order].astype(np.int64), codes[order].astype(np.int64)
    return found


def check_words(addresses: Integers, codes: Integers, load: Mapping[str, int], what: str) -> None:
    """Raise `BoardError` for an address twice, or outside of a bank, and for a code wider than a word.

    Parameters
    ----------
    addresses, codes : int64 arrays (N,)
        Addresses ascend.
    load : mapping
        ``lane_bits``, ``word_bits`` and ``data_bits`` of the manifest; nothing where the weights are fixed.
    what : str
        Subject of the sentence.
    """
    end = 1 << load.get("lane_bits", 0) + load.get("word_bits", 0) if load else 0
    most = 1 << (load.get("data_bits", 1) - 1)
    if len(addresses) and (addresses[0] < 0 or addresses[-1] >= end):
        raise BoardError(f"{what} has words beyond the memories of this overlay; copy the overlay again")
    if (addresses[1:] == addresses[:-1]).any():
        raise BoardError(f"{what} has two words of one address; copy the overlay again")
    if len(codes) and (codes.min() < -most or codes.max() >= most):
        raise BoardError(f"{what} has codes wider than a word of this overlay; copy the overlay again")


def _are_words(array: npt.NDArray[np.generic]) -> bool:
    """Whether they are integers that int64 holds."""
    return array.dtype.kind in "iu" and np.can_cast(array.dtype, np.int64)


def sealed(path: Path, sha256: str | None) -> bytes:
    """Content of a file of the overlay; `BoardError` where it cannot be read or has another SHA-256."""
    try:
        data = read_bytes(path, "file")
    except BadInput as error:
        raise BoardError(str(error)) from None
    found, wanted = hashlib.sha256(data).hexdigest(), (sha256 or "").removeprefix("sha256:")
    if sha256 is not None and found != wanted:
        raise BoardError(
            f"{path} is not of this overlay: its SHA-256 begins with {found[:12]}, the manifest says {wanted[:12]}; "
            f"copy all files of one build"
        )
    return data

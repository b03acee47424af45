"""What may be loaded into a bank: every word of it once, with the content hash that belongs to the words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.errors import BoardError
from bittrue.board.manifest import Manifest
from bittrue.board.samples import as_array
from bittrue.errors import shown

Integers = npt.NDArray[np.int64]
_DIGEST = re.compile(r"(sha256:)?(?!0{64})[0-9a-f]{64}\Z")


def words_to_load(
    manifest: Manifest, number: int, addresses: Any, codes: Any, digest: Any
) -> tuple[Integers, Integers, str]:
    """All words of a bank in the order of their addresses, and the hash of the net that they make.

    Parameters
    ----------
    manifest : Manifest
    number : int
        Of the bank.
    addresses, codes : int arrays (N,)
        In any order; addresses of bank 0 or of this bank.
    digest : str
        Content hash, with or without ``"sha256:"`` before it.

    Returns
    -------
    addresses, codes : int64 arrays (N,)
        Addresses ascend and are those of this bank.
    digest : str
        ``"sha256:.."``

    Raises
    ------
    BoardError
        For fixed weights, a digest that is none, arrays of another kind, an address that no bank has, one that is
        there twice or not at all, a code that does not fit, and a hash that is not that of the words where the overlay
        holds one of both.
    """
    name, load = manifest.names[number], manifest.load
    if load is None:
        raise BoardError(f"the weights of {manifest.net} are fixed; make the overlay with banks to load others")
    if not isinstance(digest, str) or not _DIGEST.match(digest):
        raise BoardError(f"{shown(digest)} is no content hash; give the net's, sha256: and 64 hexadecimal digits")
    where, what = as_array(addresses, "addresses"), as_array(codes, "codes")
    if where.ndim != 1 or where.shape != what.shape or where.dtype.kind not in "iu" or what.dtype.kind not in "iu":
        raise BoardError(
            f"addresses {where.shape} of {where.dtype} and codes {what.shape} of {what.dtype} must be integers, one "
            f"row of equal length"
        )
    bits = load["lane_bits"] + load["word_bits"]
    low = _in_bank_0(where, number, bits, name)
    most = 1 << (load["data_bits"] - 1)
    if what.size and (int(what.min()) < -most or int(what.max()) >= most):
        raise BoardError(f"a code does not fit the {load['data_bits']} bits of a word; load words of this net only")
    order = np.argsort(low, kind="stable")
    low, what = low[order], what[order].astype(np.int64)
    _check_complete(low, manifest.stored[manifest.banks[0].name][0], name)
    digest = "sha256:" + digest.removeprefix("sha256:")
    _check_hash(manifest, what, digest)
    return low | number << bits, what, digest


def _in_bank_0(addresses: npt.NDArray[Any], number: int, bits: int, name: str) -> Integers:
    """The addresses less the bank's number, which each has or has not."""
    for address in (int(addresses.min()), int(addresses.max())) if addresses.size else ():
        if not 0 <= address < 1 << 32:
            raise BoardError(f"address {address:#x} is not one of bank {name}; addresses have 32 bits")
    where = addresses.astype(np.int64)
    wrong = ~np.isin(where >> bits, (0, number))
    if wrong.any():
        raise BoardError(f"address {int(where[wrong][0]):#x} is not one of bank {name}")
    return np.asarray(where & ((1 << bits) - 1))


def _check_complete(found: Integers, wanted: Integers, name: str) -> None:
    """Raise `BoardError` unless the addresses, which ascend, are those of a bank, each once."""
    strange = ~np.isin(found, wanted)
    if strange.any():
        raise BoardError(f"address {int(found[strange][0]):#x} is not one of bank {name}: no memory has that word")
    twice = found[1:] == found[:-1]
    if twice.any():
        raise BoardError(f"address {int(found[1:][twice][0]):#x} is given twice; give each word of bank {name} once")
    missing = wanted[~np.isin(wanted, found)]
    if missing.size:
        raise BoardError(
            f"{len(found)} of the {len(wanted)} words of bank {name} are given, address {int(missing[0]):#x} is "
            f"missing; a part of a load makes no net, so give all words"
        )


def _check_hash(manifest: Manifest, codes: Integers, digest: str) -> None:
    """Raise `BoardError` where a bank of the overlay has these words or this hash, and not both."""
    for bank in manifest.banks:
        stored = manifest.stored[bank.name][1]
        if np.array_equal(stored, codes) != (bank.hash == digest):
            what = "these words and another hash than" if bank.hash != digest else "other words than these and"
            raise BoardError(
                f"bank {bank.name} of the overlay has {what} {digest[:19]}..; give words and hash of one net"
            )

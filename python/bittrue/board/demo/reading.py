"""``demo.npz`` of any demo: what all of them refuse, and whether the data are the overlay's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from bittrue.board.entries import Entries
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.readers import json_document, npz

FIX = "write it again with bittrue demo-data"
Arrays = dict[str, npt.NDArray[Any]]


def read(path: str | Path, version: tuple[str, int], arrays: Mapping[str, tuple[str, int]]) -> tuple[Entries, Arrays]:
    """The description and the arrays of a ``demo.npz``.

    Parameters
    ----------
    path : path
    version : (str, int)
        Format and version that the description must have.
    arrays : mapping of name to (str, int)
        Kinds of number (as `numpy.dtype.kind`) and axes that each array must have, but for the description.

    Raises
    ------
    BadInput
        Where the file is missing, damaged, of another demo or version, or lacks an array.
    """
    if not Path(path).exists():
        raise BadInput(f"there is no {path}; write it on the PC with bittrue demo-data and copy it here")
    what = f"demo data {path}"
    found = npz(read_bytes(path, "demo data"), what, FIX)
    about = Entries(json_document(str(found.get("about", "")).encode(), what), what, FIX)
    given = about.get("format"), about.get("version")
    if given != version:
        raise BadInput(f"{path} is {shown(given)} and {version} is needed; {FIX}")
    for name, (kinds, axes) in {"about": ("U", 0), **arrays}.items():
        if name not in found or found[name].dtype.kind not in kinds or found[name].ndim != axes:
            raise BadInput(f"{what} lacks {name}, or it has another shape or type; {FIX}")
    return about, found


def check_net(found: Any, manifest: Any) -> None:
    """Raise `BadInput` unless demo data (``net``, ``hash``) were made for the net of an overlay's manifest."""
    if found.hash != manifest.hash:
        raise BadInput(
            f"the demo data are for net {found.net} and the overlay holds {manifest.net}, or other weights; write them "
            f"again with bittrue demo-data"
        )


def check_codes(found: Any, manifest: Any) -> None:
    """`check_net`, and raise `BadInput` unless ``codes`` and ``expected``, one a frame, are codes of the net's ends."""
    check_net(found, manifest)
    for name, end in (("codes", manifest.input), ("expected", manifest.output)):
        array = getattr(found, name)
        if array.shape[1:] != tuple(end.shape) or array.min() < end.lo or array.max() > end.hi:
            raise BadInput(f"demo data: {name} are no codes of net {found.net}; {FIX}")

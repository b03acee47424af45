"""Results that take seconds and depend on data and settings alone, kept in the build folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import safetensors.numpy

from bittrue.apps.dpd.captures.data import to_complex, to_iq
from bittrue.apps.dpd.metrics import Complex
from bittrue.cosim.cache import build_root
from bittrue.errors import BadInput
from bittrue.files import read_bytes, write_whole
from bittrue.readers import DAMAGE
from bittrue.readers.tensors import tensors


def remembered(kind: str, key: str, compute: Callable[[], Complex]) -> Complex:
    """``compute()``, a complex array ``(N,)``, or what an earlier call with this ``kind`` and ``key`` gave.

    ``key`` must name everything the result depends on. A damaged file is computed anew. Raises `BadInput` where the
    build folder cannot be written.
    """
    folder = build_root() / "dpd"
    path = folder / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:20]}.safetensors"
    if path.is_file():
        try:
            return to_complex(tensors(read_bytes(path, "a result kept"), str(path))["iq"])
        except DAMAGE:
            path.unlink(missing_ok=True)
    result = compute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror}; set BITTRUE_BUILD to a folder you can write") from None
    write_whole(path, safetensors.numpy.save({"iq": to_iq(result)}), renew=True)
    return result

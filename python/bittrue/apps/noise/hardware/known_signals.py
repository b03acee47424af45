"""Known answers of a source: a seed, a few frames for each value of the parameter, and the codes of the reference."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.readers.tensors import tensors
from bittrue.ref.source import run_source
from bittrue.spec.source import Source
from bittrue.spec.source_store import load

FILE = "known-signals.safetensors"
SEED, FRAMES = 1, 2
Codes = npt.NDArray[np.int64]


def content(source: Source, settings: Sequence[int | None]) -> bytes:
    """The file: ``settings`` int64 ``(V,)`` (0 without a parameter), ``signals`` int32 ``(V, values of two frames)``.

    ``signals[v]`` are frames 0 and 1 of seed 1 with the parameter's code ``settings[v]`` and the source's gain;
    ``sha256`` is over both arrays' bytes.
    """
    codes = np.array([0 if code is None else code for code in settings], np.int64)
    found = np.stack([_signal(source, code) for code in codes.tolist()]).astype(np.int32)
    return safetensors.numpy.save({"settings": codes, "signals": found, "sha256": _digest(codes, found)})


def verify(folder: str | os.PathLike[str]) -> int:
    """Ask the reference for the known answers of a folder; how many samples agreed.

    Raises `BadInput` where a file cannot be read, was edited, or the source gives something else.
    """
    source, path = load(folder), Path(folder) / FILE
    stored = tensors(read_bytes(path, "the known signals"), f"the known signals {path}")
    if set(stored) != {"settings", "signals", "sha256"}:
        raise BadInput(f"{path} holds {', '.join(sorted(stored))}; restore the file")
    codes, signals = stored["settings"], stored["signals"]
    shaped = codes.ndim == 1 and signals.shape == (len(codes), FRAMES * source.net.output.elements)
    if not shaped or codes.dtype != np.int64 or not np.array_equal(stored["sha256"], _digest(codes, signals)):
        raise BadInput(f"{path} was edited, or is of another net than the folder's; restore the folder")
    for code, wanted in zip(codes.tolist(), signals, strict=True):
        found = _signal(source, code)
        if wrong := np.flatnonzero(found != wanted).tolist():
            raise BadInput(
                f"{path} belongs to another net: sample {wrong[0]} of setting {code} is {wanted[wrong[0]]} there, and "
                f"the net gives {found[wrong[0]]}; restore the folder, or train it again"
            )
    return int(signals.size)


def _signal(source: Source, code: int) -> Codes:
    settings = dict.fromkeys(source.settings, code)
    return run_source(source, SEED, np.arange(FRAMES), settings, source.gain).ravel()


def _digest(codes: npt.NDArray[np.integer], signals: npt.NDArray[np.integer]) -> npt.NDArray[np.int8]:
    total = hashlib.sha256(codes.tobytes() + f"{signals.dtype.str} {signals.shape}".encode() + signals.tobytes())
    return np.frombuffer(total.digest(), np.int8)

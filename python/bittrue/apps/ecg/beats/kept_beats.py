"""A set of beats, and how it is kept between runs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg.beats.samples import Codes
from bittrue.errors import BadInput
from bittrue.files import read_bytes, write_whole
from bittrue.readers import npz

ARRAYS = ("x", "y", "record", "position")


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats of several records.

    Parameters
    ----------
    x : int8 array (beats, channels, length)
        Codes; as floats they are ``code / 128``, in [-1, 1).
    y : int64 array (beats,)
        Classes, 0 to 4.
    record : int64 array (beats,)
        Index into ``names``.
    position : int64 array (beats,)
        Sample of the annotation in the record.
    names : tuple of str
    remarks : tuple of str
        What was taken for granted or left out, in sentences.
    known : bool
        Whether somebody said what the beats are; if not, ``y`` is Q where nobody did.
    """

    x: npt.NDArray[np.int8]
    y: Codes
    record: Codes
    position: Codes
    names: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    known: bool = True

    def of(self, *names: str) -> Beats:
        """The beats of these records only."""
        kept = np.isin(self.record, [self.names.index(name) for name in names])
        parts = (self.x[kept], self.y[kept], self.record[kept], self.position[kept])
        return Beats(*parts, self.names, self.remarks, self.known)


def read(path: Path, names: Sequence[str]) -> Beats | None:
    """What an earlier call stored; None where there is nothing or it is damaged."""
    try:
        found = npz(read_bytes(path, "the beats"), f"the file {path}")
        x, y, record, position = (found[name] for name in ARRAYS)
        remarks = tuple(found["remarks"].tobytes().decode().splitlines())
        return Beats(x, y, record, position, tuple(names), remarks, bool(found["known"]))
    except (BadInput, KeyError, UnicodeDecodeError):
        return None


def write(path: Path, beats: Beats) -> None:
    """Store beats. Raises `BadInput` where the build folder cannot be written."""
    arrays = {name: getattr(beats, name) for name in ARRAYS}
    remarks = np.frombuffer("\n".join(beats.remarks).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, remarks=remarks, known=np.array(int(beats.known)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"cannot make {path.parent}: {error.strerror}; set BITTRUE_BUILD to a folder you can write"
        ) from None
    write_whole(path, buffer.getvalue(), renew=True)

"""R peaks of a lead that nobody annotated."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bittrue.apps.ecg.beats import front_end
from bittrue.apps.ecg.beats.header import exact
from bittrue.apps.ecg.beats.samples import Codes
from bittrue.errors import BadInput

if TYPE_CHECKING:
    from bittrue.apps.ecg.beats.records import Record


def peaks(record: Record) -> Codes:
    """Samples of the R peaks: QRS complexes by ``wfdb.processing.xqrs_detect``, each at the largest magnitude near it.

    Near is within 0.1 s, of the signal minus `bittrue.apps.ecg.beats.front_end.baseline`. The detector errs, and its
    misses double intervals. None is in a gap. Raises `BadInput` where fewer than two are found.
    """
    from bittrue.apps.ecg.beats.records import package

    package()
    from wfdb import processing

    try:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere), np.errstate(all="ignore"):
            found = processing.xqrs_detect(record.signal / 1000, fs=record.rate, verbose=False)
    except Exception:  # too short or too flat for one of its filters or windows
        found = np.zeros(0, np.int64)
    clean = record.signal - front_end.baseline(record.signal, record.rate)
    reach = int(front_end.REACH * exact(record.rate))
    near = np.clip(np.asarray(found, np.int64)[:, None] + np.arange(-reach, reach + 1), 0, len(clean) - 1)
    at = np.unique(near[np.arange(len(near)), abs(clean[near]).argmax(axis=1)]) if len(near) else np.zeros(0, np.int64)
    blank = ((at[:, None] >= record.gaps[:, 0]) & (at[:, None] < record.gaps[:, 1])).any(axis=1)
    if len(at[~blank]) < 2:
        raise BadInput(
            f"no heartbeats are found in {record.name}: {len(record.signal):,} samples at {record.rate:g} a second;"
            f" check rate and unit, or name the beats yourself"
        )
    return at[~blank]

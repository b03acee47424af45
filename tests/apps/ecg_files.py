"""WFDB files of made-up patients, and a recipe that is trained in a second."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("wfdb", reason="wfdb is not installed")

import wfdb

from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.synthetic import Patient, synthesise

SMALL = """
name = "small"

[input]
channels = ["beat", "difference", "tachogram"]
length = 32
rate = 40.0
before = 16
template = 5
memory = 9
width = 2

[net]
conv = [{ channels = 4, kernel = 5 }, { channels = 4, kernel = 3, pool = 4 }]
pool = 2

[train]
seed = 1
steps = 6
batch = 16
ema = 0.5
validate_every = 2
fold = 0

[augment]
amplitude = 0.2
wander = 0.05
noise = 0.05
shift = 1
interval = 0.05
blank = 0.2
"""


def write_record(folder, name, patient=None, leads=("MLII", "V5")):
    """A record as MIT-BIH has them: format 212, 360 samples a second, 200 steps a millivolt, annotator ``atr``."""
    record = synthesise(patient or Patient(seed=int(name), seconds=30.0))
    codes = np.clip(record.signal // 5 + 1024, 0, 2047)
    other = np.full_like(codes, 1000)
    signals = np.stack([codes if lead == "MLII" else other for lead in leads], axis=1)
    wfdb.wrsamp(
        name,
        fs=record.rate,
        units=["mV"] * len(leads),
        sig_name=list(leads),
        d_signal=signals,
        fmt=["212"] * len(leads),
        adc_gain=[200.0] * len(leads),
        baseline=[1024] * len(leads),
        write_dir=str(folder),
    )
    symbols = [CLASSES[label] for label in record.labels]
    wfdb.wrann(name, "atr", record.positions, symbol=symbols, write_dir=str(folder))
    return record

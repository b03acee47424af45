"""Readers of electrocardiograms: headers, samples and annotations of WFDB, and one lead as CSV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from target import target

from bittrue.apps.ecg.beats import records
from bittrue.apps.ecg.beats.plain import read_csv

_HEADERS = (
    b"r 1 360 1200\nr.dat 16 200(0)/mV 16 0 0 0 0 MLII\n",
    b"# an event\r\nr 2 128.5/128.5(0) 600 12:30:00 1/2/2003\r\nr.dat 16 2e2 12 0\r\nr.dat 16 1/uV 16 0 0 0 0 V5\r\n",
)
_SAMPLES = np.floor(150 * np.exp(-(((np.arange(1200) % 300 - 150) / 6.0) ** 2)) + 0.5).astype("<i2").tobytes()
_ANNOTATIONS = b"".join((symbol << 10 | 150).to_bytes(2, "little") for symbol in (1, 5, 9)) + b"\0\0"
_TABLES = (
    b"time,II\n" + b"".join(b"%.3f,%.2f\n" % (k / 250, k % 90 == 0) for k in range(300)),
    b"0,5;1\n0,25;nan\n" * 40,
)
_BEATS = (b"10\n150\n1000\n", b"sample,symbol\n10,N\n200,V\n")


def _record(folder: Path, header: bytes, samples: bytes, annotations: bytes) -> object:
    for name, content in (("r.hea", header), ("r.dat", samples), ("r.atr", annotations)):
        (folder / name).write_bytes(content)
    return records.read(folder, "r", lead="1")


@target(lambda: list(_HEADERS))
def ecg_header(data: bytes, folder: Path) -> object:
    return _record(folder, data, _SAMPLES, _ANNOTATIONS)


@target(lambda: [_SAMPLES])
def ecg_samples(data: bytes, folder: Path) -> object:
    return _record(folder, _HEADERS[0], data, _ANNOTATIONS)


@target(lambda: [_ANNOTATIONS])
def ecg_annotations(data: bytes, folder: Path) -> object:
    return _record(folder, _HEADERS[0], _SAMPLES, data)


@target(lambda: list(_TABLES))
def ecg_table(data: bytes, folder: Path) -> object:
    (folder / "lead.csv").write_bytes(data)
    (folder / "beats.csv").write_bytes(_BEATS[0][:3])
    return read_csv(folder / "lead.csv", 250, lead="2", beats=folder / "beats.csv")


@target(lambda: list(_BEATS))
def ecg_beats(data: bytes, folder: Path) -> object:
    (folder / "lead.csv").write_bytes(b"0\n1\n" * 600)
    (folder / "beats.csv").write_bytes(data)
    return read_csv(folder / "lead.csv", 250, beats=folder / "beats.csv")

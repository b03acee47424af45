"""WFDB signals written by hand: every format that is no FLAC file, with any header."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("wfdb", reason="wfdb is not installed")

import wfdb

LOWEST = {"80": -128, "310": -512, "311": -512, "212": -2048, "24": -(2**23), "32": -(2**31)}
LOWEST |= dict.fromkeys(("16", "61", "160"), -32768)
"""What stands for no value in a format."""

HEIGHT = {"80": 90, "310": 400, "311": 400, "8": 120}
"""Steps of an R peak; 900 in other formats."""

AT = np.arange(300, 5700, 300)
"""Samples of the beats of `heart`."""


def heart(format="16", samples=6000, rate=360.0):
    """Codes of 18 beats, 300 samples at 360 a second apart, and where they are."""
    at = np.floor(AT * rate / 360 + 0.5).astype(int)
    clock = np.arange(round(samples * rate / 360))
    shape = sum(np.exp(-(((clock - a) / (7 * rate / 360)) ** 2)) for a in at)
    return np.floor(HEIGHT.get(format, 900) * shape + 0.5).astype(int) - 20, at


def encoded(codes, format):
    """The bytes of samples in a format (signal(5))."""
    codes = np.asarray(codes, dtype=np.int64)
    if format in ("16", "61", "32"):
        return codes.astype({"16": "<i2", "61": ">i2", "32": "<i4"}[format]).tobytes()
    if format == "8":
        return np.diff(codes, prepend=codes[0]).astype("i1").tobytes()
    if format in ("80", "160"):
        return (codes + (128 if format == "80" else 32768)).astype("u1" if format == "80" else "<u2").tobytes()
    if format == "24":
        return b"".join(int(code).to_bytes(3, "little", signed=True) for code in codes)
    if format == "212":
        a, b = np.append(codes, np.zeros(len(codes) % 2, int)).reshape(-1, 2).T
        return np.stack([a & 255, (a >> 8 & 15) | (b >> 8 & 15) << 4, b & 255], 1).astype("u1").tobytes()
    a, b, c = np.append(codes, np.zeros(-len(codes) % 3, int)).reshape(-1, 3).T & 1023
    if format == "311":
        return (a | b << 10 | c << 20).astype("<u4").tobytes()
    return np.stack([a << 1 | (c & 31) << 11, b << 1 | (c >> 5) << 11], 1).astype("<u2").tobytes()


def write(
    folder, codes, format="16", name="r", record="360 {n}", signal="100(-20)/mV 12 0 {first} {sum} 0 MLII", at=AT
):
    """A record of one signal whose header says ``record`` and ``signal``, with beats N."""
    codes = np.asarray(codes)
    facts = {"n": len(codes), "first": codes[0], "sum": int(codes.sum()) % 65536}
    (folder / f"{name}.dat").write_bytes(encoded(codes, format))
    lines = (f"{name} 1 {record.format(**facts)}", f"{name}.dat {format} {signal.format(**facts)}")
    (folder / f"{name}.hea").write_text("\n".join(lines).rstrip() + "\n")
    annotate(folder, at, name=name)


def annotate(folder, at, symbols=None, name="r", **options):
    """Annotations ``atr`` of a record, N where nothing is said."""
    wfdb.wrann(name, "atr", np.asarray(at), symbol=list(symbols or "N" * len(at)), write_dir=str(folder), **options)

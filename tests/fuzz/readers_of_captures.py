"""Readers of recordings of an amplifier and of what describes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from target import target

from bittrue.apps.dpd.captures import data as captures
from bittrue.apps.dpd.captures import recording

_SPEC = {"input_signal_fs": 1e6, "bw_main_ch": 2e5, "n_sub_ch": 1, "nperseg": 64, "dataset_format": "single_csv"}


def _table(names: str) -> bytes:
    rows = np.random.default_rng(0).standard_normal((40, 1 + names.count(",")))
    return f"{names}\n".encode() + b"".join(b",".join(b"%.5f" % v for v in row) + b"\n" for row in rows)


@target(lambda: [_table("I,Q"), b"\xef\xbb\xbf# Q;I\n1,5;-2,0\n3,25;4\n", b"time\tre\tim\n0\t1\t2\n1\t3\t4\n"])
def recorded_table(data: bytes, folder: Path) -> object:
    (folder / "x.csv").write_bytes(data)
    return recording.read(folder / "x.csv")


@target(lambda: [json.dumps(_SPEC | {"split_ratios": {"train": 0.6, "val": 0.2}, "accept": ["unsteady"]}).encode()])
def capture_description(data: bytes, folder: Path) -> object:
    (folder / "data.csv").write_bytes(_table("Q_in,I_in,I_out,Q_out"))
    (folder / "spec.json").write_bytes(data)
    return captures.load(folder)

"""A user's own measurement: one file with the amplifier's input and one with its output, NumPy or CSV."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from bittrue.apps.dpd.captures import align
from bittrue.apps.dpd.captures.checks import Recording, refuse
from bittrue.apps.dpd.captures.data import SPLITS, Capture, to_complex
from bittrue.apps.dpd.metrics import Channel, Complex
from bittrue.errors import BadInput
from bittrue.files import read_bytes

RATIOS = {"train": 0.6, "val": 0.2}
"""Shares of the samples that are trained on and validated with; the rest is the test split."""

SHORTEST = 4096


def read(path: str | os.PathLike[str]) -> Complex:
    """I/Q samples of a file: ``(N,)`` complex128.

    ``.npy``: complex ``(N,)``, or real ``(N, 2)`` with I and Q; pickled objects are refused. Everything else is read as
    CSV with I and Q in two columns, with or without one line of header.

    Raises
    ------
    BadInput
        Where the file cannot be read or has another shape.
    """
    path = Path(path)
    content = read_bytes(path, "the recording")
    if path.suffix == ".npy":
        try:
            array = np.load(BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise BadInput(f"{path} is no NumPy array ({str(error)[:80]}); save it with numpy.save") from None
    else:
        array = _csv(path, content)
    if array.ndim == 1 and np.iscomplexobj(array):
        return np.asarray(array, dtype=np.complex128)
    if array.ndim == 2 and array.shape[1] == 2 and array.dtype.kind in "fiu":
        return to_complex(array)
    raise BadInput(f"{path} has shape {array.shape} of {array.dtype}; complex (N,) or I and Q as (N, 2) is needed")


def _csv(path: Path, content: bytes) -> Any:
    head = content.partition(b"\n")[0].decode(errors="replace").strip()
    try:
        header = int(not _numeric(head))
        return np.loadtxt(BytesIO(content), delimiter=",", skiprows=header, ndmin=2)
    except ValueError as error:
        raise BadInput(f"{path} is not a CSV table of I and Q ({str(error)[:80]}); correct that line") from None


def _numeric(line: str) -> bool:
    try:
        return bool([float(cell) for cell in line.split(",")])
    except ValueError:
        return False


def capture(
    input_file: str | os.PathLike[str],
    output_file: str | os.PathLike[str],
    sample_rate: float,
    bandwidth: float,
    *,
    n_sub_ch: int = 1,
    nperseg: int | None = None,
    ratios: Mapping[str, float] = RATIOS,
    accept: Collection[str] = (),
    name: str = "",
) -> Capture:
    """A `Capture` of two files, checked, normalised (`align.normalise`) and split.

    Parameters
    ----------
    input_file, output_file : path
        See `read`; sample by sample in step (``bittrue align`` brings them there).
    sample_rate, bandwidth : float
        In Hz.
    n_sub_ch, nperseg : int
        Equal sub-channels of the bandwidth and samples of a segment of the metrics (docs/dpd.md); by default one, and
        the power of two next below a quarter of the test split.
    ratios : mapping
        Shares of ``"train"`` and ``"val"``.
    accept : collection of str
        Checks that may fail (`bittrue.apps.dpd.captures.checks.CHECKS`).
    name : str
        By default that of the input file's folder.

    Raises
    ------
    BadInput
        For every fault that `checks.refuse` knows, and for fewer than `SHORTEST` samples.
    """
    plausible(sample_rate, bandwidth)
    x, y = read(input_file), read(output_file)
    if min(len(x), len(y)) < SHORTEST:
        raise BadInput(f"{min(len(x), len(y)):,} samples are too few for a model; record {SHORTEST:,} at least")
    try:
        refuse(Recording(x, y, sample_rate, bandwidth), accept)
    except BadInput as error:
        raise BadInput(f"{input_file} and {output_file}: {error}") from None
    x, y = align.normalise(x, y)
    train, val = (int(len(x) * ratios[split]) for split in ("train", "val"))
    if min(train, val, len(x) - train - val) < 1:
        raise BadInput(f"split ratios of {dict(ratios)} leave a split empty; give train and val shares of sum below 1")
    channel = Channel(sample_rate, bandwidth, n_sub_ch, nperseg or segment(len(x) - train - val))
    inputs, outputs = (dict(zip(SPLITS, np.split(signal, [train, train + val]), strict=True)) for signal in (x, y))
    return Capture(name or Path(input_file).resolve().parent.name, channel, inputs, outputs)


def plausible(sample_rate: float, bandwidth: float) -> None:
    """Raise `BadInput` for a sample rate and a bandwidth in Hz that no recording has."""
    for what, value in (("sample rate", sample_rate), ("bandwidth", bandwidth)):
        if not value > 0:
            raise BadInput(f"the {what} is {value:g} Hz; give a positive number of Hz")
    if bandwidth >= sample_rate:
        raise BadInput(
            f"a bandwidth of {bandwidth / 1e6:g} MHz does not fit {sample_rate / 1e6:g} MS/s; give both in Hz, "
            f"the bandwidth below the sample rate"
        )


def segment(samples: int) -> int:
    """The power of two next below a quarter of so many samples."""
    return max(2, 1 << (samples // 4).bit_length() - 1)


def load(folder: Path, spec: Mapping[str, Any]) -> Capture:
    """The capture of a folder whose spec.json names ``input_file`` and ``output_file``."""
    try:
        return capture(
            folder / str(spec["input_file"]),
            folder / str(spec["output_file"]),
            float(spec["input_signal_fs"]),
            float(spec["bw_main_ch"]),
            n_sub_ch=int(spec.get("n_sub_ch", 1)),
            nperseg=int(spec["nperseg"]) if "nperseg" in spec else None,
            ratios={**RATIOS, **{key: float(value) for key, value in dict(spec.get("split_ratios", {})).items()}},
            accept=tuple(spec.get("accept", ())),
            name=folder.resolve().name,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            f"{folder / 'spec.json'} lacks a value for {error}, or it is of another kind; correct it"
        ) from None

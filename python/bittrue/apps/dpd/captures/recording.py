"""A user's own measurement: one file with the amplifier's input and one with its output, NumPy or CSV."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from bittrue import readers
from bittrue.apps.dpd.captures import align
from bittrue.apps.dpd.captures.checks import Recording, refuse
from bittrue.apps.dpd.captures.data import SPLITS, Capture, to_complex
from bittrue.apps.dpd.captures.description import RATIOS, Description, divided
from bittrue.apps.dpd.captures.table import table
from bittrue.apps.dpd.metrics import Channel, Complex
from bittrue.errors import BadInput, amount, shown
from bittrue.files import read_bytes

SHORTEST = 4096

BINS = 64
"""Frequencies of a record that its bandwidth must hold: fewer say nothing about a delay."""


def read(path: str | os.PathLike[str]) -> Complex:
    """I/Q samples of a file: ``(N,)`` complex128.

    ``.npy``: complex ``(N,)``, or real ``(N, 2)`` with I and Q; pickled objects are refused. Everything else is read as
    a text table of I and Q, with or without a header (`bittrue.apps.dpd.captures.table`).

    Raises
    ------
    BadInput
        Where the file cannot be read or has another shape.
    """
    path = Path(path)
    content = read_bytes(path, "the recording")
    if path.suffix.lower() != ".npy":
        return to_complex(table(content, str(path), ("I", "Q")))
    array = readers.npy(content, str(path), "save it with numpy.save")
    if array.ndim == 1 and np.iscomplexobj(array):
        return np.asarray(array, dtype=np.complex128)
    if array.ndim == 2 and array.shape[1] == 2 and array.dtype.kind in "fiu":
        return to_complex(array)
    raise BadInput(
        f"{path} has shape {shown(array.shape)} of {array.dtype}; complex (N,) or I and Q as (N, 2) is needed"
    )


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
    wide_enough(min(len(x), len(y)), sample_rate, bandwidth)
    try:
        refuse(Recording(x, y, sample_rate, bandwidth), accept)
    except BadInput as error:
        raise BadInput(f"{input_file} and {output_file}: {error}") from None
    x, y = align.normalise(x, y)
    places = divided(len(x), {**RATIOS, **ratios})
    channel = Channel(sample_rate, bandwidth, n_sub_ch, nperseg or segment(len(x) - places[1]))
    inputs, outputs = (dict(zip(SPLITS, np.split(signal, places), strict=True)) for signal in (x, y))
    return Capture(name or Path(input_file).resolve().parent.name, channel, inputs, outputs)


def plausible(sample_rate: float, bandwidth: float) -> None:
    """Raise `BadInput` for a sample rate and a bandwidth in Hz that no recording has."""
    for what, value in (("sample rate", sample_rate), ("bandwidth", bandwidth)):
        if not 0 < value < np.inf:
            raise BadInput(f"the {what} is {amount(value)} Hz; give a positive number of Hz")
    if bandwidth >= sample_rate:
        raise BadInput(
            f"a bandwidth of {amount(bandwidth / 1e6)} MHz does not fit {amount(sample_rate / 1e6)} MS/s; give both "
            f"in Hz, the bandwidth below the sample rate"
        )


def wide_enough(samples: int, sample_rate: float, bandwidth: float) -> None:
    """Raise `BadInput` for a bandwidth that holds fewer than `BINS` frequencies of so many samples."""
    bins = int(samples * bandwidth / sample_rate)
    if bins < BINS:
        least = BINS * sample_rate / samples
        raise BadInput(
            f"a bandwidth of {bandwidth:,.6g} Hz holds {bins} of the frequencies of {samples:,} samples at "
            f"{sample_rate:,.6g} Hz, and {BINS} are needed, {least:,.3g} Hz; give it in Hz, or record longer"
        )


def segment(samples: int) -> int:
    """The power of two next below a quarter of so many samples."""
    return max(2, 1 << (samples // 4).bit_length() - 1)


def load(folder: Path, spec: Description) -> Capture:
    """The capture of a folder whose spec.json names ``input_file`` and ``output_file``."""
    return capture(
        folder / spec.name("input_file", "the name of the input's recording"),
        folder / spec.name("output_file", "the name of the output's recording"),
        spec.sample_rate,
        spec.bandwidth,
        n_sub_ch=spec.carriers if "n_sub_ch" in spec else 1,
        nperseg=spec.segment if "nperseg" in spec else None,
        ratios=spec.ratios,
        accept=spec.accepted,
        name=folder.resolve().name,
    )

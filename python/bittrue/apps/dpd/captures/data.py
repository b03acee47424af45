"""Captures of power amplifiers: the data sets inside the ``opendpd`` wheel, or a folder of the same layout."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd.metrics import Channel, Complex, Real
from bittrue.errors import BadInput
from bittrue.files import read_bytes

DEFAULT = "APA_200MHz_b"
"""A 3.5 GHz GaN Doherty amplifier under a 200 MHz signal, measurement B."""

ARENA = "arena"
"""The name of the Arena's splits (`bittrue.apps.dpd.amplifiers.arena.signals`)."""

INSTALL = "pip install --no-deps opendpd==2.4.2"
SPLITS = ("train", "val", "test")


def to_complex(iq: npt.ArrayLike) -> Complex:
    """``I + jQ`` of an array ``(N, 2)``: ``(N,)``."""
    array = np.asarray(iq, dtype=np.float64)
    return array[:, 0] + 1j * array[:, 1]


def to_iq(signal: npt.ArrayLike) -> Real:
    """``(N, 2)`` float64 I/Q of a complex array ``(N,)``."""
    array = np.asarray(signal, dtype=np.complex128)
    return np.stack([array.real, array.imag], axis=-1)


@dataclass(frozen=True, eq=False)
class Capture:
    """What went into an amplifier and what came out, in three splits that follow one another in time.

    Parameters
    ----------
    name : str
    channel : Channel
        Sample rate, bandwidth, sub-channels and segment length from spec.json.
    inputs, outputs : mapping of ``"train"``, ``"val"``, ``"test"`` to complex128 arrays ``(N,)``
        Normalised by the data set; the input reaches about 1.
    guards : mapping, optional
        Input samples right before a split that belong to no split; the splits adjoin where nothing is said.
    origin : str
        The data set these are other splits of, or nothing.
    """

    name: str
    channel: Channel
    inputs: Mapping[str, Complex]
    outputs: Mapping[str, Complex]
    guards: Mapping[str, Complex] = field(default_factory=dict)
    origin: str = ""

    @classmethod
    def from_files(
        cls,
        input_file: str | os.PathLike[str],
        output_file: str | os.PathLike[str],
        sample_rate: float,
        bandwidth: float,
        **options: Any,
    ) -> Capture:
        """A measurement of one's own: `bittrue.apps.dpd.captures.recording.capture` says what it takes and refuses."""
        from bittrue.apps.dpd.captures import recording

        return recording.capture(input_file, output_file, sample_rate, bandwidth, **options)

    @property
    def peak(self) -> float:
        """``max |input|`` of the train split: further the amplifier is not driven."""
        return float(abs(self.inputs["train"]).max())

    @property
    def gain(self) -> float:
        """OpenDPD's target gain, ``max |output| / max |input|`` of the train split: the goal is ``gain * input``."""
        return float(abs(self.outputs["train"]).max() / self.peak)

    def history(self, split: str, samples: int) -> Complex:
        """The input right before a split, up to ``samples`` of it; nothing is known before the train split."""
        parts = [np.empty(0, complex)]
        for name in SPLITS:
            parts.append(self.guards.get(name, parts[0]))
            if name == split:
                break
            parts.append(self.inputs[name])
        before = np.concatenate(parts)
        return before[max(0, len(before) - samples) :]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all samples and the channel, as hexadecimal digits."""
        digest = hashlib.sha256(repr(self.channel).encode())
        for split in SPLITS:
            digest.update(np.stack([self.inputs[split], self.outputs[split]]).astype("<c16").tobytes())
        return digest.hexdigest()


def names() -> list[str]:
    """Names of the data sets in the installed ``opendpd`` wheel. Raises `BadInput` where there is none."""
    return sorted(folder.name for folder in _wheel_folder().iterdir() if (folder / "spec.json").is_file())


def load(source: str | Path = DEFAULT) -> Capture:
    """Read a capture.

    Parameters
    ----------
    source : str or Path
        Name of a data set of the wheel, ``"arena"`` for the DPD Arena's splits of one, or a folder with ``spec.json``
        and one of: the files that its ``input_file`` and ``output_file`` name (`bittrue.apps.dpd.captures.recording`),
        ``{train,val,test}_{input,output}.csv`` (columns I, Q), or one CSV file (columns I_in, Q_in, I_out, Q_out) that
        ``split_ratios`` divides.

    Raises
    ------
    BadInput
        Where the wheel or a file is missing, or a table is not what it should be.
    """
    folder = Path(source)
    if str(source) == ARENA:
        from bittrue.apps.dpd.amplifiers import arena

        return arena.signals()
    if not (folder / "spec.json").is_file():
        if folder.name != str(source) or str(source) not in names():
            known = ", ".join(names())
            raise BadInput(f"{source} is no folder with a spec.json and no data set of opendpd; those are {known}")
        folder = _wheel_folder() / folder
    spec = _spec(folder / "spec.json")
    if "input_file" in spec:
        from bittrue.apps.dpd.captures import recording

        return recording.load(folder, spec)
    splits = _one_table(folder, spec) if spec.get("dataset_format") == "single_csv" else _six_tables(folder)
    for split, (x, y) in splits.items():
        if len(x) != len(y) or not len(x):
            raise BadInput(f"{folder.name}: {split} has {len(x)} inputs and {len(y)} outputs; pair every sample")
    if not abs(splits["train"][0]).max() > 0:
        raise BadInput(f"{folder.name}: the train input is all zero; capture the amplifier under drive")
    inputs, outputs = ({split: pair[k] for split, pair in splits.items()} for k in (0, 1))
    return Capture(folder.name, _channel(spec, folder), inputs, outputs)


def wheel_file(path: str) -> Path:
    """A file or folder of the ``opendpd`` wheel, found without importing anything of it.

    Raises `BadInput` where the wheel is not installed.
    """
    try:
        return Path(str(metadata.distribution("opendpd").locate_file(path)))
    except metadata.PackageNotFoundError:
        raise BadInput(f"the amplifier data comes with the opendpd wheel, which is missing; run: {INSTALL}") from None


def _wheel_folder() -> Path:
    """The folder ``datasets`` of the wheel."""
    folder = wheel_file("datasets")
    if not folder.is_dir():
        raise BadInput(f"the installed opendpd has no folder {folder}; reinstall it: {INSTALL}")
    return folder


def _spec(path: Path) -> dict[str, Any]:
    try:
        spec = json.loads(read_bytes(path, "the data set's spec"))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON ({error}); restore the file") from None
    if not isinstance(spec, dict):
        raise BadInput(f"{path} holds a {type(spec).__name__}; an object with input_signal_fs and the like is needed")
    return spec


def _channel(spec: Mapping[str, Any], folder: Path) -> Channel:
    try:
        rate, bandwidth = float(spec["input_signal_fs"]), float(spec["bw_main_ch"])
        return Channel(rate, bandwidth, int(spec["n_sub_ch"]), int(spec["nperseg"]))
    except (KeyError, TypeError) as error:
        raise BadInput(f"{folder / 'spec.json'} lacks a number for {error}; add it") from None


def _six_tables(folder: Path) -> dict[str, tuple[Complex, Complex]]:
    def signal(split: str, end: str) -> Complex:
        return to_complex(_table(folder / f"{split}_{end}.csv", ("I", "Q")))

    return {split: (signal(split, "input"), signal(split, "output")) for split in SPLITS}


def _one_table(folder: Path, spec: Mapping[str, Any]) -> dict[str, tuple[Complex, Complex]]:
    table = _table(folder / str(spec.get("csv_filename", "data.csv")), ("I_in", "Q_in", "I_out", "Q_out"))
    ratios = spec.get("split_ratios", {"train": 0.6, "val": 0.2})
    first = int(len(table) * ratios["train"])
    parts = np.split(table, [first, first + int(len(table) * ratios["val"])])
    return {name: (to_complex(part[:, :2]), to_complex(part[:, 2:])) for name, part in zip(SPLITS, parts, strict=True)}


def _table(path: Path, columns: tuple[str, ...]) -> Real:
    """Float64 columns of a CSV file with exactly this header, finite everywhere."""
    content = read_bytes(path, "the amplifier data")
    header = content.partition(b"\n")[0].decode(errors="replace").strip()
    if tuple(name.strip() for name in header.split(",")) != columns:
        raise BadInput(f"{path} begins with {header[:60]!r}; the header {','.join(columns)!r} is needed")
    try:
        table = np.loadtxt(BytesIO(content), delimiter=",", skiprows=1, ndmin=2)
    except ValueError as error:
        raise BadInput(f"{path} is not a table of numbers ({error}); restore the file") from None
    if table.shape[1] != len(columns) or not np.isfinite(table).all():
        raise BadInput(
            f"{path} has {table.shape[1]} columns or NaN; {len(columns)} columns of finite numbers are needed"
        )
    return table

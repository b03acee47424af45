"""Captures of power amplifiers: the data sets inside the ``opendpd`` wheel, or a folder of the same layout."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd.captures import INSTALL as INSTALL
from bittrue.apps.dpd.captures import description
from bittrue.apps.dpd.captures.description import Description
from bittrue.apps.dpd.captures.table import table
from bittrue.apps.dpd.metrics import Channel, Complex, Real
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes

DEFAULT = "APA_200MHz_b"
"""A 3.5 GHz GaN Doherty amplifier under a 200 MHz signal, measurement B."""

ARENA = "arena"
"""The name of the Arena's splits (`bittrue.apps.dpd.amplifiers.arena.signals`)."""

WHEEL, LICENCE = "opendpd", "Apache-2.0"
"""What carries the captures that need no measurement, and under which licence."""

SPLITS = ("train", "val", "test")


def to_complex(iq: npt.ArrayLike) -> Complex:
    """``I + jQ`` of an array ``(N, 2)``: ``(N,)``."""
    array = np.asarray(iq, dtype=np.float64)
    with np.errstate(invalid="ignore"):  # infinity is refused later, in words
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
    package : str
        What the samples came with: distribution, version and licence; nothing for a capture of one's own.
    """

    name: str
    channel: Channel
    inputs: Mapping[str, Complex]
    outputs: Mapping[str, Complex]
    guards: Mapping[str, Complex] = field(default_factory=dict)
    origin: str = ""
    package: str = ""

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
    def published(self) -> str:
        """The data set of the wheel that the samples are of; nothing for others, whatever their folder is called."""
        return (self.origin or self.name) if self.package else ""

    @property
    def provenance(self) -> str:
        """For cards: the name, and what it came with or that it is the user's own, whose terms nobody here knows."""
        return f"{self.name} of {self.package}" if self.package else f"{self.name}, a capture of the user's own"

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


def measured_input() -> Real:
    """All of the default capture's input, I/Q ``(N, 2)``. Raises `BadInput` as `load` does."""
    capture = load()
    return np.concatenate([to_iq(capture.inputs[split]) for split in SPLITS])


def load(source: str | Path = DEFAULT) -> Capture:
    """Read a capture.

    Parameters
    ----------
    source : str or Path
        Name of a data set of the wheel, ``"arena"`` for the DPD Arena's splits of one, or a folder with ``spec.json``
        and one of: the files that its ``input_file`` and ``output_file`` name (`bittrue.apps.dpd.captures.recording`),
        ``{train,val,test}_{input,output}.csv`` (columns I, Q), or one CSV file (columns I_in, Q_in, I_out, Q_out) that
        ``split_ratios`` divides.

    Columns may stand in any order under their names (`bittrue.apps.dpd.captures.table`). A folder's record is refused
    where it is not steady (`bittrue.apps.dpd.captures.unsteady`), unless its spec.json accepts it.

    Raises
    ------
    BadInput
        Where the wheel or a file is missing, a table or a key of spec.json is not what it should be, or the record is
        not steady.
    """
    if str(source) == ARENA:
        from bittrue.apps.dpd.amplifiers import arena

        return arena.signals()
    folder, package = _place(source)
    spec = description.read(folder / description.FILE)
    if "input_file" in spec:
        from bittrue.apps.dpd.captures import recording

        return recording.load(folder, spec)
    splits = _one_table(folder, spec) if _single(spec) else _six_tables(folder)
    for split, (x, y) in splits.items():
        if len(x) != len(y) or not len(x):
            raise BadInput(f"{folder.name}: {split} has {len(x)} inputs and {len(y)} outputs; pair every sample")
    if not abs(splits["train"][0]).max() > 0:
        raise BadInput(f"{folder.name}: the train input is all zero; capture the amplifier under drive")
    inputs, outputs = ({split: pair[k] for split, pair in splits.items()} for k in (0, 1))
    capture = Capture(folder.resolve().name, spec.channel, inputs, outputs, package=package)
    if not package:  # those of the wheel are known to be steady
        from bittrue.apps.dpd.captures import checks

        checks.steady(capture, spec.accepted)
    return capture


def sample_rate(source: str | Path) -> float:
    """Samples a second of a capture, of which only the description is read. Raises `BadInput` as `load` does."""
    folder, _ = _place(DEFAULT if str(source) == ARENA else source)
    return description.read(folder / description.FILE).sample_rate


def _place(source: str | Path) -> tuple[Path, str]:
    """Folder of a capture, and the wheel's name where it is the wheel's."""
    folder = Path(source)
    if (folder / description.FILE).is_file():
        return folder, ""
    if folder.name != str(source) or str(source) not in names():
        known = ", ".join(names())
        raise BadInput(f"{source} is no folder with a spec.json and no data set of opendpd; those are {known}")
    return _wheel_folder() / folder, wheel()


def wheel() -> str:
    """Distribution, version and licence of the captures that are installed."""
    return f"{WHEEL} {metadata.version(WHEEL)} ({LICENCE})"


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


def _single(spec: Description) -> bool:
    if "dataset_format" not in spec:
        return False
    chosen = spec.name("dataset_format", f"one of {', '.join(description.FORMATS)}")
    if chosen not in description.FORMATS:
        raise BadInput(f"{spec.path}: dataset_format is {shown(chosen)}; give {' or '.join(description.FORMATS)}")
    return chosen == "single_csv"


def _six_tables(folder: Path) -> dict[str, tuple[Complex, Complex]]:
    def signal(split: str, end: str) -> Complex:
        return to_complex(_table(folder / f"{split}_{end}.csv", ("I", "Q")))

    return {split: (signal(split, "input"), signal(split, "output")) for split in SPLITS}


def _one_table(folder: Path, spec: Description) -> dict[str, tuple[Complex, Complex]]:
    file = spec.name("csv_filename", "the name of the table") if "csv_filename" in spec else "data.csv"
    samples = _table(folder / file, ("I_in", "Q_in", "I_out", "Q_out"))
    parts = np.split(samples, description.divided(len(samples), spec.ratios))
    return {name: (to_complex(part[:, :2]), to_complex(part[:, 2:])) for name, part in zip(SPLITS, parts, strict=True)}


def _table(path: Path, columns: tuple[str, ...]) -> Real:
    """Float64 columns of a CSV file, finite everywhere."""
    samples = table(read_bytes(path, "the amplifier data"), str(path), columns, header=True)
    if not np.isfinite(samples).all():
        raise BadInput(f"{path} holds NaN or infinity; {len(columns)} columns of finite numbers are needed")
    return samples

"""The manifest of an overlay with a noise source: what the driver must know of the hardware beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from bittrue.board import registers as reg
from bittrue.board.entries import Entries
from bittrue.board.errors import BoardError
from bittrue.board.frame_layout import FrameLayout
from bittrue.board.manifest import Manifest, SampleFormat, check_format, common, entries_of, read_manifest
from bittrue.errors import BadInput, shown

FORMAT = "bittrue-source-overlay"
FILES = "rtl", "bit", "hwh"
"""Keys of ``files``."""
GAIN_BITS, GAIN_FRAC = 16, 12
"""Of the gain, Q4.12."""
_NAME = r"[A-Za-z][A-Za-z0-9_]{0,30}", "a name of letters, digits and _, a letter first"


@dataclass(frozen=True)
class Setting:
    """A parameter of the source: the code of a value is ``floor(value * 2**frac + 1/2) - offset``.

    Parameters
    ----------
    name : str
    low, high, default : int
        Codes.
    frac, offset : int
    """

    name: str
    low: int
    high: int
    default: int
    frac: int
    offset: int

    def code(self, value: float) -> int:
        """The code of a value; `BoardError` for one that is none or outside the range."""
        number = _number(value, f"parameter {self.name}")
        code = math.floor(math.ldexp(number, self.frac) + 0.5) - self.offset if abs(number) < 2.0**64 else self.high + 1
        if not self.low <= code <= self.high:
            raise BoardError(
                f"parameter {self.name} is {number:g}; give a value from {self.value(self.low):g} to "
                f"{self.value(self.high):g}"
            )
        return code

    def value(self, code: int) -> float:
        """``(code + offset) * 2**-frac``."""
        return math.ldexp(code + self.offset, -self.frac)


@dataclass(frozen=True)
class SourceManifest:
    """What ``<stem>.json`` says about an overlay with a source; ``path`` is that file.

    ``hash`` is that of the source, ``samples`` are those of a frame, ``gain`` is the source's own, a code of Q4.12;
    ``output.frame`` says how a frame travels. The rest is as of `bittrue.board.manifest.Manifest`.
    """

    path: Path
    net: str
    hash: str
    interval: int
    clock_mhz: float
    latency: int
    output: SampleFormat
    samples: int
    gain: int
    settings: tuple[Setting, ...]
    nodes: tuple[str, ...]
    cells: Mapping[str, str]
    vlnv: str
    files: Mapping[str, str | None]

    @property
    def words(self) -> int:
        """Words of a sample."""
        return self.output.words // self.samples

    @property
    def channels(self) -> int:
        """Numbers of a sample."""
        return self.output.shape[0]

    def stretch(self, samples: int) -> SampleFormat:
        """So many samples as one frame ``(channels, samples)``."""
        assert self.output.frame is not None  # read so
        return replace(self.output, frame=FrameLayout((self.channels, samples), self.output.frame.table))

    def setting(self, name: str) -> Setting:
        """The parameter of that name; `BoardError` where there is none."""
        for found in self.settings:
            if found.name == name:
                return found
        known = ", ".join(found.name for found in self.settings) or "no parameters"
        raise BoardError(f"the source has no parameter {shown(name)}; it has {known}")


def gain_code(gain: float) -> int:
    """The code of a gain, ``floor(gain * 2**12 + 1/2)``; `BoardError` for one that Q4.12 does not hold."""
    number = _number(gain, "the gain")
    half = 1 << (GAIN_BITS - 1)
    code = math.floor(math.ldexp(number, GAIN_FRAC) + 0.5) if abs(number) <= half else half
    if not -half <= code < half:
        most = math.ldexp(half - 1, -GAIN_FRAC)
        raise BoardError(f"the gain is {number:g}; give one from {-math.ldexp(half, -GAIN_FRAC):g} to {most:g}")
    return code


def _number(value: float, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise BoardError(f"{what} is {shown(value)}; give a finite number")
    return number


def read_source_manifest(path: str | PathLike[str]) -> SourceManifest:
    """Read one; `BoardError` for a manifest that is missing, damaged, of another version, or of impossible values."""
    try:
        return _parsed(Path(path), entries_of(Path(path)))
    except BadInput as error:
        raise BoardError(str(error)) from None


def read_any(path: str | PathLike[str]) -> Manifest | SourceManifest:
    """The manifest of whatever overlay; `BoardError` as of `read_source_manifest`."""
    try:
        of_source = entries_of(Path(path)).get("format") == FORMAT
    except BadInput as error:
        raise BoardError(str(error)) from None
    return read_source_manifest(path) if of_source else read_manifest(path)


def _parsed(file: Path, document: Entries) -> SourceManifest:
    check_format(file, document, FORMAT)
    shared = common(document, FILES)
    output = shared["output"]
    if output.frame is None:
        raise document.inner("output").refused("frame", "an object with shape and table")
    half = 1 << (GAIN_BITS - 1)
    return SourceManifest(
        path=file,
        samples=_samples(document, output),
        gain=document.whole("gain", -half, half - 1),
        settings=_settings(document),
        **shared,
    )


def _samples(document: Entries, output: SampleFormat) -> int:
    positions = math.prod(output.shape[1:])
    if document.whole("samples", 1, 1 << 31) != positions:
        raise document.refused("samples", f"{positions}, which is what output.frame.shape says")
    return positions


def _settings(document: Entries) -> tuple[Setting, ...]:
    if document.get("parameters") == []:
        return ()
    found = []
    for entry in document.each("parameters", reg.MOST_PARAMETERS):
        low = entry.whole("low", -(1 << 31), (1 << 31) - 1)
        high = entry.whole("high", low, (1 << 31) - 1)
        default = entry.whole("default", low, high)
        scale = entry.whole("frac", -16, 32), entry.whole("offset", -(1 << 31), 1 << 31)
        found.append(Setting(entry.text("name", *_NAME), low, high, default, *scale))
    if len({setting.name for setting in found}) < len(found):
        raise document.refused("parameters", "a list of parameters with different names")
    return tuple(found)

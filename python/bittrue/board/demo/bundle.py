"""``demo.npz``: the test signal, what must come out of every bank, and the amplifier model, written by the PC.

The signal is ``P`` passes of ``N`` samples that are streamed one after the other, over and over. A pass begins with
``warm`` samples that fill the memories of net and amplifier; ``measured`` samples follow, on which the figures are
taken, and then as many as the net's declared delay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.amplifier import Amplifier, Rates
from bittrue.board.demo.bad_data import BadData
from bittrue.board.demo.measuring import Channel

FILE = "demo.npz"
FORMAT, VERSION = "bittrue-demo", 1
Codes = npt.NDArray[np.int64]
Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Bank:
    """A set of weights: its name, the hash of its net, and the temperature that it is for, in kelvin from normal."""

    name: str
    hash: str
    kelvin: float


@dataclass(frozen=True, eq=False)
class Bundle:
    """The content of ``demo.npz``.

    Parameters
    ----------
    net : str
    banks : tuple of Bank
        In the order of their numbers.
    titles : tuple of str
        What each pass is.
    channel : Channel
    amplifier : Amplifier
    amplifier_title : str
    warm, measured, delay : int
        Samples of a pass, see above.
    frac_in, frac_out : int
        A code ``c`` stands for ``c * 2**-frac``.
    hot_swap : bool
        Whether the net's memories hold nothing that depends on weights, so that a change of bank takes effect at once.
    codes : int array (P, N, 2)
        What is sent, I and Q.
    expected : int array (banks, P, N, 2)
        What must come out of a bank when the passes follow one another.
    start : int array (banks, P, memory, 2)
        The first outputs of a pass that follows a reset, when they differ for the zero history.
    """

    net: str
    banks: tuple[Bank, ...]
    titles: tuple[str, ...]
    channel: Channel
    amplifier: Amplifier
    amplifier_title: str
    warm: int
    measured: int
    delay: int
    frac_in: int
    frac_out: int
    hot_swap: bool
    codes: Codes
    expected: Codes
    start: Codes

    @property
    def names(self) -> tuple[str, ...]:
        """The banks' names."""
        return tuple(bank.name for bank in self.banks)

    @property
    def span(self) -> slice:
        """The measured samples of a pass."""
        return slice(self.warm, self.warm + self.measured)

    def signal(self, index: int) -> Complex:
        """A pass as complex values: ``(N,)``."""
        return to_complex(self.codes[index], self.frac_in)

    def due(self, bank: int, index: int, fresh: bool) -> Codes:
        """What must come out of a bank for a pass, ``(N, 2)``; ``fresh``: it is the first one after a reset."""
        codes: Codes = self.expected[bank, index]
        if fresh:
            start = self.start[bank, index]
            codes = np.concatenate([start, codes[len(start) :]])
        return codes


def to_complex(codes: npt.ArrayLike, frac: int) -> Complex:
    """``(I + jQ) * 2**-frac`` of codes ``(N, 2)``: ``(N,)``."""
    values = np.ldexp(np.asarray(codes, dtype=np.float64), -frac)
    return values[:, 0] + 1j * values[:, 1]


def load(path: str | Path) -> Bundle:
    """Read ``demo.npz``. Raises `BadData` where it is missing, damaged or of another version."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise BadData(f"there is no {path}; write it on the PC with bittrue demo-data and copy it here") from None
    except (OSError, ValueError, BadZipFile, EOFError) as error:
        raise BadData(f"{path} is damaged ({error}); write it again with bittrue demo-data") from None
    try:
        about = json.loads(str(arrays["about"]))
        if (about["format"], about["version"]) != (FORMAT, VERSION):
            raise BadData(f"{path} is {about['format']} {about['version']} and {FORMAT} {VERSION} is needed")
        return _bundle(about, arrays)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise BadData(f"{path} lacks {error}; write it again with bittrue demo-data") from None


def check(bundle: Bundle, manifest: Any) -> None:
    """Raise `BadData` unless the demo data were made for the banks of an overlay's manifest, in the same order."""
    given = [(bank.name, bank.hash) for bank in bundle.banks]
    built = [(bank.name, bank.hash) for bank in manifest.banks]
    if given != built:
        raise BadData(
            f"the demo data are for banks {', '.join(bundle.names)} and the overlay holds "
            f"{', '.join(name for name, _ in built)}, or other weights; write them again with bittrue demo-data"
        )


def _bundle(about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Bundle:
    model = about["amplifier"]
    codes, expected, start = (arrays[name].astype(np.int64) for name in ("codes", "expected", "start"))
    banks = tuple(Bank(**bank) for bank in about["banks"])
    if expected.shape != (len(banks), *codes.shape) or codes.shape[0] != len(about["titles"]) or codes.shape[2] != 2:
        raise BadData(f"demo data of shapes {codes.shape} and {expected.shape} do not belong together; write it again")
    return Bundle(
        net=about["net"],
        banks=banks,
        titles=tuple(about["titles"]),
        channel=Channel(**about["channel"]),
        amplifier=Amplifier(
            arrays["terms"].astype(np.int64),
            arrays["coefficients"],
            model["peak"],
            model["top"],
            Rates(**model["rates"]),
        ),
        amplifier_title=model["title"],
        warm=about["warm"],
        measured=about["measured"],
        delay=about["delay"],
        frac_in=about["frac_in"],
        frac_out=about["frac_out"],
        hot_swap=about["hot_swap"],
        codes=codes,
        expected=expected,
        start=start,
    )

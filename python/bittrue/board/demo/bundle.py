"""``demo.npz``: the test signal, what must come out of every bank, and the amplifier model, written by the PC.

The signal is ``P`` passes of ``N`` samples that are streamed one after the other, over and over. A pass begins with
``warm`` samples that fill the memories of net and amplifier; ``measured`` samples follow, on which the figures are
taken, and then as many as the net's declared delay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.amplifier import Amplifier, Rates
from bittrue.board.demo.measuring import Channel
from bittrue.board.demo.reading import FIX, read
from bittrue.board.entries import Entries
from bittrue.errors import BadInput, amount, listed

FILE = "demo.npz"
FORMAT, VERSION = "bittrue-demo", 1
MOST_BANKS, MOST_PASSES, MOST_MEMORY = 16, 64, 1000
_ARRAYS = {
    "codes": ("i", 3),
    "expected": ("i", 4),
    "start": ("i", 4),
    "terms": ("i", 2),
    "coefficients": ("fc", 1),
}
"""Kinds of number and axes of the arrays in the file."""
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
    """Read ``demo.npz``. Raises `BadInput` where it is missing, damaged, of another version, or cannot be played."""
    about, arrays = read(path, (FORMAT, VERSION), _ARRAYS)
    bundle = _bundle(about, arrays)
    _check_shapes(bundle, f"demo data {path}")
    return bundle


def check(bundle: Bundle, manifest: Any) -> None:
    """Raise `BadInput` unless the demo data were made for the banks of an overlay's manifest, in the same order."""
    given = [(bank.name, bank.hash) for bank in bundle.banks]
    built = [(bank.name, bank.hash) for bank in manifest.banks]
    if given != built:
        raise BadInput(
            f"the demo data are for banks {listed(bundle.names)} and the overlay holds "
            f"{listed(name for name, _ in built)}, or other weights; write them again with bittrue demo-data"
        )


def _bundle(about: Entries, arrays: Mapping[str, npt.NDArray[Any]]) -> Bundle:
    channel, model = about.inner("channel"), about.inner("amplifier")
    codes, expected, start, terms = (arrays[name].astype(np.int64) for name in ("codes", "expected", "start", "terms"))
    rates = model.inner("rates")
    return Bundle(
        net=about.text("net"),
        banks=tuple(
            Bank(bank.text("name"), bank.text("hash"), bank.number("kelvin", -1000, 1000))
            for bank in about.each("banks", MOST_BANKS)
        ),
        titles=about.texts("titles", MOST_PASSES),
        channel=Channel(
            channel.number("sample_rate", 1, 1e12),
            channel.number("bandwidth", 1, 1e12),
            channel.whole("n_sub_ch", 1, 1 << 10),
            channel.whole("nperseg", 8, 1 << 20),
        ),
        amplifier=Amplifier(
            terms,
            arrays["coefficients"].astype(np.complex128),
            model.number("peak", 1e-6, 1e6),
            model.number("top", 1e-6, 1e6),
            Rates(**{field.name: rates.number(field.name, -1000, 1000) for field in fields(Rates)}),
        ),
        amplifier_title=model.text("title"),
        warm=about.whole("warm", 0, 1 << 24),
        measured=about.whole("measured", 1, 1 << 24),
        delay=about.whole("delay", 0, 1 << 24),
        frac_in=about.whole("frac_in", -128, 127),
        frac_out=about.whole("frac_out", -128, 127),
        hot_swap=about.truth("hot_swap"),
        codes=codes,
        expected=expected,
        start=start,
    )


def _check_shapes(bundle: Bundle, what: str) -> None:
    """Raise `BadInput` where the arrays do not belong together, or the amplifier or the channel can not be computed."""
    codes, expected, start = bundle.codes, bundle.expected, bundle.start
    count, samples = codes.shape[:2]
    if (
        codes.shape != (len(bundle.titles), bundle.warm + bundle.measured + bundle.delay, 2)
        or expected.shape != (len(bundle.banks), *codes.shape)
        or start.shape[:2] + start.shape[3:] != (len(bundle.banks), count, 2)
        or start.shape[2] > samples
    ):
        raise BadInput(
            f"{what}: codes {codes.shape}, expected {expected.shape} and start {start.shape} of {len(bundle.banks)} "
            f"banks and {len(bundle.titles)} passes do not belong together; {FIX}"
        )
    terms, coefficients = bundle.amplifier.terms, bundle.amplifier.coefficients
    if (
        not len(terms)
        or terms.shape != (len(coefficients), 3)
        or abs(terms).max() > MOST_MEMORY
        or terms[:, :2].min() < 0
        or not np.isfinite(coefficients).all()
    ):
        raise BadInput(f"{what}: the amplifier's terms {terms.shape} and coefficients cannot be computed; {FIX}")
    if bundle.channel.bins()[2] < 1:
        raise BadInput(
            f"{what}: {bundle.channel.nperseg} bins of {amount(bundle.channel.sample_rate)} Hz are too coarse for a "
            f"channel of {amount(bundle.channel.bandwidth)} Hz; {FIX}"
        )

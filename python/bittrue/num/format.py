"""Fixed-point formats: signed two's complement ``Qm.n``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.num.arrays import float64, integer, plain

_NOTATION = re.compile(r"Q(-?[0-9]{1,3})\.(-?[0-9]{1,3})")


@dataclass(frozen=True)
class Format:
    """A signed two's complement word: a code ``c`` stands for the value ``c * 2**-frac``.

    Written ``Qm.n``: ``m`` integer bits *counting the sign*, ``n`` fractional bits, ``m + n`` bits in all. Either may
    be negative (``Q-2.18`` is a 16-bit word of values below 1/8), which is how a power-of-two exponent is written.

    Parameters
    ----------
    bits : int
        Word length, 1 to 63.
    frac : int
        Fractional bits, -63 to 126.
    """

    bits: int
    frac: int

    def __post_init__(self) -> None:
        for name in ("bits", "frac"):  # Python integers: a NumPy one would carry its 64 bits into exact arithmetic
            value = integer(getattr(self, name))
            if value is None:
                given = shown(getattr(self, name))
                raise BadInput(f"a format has {given} as its {name}; give a whole number, or use Format.parse")
            object.__setattr__(self, name, value)
        if not 1 <= self.bits <= 63:
            raise BadInput(
                f"a format has 1 to 63 bits, not {shown(self.bits)}; choose a word that int64 carriers can hold"
            )
        if not -63 <= self.frac <= 126:
            raise BadInput(f"a format has -63 to 126 fractional bits, not {shown(self.frac)}; rescale the tensor")

    @classmethod
    def parse(cls, text: str) -> Format:
        """Read ``"Q1.15"``. Raises `BadInput` for anything that is not ``Qm.n``."""
        match = _NOTATION.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise BadInput(f"unknown format {shown(text)}; write Qm.n with m counting the sign bit, for example Q1.15")
        whole, frac = int(match[1]), int(match[2])
        return cls(whole + frac, frac)

    @classmethod
    def of(cls, value: Format | str, what: str) -> Format:
        """A format as it is, or what `parse` reads of its text. Raises `BadInput`, naming ``what``, otherwise."""
        if isinstance(value, Format):
            return value
        try:
            return cls.parse(value)
        except BadInput as error:
            raise BadInput(f"{what}: {error}") from None

    def __str__(self) -> str:
        return f"Q{self.bits - self.frac}.{self.frac}"

    @property
    def lo(self) -> int:
        """Smallest code, ``-2**(bits-1)``."""
        return -(1 << (self.bits - 1))

    @property
    def hi(self) -> int:
        """Largest code, ``2**(bits-1) - 1``."""
        return (1 << (self.bits - 1)) - 1

    @property
    def scale(self) -> float:
        """Value of one code, ``2**-frac``."""
        return 2.0**-self.frac

    def encode(self, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Values to codes: ``clamp(floor(v * 2**frac + 1/2), lo, hi)``, exact for every float64.

        Raises `BadInput` for NaN or infinity, and for what float64 does not hold exactly (complex numbers, text, masked
        elements); finite values beyond the format saturate.
        """
        array = float64(values, "the array of values")
        if not np.isfinite(array).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise BadInput(
                f"sample {where} is {array[where]}; only finite values have a {self} code, so clean the data"
            )
        with np.errstate(over="ignore", under="ignore"):  # infinity saturates, what underflows rounds to zero anyway
            scaled = np.clip(np.ldexp(array, self.frac), float(self.lo) - 1.0, float(self.hi) + 1.0)
        floor = np.floor(scaled)
        codes = floor.astype(np.int64) + (scaled - floor >= 0.5)
        return np.asarray(np.clip(codes, self.lo, self.hi), dtype=np.int64)

    def decode(self, codes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Codes to values, ``c * 2**-frac`` in float64 (exact up to 53 bits)."""
        return np.ldexp(plain(codes, "the array of codes").astype(np.float64), -self.frac)

    def check(self, codes: npt.ArrayLike, what: str) -> npt.NDArray[np.int64]:
        """``codes`` in an int64 array of their own, all of them codes of this format; raises as `checked` does."""
        return self.checked(codes, what).astype(np.int64)

    def checked(self, codes: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
        """``codes`` themselves, of whatever integer type, all of them codes of this format.

        Raises `BadInput`, naming ``what``, where they are not integers or one lies outside ``lo..hi``.
        """
        array = plain(codes, what)
        if array.dtype.kind not in "iu":
            raise BadInput(
                f"{what.rstrip()} holds {array.dtype} numbers; integer codes of {self} are needed, so encode it first"
            )
        if array.size and (array.min() < self.lo or array.max() > self.hi):
            where = tuple(int(i) for i in np.argwhere((array < self.lo) | (array > self.hi))[0])
            raise BadInput(
                f"{what}{list(where)} is {array[where]}, outside {self.lo}..{self.hi} of {self}; "
                f"clamp it or choose a wider format"
            )
        return array

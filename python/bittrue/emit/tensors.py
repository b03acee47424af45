"""Tensors of any model as integers with a power of two each: ``weights.safetensors``, a memory file, a C header."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from bittrue.errors import BadInput
from bittrue.num import Format

WEIGHTS, MEMORY, HEADER = "weights.safetensors", "weights.mem", "weights.h"
KINDS: dict[int, type[np.signedinteger[Any]]] = {8: np.int8, 16: np.int16}
"""Types of codes by their bits."""
LEAST, MOST = 2.0**-100, 2.0**60
"""Between which the largest value of a tensor lies, so that formats have its exponent."""
SATURATING = 3
"""Exponents that are tried: the least without saturation, and those by which each tensor loses a bit of range more."""


@dataclass(frozen=True, eq=False)
class Codes:
    """A tensor as ``codes * 2**-frac``, and the squares of its values and of what rounding changed, summed."""

    name: str
    codes: npt.NDArray[np.signedinteger[Any]]
    frac: int
    power: float
    error: float

    @property
    def decibel(self) -> float:
        """Signal to rounding, infinite where nothing was lost."""
        return float(10 * np.log10(self.power / self.error)) if self.error else float("inf")


def coded(name: str, values: npt.NDArray[np.floating[Any]], bits: int) -> Codes:
    """Codes ``clip(floor(x * 2**frac + 1/2), lo, hi)`` by the exponent of least squared error of `SATURATING`.

    Parameters
    ----------
    name : str
    values : float array
    bits : int
        One of `KINDS`.

    Raises `BadInput` where a value is no finite number, and beyond `LEAST` and `MOST`.
    """
    wide = np.asarray(values, np.float64)
    if not np.isfinite(wide).all():
        raise BadInput(f"{name} has values that are not finite; name weights that were trained without")
    largest = float(np.abs(wide).max(initial=0.0)) or 1.0
    if not LEAST <= largest < MOST:
        raise BadInput(f"{name} has values up to {largest:g}; rescale it to between {LEAST:g} and {MOST:g}")
    least = bits - 1 - int(np.ceil(np.log2(largest)))
    power = float(np.square(wide).sum())
    best: Codes | None = None
    for frac in range(least, least + SATURATING):
        fmt = Format(bits, frac)
        codes = fmt.encode(wide)
        error = float(np.square(codes * 2.0**-frac - wide).sum())
        if best is None or error < best.error:
            best = Codes(name, codes.astype(KINDS[bits]), frac, power, error)
    assert best is not None
    return best


def tensor_files(title: str, tensors: Sequence[Codes], bits: int) -> dict[str, bytes | str]:
    """Contents of `WEIGHTS`, `MEMORY` and `HEADER`, which hold the tensors in one order.

    The memory file is that of Verilog's ``$readmemh``, a word a line; the header has, for every tensor, the byte
    in `WEIGHTS` at which its words (little endian, row-major) begin, how many there are, and ``frac``.
    """
    stored = save({tensor.name: np.ascontiguousarray(tensor.codes) for tensor in tensors})
    size = int.from_bytes(stored[:8], "little")
    places = {
        name: 8 + size + entry["data_offsets"][0]
        for name, entry in json.loads(stored[8 : 8 + size]).items()
        if name != "__metadata__"
    }
    words = np.frombuffer(stored, KINDS[bits], offset=8 + size)
    ordered = sorted(tensors, key=lambda tensor: places[tensor.name])
    return {WEIGHTS: stored, MEMORY: _lines(title, words, bits), HEADER: _header(title, ordered, places, bits)}


def _lines(title: str, words: npt.NDArray[np.signedinteger[Any]], bits: int) -> bytes:
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    plain = words.view(f"u{bits // 8}")
    lines = np.full((len(plain), bits // 4 + 1), ord("\n"), np.uint8)
    for digit in range(bits // 4):
        lines[:, digit] = digits[(plain >> (bits - 4 - 4 * digit)) & 15]
    return f"// {title}, {bits}-bit words\n".encode() + lines.tobytes()


def _header(title: str, tensors: Sequence[Codes], places: Mapping[str, int], bits: int) -> str:
    macros = [re.sub(r"\W", "_", tensor.name).upper() for tensor in tensors]
    if len(set(macros)) < len(macros):
        twice = next(macro for macro in macros if macros.count(macro) > 1)
        raise BadInput(f"two tensors would be {twice} in C; rename one")
    rows = [
        f"#define {macro}_{what} {value}"
        for macro, tensor in zip(macros, tensors, strict=True)
        for what, value in (
            ("OFFSET", f"{places[tensor.name]}u"),
            ("WORDS", f"{tensor.codes.size}u"),
            ("FRAC", f"({tensor.frac})"),
        )
    ]
    head = [
        f"/* {title}. Words are int{bits}_t, little endian, in {WEIGHTS}: at byte OFFSET, value = code * 2^-FRAC. */",
        "#ifndef BITTRUE_WEIGHTS_H",
        "#define BITTRUE_WEIGHTS_H",
    ]
    return "\n".join([*head, *rows, "#endif"]) + "\n"

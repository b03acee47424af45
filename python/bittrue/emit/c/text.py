"""Pieces of C text: types, literals, initialisers, templates."""

from __future__ import annotations

import textwrap
from string import Template

import numpy as np
import numpy.typing as npt

from bittrue.num import Format
from bittrue.spec import TensorType

WIDTH = 100
"""Columns of the printed C."""


def element_type(fmt: Format) -> str:
    """Smallest ``intN_t`` that holds the codes of a format."""
    return signed_type(fmt.bits)


def signed_type(bits: int) -> str:
    """Smallest ``intN_t`` of at least ``bits`` bits (at most 64)."""
    return f"int{next(width for width in (8, 16, 32, 64) if bits <= width)}_t"


def unsigned_type(largest: int) -> str:
    """Smallest ``uintN_t`` that holds ``0..largest``."""
    return f"uint{next(width for width in (8, 16, 32, 64) if largest < 1 << width)}_t"


def fill(template: str, **names: object) -> str:
    """Replace ``$name`` in a dedented template (C has no ``$``, and its braces stay as they are).

    A name alone on its line may stand for several lines, which take its indentation, or for none.
    """
    texts = {name: str(value).strip("\n") for name, value in names.items()}
    lines: list[str] = []
    for line in textwrap.dedent(template).strip("\n").split("\n"):
        name = line.strip()[1:]
        if line.strip().startswith("$") and name in texts:
            indent = line[: line.index("$")]
            lines += [indent + part if part else "" for part in texts[name].split("\n") if texts[name]]
        else:
            lines.append(Template(line).substitute(texts))
    return "\n".join(lines)


def initialiser(codes: npt.ArrayLike) -> str:
    """``{...}`` of an integer array of one or two axes, broken into lines of at most `WIDTH` columns.

    Decimal literals need no suffix in C99: each takes the first of int, long and long long that holds it.
    """
    array = np.asarray(codes)
    if array.ndim == 2:
        rows = ",\n".join(_wrapped(row.tolist(), "    {", "     ") + "}" for row in array)
        return f"{{\n{rows}\n}}"
    return f"{{\n{_wrapped(array.tolist(), '    ', '    ')}\n}}"


def _wrapped(codes: list[int], first: str, later: str) -> str:
    """``first`` and the codes with commas, in lines of at most ``WIDTH - 2`` columns; ``later`` begins the others."""
    lines, line = [], first
    for k, code in enumerate(codes, 1):
        word = f"{code}," if k < len(codes) else str(code)
        if len(line) + 1 + len(word) > WIDTH - 2 and line not in (first, later):
            lines.append(line)
            line = later
        line += word if line in (first, later) else f" {word}"
    return "\n".join([*lines, line])


def comment(*sentences: str) -> str:
    """A block comment with one paragraph a sentence."""
    lines = [
        line
        for sentence in sentences
        for line in textwrap.wrap(sentence, WIDTH - 3, subsequent_indent="    ", break_on_hyphens=False) or [""]
    ]
    return "/* " + "\n".join(lines).replace("\n", "\n * ").replace(" * \n", " *\n") + " */"


def shape(tensor: TensorType) -> str:
    """A tensor's type in words: ``2 x 30 x Q1.15``."""
    return f"{' x '.join(map(str, tensor.shape))} x {tensor.format}"

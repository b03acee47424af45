"""Pieces of C that walk through tensors: nested loops, and places in arrays of several axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def loops(bounds: Mapping[str, object], body: str) -> str:
    """``body`` in a loop for each variable, the first outermost, from 0 up to its bound."""
    for name, bound in reversed(list(bounds.items())):
        body = f"for (size_t {name} = 0; {name} < {bound}; {name}++) {{\n{indented(body)}\n}}"
    return body


def indented(text: str) -> str:
    """Every line one level deeper."""
    return "\n".join(f"    {line}" if line else "" for line in text.split("\n"))


def term(name: str, factor: int = 1, offset: int = 0) -> str:
    """C of ``name * factor + offset``, without what changes nothing."""
    scaled = f"{name} * {factor}" if factor != 1 else name
    return f"{scaled} + {offset}" if offset else scaled


def place(indices: Sequence[str], sizes: Sequence[int]) -> str:
    """C of the place of an element in C order, ``(i * sizes[1] + j) * sizes[2] + k``, without what changes nothing."""
    found = "0"
    for index, size in zip(indices, sizes, strict=True):
        if found != "0" and size != 1:
            found = f"({found}) * {size}" if "+" in found or "/" in found or "%" in found else f"{found} * {size}"
        if index != "0":
            found = index if found == "0" else f"{found} + {index}"
    return found


def variables(letter: str, count: int) -> tuple[str, ...]:
    """Names of loop variables for as many axes: ``n0``, ``n1``, ...; one alone has no number."""
    return tuple(f"{letter}{k}" if count > 1 else letter for k in range(count))

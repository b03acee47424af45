"""The frame that a window slides over in C: the input, or a copy of it between zeros."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.emit.c.loops import loops, place, term, variables
from bittrue.emit.c.site import Site
from bittrue.emit.c.text import element_type
from bittrue.spec import Axis


@dataclass(frozen=True)
class Frame:
    """Where the samples of a layer stand: at ``pointer``, as an array of ``shape`` in C order.

    Parameters
    ----------
    pointer : str
        C expression.
    shape : tuple of int
        ``(channels, *lengths)``, the zeros at the ends included.
    before : tuple of int
        Zeros before the first sample of every axis.
    copy : str
        Statements that fill it. Only its samples are ever written: the zeros are those of the cleared state.
    state : tuple of str
        Its member of the state.
    """

    pointer: str
    shape: tuple[int, ...]
    before: tuple[int, ...]
    copy: str = ""
    state: tuple[str, ...] = ()

    def origin(self, axes: Sequence[Axis]) -> tuple[int, ...]:
        """Where the first window begins, along every axis."""
        return tuple(zeros - axis.before for zeros, axis in zip(self.before, axes, strict=True))


def framed(site: Site, choices: Sequence[Sequence[Axis]]) -> Frame:
    """The frame of a layer whose windows lie as any of ``choices`` says, for each axis, without upsampling."""
    (x,) = site.types
    before = tuple(max([0, *(axis.before for axis in axes)]) for axes in choices)
    after = tuple(max([0, *(axis.after for axis in axes)]) for axes in choices)
    if not any(before + after):
        return Frame("x", x.shape, before)
    channels, *lengths = x.shape
    shape = (channels, *(a + length + b for a, length, b in zip(before, lengths, after, strict=True)))
    pointer, outer = f"state->padded_{site.node}", variables("n", len(lengths))[:-1]
    inside = [term(name, 1, zeros) for name, zeros in zip(outer, before[:-1], strict=True)]
    to, source = place(("c", *inside, str(before[-1])), shape), place(("c", *outer, "0"), x.shape)
    copy = loops(
        dict(zip(("c", *outer), x.shape[:-1], strict=True)),
        f"memcpy({pointer} + {to}, x + {source}, {lengths[-1]} * sizeof *x);",
    )
    about = "/* the frame between zeros: only its samples are ever written */\n"
    member = f"{element_type(x.format)} padded_{site.node}[{math.prod(shape)}];"
    return Frame(pointer, shape, before, about + copy, (member,))

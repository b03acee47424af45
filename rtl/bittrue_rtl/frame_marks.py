"""The first and the last word of a frame."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value


def marked(m: Module, moves: Value, words: int, name: str) -> tuple[Value, Value]:
    """Whether the word that is there is the first of a frame of ``words``, and whether it is the last; registers.

    ``moves`` is high in the clocks in which a word is passed on.
    """
    place = Signal(range(max(2, words)), name=f"{name}_place")
    first = Signal(name=f"{name}_first", init=1)
    ends = Signal(name=f"{name}_ends", init=words == 1)
    following = Mux(ends, 0, place + 1)
    with m.If(moves):
        m.d.sync += [place.eq(following), first.eq(ends), ends.eq(following == words - 1)]
    return first, ends

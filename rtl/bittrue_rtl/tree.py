"""Sums of several words, two at a time."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Signal, Value


def added(m: Module, words: Sequence[Value], name: str) -> Value:
    """The sum of words of one width, in as many bits, ``ceil(log2(len(words)))`` clocks later.

    Overflow wraps, so that only the sum of all must fit.
    """
    level = 0
    while len(words) > 1:
        level += 1
        sums = [Signal.like(words[0], name=f"{name}_{level}_{k}", reset_less=True) for k in range(-(-len(words) // 2))]
        for k, total in enumerate(sums):
            pair = words[2 * k : 2 * k + 2]
            m.d.sync += total.eq(pair[0] + pair[1] if len(pair) > 1 else pair[0])
        words = sums
    return words[0]

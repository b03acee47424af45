"""The order in which the elements of a frame travel: which of them is in which word, and where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.entries import Entries
from bittrue.limits import ELEMENTS

NOTHING = -1
"""In place of a channel: what stands there means nothing."""
_AXES = 3

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FrameLayout:
    """A frame ``(channels, *positions)`` travels position by position, the last axis fastest; each takes some words.

    Parameters
    ----------
    shape : tuple of int
    table : tuple of tuple of int
        ``table[word][element]``: the channel that an element of a word of a position holds, or ``NOTHING``.
    """

    shape: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]

    @property
    def words(self) -> int:
        """Words of a frame."""
        return len(self.table) * math.prod(self.shape[1:])

    @cached_property
    def order(self) -> Codes:
        """``(words, elements)``: which element of the frame, counted in C order, stands there; or ``NOTHING``."""
        table, positions = np.array(self.table, np.int64), math.prod(self.shape[1:])
        places = table[np.newaxis] * positions + np.arange(positions)[:, np.newaxis, np.newaxis]
        return np.asarray(np.where(table == NOTHING, NOTHING, places).reshape(self.words, -1))

    def beats(self, codes: Codes) -> Codes:
        """Elements of words ``(N * words, elements)`` of frames ``(N, *shape)``; zero where there is nothing."""
        found = codes.reshape(len(codes), -1)[:, self.order]
        return np.asarray(np.where(self.order == NOTHING, 0, found).reshape(-1, self.order.shape[1]))

    def elements(self, beats: Codes) -> Codes:
        """`beats` backwards: elements ``(N, elements of a frame)`` of words ``(N * words, elements)``."""
        there = self.order != NOTHING
        found = np.zeros((len(beats) // self.words, math.prod(self.shape)), np.int64)
        found[:, self.order[there]] = beats.reshape(len(found), *self.order.shape)[:, there]
        return found


def frame_layout(entries: Entries, elements: int) -> FrameLayout:
    """The object ``frame`` of a manifest, whose words have so many elements.

    Raises `BadInput` for a shape or a table that is none, or does not hold every channel once.
    """
    shape: Any = entries.get("shape")
    table: Any = entries.get("table")
    if not (_are_whole(shape, 1) and len(shape) <= _AXES and math.prod(shape) <= ELEMENTS):
        raise entries.refused("shape", f"a list of 1 to {_AXES} sizes above 0, of {ELEMENTS} elements at most")
    rows = isinstance(table, list) and 0 < len(table) <= shape[0]
    if not (rows and all(_are_whole(row, NOTHING) and len(row) == elements for row in table)):
        raise entries.refused("table", f"a list of at most {shape[0]} lists of {elements} channels")
    if sorted(c for row in table for c in row if c != NOTHING) != list(range(shape[0])):
        raise entries.refused("table", f"a table of the channels 0 to {shape[0] - 1}, each once")
    return FrameLayout(tuple(shape), tuple(tuple(row) for row in table))


def _are_whole(value: object, low: int) -> bool:
    """Whether it is a list of whole numbers from ``low`` on, one at least."""
    return isinstance(value, list) and bool(value) and all(type(one) is int and one >= low for one in value)

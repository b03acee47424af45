"""An adder graph: products of a constant matrix as shared additions and subtractions of shifted words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bittrue.num import Interval


@dataclass(frozen=True)
class Term:
    """``word << shift``, of the word with number ``node``."""

    node: int
    shift: int = 0


@dataclass(frozen=True)
class Adder:
    """``left + right``, or ``left - right``; at least one of both is not shifted."""

    left: Term
    right: Term
    subtracts: bool = False


@dataclass(frozen=True, eq=False)
class AdderGraph:
    """``y = matrix @ x + constants``, exactly, in two-operand adders; shifts are wiring.

    Words are numbered: first the inputs, then the constants, then the results of the adders, each of which takes words
    with lower numbers only.

    Parameters
    ----------
    inputs : int
    constants : tuple of int
    adders : tuple of Adder
    outputs : tuple of (Term or None)
        None is zero.
    """

    inputs: int
    constants: tuple[int, ...]
    adders: tuple[Adder, ...]
    outputs: tuple[Term | None, ...]

    @property
    def first(self) -> int:
        """Number of the first adder's word."""
        return self.inputs + len(self.constants)

    def __call__(self, x: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """``y``, int64 ``(N, outputs)``, of ``x``, int64 ``(N, inputs)``: every adder in turn."""
        x = np.asarray(x, np.int64)
        words = [*x.T, *(np.full(len(x), constant, np.int64) for constant in self.constants)]
        for adder in self.adders:
            left, right = (words[term.node] << term.shift for term in (adder.left, adder.right))
            words.append(left - right if adder.subtracts else left + right)
        none = np.zeros(len(x), np.int64)
        return np.stack([none if y is None else words[y.node] << y.shift for y in self.outputs], axis=1)

    @cached_property
    def forms(self) -> npt.NDArray[np.int64]:
        """``(words, inputs + 1)``: every word as a weighted sum of the inputs and, last, 1."""
        forms = np.zeros((self.first + len(self.adders), self.inputs + 1), np.int64)
        forms[: self.inputs, : self.inputs] = np.eye(self.inputs, dtype=np.int64)
        forms[self.inputs : self.first, -1] = self.constants
        for k, adder in enumerate(self.adders, self.first):
            right = forms[adder.right.node] << adder.right.shift
            forms[k] = (forms[adder.left.node] << adder.left.shift) + (-right if adder.subtracts else right)
        return forms

    def matrix(self) -> npt.NDArray[np.int64]:
        """``(outputs, inputs + 1)``: the matrix and, as the last column, the constants, that the graph computes."""
        forms, none = self.forms, np.zeros(self.inputs + 1, np.int64)
        return np.stack([none if y is None else forms[y.node] << y.shift for y in self.outputs])

    def intervals(self, given: Sequence[Interval]) -> list[Interval]:
        """The smallest interval of every word, for independent inputs within ``given``."""
        lo, hi = (np.array([*ends, 1], object) for ends in zip(*((x.lo, x.hi) for x in given), strict=True))
        found = []
        for form in self.forms:
            (there,) = np.nonzero(form)
            ends = [(int(form[k]) * lo[k], int(form[k]) * hi[k]) for k in there]
            found.append(Interval(sum(min(pair) for pair in ends), sum(max(pair) for pair in ends)))
        return found

    @cached_property
    def depths(self) -> list[int]:
        """Adders in a row between the inputs and every word."""
        found = [0] * self.first
        for adder in self.adders:
            found.append(1 + max(found[adder.left.node], found[adder.right.node]))
        return found

    @property
    def depth(self) -> int:
        """Adders in a row between inputs and outputs."""
        return max((self.depths[y.node] for y in self.outputs if y is not None), default=0)


def word_bits(interval: Interval) -> int:
    """Bits of a word: without one for the sign where it is never below zero."""
    return max(1, interval.bits - (interval.lo >= 0))


def bits_added(adder: Adder, result: Interval) -> int:
    """Full adders that an adder takes: below a right operand that is shifted, bits of the left one pass."""
    passed = adder.right.shift or (0 if adder.subtracts else adder.left.shift)
    return max(0, word_bits(result) - passed)

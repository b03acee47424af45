"""From a constant matrix to an adder graph: canonical signed digits, and a greedy search for what they have in common.

Every weight is written in canonical signed digits, so that a product is a sum of few shifted words. Then the pair of
words that stands most often in all rows, at a distance and with a relative sign, becomes a word of its own, again and
again until no pair stands twice (R. Hartley, "Subexpression sharing in filters using canonic signed digit multipliers",
IEEE Trans. Circuits Syst. II 43(10), 1996; M. Potkonjak et al., "Multiple constant multiplications", IEEE Trans. CAD
15(2), 1996). What is left of a row is added, shallow words first. Ties go to the lower number, so that a matrix always
gives the same graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.adder_graph import Adder, AdderGraph, Term

DIGITS = 12_000
"""Most signed digits of a matrix: more adders fit no chip here, and the search takes their number squared."""

Pair = tuple[int, int, int, int]
"""A word, another one, how much further that is shifted (not less than 0), and 1 or -1 for the sign between them."""

Row = dict[tuple[int, int], int]
"""Signs by word and shift: the terms of a sum."""


def signed_digits(value: int) -> list[tuple[int, int]]:
    """``(shift, 1 or -1)`` of the canonical signed digits of ``value``: no two are neighbours, and none are fewer."""
    found, shift = [], 0
    while value:
        if value & 1:
            digit = 2 - (value & 3)
            found.append((shift, digit))
            value -= digit
        value >>= 1
        shift += 1
    return found


def adder_graph(matrix: npt.ArrayLike, constants: npt.ArrayLike) -> AdderGraph:
    """`AdderGraph` of ``matrix @ x + constants``.

    Parameters
    ----------
    matrix : int64 array (outputs, inputs)
    constants : int64 array (outputs,)

    Raises
    ------
    BadInput
        For a matrix of more than `DIGITS` signed digits.
    """
    weight = np.asarray(matrix, np.int64)
    rows: list[Row] = [
        {(k, shift): sign for k in np.flatnonzero(row).tolist() for shift, sign in signed_digits(int(row[k]))}
        for row in weight
    ]
    digits = sum(map(len, rows))
    if digits > DIGITS:
        raise BadInput(
            f"a matrix of {weight.shape[0]} x {weight.shape[1]} weights has {digits:,} signed digits, and {DIGITS:,} "
            f"are the most that become adders; prune it, narrow its weights or choose a longer interval"
        )
    offsets = [int(c) for c in np.asarray(constants, np.int64)]
    search = _Search(rows, weight.shape[1], tuple(sorted({0, *offsets})))
    search.share()
    return search.added(offsets)


class _Search:
    """Rows that share more and more words."""

    def __init__(self, rows: list[Row], inputs: int, constants: tuple[int, ...]) -> None:
        self.rows, self.inputs, self.constants = rows, inputs, constants
        self.words: dict[Adder, int] = {}
        self.depths = [0] * (inputs + len(constants))

    def share(self) -> None:
        """Make words of pairs as long as any stands twice."""
        count: Counter[Pair] = Counter()
        for row in self.rows:
            terms = list(row.items())
            for k, term in enumerate(terms):
                count.update(_pair(term, other) for other in terms[k + 1 :])
        heap = [self._rank(pair, n) for pair, n in count.items() if n > 1]
        heapify(heap)
        while heap:
            rank = heappop(heap)
            pair = rank[-1]
            if -rank[0] != count[pair]:
                continue
            places = list(self._places(pair))
            if len(places) < 2:  # the others overlap
                continue
            left, right, distance, sign = pair
            near, far = Term(left), Term(right, distance)
            turned = sign < 0 and self._ends_negative(pair, places)
            word = self._word(Adder(far, near, True) if turned else Adder(near, far, sign < 0))
            changed: set[Pair] = set()
            for number, shift in places:
                changed |= self._replace(self.rows[number], pair, shift, (word, -1 if turned else 1), count)
            for other in changed:
                if count[other] > 1:
                    heappush(heap, self._rank(other, count[other]))

    def _rank(self, pair: Pair, count: int) -> tuple[int, int, Pair]:
        """The order in which pairs are chosen: the most frequent, then the shallowest."""
        return -count, max(self.depths[pair[0]], self.depths[pair[1]]), pair

    def _word(self, adder: Adder) -> int:
        """The number of an adder's word: a new one if it is a new adder."""
        if adder not in self.words:
            self.words[adder] = len(self.depths)
            self.depths.append(1 + max(self.depths[adder.left.node], self.depths[adder.right.node]))
        return self.words[adder]

    def _places(self, pair: Pair) -> Iterator[tuple[int, int]]:
        """Row and shift wherever a pair stands, without overlaps."""
        left, right, distance, sign = pair
        for number, row in enumerate(self.rows):
            taken: set[tuple[int, int]] = set()
            for (node, shift), found in row.items():
                other = right, shift + distance
                if node != left or row.get(other) != sign * found or {(node, shift), other} & taken:
                    continue
                taken |= {(node, shift), other}
                yield number, shift

    def _ends_negative(self, pair: Pair, places: list[tuple[int, int]]) -> bool:
        """Whether there are rows of nothing but the pair, and it is subtracted in all of them."""
        signs = {self.rows[number][pair[0], shift] for number, shift in places if len(self.rows[number]) == 2}
        return signs == {-1}

    @staticmethod
    def _replace(row: Row, pair: Pair, shift: int, signed: tuple[int, int], count: Counter[Pair]) -> set[Pair]:
        """Put a word with its sign in place of a pair; which pairs stand elsewhere now."""
        left, right, distance, _ = pair
        sign = row[left, shift]
        gone = [((left, shift), sign), ((right, shift + distance), row[right, shift + distance])]
        for key, _ in gone:
            del row[key]
        new = (signed[0], shift), sign * signed[1]
        changed = set()
        count[_pair(*gone)] -= 1
        for term in row.items():
            for old in gone:
                count[_pair(old, term)] -= 1
            made = _pair(new, term)
            count[made] += 1
            changed.add(made)
            changed |= {_pair(old, term) for old in gone}
        row[new[0]] = new[1]
        return changed

    def added(self, offsets: list[int]) -> AdderGraph:
        """The graph, after what is left of every row has been added."""
        outputs: list[Term | None] = []
        for row, offset in zip(self.rows, offsets, strict=True):
            pool = [(self.depths[node], shift, node, sign) for (node, shift), sign in row.items()]
            if offset or (pool and max(term[-1] for term in pool) < 0):  # zero: one that nothing is subtracted from
                shift = 0 if offset else min(term[1] for term in pool)
                pool.append((0, shift, self.inputs + self.constants.index(offset), 1))
            heapify(pool)
            while len(pool) > 1:
                one, two = heappop(pool), heappop(pool)
                heappush(pool, self._sum(one, two, any(term[-1] > 0 for term in pool)))
            outputs.append(Term(pool[0][2], pool[0][1]) if pool else None)
        return AdderGraph(self.inputs, self.constants, tuple(self.words), tuple(outputs))

    def _sum(
        self, one: tuple[int, int, int, int], two: tuple[int, int, int, int], may_turn: bool
    ) -> tuple[int, int, int, int]:
        """The sum of two terms ``(depth, shift, word, sign)``; with ``may_turn`` its negative will do."""
        lower, upper = sorted((one, two), key=lambda term: term[1])
        (_, shift, low, low_sign), (_, high_shift, high, high_sign) = lower, upper
        near, far = Term(low), Term(high, high_shift - shift)
        sign = low_sign
        adder = Adder(near, far, low_sign != high_sign)
        if low_sign < high_sign and not may_turn:
            adder, sign = Adder(far, near, True), 1
        word = self._word(adder)
        return self.depths[word], shift, word, sign


def _pair(one: tuple[tuple[int, int], int], two: tuple[tuple[int, int], int]) -> Pair:
    """The pair of two terms ``((word, shift), sign)``, the one that is shifted less first."""
    (a, shift_a), sign_a = one
    (b, shift_b), sign_b = two
    if (shift_b, b) < (shift_a, a):
        return b, a, shift_a - shift_b, sign_a * sign_b
    return a, b, shift_b - shift_a, sign_a * sign_b

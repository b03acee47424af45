"""Which products of a net that computes a sample a clock have a DSP48E1 of their own; adders make the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bittrue.lower.adder_search import signed_digits
from bittrue.lower.dsp import product_dsps
from bittrue.lower.matrix import Matrix

DSPS = 220
"""DSP48E1 of an xc7z020: as many as are used where nothing else is said."""

LEAST_DIGITS = 3
"""Signed digits of the weights that have a DSP48E1: fewer are two adders at most, which synthesis prefers too."""


Places = frozenset[tuple[int, int]]
"""``(row, input)`` of the weights of a matrix."""


def places_of_blocks(
    matrices: Mapping[str, Matrix], dsps: int, turns: int = 1, least: int = LEAST_DIGITS
) -> dict[str, Places]:
    """Weights that are multiplied in DSP48E1, ``dsps`` of them at most, by the name of their matrix.

    A block saves about as many adders as its weight has signed digits, of about the width of its input: those that save
    most come first, then those of the first matrix and row. Weights that would take several blocks take none, and of
    weights alike, up to a power of two, that meet one input so many have one as there are places (`chains_of`).
    With ``turns``, a block multiplies so many weights of a row in turn. Weights have ``least`` signed digits or more.
    """
    offered: list[Offer] = []
    for number, (name, matrix) in enumerate(matrices.items()):
        for row, given in zip(*np.nonzero(matrix.weight), strict=True):
            weight = int(matrix.weight[row, given])
            digits = len(signed_digits(weight))
            if digits >= least and product_dsps(signed_bits(weight), matrix.given.bits) == 1:
                offered.append((-digits * matrix.given.bits, number, int(row), int(given), name))
    chosen = _taken(sorted(offered), max(0, dsps), turns)
    return {name: frozenset((row, given) for *_, row, given, owner in chosen if owner == name) for name in matrices}


Offer = tuple[int, int, int, int, str]
"""A weight: its rank, number of its matrix, row, input, name of its matrix."""


def _taken(offered: Sequence[Offer], dsps: int, turns: int) -> list[Offer]:
    """The first of the weights that so many blocks have turns for."""
    held: Counter[tuple[int, int]] = Counter()
    chosen, used = [], 0
    for offer in offered:
        row = offer[1:3]
        if held[row] % turns or used < dsps:
            used += not held[row] % turns
            held[row] += 1
            chosen.append(offer)
    return chosen


def signed_bits(value: int) -> int:
    """Bits of a signed word."""
    return (~value if value < 0 else value).bit_length() + 1


def chains_of(matrix: Matrix, places: Places, turns: int = 1) -> tuple[tuple[int, ...], ...]:
    """Inputs of the blocks of every row, in the order of its chain; with ``turns``, of so many in turn a block.

    Two blocks that multiply one input by weights alike, up to a power of two, would stand at one place of their chains
    for synthesis to make them one, whose product both sums take from outside: the order avoids that, and a weight for
    which there is no place left has no block.
    """
    waiting: list[list[int]] = [[] for _ in matrix.weight]
    for row, given in sorted(places):
        waiting[row].append(given)
    if turns > 1:
        shared: set[tuple[object, ...]] = set()
        return tuple(_shared(matrix.weight[row].tolist(), inputs, shared, turns) for row, inputs in enumerate(waiting))
    taken: set[tuple[int, int, int]] = set()
    return tuple(_chain(matrix.weight[row].tolist(), inputs, taken) for row, inputs in enumerate(waiting))


def _shared(weights: Sequence[int], inputs: list[int], taken: set[tuple[object, ...]], turns: int) -> tuple[int, ...]:
    """One chain of blocks that multiply in turn; they are noted as place, inputs, and weights up to a power of two."""
    chain: list[int] = []
    while inputs:
        for _ in inputs:
            group = inputs[:turns]
            values = [weights[x] for x in group]
            zeros = min(value & -value for value in values)
            block = (len(chain), *group, *(value // zeros for value in values))
            if block not in taken:
                break
            inputs = [*inputs[1:], inputs[0]]
        else:
            return tuple(chain)
        taken.add(block)
        chain, inputs = chain + group, inputs[turns:]
    return tuple(chain)


def _chain(weights: Sequence[int], inputs: list[int], taken: set[tuple[int, int, int]]) -> tuple[int, ...]:
    """One chain; its blocks are noted as ``(place, input, odd part of the weight)``."""
    chain: list[int] = []
    while True:
        free = (x for x in inputs if x not in chain and (len(chain), x, odd_part(weights[x])) not in taken)
        following = next(free, None)
        if following is None:
            return tuple(chain)
        taken.add((len(chain), following, odd_part(weights[following])))
        chain.append(following)


def odd_part(weight: int) -> int:
    """A weight that is not zero without its factors of two."""
    return weight // (weight & -weight)

"""Rounders: the sums of a turn through few requantisers, one after another."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Value

from bittrue.lower.filters import FilterFold
from bittrue.lower.fold import Fold
from bittrue.lower.matrix import Matrix
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.serial import serialised


def rounded(
    m: Module, fold: Fold | FilterFold, matrix: Matrix, last: Value, sums: Sequence[Value], *, flagged: bool
) -> tuple[list[Value], list[Value]]:
    """The word of every requantiser, ``fold.queue`` of them one a clock after their sums were captured with ``last``;
    and, where ``flagged``, whether each is clamped.

    Requantiser ``r`` serves rows ``r * fold.queue`` on; where there are no more, it repeats the last one.
    """
    words, clamped = [], []
    for r in range(fold.rounders):
        rows = [min(k, fold.rows - 1) for k in range(r * fold.queue, (r + 1) * fold.queue)]
        m.submodules[f"round{r}"] = rounder = Requantise(
            matrix.acc_bits,
            matrix.shift,
            matrix.output,
            matrix.negative_shift,
            magnitude=matrix.magnitude,
            flagged=flagged,
        )
        m.d.comb += rounder.acc.eq(serialised(m, last, [sums[k] for k in rows], f"sum{r}_"))
        words.append(rounder.y)
        clamped += [rounder.clamped] if flagged else []
    return words, clamped

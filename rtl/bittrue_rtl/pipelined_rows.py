"""Rows of a pipelined matrix: the sum that its adders make, and results from sums."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import C, Cat, Module, Signal, Value, signed

from bittrue.lower.features import REQUANTISE
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.products import signed_bits
from bittrue_rtl.adders import Adders
from bittrue_rtl.delay import delayed, held
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.shapes import drive


def summed(adders: Adders, row: int, clock: int) -> Value:
    """The graph's output of a row in a clock."""
    graph = adders.plan.graph
    term = graph.outputs[row]
    if term is None:
        return C(0, 1)
    if graph.inputs <= term.node < graph.first:
        constant = graph.constants[term.node - graph.inputs] << term.shift
        return C(constant, signed(signed_bits(constant)))
    return adders.at(term.node, clock).shift_left(term.shift)


def finish(m: Module, component: Any, sums: list[Signal]) -> None:
    """Round the sums of all rows, each when it is ready, to ``component.o``, the words of a vector in one clock."""
    plan: PipelinedMatrix = component.plan
    matrix, rounded, clamped = plan.matrix, [], []
    for row, acc in zip(plan.rows(), sums, strict=True):
        m.submodules[f"round{row}"] = rounder = Requantise(
            len(acc),
            matrix.shift,
            matrix.output,
            matrix.negative_shift,
            magnitude=matrix.magnitude,
            flagged=component.flagged,
        )
        m.d.comb += rounder.acc.eq(acc)
        wait = plan.latency - plan.ready(row) - REQUANTISE
        rounded.append(held(m, rounder.y, wait, f"y{row}"))
        if component.flagged:
            clamped.append(delayed(m, rounder.clamped, wait, f"clamped{row}"))
    drive(m, component.o, rounded)
    if component.flagged:
        m.d.comb += component.clamped.eq(Cat(*clamped).any())

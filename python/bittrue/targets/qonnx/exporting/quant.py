"""The one rounding, in the operators of QONNX.

``requantise`` is ``clamp(floor(v * 2**frac + 1/2), lo, hi)`` on values. QONNX's ``HALF_UP`` rounds halves away from
zero, so half a step is added instead, before a Quant node that rounds to ``FLOOR``. For FINN, which makes thresholds at
half steps of every Quant node, nothing is added, and the node says ``ROUND``.
"""

from __future__ import annotations

import numpy as np

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.ranges.sums import Intervals
from bittrue.targets.qonnx.exporting.carriers import DOUBLE, FRACS, SINGLE, of_codes
from bittrue.targets.qonnx.graph import Graph, Tensor

WORD = 25
"""Most bits of a word of which float32 holds every code."""


def quantised(
    graph: Graph, value: Tensor, fmt: Format, intervals: Intervals, rounding: str = "FLOOR", *, positive: bool = False
) -> Tensor:
    """``clamp(round(v * 2**frac), lo, hi) * 2**-frac``: a Quant node, or plain operators where that is not exact.

    Parameters
    ----------
    value : Tensor
        Exact values.
    intervals : tuple of Interval
        Of the resulting codes.
    rounding : "FLOOR" or "DOWN"
        As QONNX names them.
    positive : bool
        No value is negative: the word has one bit less and no sign.
    """
    if graph.thresholds and rounding == "DOWN":
        raise BadInput(f"{graph.place} cuts off toward zero, and FINN's thresholds round; take a MaxPool, or no FINN")
    kind, bits = of_codes(fmt, intervals, f"the word of {graph.place}"), fmt.bits - positive
    if kind != SINGLE or bits < 2 - positive:  # QONNX reads a signed bit as -1 or 1
        return _plain(graph, value, fmt, kind, rounding)
    rounding = "ROUND" if graph.thresholds and rounding == "FLOOR" else rounding
    return quant_node(graph, value, bits, fmt.frac, rounding, signed=not positive)


def quant_node(graph: Graph, value: Tensor, bits: int, frac: int, rounding: str, *, signed: bool = True) -> Tensor:
    """A Quant node with the scale ``2**-frac``; its result is float32."""
    numbers = [graph.constant(number, np.float32) for number in (2.0**-frac, 0.0, bits)]
    return graph.op(
        "Quant", [value, *numbers], (value.shape, SINGLE), signed=int(signed), narrow=0, rounding_mode=rounding
    )


def plus_half(graph: Graph, value: Tensor, fmt: Format) -> Tensor:
    """``v + 2**-(frac + 1)``: half a step of the format, or ``v`` where thresholds round."""
    if graph.thresholds:
        return value
    return graph.op("Add", [value, graph.constant(2.0 ** -(fmt.frac + 1), value.kind)], value)


def scaled(graph: Graph, value: Tensor, exponent: int) -> Tensor:
    """``v * 2**exponent``, exact."""
    if not exponent:
        return value
    wide = value.kind == SINGLE and not (exponent in FRACS and -exponent in FRACS)
    value = graph.cast(value, DOUBLE) if wide else value
    return graph.op("Mul", [value, graph.constant(2.0**exponent, value.kind)], value)


def constants(graph: Graph, codes: np.ndarray, fmt: Format, kind: np.dtype, what: str) -> Tensor:
    """Values of constant codes, through a Quant node that tells their format where float32 holds them."""
    if fmt.bits > WORD or fmt.frac not in FRACS:
        return graph.constant(np.ldexp(codes.astype(np.float64), -fmt.frac), DOUBLE, what)
    stored = graph.constant(np.ldexp(codes.astype(np.float64), -fmt.frac), SINGLE, what)
    return graph.cast(quant_node(graph, stored, max(fmt.bits, 2), fmt.frac, "ROUND"), kind)


def _plain(graph: Graph, value: Tensor, fmt: Format, kind: np.dtype, rounding: str) -> Tensor:
    codes = scaled(graph, value, fmt.frac)
    if rounding == "DOWN":
        sign, size = (graph.op(name, [codes], codes) for name in ("Sign", "Abs"))
        codes = graph.op("Mul", [sign, graph.op("Floor", [size], size)], codes)
    else:
        codes = graph.op("Floor", [codes], codes)
    ends = [graph.constant(end, codes.kind) for end in (fmt.lo, fmt.hi)]
    return graph.cast(scaled(graph, graph.op("Clip", [codes, *ends], codes), -fmt.frac), kind)

"""What goes into one word of a tensor: the operands and the sum of the reference, for the report of a divergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from bittrue.check.directed import basis
from bittrue.num import isqrt
from bittrue.spec import (
    Abs,
    Add,
    AvgPool1d,
    ComplexFIR,
    Conv1d,
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool1d,
    MemoryTaps,
    Net,
    ReLU,
    Table,
    TensorType,
)
from bittrue.spec.activation import to_json
from bittrue.spec.net import INPUT
from bittrue.spec.pool1d import Pool1d

Codes = npt.NDArray[np.int64]
Rows = list[tuple[str, str]]
TERMS = 8
"""Terms of a sum that are shown, the largest first."""


@dataclass(frozen=True)
class Operands:
    """How a word comes about: ``formula`` of the layer, and ``rows`` of ``(what, value)`` in the reference."""

    formula: str
    rows: tuple[tuple[str, str], ...]


def explain(net: Net, codes: Codes, taps: Mapping[str, Codes], name: str, where: tuple[int, ...]) -> Operands:
    """`Operands` of the word ``where = (sample, *channel)`` of node ``name``.

    Parameters
    ----------
    net : Net
    codes : int64 array (N, *net.input.shape)
        The stream from reset.
    taps : dict of codes
        What the reference makes of it.
    """
    node = next(node for node in net.nodes if node.name == name)
    known = {INPUT: codes, **taps}
    formula, rows = operands(node.layer, net.input_types(node), [known[source] for source in node.inputs], where)
    return Operands(formula, tuple(rows))


@singledispatch
def operands(
    layer: Layer, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    """Formula and operands of the word ``where`` of one layer."""
    sample = where[0]
    return type(layer).__name__, [(f"input {k} at sample {sample}", _shorten(x[sample])) for k, x in enumerate(inputs)]


@operands.register
def _(layer: Dense, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> tuple[str, Rows]:
    sample, neuron = where
    x, weight = inputs[0][sample], layer.weight[neuron]
    terms = [(f"w[{neuron}, {k}] * x[{k}]", int(w), int(v)) for k, (w, v) in enumerate(zip(weight, x, strict=True))]
    return "y = requantise(bias + sum(w * x), shift)", _activated(layer, types[0], terms, int(layer.bias[neuron]))


@operands.register
def _(layer: Conv1d, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> tuple[str, Rows]:
    sample, o, n = where
    first = o // (len(layer.weight) // layer.groups) * layer.weight.shape[1]
    terms, missing = [], 0
    for (c, k), w in np.ndenumerate(layer.weight[o]):
        at = n * layer.stride + k * layer.dilation - layer.padding
        if 0 <= at < types[0].shape[1]:
            terms.append((f"w[{o}, {c}, {k}] * x[{first + c}, {at}]", int(w), int(inputs[0][sample, first + c, at])))
        else:
            missing += 1
    rows = [("weights outside the frame", str(missing))] if missing else []
    rows += _activated(layer, types[0], terms, int(layer.bias[o]))
    return f"y = requantise(bias + sum(w * x), shift), window {n}", rows


@operands.register(MaxPool1d)
@operands.register(AvgPool1d)
def _pooled(
    layer: Pool1d, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    sample, c, n = where
    places = [n * layer.stride + k * layer.dilation for k in range(layer.size)]
    words = [int(inputs[0][sample, c, at]) for at in places]
    rows = [(f"x[{c}, {at}]", str(word)) for at, word in zip(places, words, strict=True)]
    if isinstance(layer, MaxPool1d):
        return f"y = max(x), window {n}", rows
    rows += [("sum", str(sum(words))), ("divided by", str(layer.size))]
    return f"y = trunc(sum(x) / {layer.size}), window {n}", rows


@operands.register
def _(layer: Flatten, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> tuple[str, Rows]:
    sample, place = where
    c, n = divmod(place, types[0].shape[1])
    return "y = x[c, n]", [(f"x[{c}, {n}]", str(int(inputs[0][sample, c, n])))]


def _activated(layer: Dense | Conv1d, given: TensorType, terms: Sequence[tuple[str, int, int]], bias: int) -> Rows:
    """Rows of a sum, of what the activation does to it, and of its rounding."""
    shift, activation = layer.shift(given.format), layer.activation
    rows, acc = _sum(terms, bias)
    if acc < 0 and isinstance(activation, ReLU):
        rows.append(("activation", "relu clears a negative accumulator"))
    elif acc < 0 and isinstance(activation, LeakyReLU):
        rows.append(("activation", f"{to_json(activation)} shifts a negative accumulator by {activation.shift} more"))
        shift += activation.shift
    elif acc < 0 and isinstance(activation, Abs):
        rows.append(("activation", "abs turns the sign of the rounded and clamped word"))
    return [*rows, *_rounding(acc, shift, str(layer.output))]


@operands.register
def _(
    layer: MemoryTaps, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    sample, channel = where
    tap, part = layer.features[channel]
    i, q = (int(v) for v in _delayed(inputs[0], sample, tap))
    frac = types[0].format.frac
    rows = [("feature", f"{part if isinstance(part, str) else f'|x|^{part}'} of x[n - {tap}]")]
    rows += [(f"I, Q at sample {sample} - {tap}", f"{i}, {q}" + (" (before the start)" if tap > sample else ""))]
    if isinstance(part, str):
        return "y = requantise(I or Q, shift)", rows + _rounding(i if part == "I" else q, frac - layer.output.frac)
    squared = i * i + q * q
    root = int(isqrt(squared))
    exact = {1: root, 2: squared, 3: root * squared, 4: squared * squared}[part]
    rows += [("P = I^2 + Q^2", str(squared)), ("isqrt(P)", str(root)), (f"exact |x|^{part}", str(exact))]
    return "y = requantise(|x|^p, shift)", rows + _rounding(exact, part * frac - layer.output.frac, str(layer.output))


@operands.register
def _(
    layer: ComplexFIR, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    sample, channel = where
    terms: list[tuple[str, int, int]] = []
    row = iter(layer.weight)
    for term in layer.terms:
        for tap, weight in zip(term.taps, row, strict=False):
            x = _delayed(inputs[0], sample, tap)[np.newaxis]
            b_i, b_q = (int(b) for b in basis(x, term.power, types[0].format.frac, layer)[0])
            h_re, h_im = (int(h) for h in weight)
            name = f"of b_{term.power}[n - {tap}]"
            if channel == 0:
                terms += [(f"h_re * I {name}", h_re, b_i), (f"-h_im * Q {name}", -h_im, b_q)]
            else:
                terms += [(f"h_re * Q {name}", h_re, b_q), (f"h_im * I {name}", h_im, b_i)]
    rows, acc = _sum(terms, 0)
    shift = layer.basis.frac + layer.weight_format.frac - layer.output.frac
    part = "imaginary" if channel else "real"
    return f"y = requantise(sum(h * b), shift), {part} part", [*rows, *_rounding(acc, shift, str(layer.output))]


@operands.register
def _(layer: Table, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> tuple[str, Rows]:
    word, lo = int(inputs[0][where]), types[0].format.lo
    rows = [("x", str(word)), ("index x - lo", str(word - lo)), ("values[index]", str(int(layer.values[word - lo])))]
    return "y = values[x - lo]", rows


@operands.register
def _(layer: Add, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> tuple[str, Rows]:
    frac = max(t.format.frac for t in types)
    rows, acc = [], 0
    for k, (x, given) in enumerate(zip(inputs, types, strict=True)):
        word, left = int(x[where]), frac - given.format.frac
        rows.append((f"x_{k} << {left}", f"{word} << {left} = {word << left}"))
        acc += word << left
    rows.append(("sum", str(acc)))
    return "y = requantise(sum(x_k << left_k), shift)", [*rows, *_rounding(acc, frac - layer.output.frac)]


def _sum(terms: Sequence[tuple[str, int, int]], bias: int) -> tuple[Rows, int]:
    """Rows of the largest terms, the bias and the sum; and the sum."""
    acc = bias + sum(a * b for _, a, b in terms)
    largest = sorted(terms, key=lambda term: -abs(term[1] * term[2]))
    rows = [(name, f"{a} * {b} = {a * b}") for name, a, b in largest[:TERMS]]
    if len(terms) > TERMS:
        rows.append((f"{len(terms) - TERMS} smaller terms", str(sum(a * b for _, a, b in largest[TERMS:]))))
    return [*rows, ("bias", str(bias)), ("accumulator", str(acc))], acc


def _rounding(acc: int, shift: int, output: str = "") -> Rows:
    """Rows that show what the requantisation drops: the shift, and where the word lies between two others."""
    rows = [("shift", str(shift))]
    if shift > 0:
        low = acc & ((1 << shift) - 1)
        half = 1 << (shift - 1)
        place = "exactly half an LSB: rounds up" if low == half else "rounds up" if low > half else "rounds down"
        rows.append(("bits dropped", f"{low} of {1 << shift}, {place}"))
    return rows + ([("output format", output)] if output else [])


def _delayed(x: Codes, sample: int, tap: int) -> Codes:
    return x[sample - tap] if tap <= sample else np.zeros_like(x[0])


def _shorten(words: Codes) -> str:
    flat = [str(int(word)) for word in words.ravel()]
    return ", ".join(flat[:TERMS]) + (", ..." if len(flat) > TERMS else "")

"""Formula and operands of one word of a layer whose window slides, of operations by element, and of mere moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from bittrue.check.operand_rows import Rows, activated, rounding, sum_of
from bittrue.spec import (
    Bitwise,
    BitwiseOr,
    ComplexMul,
    Concat,
    Constant,
    Conv,
    Eltwise,
    Flatten,
    Interleave,
    Layer,
    Mul,
    Pool,
    Reshape,
    Sub,
    TensorType,
    Upsample,
)

Codes = npt.NDArray[np.int64]
Found = tuple[str, Rows]


def conv(layer: Conv, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> Found:
    """Formula and operands of one word of `Conv`."""
    sample, o, *window = where
    first = o // (len(layer.weight) // layer.groups) * layer.weight.shape[1]
    terms, missing = [], 0
    for (c, *places), w in np.ndenumerate(layer.weight[o]):
        at = [axis.at(n, k) for axis, n, k in zip(layer.axes, window, places, strict=True)]
        if all(i is not None and 0 <= i < length for i, length in zip(at, types[0].shape[1:], strict=True)):
            here = (first + c, *(i for i in at if i is not None))
            name = f"w[{listed((o, c, *places))}] * x[{listed(here)}]"
            terms.append((name, int(w), int(inputs[0][(sample, *here)])))
        else:
            missing += 1
    rows = [("weights that meet a zero beside or between the inputs", str(missing))] if missing else []
    rows += activated(layer, types[0], terms, int(layer.bias[o]))
    return f"y = requantise(bias + sum(w * x), shift), window {listed(window)}", rows


def pool(layer: Pool, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> Found:
    """Formula and operands of one word of `Pool`."""
    sample, c, *window = where
    along = [
        [n * axis.stride + k * axis.dilation for k in range(axis.size)]
        for axis, n in zip(layer.axes, window, strict=True)
    ]
    places = [(c, *place) for place in product(*along)]
    words = [int(inputs[0][(sample, *place)]) for place in places]
    rows = [(f"x[{listed(place)}]", str(word)) for place, word in zip(places, words, strict=True)]
    if layer.kind == "max":
        return f"y = max(x), window {listed(window)}", rows
    rows += [("sum", str(sum(words))), ("divided by", str(layer.places))]
    return f"y = trunc(sum(x) / {layer.places}), window {listed(window)}", rows


def eltwise(layer: Eltwise, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> Found:
    """Of sums and differences."""
    frac = layer.acc_frac([given.format for given in types])
    sign = -1 if isinstance(layer, Sub) else 1
    terms = [
        (f"x_{k} << {frac - given.format.frac}", int(x[where]) * (sign if k else 1), 1 << (frac - given.format.frac))
        for k, (x, given) in enumerate(zip(inputs, types, strict=True))
    ]
    return _rounded(layer, types, terms, "difference of x" if isinstance(layer, Sub) else "sum(x)")


def mul(layer: Mul, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> Found:
    """Formula and operands of one word of `Mul`."""
    a, b = (int(x[where]) for x in inputs)
    return _rounded(layer, types, [("x_0 * x_1", a, b)], "x_0 * x_1")


def complex_mul(
    layer: ComplexMul, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> Found:
    """Formula and operands of one word of `ComplexMul`."""
    sample, channel, *rest = where
    pair = channel // 2 * 2
    (a_i, a_q), (b_i, b_q) = ([int(x[(sample, c, *rest)]) for c in (pair, pair + 1)] for x in inputs)
    if channel % 2:
        return _rounded(layer, types, [("a_I * b_Q", a_i, b_q), ("a_Q * b_I", a_q, b_i)], "imaginary part of a * b")
    return _rounded(layer, types, [("a_I * b_I", a_i, b_i), ("-a_Q * b_Q", -a_q, b_q)], "real part of a * b")


def _rounded(layer: Eltwise, types: Sequence[TensorType], terms: list[tuple[str, int, int]], what: str) -> Found:
    rows, acc = sum_of(terms, 0)
    shift = layer.shift([given.format for given in types])
    return f"y = requantise({what}, shift)", [*rows, *rounding(acc, shift, str(layer.output))]


def bitwise(layer: Bitwise, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> Found:
    """Formula and operands of one word of `Bitwise`."""
    bits = types[0].format.bits
    rows = [(f"x_{k}", f"{int(x[where])}, bits {int(x[where]) % (1 << bits):0{bits}b}") for k, x in enumerate(inputs)]
    sign = "|" if isinstance(layer, BitwiseOr) else "^"
    return f"y = {f' {sign} '.join(f'x_{k}' for k in range(min(3, len(inputs))))}", rows


def moved(layer: Layer, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]) -> Found:
    """Of layers that move codes: the place that a word comes from."""
    sample, *place = where
    if isinstance(layer, Constant):
        return "y = values", [(f"values[{listed(place)}]", str(int(layer.values[tuple(place)])))]
    source, origin = _origin(layer, types, place)
    what = f"x_{source}[{listed(origin)}]" if len(inputs) > 1 else f"x[{listed(origin)}]"
    return f"y = {what}", [(what, str(int(inputs[source][(sample, *origin)])))]


def _origin(layer: Layer, types: Sequence[TensorType], place: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """Which input, and where in it, the word at ``place`` of a result comes from."""
    shape = types[0].shape
    if isinstance(layer, Flatten | Reshape):
        flat = np.ravel_multi_index(tuple(place), layer.output_type(*types).shape)
        return 0, tuple(int(k) for k in np.unravel_index(flat, shape))
    channel, *along = place
    if isinstance(layer, Concat):
        source = 0
        while channel >= types[source].shape[0]:
            channel -= types[source].shape[0]
            source += 1
        return source, (channel, *along)
    if isinstance(layer, Upsample):
        return 0, (channel, *(n // factor for n, factor in zip(along, layer.factors, strict=True)))
    if isinstance(layer, Interleave):
        for n, factor in zip(along, layer.factors, strict=True):
            channel = channel * factor + n % factor
        return 0, (channel, *(n // factor for n, factor in zip(along, layer.factors, strict=True)))
    raise AssertionError(f"{type(layer).__name__} moves nothing")


def listed(numbers: Sequence[int]) -> str:
    """Numbers with commas between them."""
    return ", ".join(map(str, numbers))

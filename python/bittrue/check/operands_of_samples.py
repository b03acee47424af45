"""Formula and operands of one word of a layer on samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bittrue.check.directed import basis
from bittrue.check.operand_rows import Rows, activated, rounding, sum_of
from bittrue.num import isqrt
from bittrue.spec import ComplexFIR, Dense, MemoryTaps, Table, TensorType

Codes = npt.NDArray[np.int64]


def dense(
    layer: Dense, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    """Formula and operands of one word of `Dense`."""
    sample, neuron = where
    x, weight = inputs[0][sample], layer.weight[neuron]
    terms = [(f"w[{neuron}, {k}] * x[{k}]", int(w), int(v)) for k, (w, v) in enumerate(zip(weight, x, strict=True))]
    return "y = requantise(bias + sum(w * x), shift)", activated(layer, types[0], terms, int(layer.bias[neuron]))


def memory_taps(
    layer: MemoryTaps, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    """Formula and operands of one word of `MemoryTaps`."""
    sample, channel = where
    tap, part = layer.features[channel]
    i, q = (int(v) for v in _delayed(inputs[0], sample, tap))
    frac = types[0].format.frac
    rows = [("feature", f"{part if isinstance(part, str) else f'|x|^{part}'} of x[n - {tap}]")]
    rows += [(f"I, Q at sample {sample} - {tap}", f"{i}, {q}" + (" (before the start)" if tap > sample else ""))]
    if isinstance(part, str):
        return "y = requantise(I or Q, shift)", rows + rounding(i if part == "I" else q, frac - layer.output.frac)
    squared = i * i + q * q
    root = int(isqrt(squared))
    exact = {1: root, 2: squared, 3: root * squared, 4: squared * squared}[part]
    rows += [("P = I^2 + Q^2", str(squared)), ("isqrt(P)", str(root)), (f"exact |x|^{part}", str(exact))]
    return "y = requantise(|x|^p, shift)", rows + rounding(exact, part * frac - layer.output.frac, str(layer.output))


def complex_fir(
    layer: ComplexFIR, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    """Formula and operands of one word of `ComplexFIR`."""
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
    rows, acc = sum_of(terms, 0)
    shift = layer.shift
    part = "imaginary" if channel else "real"
    return f"y = requantise(sum(h * b), shift), {part} part", [*rows, *rounding(acc, shift, str(layer.output))]


def table(
    layer: Table, types: Sequence[TensorType], inputs: Sequence[Codes], where: tuple[int, ...]
) -> tuple[str, Rows]:
    """Formula and operands of one word of `Table`."""
    word, lo = int(inputs[0][where]), types[0].format.lo
    rows = [("x", str(word)), ("index x - lo", str(word - lo)), ("values[index]", str(int(layer.values[word - lo])))]
    return "y = values[x - lo]", rows


def _delayed(x: Codes, sample: int, tap: int) -> Codes:
    return x[sample - tap] if tap <= sample else np.zeros_like(x[0])

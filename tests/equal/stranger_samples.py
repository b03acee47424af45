"""Layers of `stranger` on vectors and samples, and element by element, written from docs/net-format.md alone."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterator

from stranger_numbers import Format, Node, Result, Sample, Stream, Tensors, activate, demand, parse_format, requantise


def magnitudes(i: int, q: int) -> tuple[int, int, int, int]:
    """The exact powers 1 to 4 of the magnitude, the first one rounded down to an integer."""
    p = i * i + q * q
    r = math.isqrt(p)
    return r, p, r * p, p * p


def power(sample: Sample, p: int, f: int, fmt: Format) -> int:
    """Power ``p`` of a sample with ``f`` fractional bits."""
    i, q = sample
    return requantise(magnitudes(i, q)[p - 1], p * f - fmt.frac, fmt)


def parts(sample: Sample, f: int, fmt: Format) -> Sample:
    """I and Q of a sample with ``f`` fractional bits."""
    i, q = sample
    return requantise(i, f - fmt.frac, fmt), requantise(q, f - fmt.frac, fmt)


def memory_taps(node: Node, _: Tensors, inputs: list[Stream], output: Format) -> Result:
    """I and Q of the first of their taps, the powers of all taps, I and Q of the others of their taps."""
    (x,), f = inputs, inputs[0].format.frac
    first, *others = node.get("iq_taps", node["taps"])

    def features(n: int) -> Sample:
        found = list(parts(x.at(n - first), f, output))
        found += [power(x.at(n - t), p, f, output) for t in node["taps"] for p in node["powers"]]
        found += [code for t in others for code in parts(x.at(n - t), f, output)]
        return tuple(found)

    size = len(node["taps"]) * len(node["powers"]) + 2 * (1 + len(others))
    return [size], (features(n) for n in range(len(x.samples)))


def dense(node: Node, tensors: Tensors, inputs: list[Stream], output: Format) -> Result:
    """Weighted sums with a bias, then the activation."""
    (x,), (rows, columns) = inputs, tensors["weight"].shape
    weight = [tensors["weight"].values[o * columns : (o + 1) * columns] for o in range(rows)]
    s = x.format.frac + parse_format(node["weight_format"]).frac - output.frac

    def neurons(sample: Sample) -> Sample:
        sums = [sum(map(int.__mul__, row, sample)) for row in weight]
        biased = [bias + total for bias, total in zip(tensors["bias"].values, sums, strict=True)]
        return tuple(activate(acc, s, node["activation"], output) for acc in biased)

    return [rows], map(neurons, x.samples)


def table(_: Node, tensors: Tensors, inputs: list[Stream], __: Format) -> Result:
    """A value for every code."""
    (x,), values = inputs, tensors["values"].values
    return x.shape, (tuple(values[code - x.format.lo] for code in sample) for sample in x.samples)


def basis(sample: Sample, p: int, f: int, fmt: Format) -> Sample:
    """The sample times power ``p`` of its magnitude."""
    if p == 0:
        return parts(sample, f, fmt)
    e = power(sample, p, f, fmt)
    return requantise(sample[0] * e, f, fmt), requantise(sample[1] * e, f, fmt)


def complex_fir(node: Node, tensors: Tensors, inputs: list[Stream], output: Format) -> Result:
    """Complex weighted sums of delayed basis functions."""
    (x,), fmt, weight = inputs, parse_format(node["basis"]), tensors["weight"].values
    s = fmt.frac + parse_format(node["weight_format"]).frac - output.frac
    taps = [(term["power"], t) for term in node["terms"] for t in term["taps"]]
    rows = list(zip(weight[::2], weight[1::2], taps, strict=True))

    def filtered() -> Iterator[Sample]:
        for n in range(len(x.samples)):
            acc_re = acc_im = 0
            for h_re, h_im, (p, t) in rows:
                re, im = basis(x.at(n - t), p, x.format.frac, fmt)
                acc_re += h_re * re - h_im * im
                acc_im += h_re * im + h_im * re
            yield requantise(acc_re, s, output), requantise(acc_im, s, output)

    return [2], filtered()


def together(inputs: list[Stream]) -> Iterator[tuple[Sample, ...]]:
    """What the inputs hold at one time."""
    demand(len(inputs) > 1 and all(x.shape == inputs[0].shape for x in inputs), "inputs of one shape are needed")
    return zip(*(x.samples for x in inputs), strict=True)


def added(inputs: list[Stream], output: Format, signs: list[int]) -> Result:
    """The sum with signs, at the finest scale of the inputs."""
    finest = max(x.format.frac for x in inputs)
    factors = [sign << (finest - x.format.frac) for sign, x in zip(signs, inputs, strict=True)]

    def summed(samples: tuple[Sample, ...]) -> Sample:
        sums = (sum(map(operator.mul, factors, codes)) for codes in zip(*samples, strict=True))
        return tuple(requantise(total, finest - output.frac, output) for total in sums)

    return inputs[0].shape, map(summed, together(inputs))


def add(_: Node, __: Tensors, inputs: list[Stream], output: Format) -> Result:
    """The sum."""
    return added(inputs, output, [1] * len(inputs))


def sub(_: Node, __: Tensors, inputs: list[Stream], output: Format) -> Result:
    """The first without the others."""
    return added(inputs, output, [1] + [-1] * (len(inputs) - 1))


def mul(_: Node, __: Tensors, inputs: list[Stream], output: Format) -> Result:
    """The products of two."""
    s = inputs[0].format.frac + inputs[1].format.frac - output.frac
    pairs = ((a, b) for a, b in together(inputs))
    return inputs[0].shape, (tuple(requantise(p * q, s, output) for p, q in zip(a, b, strict=True)) for a, b in pairs)


def complex_mul(_: Node, __: Tensors, inputs: list[Stream], output: Format) -> Result:
    """The products of complex numbers, whose parts stand in neighbouring channels."""
    (channels, *axes), size = inputs[0].shape, math.prod(inputs[0].shape[1:])
    demand(channels % 2 == 0, f"{channels} channels are no pairs")
    s = inputs[0].format.frac + inputs[1].format.frac - output.frac

    def product(a: Sample, b: Sample) -> Sample:
        found = [0] * len(a)
        for pair in range(channels // 2):
            for k in range(size):
                re, im = 2 * pair * size + k, (2 * pair + 1) * size + k
                found[re] = requantise(a[re] * b[re] - a[im] * b[im], s, output)
                found[im] = requantise(a[re] * b[im] + a[im] * b[re], s, output)
        return tuple(found)

    return [channels, *axes], itertools.starmap(product, together(inputs))


def bitwise(operation: Callable[[int, int], int], inputs: list[Stream]) -> Result:
    """An operation on the bits of all inputs; Python's integers are in two's complement."""
    demand(len({x.format for x in inputs}) == 1, "inputs of one format are needed")
    rows = together(inputs)
    return inputs[0].shape, (
        tuple(functools.reduce(operation, codes) for codes in zip(*samples, strict=True)) for samples in rows
    )


def bitwise_or(_: Node, __: Tensors, inputs: list[Stream], ___: Format) -> Result:
    """Every bit that one of them has."""
    return bitwise(operator.or_, inputs)


def bitwise_xor(_: Node, __: Tensors, inputs: list[Stream], ___: Format) -> Result:
    """Every bit that an odd number of them has."""
    return bitwise(operator.xor, inputs)

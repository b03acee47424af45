"""Layers drawn by hypothesis for a tensor that they take: `drawn_graphs` and `strategies` make nets of them.

Every parameter is drawn so that the layer fits its input: formats of any point position, outputs finer and coarser than
the accumulator, weights and biases at their extremes, windows as large as the axis. Arrays come from seeded generators;
hypothesis draws only what shapes them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from bittrue.num import Format
from bittrue.spec import (
    Abs,
    AvgPool1d,
    AvgPool2d,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Dense,
    Interleave,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool1d,
    MaxPool2d,
    ReLU,
    Reshape,
    Table,
    TensorType,
    Upsample,
)

Codes = npt.NDArray[np.int64]
ACTIVATIONS = st.sampled_from([Linear(), ReLU()]) | st.builds(LeakyReLU, st.integers(1, 15))
LONGEST = 24
"""Samples along an axis, at most, of what makes axes longer."""


def draw_format(draw: st.DrawFn, lo: int = 3, hi: int = 16) -> Format:
    bits = draw(st.integers(lo, hi))
    return Format(bits, bits - 1 + draw(st.integers(-4, 4)))


def draw_codes(draw: st.DrawFn, shape: tuple[int, ...], fmt: Format) -> Codes:
    """Random over the full range, or one of the patterns that reach the extremes of an accumulator."""
    kind = draw(st.sampled_from(["random", "random", "random", "lo", "hi", "alternating", "sparse"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind in ("lo", "hi"):
        return np.full(shape, fmt.lo if kind == "lo" else fmt.hi, dtype=np.int64)
    if kind == "alternating":
        return np.where(np.arange(int(np.prod(shape))).reshape(shape) % 2, fmt.lo, fmt.hi).astype(np.int64)
    codes = rng.integers(fmt.lo, fmt.hi, shape, endpoint=True)
    return codes if kind == "random" else codes * rng.integers(0, 2, shape)


def draw_output(draw: st.DrawFn, acc_bits: int, acc_frac: int) -> Format:
    """An output format: mostly one that shows the interesting bits of the accumulator, sometimes far too fine or too
    coarse; the shift may be negative."""
    bits = draw(st.integers(3, 16))
    natural = acc_bits - bits
    usual = st.integers(natural - 3, natural)
    shift = draw(st.one_of(usual, usual, usual, usual, st.integers(-15, acc_bits + 4)))
    return Format(bits, min(max(acc_frac - shift, -63), 126))


def draw_dense(draw: st.DrawFn, given: TensorType, outputs: int) -> Dense:
    (inputs,) = given.shape
    fmt = draw_format(draw)
    acc_bits = given.format.bits + fmt.bits + inputs.bit_length() - 1
    frac = given.format.frac + fmt.frac
    bias = Format(draw(st.integers(1, min(acc_bits, 40))), 0)
    activation = draw(ACTIVATIONS)
    weight = draw_codes(draw, (outputs, inputs), fmt)
    return Dense(weight, draw_codes(draw, (outputs,), bias), fmt, draw_output(draw, acc_bits, frac), activation)


def _draw_weights(draw: st.DrawFn, given: TensorType, filters: int, groups: int, sizes: tuple[int, ...], wide: bool):
    """What all convolutions begin with: weight, bias, weight format, output, activation; weights of 1 bit and more.

    Where it may be ``wide``, the output sometimes has all bits of the accumulator.
    """
    bits = draw(st.sampled_from([1, 2, 4, 8]) | st.integers(1, 16))
    fmt = Format(bits, bits - 1 + draw(st.integers(-4, 4)))
    shape = (filters, given.shape[0] // groups, *sizes)
    acc_bits = given.format.bits + fmt.bits + math.prod(shape[1:]).bit_length() - 1
    frac = given.format.frac + fmt.frac
    bias = draw_codes(draw, (filters,), Format(draw(st.integers(1, min(acc_bits, 40))), 0))
    weight, output = draw_codes(draw, shape, fmt), draw_output(draw, acc_bits, frac)
    if wide and draw(st.booleans()):
        output = Format(32, frac)
    return weight, bias, fmt, output, draw(ACTIVATIONS | st.just(Abs()))


def draw_groups(draw: st.DrawFn, channels: int) -> int:
    return draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))


def draw_conv(draw: st.DrawFn, given: TensorType, wide: bool = False, uneven: bool = True) -> Conv1d | Conv2d:
    """Any kernel, padding, dilation, stride and groups that leave a window: often one as large as the frame or image.

    With ``uneven``, the ends of an axis may have other numbers of zeros.
    """
    channels, *lengths = given.shape
    groups = draw_groups(draw, channels)
    filters = groups * draw(st.integers(1, 3 if channels < 10 else 1))
    sizes, dilations, pads = [], [], []
    for length in lengths:
        before = draw(st.sampled_from([0, 0, 1, 2, 5]))
        after = draw(st.sampled_from([before, 0, 1, 3])) if uneven else before
        size, dilation = draw(st.sampled_from([1, 2, 3, 3, 5, length]) | st.integers(1, 9)), draw(st.integers(1, 3))
        fits = (size - 1) * dilation < length + before + after
        sizes.append(size if fits else 1)
        dilations.append(dilation)
        pads.append((before, after))
    weights = _draw_weights(draw, given, filters, groups, tuple(sizes), wide)
    strides = tuple(draw(st.sampled_from([1, 1, 2, 3])) for _ in lengths)
    if len(lengths) == 1:
        return Conv1d(*weights, pads[0], dilations[0], groups, strides[0])
    return Conv2d(*weights, tuple(pads), tuple(dilations), groups, strides)


def draw_transposed(draw: st.DrawFn, given: TensorType, wide: bool = False) -> ConvTranspose1d | ConvTranspose2d:
    """Any kernel, stride, padding (also beyond the kernel: it cuts), output padding, dilation and groups."""
    channels, *lengths = given.shape
    groups = draw_groups(draw, channels)
    filters = groups * draw(st.integers(1, 2 if channels < 10 else 1))
    sizes, strides, pads, more, dilations = [], [], [], [], []
    for length in lengths:
        size, dilation = draw(st.integers(1, 4)), draw(st.sampled_from([1, 1, 2, 3]))
        stride = draw(st.integers(1, 4)) if length * 2 <= LONGEST else 1
        extra = draw(st.integers(0, max(stride, dilation) - 1))
        results = (length - 1) * stride + dilation * (size - 1) + extra + 1
        sizes.append(size)
        strides.append(stride)
        pads.append(draw(st.integers(0, min((results - 1) // 2, 4))))
        more.append(extra)
        dilations.append(dilation)
    weights = _draw_weights(draw, given, filters, groups, tuple(sizes), wide)
    if len(lengths) == 1:
        return ConvTranspose1d(*weights, strides[0], pads[0], more[0], dilations[0], groups)
    return ConvTranspose2d(*weights, tuple(strides), tuple(pads), tuple(more), tuple(dilations), groups)


def draw_pool(draw: st.DrawFn, given: TensorType) -> Layer:
    """Any window that fits, the largest too."""
    numbers = []
    for length in given.shape[1:]:
        size, dilation = draw(st.integers(1, 5) | st.just(min(length, 9))), draw(st.integers(1, 2))
        numbers.append((size if (size - 1) * dilation < length else 1, draw(st.integers(1, 3)), dilation))
    if len(numbers) == 1:
        return draw(st.sampled_from([MaxPool1d, AvgPool1d]))(*numbers[0])
    return draw(st.sampled_from([MaxPool2d, AvgPool2d]))(*zip(*numbers, strict=True))


def draw_table(draw: st.DrawFn, given: TensorType) -> Table:
    output = draw_format(draw)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Table(rng.integers(output.lo, output.hi, 1 << given.format.bits, endpoint=True), output)


def draw_upsample(draw: st.DrawFn, given: TensorType) -> Upsample:
    return Upsample(tuple(draw(st.integers(1, max(1, min(3, LONGEST // n)))) for n in given.shape[1:]))


def draw_interleave(draw: st.DrawFn, given: TensorType) -> Interleave:
    """Factors whose product divides the channels."""
    left, factors = given.shape[0], []
    for _ in given.shape[1:]:
        factors.append(draw(st.sampled_from([f for f in range(1, 6) if left % f == 0])))
        left //= factors[-1]
    return Interleave(tuple(factors))


def draw_reshape(draw: st.DrawFn, given: TensorType) -> Reshape:
    """A vector, a frame or an image of the same elements."""
    left, shape = given.elements, []
    for _ in range(draw(st.integers(0, 2))):
        shape.append(draw(st.sampled_from([d for d in range(1, left + 1) if left % d == 0 and d <= LONGEST])))
        left //= shape[-1]
    return Reshape((left, *shape) if draw(st.booleans()) or left > LONGEST else (*shape, left))

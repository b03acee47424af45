"""Layers as real matrix-vector products, which is how hardware runs them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.dsp import ACCUMULATOR, product_dsps
from bittrue.num import Format, Interval
from bittrue.ranges import Range
from bittrue.spec import Abs, ComplexFIR, Conv, Dense, TensorType


@dataclass(frozen=True, eq=False)
class Matrix:
    """``acc = weight @ x + bias``, then ``y = requantise(acc, shift)``.

    A negative ``acc`` is shifted by ``negative_shift`` more, or cleared where that is ``None``. With ``magnitude``, the
    result is ``min(|y|, hi)``.

    Parameters
    ----------
    weight : int64 array (outputs, inputs)
    bias : int64 array (outputs,)
    given, output : Format
        Of every element of ``x`` and ``y``.
    acc_bits : int
        Width of the accumulator, proved by `bittrue.ranges`; of a matrix whose codes can be loaded, by `loadable`.
    weight_word, bias_word : int
        Bits of the words in the memories of a matrix whose codes can be loaded; 0 where there are none.
    magnitude : bool
    """

    weight: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]
    given: Format
    output: Format
    acc_bits: int
    shift: int
    negative_shift: int | None = 0
    weight_word: int = 0
    bias_word: int = 0
    magnitude: bool = False

    @property
    def weight_bits(self) -> int:
        """Width of the memories' words, else the smallest signed width that holds every weight."""
        if self.weight_word:
            return self.weight_word
        widest = int(np.where(self.weight < 0, ~self.weight, self.weight).max())
        return widest.bit_length() + 1

    @property
    def dsps_per_lane(self) -> int:
        """DSP48E1 of one lane. Synthesis may save those of a lane whose weights are all alike or all narrow."""
        return product_dsps(self.weight_bits, self.given.bits)


def of_dense(layer: Dense, given: TensorType, found: Range) -> Matrix:
    """`Matrix` of a `Dense` layer. Raises `BadInput` for an accumulator that is too wide."""
    return of_filters(layer, layer.weight, given.format, found)


def of_filters(layer: Dense | Conv, weight: npt.NDArray[np.int64], given: Format, found: Range) -> Matrix:
    """`Matrix` of a layer with ``weight`` as rows ``(outputs, inputs)``; raised as by `of_dense`."""
    return _checked(
        Matrix(
            weight,
            layer.bias,
            given,
            layer.output,
            found.acc_bits,
            layer.shift(given),
            layer.activation.negative_shift,
            magnitude=isinstance(layer.activation, Abs),
        )
    )


def of_complex_fir(layer: ComplexFIR, found: Range) -> Matrix:
    """`Matrix` of a `ComplexFIR`: rows ``[h_re, -h_im, ...]`` and ``[h_im, h_re, ...]`` over I, Q of every tap."""
    h_re, h_im = layer.weight.T
    weight = np.stack([np.stack([h_re, -h_im], 1).ravel(), np.stack([h_im, h_re], 1).ravel()])
    shift = layer.shift
    return _checked(Matrix(weight, np.zeros(2, np.int64), layer.basis, layer.output, found.acc_bits, shift))


def loadable(matrix: Matrix, layer: Dense | Conv | ComplexFIR) -> Matrix:
    """``matrix`` with an accumulator for any codes that fit the layer's formats.

    With ``p`` the bits of ``inputs`` products of any weight and any input code, a `Dense` or a `Conv` has biases of
    ``p`` bits and an accumulator of ``p + 1``; a `ComplexFIR`, which has no bias, one of ``p``. Raises `BadInput`
    where that is wider than a DSP48E1.
    """
    product = Interval.of(layer.weight_format) * Interval.of(matrix.given)
    bits = product.scaled(matrix.weight.shape[1]).bits
    bias = 0 if isinstance(layer, ComplexFIR) else bits
    acc = bits + 1 if bias else bits
    return _checked(replace(matrix, acc_bits=acc, weight_word=layer.weight_format.bits, bias_word=bias))


def _checked(matrix: Matrix) -> Matrix:
    if matrix.acc_bits > ACCUMULATOR:
        raise BadInput(
            f"the accumulator needs {matrix.acc_bits} bits and a DSP48E1 has {ACCUMULATOR}; "
            f"narrow the weights or the inputs"
        )
    return matrix

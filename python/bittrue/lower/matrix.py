"""Layers as real matrix-vector products, which is how hardware runs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.ranges import Range
from bittrue.spec import ComplexFIR, Dense, TensorType

DSP_ACCUMULATOR = 48
"""Bits of a DSP48E1 accumulator."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """``acc = weight @ x + bias``, then ``y = requantise(acc, shift)``.

    A negative ``acc`` is shifted by ``negative_shift`` more, or cleared where that is ``None``.

    Parameters
    ----------
    weight : int64 array (outputs, inputs)
    bias : int64 array (outputs,)
    given, output : Format
        Of every element of ``x`` and ``y``.
    acc_bits : int
        Width of the accumulator, proved by `bittrue.ranges`.
    """

    weight: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]
    given: Format
    output: Format
    acc_bits: int
    shift: int
    negative_shift: int | None = 0

    @property
    def weight_bits(self) -> int:
        """Smallest signed width that holds every weight."""
        widest = int(np.where(self.weight < 0, ~self.weight, self.weight).max())
        return widest.bit_length() + 1

    @property
    def dsps_per_lane(self) -> int:
        """DSP48E1 of one multiplier: one up to 25 x 18 bits, a grid of 24 x 17 bits beyond."""
        wide, narrow = sorted((self.weight_bits, self.given.bits), reverse=True)
        if wide <= 25 and narrow <= 18:
            return 1
        return -(-(wide - 1) // 24) * -(-(narrow - 1) // 17)


def of_dense(layer: Dense, given: TensorType, found: Range) -> Matrix:
    """`Matrix` of a `Dense` layer."""
    fmt = given.format
    return _checked(
        Matrix(
            layer.weight,
            layer.bias,
            fmt,
            layer.output,
            found.acc_bits,
            layer.shift(fmt),
            layer.activation.negative_shift,
        )
    )


def of_complex_fir(layer: ComplexFIR, found: Range) -> Matrix:
    """`Matrix` of a `ComplexFIR`: rows ``[h_re, -h_im, ...]`` and ``[h_im, h_re, ...]`` over I, Q of every tap."""
    h_re, h_im = layer.weight.T
    weight = np.stack([np.stack([h_re, -h_im], 1).ravel(), np.stack([h_im, h_re], 1).ravel()])
    shift = layer.basis.frac + layer.weight_format.frac - layer.output.frac
    return _checked(Matrix(weight, np.zeros(2, np.int64), layer.basis, layer.output, found.acc_bits, shift))


def _checked(matrix: Matrix) -> Matrix:
    if matrix.acc_bits > DSP_ACCUMULATOR:
        raise BadInput(
            f"the accumulator needs {matrix.acc_bits} bits and a DSP48E1 has {DSP_ACCUMULATOR}; "
            f"narrow the weights or the inputs"
        )
    return matrix

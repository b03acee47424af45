"""ComplexFIR: linear and nonlinear complex filters of the input, summed in one accumulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.spec.layer import Layer, TensorType, complex_format, frozen_codes, increasing_taps, integers, register
from bittrue.spec.memory_taps import envelope_powers

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@dataclass(frozen=True)
class Term:
    """One filter of a `ComplexFIR`: it runs over ``x * |x|**power`` with the given delays in samples."""

    power: int
    taps: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "power", integers((self.power,), "Term.power")[0])
        if self.power:
            envelope_powers((self.power,), "Term.power")
        object.__setattr__(
            self, "taps", increasing_taps(self.taps, f"the taps of the term of power {shown(self.power)}")
        )


@register
@dataclass(frozen=True, eq=False)
class ComplexFIR(Layer):
    """``y[n] = requantise(sum_j h[j] * b_p(j)[n - t(j)])`` in complex arithmetic, ``j`` over all taps of all terms.

    The basis signals are words of the basis format ``g``. With the envelope powers ``|x|^p`` requantised to ``g`` as in
    `MemoryTaps` and ``f`` the input's fractional bits:

        b_0 = requantise(x, f - g.frac)
        b_p = requantise(x * |x|^p, f)            (I and Q each)

    Real part: ``sum(h_re * b_I - h_im * b_Q)``; imaginary part: ``sum(h_re * b_Q + h_im * b_I)``; both with
    ``g.frac + weight_format.frac`` fractional bits and rounded once into ``output``.

    Parameters
    ----------
    terms : tuple of Term
        Powers 0 to 4, each at most once.
    weight : int64 array (number of all taps, 2)
        ``(h_re, h_im)`` as codes of ``weight_format``, term by term, tap by tap.
    weight_format, basis, output : Format
        The basis format has at most 16 bits.
    """

    terms: tuple[Term, ...]
    weight: npt.NDArray[np.int64]
    weight_format: Format
    basis: Format
    output: Format

    def __post_init__(self) -> None:
        super().__post_init__()
        terms = tuple(self.terms) if isinstance(self.terms, list | tuple) else (None,)
        if not all(isinstance(term, Term) for term in terms):
            raise BadInput(f"ComplexFIR.terms is {shown(self.terms)}; give a list of bittrue.spec.Term(power, taps)")
        object.__setattr__(self, "terms", terms)
        weight = self.weight_format.check(self.weight, "ComplexFIR.weight")
        object.__setattr__(self, "weight", frozen_codes(weight, 2, "ComplexFIR.weight"))
        envelope_powers([t.power for t in self.terms if t.power], "the powers of ComplexFIR.terms")
        taps = sum(len(t.taps) for t in self.terms)
        if self.weight.shape != (taps, 2):
            raise BadInput(f"ComplexFIR has {taps} taps and weights of shape {self.weight.shape}; give ({taps}, 2)")
        if [t.power for t in self.terms].count(0) > 1:
            raise BadInput("ComplexFIR has two terms of power 0; merge their taps into one term")
        if self.basis.bits > 16:
            raise BadInput(f"ComplexFIR has a basis format of {self.basis.bits} bits; use at most 16")

    @property
    def shift(self) -> int:
        """``s = basis.frac + weight_format.frac - output.frac``: fractional bits that the requantisation drops."""
        return self.basis.frac + self.weight_format.frac - self.output.frac

    @property
    def memory(self) -> int:
        return max(t.taps[-1] for t in self.terms)

    def output_type(self, *inputs: TensorType) -> TensorType:
        complex_format(inputs, "ComplexFIR")
        return TensorType((2,), self.output)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.9")
        weight = (np.arange(20) * 397 % 1024 + fmt.lo).reshape(10, 2)
        weight[0] = fmt.lo
        terms = tuple(Term(p, taps) for p, taps in enumerate([(0, 1, 2), (0, 2), (1,), (0, 3), (0, 1)]))
        layer = cls(terms, weight, fmt, Format.parse("Q2.10"), Format.parse("Q2.8"))
        return Net("complex_fir", TensorType((2,), Format.parse("Q1.11")), (Node("fir", layer, ("input",)),))

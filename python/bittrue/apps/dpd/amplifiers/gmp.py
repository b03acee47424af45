"""Generalised memory polynomials: their basis signals, in blocks, and the ridge least squares that fits them.

Source of the structure: Morgan et al., "A Generalized Memory Polynomial Model for Digital Predistortion of RF Power
Amplifiers", IEEE Trans. Signal Processing 54 (10), 2006.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput

BLOCK = 1 << 13
"""Rows of the basis matrix that exist at a time."""

Term = tuple[int, int, int]


@dataclass(frozen=True)
class Structure:
    """The terms ``u[n-m] * |u[n-m-l]|**p`` of a polynomial, as tuples ``(p, m, l)``; causal: ``m >= 0, m + l >= 0``.

    Raises `BadInput` for a term that looks ahead.
    """

    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        ahead = [term for term in self.terms if term[1] < 0 or term[1] + term[2] < 0]
        if ahead or not self.terms:
            raise BadInput(f"a memory polynomial needs terms (p, m, l) with m >= 0 and m + l >= 0, not {ahead[:1]}")

    @classmethod
    def aligned(cls, taps: int, powers: Iterable[int]) -> Structure:
        """The plain memory polynomial: ``u[n-m] * |u[n-m]|**p`` with ``m < taps``."""
        return cls(tuple((p, m, 0) for p in powers for m in range(taps)))

    @classmethod
    def crossed(cls, taps: int, powers: Iterable[int], reach: int) -> Structure:
        """Terms whose envelope lags or leads the signal by 1 to ``reach`` samples, as far as that is causal."""
        offsets = [offset for offset in range(-reach, reach + 1) if offset]
        return cls(tuple((p, m, k) for p in powers for m in range(taps) for k in offsets if m + k >= 0))

    def __add__(self, other: Structure) -> Structure:
        return Structure(self.terms + other.terms)

    @cached_property
    def memory(self) -> int:
        """How many earlier samples an output depends on."""
        return max(max(m, m + k) for _, m, k in self.terms)

    def basis(self, u: Complex) -> Complex:
        """``(N, terms)`` for a signal ``(N,)`` that is zero before its first sample."""
        columns = np.empty((len(self.terms), len(u)), dtype=np.complex128)
        envelope: Any = abs(u)
        products: dict[tuple[int, int], Complex] = {}
        for column, (p, m, k) in zip(columns, self.terms, strict=True):
            if (p, k) not in products:
                products[p, k] = u * shifted(envelope, k) ** p if p else u
            column[:] = shifted(products[p, k], m)
        return columns.T

    def evaluate(self, coefficients: Complex, u: Complex) -> Complex:
        """``sum_t coefficients[t] * basis[:, t]``: ``(N,)``."""
        parts = [self.basis(u[before:stop])[start - before :] @ coefficients for before, start, stop in self._blocks(u)]
        return np.concatenate(parts)

    def rows(self, *signals: Complex) -> Iterator[tuple[slice, list[Complex]]]:
        """Blocks of the basis matrices of several signals of one length: their place, and ``(rows, terms)`` of each."""
        for before, start, stop in self._blocks(signals[0]):
            yield slice(start, stop), [self.basis(u[before:stop])[start - before :] for u in signals]

    def _blocks(self, u: Complex) -> Iterator[tuple[int, int, int]]:
        for start in range(0, len(u), BLOCK):
            yield max(0, start - self.memory), start, min(start + BLOCK, len(u))


def shifted(signal: npt.NDArray[Any], samples: int) -> npt.NDArray[Any]:
    """``signal[n - samples]``, zero where that does not exist; negative ``samples`` look ahead."""
    result = np.zeros_like(signal)
    if abs(samples) >= len(signal):
        return result
    if samples >= 0:
        result[samples:] = signal[: len(signal) - samples]
    else:
        result[:samples] = signal[-samples:]
    return result


def ridge_solve(gram: Complex, moment: Complex, ridge: float) -> Complex:
    """``(gram + ridge * diag(gram))^-1 moment``. Raises `BadInput` where that matrix is singular."""
    try:
        solution = np.linalg.solve(gram + ridge * np.diag(gram.diagonal().real), moment)
    except np.linalg.LinAlgError:
        raise BadInput("the terms of the polynomial are not independent on this signal; raise the ridge") from None
    return np.asarray(solution, dtype=np.complex128)


def fit(structure: Structure, u: Complex, target: Complex, ridge: float) -> Complex:
    """Coefficients of the polynomial of ``u`` nearest to ``target``, on all samples but the first ``memory``.

    Minimises ``mean |basis @ c - target|^2 + ridge * sum_t E|basis_t|^2 |c_t|^2``.
    """
    n, skip = len(structure.terms), structure.memory
    gram: Complex = np.zeros((n, n), complex)
    moment: Complex = np.zeros(n, complex)
    for place, (rows,) in structure.rows(u):
        kept: Any = rows[max(0, skip - place.start) :]
        wanted = target[max(place.start, skip) : place.stop]
        gram += kept.conj().T @ kept
        moment += kept.conj().T @ wanted
    return ridge_solve(gram, moment, ridge)

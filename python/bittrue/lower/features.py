"""Schedule of the pipeline that turns an I/Q sample into envelope powers and filter bases."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

from bittrue.lower.dsp import product_dsps
from bittrue.num import Format
from bittrue.spec import ComplexFIR, MemoryTaps

REQUANTISE = 3
"""Clocks of the requantiser: align, round, saturate."""

SQUARED = 4
"""Clock at which ``P = I^2 + Q^2`` is registered: input, product, another register behind it, sum."""

POWER = 4
"""Clocks of a further power: operands, products of their halves, another register behind those, sum."""

HALF = 16
"""Bits of the lower part of a squared envelope that is too wide for one multiplier."""


@dataclass(frozen=True)
class Word:
    """One quantity a sample: ``I``, ``Q`` (power 0, no basis), ``|x|^power``, or a component of ``x * |x|^power``.

    Parameters
    ----------
    part : str
        ``"I"``, ``"Q"``, or ``"E"`` for an envelope power.
    power : int
        0 to 4.
    """

    part: str
    power: int = 0


@dataclass(frozen=True)
class Features:
    """Which words of every sample a layer needs, in which order, and which delayed ones make up its vector.

    Parameters
    ----------
    source, output : Format
        Of the I/Q input and of every word.
    words : tuple of Word
        Each word once.
    picks : tuple of (int, int)
        ``(index into words, delay in samples)`` of every element of the vector.
    """

    source: Format
    output: Format
    words: tuple[Word, ...]
    picks: tuple[tuple[int, int], ...]

    @property
    def power_bits(self) -> int:
        """Unsigned bits of ``P = I^2 + Q^2``, at most ``2 * lo^2``."""
        return 2 * self.source.bits

    @property
    def power_parts(self) -> tuple[int, ...]:
        """Bits of the parts in which ``P`` is multiplied, the lower one first: each fits one DSP48E1."""
        return (self.power_bits,) if self.power_bits <= HALF + 1 else (HALF, self.power_bits - HALF)

    @property
    def root_bits(self) -> int:
        """Unsigned bits of ``isqrt(P)``, one a stage of the square root."""
        return self.source.bits

    def exact_at(self, power: int) -> int:
        """Clock after acceptance at which ``|x|^power`` is registered, before its requantisation."""
        root = SQUARED + self.root_bits
        return {1: root, 2: SQUARED, 3: root + POWER, 4: SQUARED + POWER}[power]

    def ready_at(self, word: Word) -> int:
        """Clock after acceptance at which a word is registered."""
        if word.power == 0:
            return 1 + REQUANTISE
        envelope = self.exact_at(word.power) + REQUANTISE
        return envelope if word.part == "E" else envelope + 2 + REQUANTISE

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a sample to the strobe of all its words."""
        return max(self.ready_at(word) for word in self.words)

    @property
    def powers(self) -> tuple[int, ...]:
        """Envelope powers that any word needs, in rising order."""
        return tuple(sorted({word.power for word in self.words} - {0}))

    @property
    def depth(self) -> int:
        """Samples of history that the vector reaches back."""
        return max(delay for _, delay in self.picks)

    @property
    def dsps(self) -> int:
        """DSP48E1 of the pipeline: squares of I and Q, third and fourth power of the envelope, and the bases."""
        parts = self.power_parts
        products = [(self.source.bits, self.source.bits)] * 2 if self.powers else []
        if 3 in self.powers:
            products += [(part, self.root_bits) for part in parts]
        if 4 in self.powers:
            products += combinations_with_replacement(parts, 2)
        bases = sum(1 for word in self.words if word.part != "E" and word.power)
        return sum(product_dsps(*bits) for bits in products + [(self.source.bits, self.output.bits)] * bases)


def of_memory_taps(layer: MemoryTaps, source: Format) -> Features:
    """`Features` of a `MemoryTaps` fed with ``source`` codes."""
    words = (Word("I"), Word("Q"), *(Word("E", power) for power in layer.powers))
    index: dict[int | str, int] = {"I": 0, "Q": 1} | {power: 2 + k for k, power in enumerate(layer.powers)}  # type: ignore[dict-item]
    return Features(source, layer.output, words, tuple((index[part], tap) for tap, part in layer.features))


def of_complex_fir(layer: ComplexFIR, source: Format) -> Features:
    """`Features` of a `ComplexFIR`: the vector is I, Q of every tap of every term, as `matrix` weighs them."""
    words = tuple(Word(part, term.power) for term in layer.terms for part in "IQ")
    picks = tuple((2 * k + part, tap) for k, term in enumerate(layer.terms) for tap in term.taps for part in (0, 1))
    return Features(source, layer.basis, words, picks)

"""Which words a traced net gets: what is said of them, before ranges are known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bittrue.errors import BadInput, listed, shown
from bittrue.num import Format
from bittrue.num.arrays import integer

Word = int | str | Format
"""A word length whose fraction is chosen, or a whole format such as ``"Q1.15"``."""

CHIP = "max78002"


@dataclass(frozen=True)
class Formats:
    """Word lengths of a net that is made from a module of PyTorch's.

    Parameters
    ----------
    bits : int
        Bits of every tensor, 2 to 24, of which the fraction is chosen from the ranges that are measured.
    weight_bits : int
        Bits of weights, 2 to 24; the fraction is chosen layer by layer.
    table_bits : int
        Most bits of what is looked up in a table (of tanh, say), 2 to 16: it has ``2**bits`` entries.
    tensors, weights : mapping of str to int, str or Format
        Bits, or the whole format, of single tensors (``"input"``, or a node's name: that of its result) and weights.
    chip : bool
        8-bit words as the MAX78002 has them: all tensors in ``Q1.7``, what leaves that range divided by a power of two,
        biases of 8 bits. What the other parameters say beside ``weight_bits`` is not taken then.
    """

    bits: int = 8
    weight_bits: int = 8
    table_bits: int = 12
    tensors: Mapping[str, Word] = field(default_factory=dict)
    weights: Mapping[str, Word] = field(default_factory=dict)
    chip: bool = False

    def __post_init__(self) -> None:
        for name, most in (("bits", 24), ("weight_bits", 24), ("table_bits", 16)):
            _bits(getattr(self, name), name, most)
        for kind in ("tensors", "weights"):
            given = getattr(self, kind)
            if not isinstance(given, Mapping):
                raise BadInput(f"formats.{kind} is {shown(given)}; give a mapping of names to bits or formats")
            for name, word in given.items():
                _word(word, f"formats.{kind}[{name!r}]")
        if self.chip and (self.bits != 8 or self.tensors or self.weights or self.weight_bits != 8):
            raise BadInput("the MAX78002 has words of 8 bits in Q1.7; leave the other formats out, or leave out chip")

    @classmethod
    def of(cls, given: Formats | int | str | Mapping[str, Any]) -> Formats:
        """Formats as they are, of so many bits for tensors and weights, of the chip ``"max78002"``, or by keyword.

        Raises `BadInput` for anything else.
        """
        if isinstance(given, Formats):
            return given
        bits = integer(given)
        if bits is not None:
            return cls(bits, bits)
        if given == CHIP:
            return cls(chip=True)
        names = [own.name for own in fields(cls)]
        if not isinstance(given, Mapping) or not set(given) <= set(names):
            raise BadInput(
                f"formats is {shown(given)}; give bits such as 8 or 16, {CHIP!r}, or a mapping of {listed(names)}"
            )
        return cls(**given)

    def tensor(self, name: str) -> Word:
        """What is said of a tensor."""
        return _parsed(self.tensors.get(name, self.bits))

    def weight(self, name: str) -> Word:
        """What is said of a layer's weights."""
        return _parsed(self.weights.get(name, self.weight_bits))

    def check(self, tensors: Collection[str], weights: Collection[str]) -> None:
        """Raise `BadInput` where a name is given that the net has not."""
        for kind, known in (("tensors", tensors), ("weights", weights)):
            for name in getattr(self, kind):
                if name not in known:
                    raise BadInput(f"formats.{kind} names {shown(name)}; the net has {listed(known)}")


def _parsed(word: Word) -> Word:
    return word if isinstance(word, Format) or not isinstance(word, str) else Format.parse(word)


def _word(word: Any, what: str) -> None:
    if isinstance(word, str | Format):
        Format.of(word, what)
    else:
        _bits(word, what, 24)


def _bits(value: Any, what: str, most: int) -> None:
    bits = integer(value)
    if bits is None or not 2 <= bits <= most:
        raise BadInput(f"{what} is {shown(value)}; give a word length of 2 to {most} bits, such as 8 or 16")

"""What the evaluator of net folders computes with: formats, tensors, streams of samples, and the one rounding.

Written from docs/net-format.md alone, as all of `stranger` is: standard library, Python integers, nothing of bittrue.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

Sample = tuple[int, ...]
Shape = list[int]
Result = tuple[Shape, Iterator[Sample]]
Node = dict[str, Any]


class Format(NamedTuple):
    """``Qm.n``: two's complement codes of ``bits`` bits, ``frac`` of them fractional."""

    bits: int
    frac: int

    @property
    def lo(self) -> int:
        """The smallest code."""
        return -(1 << (self.bits - 1))

    @property
    def hi(self) -> int:
        """The largest code."""
        return (1 << (self.bits - 1)) - 1


class Tensor(NamedTuple):
    """An array of integers in C order."""

    shape: list[int]
    values: Sample


class Stream(NamedTuple):
    """The samples of one node, one a time step; ``shape`` is that of a sample."""

    format: Format
    samples: list[Sample]
    shape: Shape

    def at(self, n: int) -> Sample:
        """Sample ``n``; zeros before the first."""
        return self.samples[n] if n >= 0 else (0,) * len(self.samples[0])


Tensors = dict[str, Tensor]


def demand(condition: bool, message: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(message)


def parse_format(text: str) -> Format:
    """``"Q1.15"`` to a Format."""
    m, n = (int(part) for part in text.removeprefix("Q").split("."))
    demand(text == f"Q{m}.{n}" and 1 <= m + n <= 63 and -63 <= n <= 126, f"{text!r} is no format")
    return Format(m + n, n)


def requantise(acc: int, s: int, fmt: Format) -> int:
    """``acc * 2^-s``, rounded with ties up and saturated."""
    rounded = (acc + (1 << (s - 1))) >> s if s >= 1 else acc << -s
    return min(max(rounded, fmt.lo), fmt.hi)


def activate(acc: int, s: int, activation: str, output: Format) -> int:
    """An accumulator to an output code."""
    if activation == "linear":
        return requantise(acc, s, output)
    if activation == "relu":
        return requantise(max(acc, 0), s, output)
    if activation == "abs":
        return min(abs(requantise(acc, s, output)), output.hi)
    name, k = activation.split("/")
    demand(name == "leaky_relu" and k in map(str, range(1, 16)), f"activation {activation!r}")
    return requantise(acc, s if acc >= 0 else s + int(k), output)


def places(shape: Iterable[int]) -> list[tuple[int, ...]]:
    """All indices of an array, in C order."""
    return list(itertools.product(*map(range, shape)))


def flat(shape: Sequence[int], place: Sequence[int]) -> int:
    """Where an element stands in C order."""
    at = 0
    for length, index in zip(shape, place, strict=True):
        at = at * length + index
    return at

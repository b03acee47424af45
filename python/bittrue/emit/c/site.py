"""What a layer's printer is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bittrue.emit.c.text import element_type
from bittrue.num import Format, Interval
from bittrue.ranges import Range
from bittrue.spec import TensorType

STACK = 4096
"""Most sums of a layer that lie on the stack, which may be small."""


@dataclass(frozen=True)
class Site:
    """A node in its place.

    Parameters
    ----------
    prefix : str
        The net's name in upper case, with which its macros begin.
    node : str
    sources : tuple of str
        Names of the tensors it takes, one a type in ``types``.
    types : tuple of TensorType
    output : TensorType
    given : tuple of tuple of Interval
        What each channel of each input can be.
    range : Range
        What the node's accumulator and output can be.
    """

    prefix: str
    node: str
    sources: tuple[str, ...]
    types: tuple[TensorType, ...]
    output: TensorType
    given: tuple[tuple[Interval, ...], ...]
    range: Range

    def macro(self, kind: str) -> str:
        """Name of one of the node's own size constants."""
        return f"{self.prefix}_{kind}_{self.node.upper()}"

    @property
    def sizes(self) -> tuple[str, ...]:
        """Macros of the sizes of the inputs."""
        return tuple(size_macro(self.prefix, source) for source in self.sources)

    @property
    def size(self) -> str:
        """Macro of the size of the output."""
        return size_macro(self.prefix, self.node)


def size_macro(prefix: str, tensor: str) -> str:
    """Macro of the number of elements of a tensor of the net."""
    return f"{prefix}_SIZE_{tensor.upper()}"


@dataclass(frozen=True)
class Fragment:
    """The C of one layer.

    Parameters
    ----------
    about : tuple of str
        What it computes, as sentences of the comment above it.
    body : str
        Statements of the function that computes ``y`` of ``x`` (``x0``, ``x1``, ... where it takes several tensors).
    macros : dict of str to int
        Size constants that its declarations use.
    constants : str
        Its ``static const`` arrays.
    state : tuple of str
        Its members of the state, apart from the output. A layer that has some finds them through ``state``.
    helpers : frozenset of str
        Names of the functions of `bittrue.emit.c.helpers` that it calls.
    """

    about: tuple[str, ...]
    body: str
    macros: dict[str, int] = field(default_factory=dict)
    constants: str = ""
    state: tuple[str, ...] = ()
    helpers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rounding:
    """The C that rounds an accumulator and saturates it into ``output``, by the function ``helper``."""

    helper: str
    output: Format

    @classmethod
    def of(cls, acc: str, shifts: Sequence[int], output: Format) -> Rounding:
        """For an accumulator of type ``acc``: in 32 bits where the shifts and the output allow it."""
        short = acc == "int32_t" and min(shifts) > 0 and max(shifts) < 32 and output.bits <= 32
        return cls("requantise32" if short else "requantise", output)

    def rounded(self, acc: str, shift: object) -> str:
        """Expression of the code, in the type of the function."""
        return f"{self.helper}({acc}, {shift}, {self.output.lo}, {self.output.hi})"

    def word(self, acc: str, shift: object) -> str:
        """Expression of the code, as the element type of ``output``."""
        return f"({element_type(self.output)}){self.rounded(acc, shift)}"


def requantise(acc: str, shift: object, fmt: Format) -> str:
    """C expression: ``acc`` rounded and saturated into ``fmt``, as its element type."""
    return Rounding("requantise", fmt).word(acc, shift)


def accumulator_types(found: Range, products: Interval, operand_bits: Sequence[int]) -> tuple[str, str]:
    """Types of an accumulator and of the products that it adds: int32_t where no value can leave it, else int64_t.

    ``products`` holds every product, and ``operand_bits`` are the widths of their operands' formats.
    """
    product = 32 if products.bits <= 32 and max(operand_bits) <= 32 else 64
    acc = 32 if found.acc_bits <= 32 and product == 32 else 64
    return f"int{acc}_t", f"int{product}_t"


def hull(intervals: Sequence[Interval]) -> Interval:
    """Smallest interval that holds all of them."""
    return Interval(min(i.lo for i in intervals), max(i.hi for i in intervals))

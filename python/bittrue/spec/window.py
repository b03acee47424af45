"""The window: what slides along the axes of a tensor ``(channels, *axes)``, in any number of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd

from bittrue.errors import BadInput, shown
from bittrue.limits import ELEMENTS, PRODUCTS
from bittrue.num.arrays import integer
from bittrue.spec.layer import TensorType, integers

RANKS = {1: ("frame", "(channels, length)"), 2: ("image", "(channels, rows, columns)")}
"""What a tensor is called, and its shape, by the number of axes that a window slides along."""


@dataclass(frozen=True)
class Phase:
    """Those of a window's places that meet the same weights where zeros lie between the inputs.

    Parameters
    ----------
    outputs, weights : slice
        The results of the phase, and the weights that meet an input in it; the others meet the zeros between.
    axis : Axis
        What computes these results from these weights, without upsampling; its windows end where the last one does.
    """

    outputs: slice
    weights: slice
    axis: Axis


@dataclass(frozen=True)
class Axis:
    """How a window lies along one axis: place ``k`` of window ``n`` is at ``n * stride + k * dilation - before``.

    With ``upsampling = u > 1`` that counts on an axis with ``u - 1`` zeros between neighbouring inputs: there stands
    ``x[at / u]`` where ``u`` divides ``at``, else 0. Outside the inputs everything is 0.

    Parameters
    ----------
    size, stride, dilation, upsampling : int
        1 or more.
    before, after : int
        Zeros added at either end; negative numbers cut inputs (or zeros between them) off.
    """

    size: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    upsampling: int = 1

    @property
    def span(self) -> int:
        """Places from the first to the last of a window."""
        return (self.size - 1) * self.dilation + 1

    def padded(self, length: int) -> int:
        """Places that windows may cover: inputs, zeros between them, zeros at the ends."""
        return (length - 1) * self.upsampling + 1 + self.before + self.after

    def windows(self, length: int) -> int:
        """How many windows ``length`` inputs hold: ``floor((padded - span) / stride) + 1``.

        Raises `BadInput` where there is not one, or the padded axis is beyond `bittrue.limits.ELEMENTS`.
        """
        padded, pads = self.padded(length), (self.before, self.after)
        if padded > ELEMENTS:
            raise BadInput(
                f"a frame of {length} samples becomes {shown(padded)} with its zeros, longer than {ELEMENTS:,}; pad it "
                f"less"
            )
        if padded < self.span:
            ends = f"{pads[0]} on both sides" if pads[0] == pads[1] else f"{pads[0]} and {pads[1]}"
            more = f" with {self.upsampling - 1} zeros between neighbours" if self.upsampling > 1 else ""
            more += f" padded with {ends}" if any(pads) else ""
            raise BadInput(
                f"a window over {self.span} samples does not fit a frame of {length}{more}; "
                f"shorten the window or lengthen the frame"
            )
        return (padded - self.span) // self.stride + 1

    def at(self, window: int, place: int) -> int | None:
        """The input that stands at a place of a window, if it is no zero between two; it may lie outside."""
        where, between = divmod(window * self.stride + place * self.dilation - self.before, self.upsampling)
        return None if between else where

    def phases(self, length: int) -> tuple[Phase, ...]:
        """The axis taken apart into axes without upsampling. Results of no phase meet no input at all.

        Weight ``k`` meets an input in window ``n`` where ``u`` divides ``n * stride + k * dilation - before``. That
        repeats every ``period = u / gcd(u, stride)`` windows and every ``step = u / gcd(u, dilation)`` weights, and of
        the first ``step`` weights every one meets inputs in another phase, or in none.
        """
        if self.upsampling == 1:
            return (Phase(slice(None), slice(None), self),)
        count, found = self.windows(length), []
        period, step = self._repetition
        for first, start in self._meetings(count):
            axis = Axis(
                len(range(start, self.size, step)),
                self.stride * period // self.upsampling,
                self.dilation * step // self.upsampling,
                -(first * self.stride + start * self.dilation - self.before) // self.upsampling,
            )
            last = (len(range(first, count, period)) - 1) * axis.stride + axis.span - axis.before
            axis = replace(axis, after=last - length)
            found.append(Phase(slice(first, None, period), slice(start, None, step), axis))
        return tuple(found)

    def products(self, count: int) -> int:
        """How many weights ``count`` windows multiply together, those on zeros between inputs left away."""
        period, step = self._repetition
        return sum(
            len(range(first, count, period)) * len(range(start, self.size, step))
            for first, start in self._meetings(count)
        )

    @property
    def _repetition(self) -> tuple[int, int]:
        """After how many windows, and after how many weights, inputs are met again."""
        u = self.upsampling
        return u // gcd(u, self.stride), u // gcd(u, self.dilation)

    def _meetings(self, count: int) -> Iterator[tuple[int, int]]:
        """The first of ``count`` windows in which each of the first weights meets an input, if it ever does."""
        common = gcd(self.upsampling, self.stride)
        period, step = self._repetition
        inverse = pow(self.stride // common, -1, period)
        for start in range(min(step, self.size)):
            distance, rest = divmod(self.before - start * self.dilation, common)
            first = distance * inverse % period
            if not rest and first < count:
                yield first, start


def windows(axes: Sequence[Axis], lengths: Sequence[int]) -> tuple[int, ...]:
    """Windows along every axis."""
    return tuple(axis.windows(length) for axis, length in zip(axes, lengths, strict=True))


def framed(inputs: Sequence[TensorType], rank: int, layer: str) -> TensorType:
    """The one input of a layer whose window has ``rank`` axes; `BadInput` unless its shape is channels and as many."""
    (given,) = inputs
    if len(given.shape) != rank + 1:
        name, shape = RANKS[rank]
        raise BadInput(f"{layer} takes {name}s of shape {shape}, not {shown(given.shape)}; reshape the tensor")
    return given


def whole(value: object, least: int, what: str, most: int = ELEMENTS) -> int:
    """``value`` as a Python integer; `BadInput` unless it is a whole number from ``least`` to ``most``."""
    number = integer(value)
    if number is None or not least <= number <= most:
        raise BadInput(f"{what} is {shown(value)}; give a whole number of {least} or more, {most:,} at most")
    return number


def per_axis(value: object, rank: int, least: int, what: str, most: int = ELEMENTS) -> tuple[int, ...]:
    """One number an axis; a single one counts for all. Raises `BadInput` for others than ``least`` to ``most``."""
    if not isinstance(value, Iterable):
        return (whole(value, least, what, most),) * rank
    numbers = tuple(whole(number, least, what, most) for number in integers(value, what))
    if len(numbers) != rank:
        raise BadInput(f"{what} is {shown(list(numbers))}; give one number, or {rank}, one for each axis")
    return numbers


def ends(value: object, rank: int, what: str) -> tuple[tuple[int, int], ...]:
    """Padding as ``(before, after)`` for every axis.

    A number counts for all ends, and one in place of a pair for both ends of its axis; with one axis, two numbers are
    its ends. Raises `BadInput` for anything but numbers of 0 or more.
    """
    if not isinstance(value, list | tuple):
        return ((whole(value, 0, what),) * 2,) * rank
    pairs = [tuple(value)] if rank == 1 and len(value) == 2 else list(value)
    found = tuple(per_axis(pair, 2, 0, what) for pair in pairs)
    if len(found) != rank:
        raise BadInput(f"{what} is {shown(value)}; give one number, or {rank}, or [before, after] for each axis")
    return tuple((before, after) for before, after in found)


def check_products(count: int, layer: str) -> None:
    """Raise `BadInput` where the sums of a layer have more than `bittrue.limits.PRODUCTS` terms together, a sample."""
    if count > PRODUCTS:
        raise BadInput(
            f"{layer} sums {shown(count)} terms a sample, more than {PRODUCTS:,}; shorten the frame or the window"
        )

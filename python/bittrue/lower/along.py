"""Windows along one axis as hardware walks them: where each starts, what it needs, and what nothing needs after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bittrue.spec import Axis


@dataclass(frozen=True)
class Along:
    """Window ``n`` has phase ``p = n % period`` and starts at input ``n // period * stride - before[p]``; its places
    are ``dilation`` apart, and outside the axis everything is 0.

    Parameters
    ----------
    length, count : int
        Inputs and windows.
    taps : tuple of tuple of int
        The weights of each phase in the order of its places. A phase without any, whose windows meet no input, has one
        place that nothing is read from.
    before : tuple of int
        One a phase.
    stride, dilation : int
    """

    length: int = 1
    count: int = 1
    taps: tuple[tuple[int, ...], ...] = ((0,),)
    before: tuple[int, ...] = (0,)
    stride: int = 1
    dilation: int = 1

    @property
    def period(self) -> int:
        """Phases."""
        return len(self.before)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Places of a window of each phase, at least one."""
        return tuple(max(1, len(taps)) for taps in self.taps)

    def base(self, window: int) -> int:
        """Where a window starts."""
        return window // self.period * self.stride - self.before[window % self.period]

    @property
    def bases(self) -> list[int]:
        """Where every window starts."""
        return [self.base(n) for n in range(self.count)]

    @property
    def reach(self) -> int:
        """The farthest that a place lies from input 0."""
        spans = [(size - 1) * self.dilation for size in self.sizes]
        last = (self.count - 1) // self.period * self.stride
        return max(
            *(abs(b) for b in self.before), *(abs(last - b + s) for b, s in zip(self.before, spans, strict=True))
        )

    @property
    def leaves(self) -> bool:
        """Whether any place of any window lies outside the axis."""
        spans = [(size - 1) * self.dilation for size in self.sizes]
        return any(not 0 <= base <= base + spans[n % self.period] < self.length for n, base in enumerate(self.bases))

    @cached_property
    def needs(self) -> tuple[int, ...]:
        """Of each phase: window ``n`` needs the first ``n // period * stride + needs[p]`` inputs."""
        never = -(self.count // self.period + 1) * self.stride
        return tuple(
            (len(taps) - 1) * self.dilation + 1 - before if taps else never
            for taps, before in zip(self.taps, self.before, strict=True)
        )

    @cached_property
    def frees(self) -> tuple[int, ...]:
        """Of each phase: after window ``n`` nothing needs the first ``n // period * stride + frees[p]`` inputs."""
        starts = [-before if taps else None for taps, before in zip(self.taps, self.before, strict=True)]
        repeated_starts = [*starts, *(None if start is None else start + self.stride for start in starts)]
        found = []
        for phase in range(self.period):
            later = [start for start in repeated_starts[phase + 1 :] if start is not None]
            found.append(min(later, default=self.stride))
        return tuple(found)

    def needed(self, window: int) -> int:
        """Inputs that must be there before a window is computed: at least one, and all for the last."""
        return self.length if window == self.count - 1 else min(max(1, self._at(window, self.needs)), self.length)

    def released(self, window: int) -> int:
        """Inputs that nothing needs after a window; all after the last."""
        return self.length if window == self.count - 1 else min(max(0, self._at(window, self.frees)), self.length)

    def _at(self, window: int, of_phases: Sequence[int]) -> int:
        return window // self.period * self.stride + of_phases[window % self.period]


def of_axis(axis: Axis, length: int) -> Along:
    """`Along` of windows that lie as ``axis`` says; zeros between inputs are never multiplied."""
    count = axis.windows(length)
    if axis.upsampling == 1:
        return Along(length, count, (tuple(range(axis.size)),), (axis.before,), axis.stride, axis.dilation)
    phases = axis.phases(length)
    if not phases:
        return Along(length, count, ((),), (0,), 1)
    period = phases[0].outputs.step
    taps: list[tuple[int, ...]] = [()] * period
    before = [0] * period
    for phase in phases:
        taps[phase.outputs.start] = tuple(range(axis.size))[phase.weights]
        before[phase.outputs.start] = phase.axis.before
    one = phases[0].axis
    return Along(length, count, tuple(taps), tuple(before), one.stride, one.dilation)


def repeated(length: int, factor: int) -> Along:
    """One place a window, every input ``factor`` times."""
    return Along(length, length * factor, ((0,),) * factor, (0,) * factor)


def all_of(length: int) -> Along:
    """One window over the whole axis."""
    return Along(length, 1, (tuple(range(length)),))


def of_axes(axes: Sequence[Axis], lengths: Sequence[int]) -> tuple[Along, Along]:
    """Rows and columns of windows with one axis or two; with one there is one column."""
    found = [of_axis(axis, length) for axis, length in zip(axes, lengths, strict=True)]
    return (found[0], found[1]) if len(found) == 2 else (found[0], Along())

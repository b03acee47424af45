"""How windows that become one sample a channel are shared out among units: pools, and copies that move samples."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.lower.along import Along, repeated
from bittrue.lower.buffer import READ, Buffer, Walk, durations
from bittrue.lower.fold import TooShort
from bittrue.lower.layout import NOTHING, Layout
from bittrue.num import Format

DIVISION = 2
"""Clocks of a division besides those of its bits: the magnitude, and the sign put back."""


@dataclass(frozen=True)
class Reducers:
    """Units side by side, each with several channels, one after another, a sample a clock.

    Parameters
    ----------
    format : Format
    divisor : int
        What the sum of a window is divided by; 0 for the largest sample instead.
    buffer : Buffer
    output : Layout
        Lane ``u`` is unit ``u``.
    """

    format: Format
    divisor: int
    buffer: Buffer
    output: Layout

    @property
    def division(self) -> int:
        """Clocks from the sum of a window to its mean: one a bit and a few more, none where nothing is divided."""
        return self.format.bits + DIVISION if self.divisor else 0

    def first_beat(self, phase: int) -> int:
        """Clocks from the acceptance of a window to its first word into the queue: words, the register of the result,
        division."""
        return READ + 1 + self.buffer.walks[0].steps[phase] + self.division

    def beats_after(self, phase: int) -> list[int]:
        """Clocks of every beat of a window after its first."""
        return [beat * self.buffer.walks[0].steps[phase] for beat in range(self.output.beats)]


def pools(
    places: int,
    mean: bool,
    fmt: Format,
    rows: Along,
    columns: Along,
    source: Layout,
    shape: tuple[int, ...],
    clocks: int,
) -> Reducers:
    """`Reducers` of a pool of windows of ``places`` samples that computes a tensor of ``shape`` in ``clocks`` clocks.

    Raises `BadInput` for a window with more samples than it has clocks.
    """
    interval, pace = clocks // (rows.count * columns.count), clocks // source.positions
    if places > interval:
        raise TooShort(f"windows of {places} samples come every {interval} clocks; choose a longer interval")
    for beats in range(min(interval // places, pace, shape[0]), 0, -1):
        output = Layout.spread(shape, beats)
        walk = Walk(0, (places,), 1, output.beats, 1)
        buffer = Buffer(source, rows, columns, (walk,), 0, _units(output), (interval,))
        if sum(buffer.durations) <= pace:
            return Reducers(fmt, places if mean else 0, buffer, output)
    raise _too_fast(source, pace)


def copies(
    fmt: Format,
    factors: tuple[int, ...],
    of_channels: bool,
    source: Layout,
    output: Layout,
    clocks: int,
) -> Reducers:
    """`Reducers` that make axes ``factors`` times as long, by the same samples or, ``of_channels``, by those of as many
    channels as the product of the factors; without factors, only the layout changes.

    Raises `BadInput` where beats come faster than they can be written or read.
    """
    rows = repeated(source.rows, factors[0] if factors else 1)
    columns = repeated(source.columns, factors[1] if len(factors) > 1 else 1)
    phases, interval = rows.period * columns.period, clocks // (rows.count * columns.count)
    block = phases if of_channels else 1
    walk = Walk(0, (1,) * phases, 1, output.beats, block, of_channels)
    units = tuple(
        (tuple(NOTHING if c == NOTHING else c * block + k for c in held for k in range(block)),)
        for (held,) in _units(output)
    )
    buffer = Buffer(source, rows, columns, (walk,), 0, units, (max(1, interval),) * phases)
    if output.beats > interval or sum(buffer.durations) > clocks // source.positions:
        raise _too_fast(source, clocks // source.positions)
    return Reducers(fmt, 0, buffer, output)


def fits(source: Layout, output: Layout, clocks: int) -> bool:
    """Whether a copy from one layout to another keeps up."""
    pace = clocks // source.positions
    return output.beats <= pace and sum(durations(source, _units(output))) <= pace


def _units(output: Layout) -> tuple[tuple[tuple[int, ...]], ...]:
    """What the memory of each unit holds."""
    return tuple((tuple(beat[lane] for beat in output.table),) for lane in range(output.lanes))


def _too_fast(source: Layout, pace: int) -> TooShort:
    return TooShort(
        f"{source.shape[0]} channels in {source.beats} beats of {source.lanes} lanes come every {pace} clocks, faster "
        f"than they can be written one after another; choose a longer interval"
    )

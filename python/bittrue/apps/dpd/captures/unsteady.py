"""Unsteadiness of a record, named with its size and its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.captures.align import nearest
from bittrue.apps.dpd.captures.steady import MOST, Survey, survey
from bittrue.apps.dpd.captures.trend import Trend
from bittrue.apps.dpd.metrics import Complex, Real

DELAY, PHASE, GAIN = "delay", "phase", "gain"
"""Kinds of what is not constant."""

NAMED = 3
"""Jumps of a kind that are listed; more are counted."""


@dataclass(frozen=True)
class Fault:
    """One thing that is not constant: its words, the fix before recording again, what kind it is, and whether it can be
    removed."""

    text: str
    fix: str
    kind: str
    removable: bool = False


def faults(x: Complex, y: Complex, sample_rate: float, bandwidth: float) -> list[Fault]:
    """What changes in the course of a record and costs a model too much (`steady.Survey.limit`), delays first.

    ``x`` and ``y`` may differ in length and by a delay. Empty where all is steady, and where the output follows the
    input nowhere.
    """
    found = survey(x, y, sample_rate, bandwidth)
    if found is None:
        return []
    delay = _delay(x, y, found)
    phase = _phase(x, y, found, sample_rate)
    if delay or phase:
        return [*delay, *phase]
    return _odd(found) or _gain(found)


def _too_much(found: Survey, trend: Trend, limit: float, of_delay: bool = False) -> tuple[bool, bool, bool]:
    """Whether line, jumps and wandering of a trend are each too much; the largest is where all together are."""
    if found.error(trend.fitted, of_delay) <= limit:
        return False, False, False
    errors = [found.error(part, of_delay) for part in (trend.line, trend.jumps, trend.wander)]
    line, jumps, wander = (error > limit or error == max(errors) for error in errors)
    return line, jumps, wander


def _delay(x: Complex, y: Complex, found: Survey) -> list[Fault]:
    line, jumps, wander = _too_much(found, found.delay, found.limit, of_delay=True)
    trend, said = found.delay, []
    steps = [k for k, size in trend.steps if _counts(found, k, size, of_delay=True)]
    wander = wander or (jumps and not steps)  # many jumps that are small one by one
    if jumps and steps:
        said.append(Fault(_jumps([_lost(x, y, found, k) for k in steps]), DROPPED, DELAY))
    if wander:
        size = np.ptp(trend.fitted if not steps else trend.line + trend.wander)
        said.append(Fault(f"the delay wanders by {size:.3g} samples over the record", CLOCK, DELAY))
    elif line:
        ppm, moved = 1e6 * trend.slope, abs(trend.slope) * (found.middle[-1] - found.middle[0] + found.length)
        faster = "faster" if ppm > 0 else "slower"
        said.append(
            Fault(
                f"the output's sample clock runs {abs(ppm):.3g} ppm {faster} than the input's ({moved:.3g} samples "
                f"over the record)",
                CLOCK,
                DELAY,
                True,
            )
        )
    return said


def _counts(found: Survey, k: int, size: float, of_delay: bool) -> bool:
    """Whether a jump is too much on its own."""
    step = np.where(np.arange(len(found.start)) >= k, size, 0.0)
    return found.error(step, of_delay) > found.limit


ENDS = 64
"""Samples by which a jump in the first or last block is searched."""

DROPPED = "record again without losing samples"
CLOCK = "give both converters one clock"
OSCILLATOR = "give both oscillators one reference"
LEVEL = "record at a constant gain"


def _lost(x: Complex, y: Complex, found: Survey, k: int) -> str:
    (before, after), turn = _around(found, found.shift, k), found.phase.slope
    place, one, other, _ = _place(x, y, found, k, nearest(before), nearest(after), turn)
    if min(k, len(found.start) - k) < 2:
        # The one block on that side holds the jump, and its delay is of neither part.
        near = range(-ENDS, ENDS + 1)
        late = k > 1
        tried = ((one, other + d) if late else (one + d, other) for d in near)
        _, one, other, _ = min((_place(x, y, found, k, *pair, turn, skip=False) for pair in tried), key=lambda t: t[3])
        place, before, after, _ = _place(x, y, found, k, one, other, turn)
    change = after - before
    if abs(change - nearest(change)) > 0.2 or not nearest(change):
        return f"the delay jumps by {change:+.2f} samples at sample {place:,} of the output"
    count = abs(nearest(change))
    noun = f"{count:,} sample{'s' if count > 1 else ''}"
    return (
        f"{noun} of the output {'are' if count > 1 else 'is'} missing at its sample {place:,}"
        if change < 0
        else f"the output has {noun} too many at its sample {place:,}"
    )


def _around(found: Survey, values: Real, k: int) -> tuple[float, float]:
    """Medians of up to five values before and after the place ``k``, carried there along the line."""
    places = [step for step, _ in found.delay.steps]
    first = max([0, k - 5, *(step for step in places if step < k)])
    last = min([len(values), k + 5, *(step for step in places if step > k)])
    level = values - found.delay.slope * (found.middle - found.middle[k])
    # The block in which the jump lies, before k, belongs to neither side.
    before = level[first : max(first + 1, k - 1)]
    return float(np.median(before)), float(np.median(level[k:last]))


def _place(
    x: Complex, y: Complex, found: Survey, k: int, before: int, after: int, turn: float, skip: bool = True
) -> tuple[int, int, int, float]:
    """Output sample at which the record goes over from one delay and gain to another.

    The place ``m`` with the least ``sum_{n < m} |y - g x[n - before]|^2 + sum_{n >= m + i} |y - h x[n - after]|^2``
    around block ``k``, ``g`` and ``h`` the least-squares gains of the blocks next to it, ``i`` the samples inserted;
    the last such place where they repeat others. Also the two delays, and that sum.
    """
    y = y * np.exp(-1j * turn * np.arange(len(y)))
    left, right = int(found.start[max(0, k - 3)]), int(found.start[min(k + 1, len(found.start) - 1)]) + found.length
    first, last = max(0, left + max(before, 0)), min(len(y), right + max(after, before, 0))
    place = np.arange(first, last)

    def rest(delay: int, start: int) -> Real:
        index = place - delay
        known = (index >= 0) & (index < len(x))
        moved = np.where(known, x[np.clip(index, 0, len(x) - 1)], 0)
        ours = (index >= start) & (index < start + found.length) & known
        energy = float(np.square(abs(moved[ours])).sum())
        gain = np.vdot(moved[ours], y[place[ours]]) / energy if energy else 0.0
        return np.asarray(np.square(abs(y[place] - gain * moved)))

    one = rest(before, int(found.start[max(0, k - 2)]))
    other = rest(after, int(found.start[min(k, len(found.start) - 1)]))
    inserted = max(0, after - before) if skip else 0
    later = np.concatenate([np.cumsum(other[::-1])[::-1], np.zeros(inserted + 1)])[inserted : inserted + len(other) + 1]
    cost = np.concatenate([[0.0], np.cumsum(one)]) + later
    slack = 2 * float(np.square(abs(y[first:last])).mean()) if inserted else 0.0
    best = int(np.flatnonzero(cost <= cost.min() + slack)[-1])
    return first + best, before, after, float(cost.min())


def _jumps(said: list[str]) -> str:
    more = f", and {len(said) - NAMED} more such places" if len(said) > NAMED else ""
    return ", ".join(said[:NAMED]) + more


def _phase(x: Complex, y: Complex, found: Survey, sample_rate: float) -> list[Fault]:
    line, jumps, wander = _too_much(found, found.phase, found.limit)
    trend, said = found.phase, []
    torn = [step for step, _ in found.delay.steps]
    # Where samples are lost the phase may jump as well; the delay says it.
    steps = [
        (k, size)
        for k, size in trend.steps
        if all(abs(k - step) > 1 for step in torn) and _counts(found, k, size, of_delay=False)
    ]
    wander = wander or (jumps and not steps and not torn)
    if jumps and steps:
        parts = []
        for k, size in steps:
            lag = nearest(float(found.shift[k]))
            place = _place(x, y, found, k, lag, lag, trend.slope)[0]
            parts.append(f"{np.degrees(size):+.1f} degrees at sample {place:,} of the output")
        said.append(Fault(f"the phase jumps by {_jumps(parts)}", OSCILLATOR, PHASE))
    if wander:
        smooth = trend.fitted if not steps else trend.line + trend.wander
        hertz = np.gradient(smooth, found.middle) * sample_rate / (2 * np.pi)
        said.append(
            Fault(
                f"the phase wanders by {np.degrees(np.ptp(smooth)):.3g} degrees over the record (a frequency offset "
                f"between {_hertz(hertz.min())} and {_hertz(hertz.max())} Hz)",
                OSCILLATOR,
                PHASE,
            )
        )
    elif line:
        hertz = trend.slope * sample_rate / (2 * np.pi)
        turns = abs(trend.slope) * (found.middle[-1] - found.middle[0] + found.length) / (2 * np.pi)
        said.append(
            Fault(
                f"the output has a frequency offset of {_hertz(hertz)} Hz ({turns:.3g} turns over the record)",
                OSCILLATOR,
                PHASE,
                True,
            )
        )
    return said


def _hertz(value: float) -> str:
    return f"{value:+,.0f}" if abs(value) >= 1000 else f"{value:+.4g}"


def _gain(found: Survey) -> list[Fault]:
    trend = found.gain
    if found.error(trend.fitted) <= MOST:
        return []
    decibel = 20 / np.log(10)
    if trend.steps and found.error(trend.jumps) > max(found.error(trend.line), found.error(trend.wander)):
        k, size = max(trend.steps, key=lambda step: abs(step[1]))
        place = int(found.start[k]) + found.lag
        return [Fault(f"the gain jumps by {decibel * size:+.2f} dB near sample {place:,} of the output", LEVEL, GAIN)]
    return [Fault(f"the gain drifts by {decibel * np.ptp(trend.fitted):.2f} dB over the record", LEVEL, GAIN)]


def _odd(found: Survey) -> list[Fault]:
    if not len(found.odd):
        return []
    first, last = int(found.odd[0]) + found.lag, int(found.odd[-1]) + found.length + found.lag
    where = f"between its samples {max(0, first):,} and {last:,}"
    return [Fault(f"the output does not follow the input somewhere {where}", "record again without gaps", DELAY)]

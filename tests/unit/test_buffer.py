"""Rows that wait for windows: who writes what and when, when windows start, and how many rows must fit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bittrue.lower.along import all_of, of_axis
from bittrue.lower.buffer import FREED, WRITTEN, Buffer, Walk, durations, writes
from bittrue.lower.clocks import paced, source
from bittrue.lower.layout import NOTHING, Layout
from bittrue.lower.schedule import SKID, least_interval, schedule
from bittrue.lower.units import WindowUnit
from bittrue.spec import LAYERS, Axis

UNEVEN = ((5, NOTHING, 0), (1, 2, NOTHING), (NOTHING, NOTHING, 3), (4, NOTHING, NOTHING))
TABLES = [((0, 1, 2, 3, 4, 5),), ((0, 3), (1, 4), (2, 5)), UNEVEN]
HELD = [
    [[(0, 1, 2, 3, 4, 5)]],
    [[(0, 1), (2, 3)], [(4, 5), (NOTHING, NOTHING)]],
    [[(0,)], [(3,)], [(5,)]],
    [[(2, 3), (3, 4), (4, NOTHING)]],
]


@pytest.mark.parametrize("units", HELD)
@pytest.mark.parametrize("table", TABLES)
def test_every_memory_gets_its_channels_one_a_clock(table: tuple, units: list) -> None:
    layout = Layout((6, 3), table)
    clocks = durations(layout, units)
    assert len(clocks) == len(table)
    most = [max(sum(c in held for c in beat if c != NOTHING) for unit in units for held in unit) for beat in table]
    assert list(clocks) == [max(1, count) for count in most], "a beat takes longer than its words"
    for held in (held for unit in units for held in unit):
        program = writes(layout, held, clocks)
        assert len(program) == sum(clocks)
        got, at = {}, 0
        for beat, length in zip(table, clocks, strict=True):
            for entry in program[at : at + length]:
                if entry:
                    lane, slot = entry
                    assert slot not in got
                    got[slot] = beat[lane]
            at += length
        assert got == {slot: channel for slot, channel in enumerate(held) if channel != NOTHING}


def test_paced() -> None:
    ready = np.array([[0, 1, 2, 30], [30, 31, 70, 71]])
    assert paced(ready, 5).tolist() == [[0, 5, 10, 30], [35, 40, 70, 75]]
    assert paced(ready, np.array([1, 9, 2, 4])).tolist() == [[0, 1, 10, 30], [34, 35, 70, 72]]


def test_inputs_come_evenly() -> None:
    layout = Layout.spread((4, 3), 2)
    assert source(layout, 1, 20, 2).tolist() == [[1, 2, 7, 8, 13, 14], [21, 22, 27, 28, 33, 34]]


BUFFERS = [
    (unit.plan.buffer, name, times)
    for (name, layer), times in itertools.product(sorted(LAYERS.items()), (1, 2, 5))
    for step in schedule(layer.example(), times * least_interval(layer.example())).steps.values()
    for unit in step.parts
    if isinstance(unit, WindowUnit)
]


def beats_of(buffer: Buffer, samples: int, clocks: int) -> np.ndarray:
    """As an input would bring them."""
    return source(buffer.source, SKID, clocks, samples)


def clocks_of(buffer: Buffer) -> int:
    """Clocks in which beats are written and windows read."""
    reading = sum(buffer.spacing[phase] for phase in buffer.phases)
    writing = buffer.source.positions * max(buffer.source.beats, sum(buffer.durations))
    return -(-max(reading, writing) // buffer.source.positions) * buffer.source.positions


def test_windows_start_when_their_rows_are_written_one_after_another() -> None:
    assert len(BUFFERS) > 60
    for buffer, name, _ in BUFFERS:
        beats = beats_of(buffer, 4, clocks_of(buffer))
        taken, a_row, free = buffer.taken(beats).ravel(), buffer.columns.length * buffer.source.beats, 0
        starts = iter(buffer.accepts(beats).ravel().tolist())
        for sample, row, column in np.ndindex(4, buffer.rows.count, buffer.columns.count):
            last = (sample * buffer.rows.length + buffer.rows.needed(row)) * a_row - 1
            start = max(free, int(taken[last]) + buffer.durations[-1] + WRITTEN)
            assert next(starts) == start, name
            free = start + buffer.spacing[buffer.phase(row, column)]


def test_a_beat_is_taken_when_the_one_before_is_written() -> None:
    for buffer, name, _ in BUFFERS:
        beats, free = beats_of(buffer, 2, clocks_of(buffer)), -(1 << 30)
        for number, (come, taken) in enumerate(zip(beats.ravel(), buffer.taken(beats).ravel(), strict=True)):
            assert taken == max(come, free), name
            free = taken + buffer.durations[number % buffer.source.beats]


def test_a_buffer_is_as_large_as_what_waits_in_it() -> None:
    """A place is taken with a row's first beat, and given back some clocks after the last window that needs the row."""
    large = 0
    for buffer, name, _ in BUFFERS:
        beats, rows = beats_of(buffer, 6, clocks_of(buffer)), buffer.rows
        come = buffer.taken(beats)[:, :: buffer.columns.length * buffer.source.beats].ravel()
        gone, starts = np.zeros(come.size, int), buffer.accepts(beats).reshape(6, rows.count, -1)
        for sample, n in np.ndindex(6, rows.count):
            first = 0 if n == 0 else rows.released(n - 1)
            part = slice(sample * rows.length + first, sample * rows.length + rows.released(n))
            end = buffer.finish(buffer.phase(n, buffer.columns.count - 1))
            gone[part] = starts[sample, n, -1] + end + FREED
        inside = max(int((come <= t).sum() - (gone <= t).sum()) for t in come)
        places = buffer.places(beats)
        assert places & (places - 1) == 0
        assert places // 2 < inside <= places, name
        large += places > 4
    assert large > 5


def test_words_and_addresses() -> None:
    walk = Walk(0, (3,), 2, 2, 3)
    buffer = Buffer(
        Layout.whole((6, 4, 5)), of_axis(Axis(3), 4), all_of(5), (walk, walk), 0, (((0,) * 6,) * 2,) * 3, (12,), 4
    )
    assert (walk.slots, walk.clocks(0), buffer.width_bits, buffer.words) == (6, 12, 3, 6 * 4 * 8)
    assert buffer.memories == 6

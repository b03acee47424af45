"""Signals of a process, drawn a chunk at a time: the numbers do not depend on the size of the chunks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bittrue.apps.noise.processes.law import Law
from bittrue.apps.noise.processes.process import Process, Real
from bittrue.errors import BadInput
from bittrue.limits import take

TRAIN, TEST = 0, 1
"""Parts of a set; their signals have nothing in common."""
CHUNK = 256
COUNT = 1 << 24
"""Most signals of a part."""
LENGTH = 1 << 20
"""Most samples of a signal."""
SHORTEST = 2
"""Fewest samples of a signal."""


def generator(seed: int, part: int, index: int) -> np.random.Generator:
    """The generator of one signal: PCG64 seeded with the sequence ``[seed, part, index]``."""
    return np.random.default_rng([seed, part, index])


def check(count: int, length: int) -> None:
    """Raises `BadInput` for a number of signals or samples beyond the limits."""
    if not 1 <= count <= COUNT:
        raise BadInput(f"the number of signals is {count}; it must be 1 to {COUNT:,}")
    if not SHORTEST <= length <= LENGTH:
        raise BadInput(f"the length of a signal is {length}; it must be {SHORTEST} to {LENGTH:,} samples")


def chunks(
    process: Process, law: Law, count: int, length: int, seed: int, part: int = TRAIN, chunk: int = CHUNK
) -> Iterator[tuple[Real, Real]]:
    """Labels and signals: float64 ``(n,)`` and ``(n, length)`` with ``n <= chunk``, ``count`` signals in all.

    Signal k takes all its random numbers, first that of its parameter, from `generator` ``(seed, part, k)``.
    Raises `BadInput` for sizes beyond the limits and a parameter that the process does not have.
    """
    check(count, length)
    for first in range(0, count, chunk):
        number = min(chunk, count - first)
        labels, signals = np.empty(number), np.empty((number, length))
        for k in range(number):
            own = generator(seed, part, first + k)
            value = law.value(own)
            process.check(value)
            labels[k] = process.label(value)
            signals[k] = process.signal(value, length, own)
        yield labels, signals


def draw(process: Process, law: Law, count: int, length: int, seed: int, part: int = TRAIN) -> tuple[Real, Real]:
    """All labels and signals at once: float64 ``(count,)`` and ``(count, length)``.

    Raises `BadInput` as `chunks` does, and for more than `bittrue.limits.memory` allows.
    """
    check(count, length)
    take(8 * count * (length + 1), f"{count:,} signals of {length:,} samples")
    labels, signals, there = np.empty(count), np.empty((count, length)), 0
    for own, some in chunks(process, law, count, length, seed, part):
        labels[there : there + len(own)], signals[there : there + len(own)] = own, some
        there += len(own)
    return labels, signals

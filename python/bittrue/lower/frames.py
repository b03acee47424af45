"""When the columns of frames are where, in a pipeline that nothing stalls, and how many of them a buffer must hold.

A frame travels as its columns: one transfer carries all channels of one time index. A layer keeps the columns that
windows still need, computes a window as soon as its last column is there, and passes on the column of results. Clocks
are kept as int64 arrays ``(frames, columns)``, counted from the net's first input clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.fold import MAX_INTERVAL, MIN_INTERVAL
from bittrue.lower.windows import Windows
from bittrue.spec import Dense, Flatten, Net
from bittrue.spec.net import INPUT
from bittrue.spec.pool import Pool1d

Clocks = npt.NDArray[np.int64]

WRITTEN = 3
"""Clocks from a column's last channel on its way into the buffer to the first window that may use it: write register,
count of columns, comparison."""

READ = 3
"""Clocks from the start of a window to its first word: address, memory, and the register that puts zeros beside the
frame."""

FREED = 4
"""Clocks from the last address of a window until a column may take the place of one that it released."""

FLATTEN = 4
"""Clocks from the last column of a frame to its vector side by side: column register, collector, queue."""


@dataclass(frozen=True)
class Walk:
    """The order in which one reader of a buffer goes through a window.

    For each of ``groups`` in turn, and ``turns`` times each: ``steps`` words, place by place of channel 0 of the group,
    then of channel 1, and so on, from place ``first`` of the first channel.

    Parameters
    ----------
    first, steps, turns, groups : int
    block : int
        Channels that a group has in this reader's memory.
    """

    first: int
    steps: int
    turns: int
    groups: int
    block: int

    @property
    def channels(self) -> int:
        """Channels in the memory, which is the number of clocks in which a column is written."""
        return self.groups * self.block

    @property
    def clocks(self) -> int:
        """Clocks of a window."""
        return self.groups * self.turns * self.steps


@dataclass(frozen=True)
class Buffer:
    """The columns that the windows of a layer need, in memories with a reader each.

    Parameters
    ----------
    windows : Windows
    pace, interval : int
        Clocks between two columns in, and between two windows.
    walks : tuple of Walk
        Reader ``j`` of every unit starts ``j * skew`` clocks after reader 0.
    skew : int
    units : tuple of tuple of tuple of int
        ``units[u][j]``: the channels in the memory of reader ``j`` of unit ``u``, in their order there.
    columns : int
        Columns that fit, a power of two.
    """

    windows: Windows
    pace: int
    interval: int
    walks: tuple[Walk, ...]
    skew: int
    units: tuple[tuple[tuple[int, ...], ...], ...]
    columns: int = 2

    @property
    def words(self) -> int:
        """Words of one of its memories."""
        return self.walks[0].channels * self.columns

    @property
    def finish(self) -> int:
        """Clocks from the acceptance of a window to its last address."""
        return 1 + (len(self.walks) - 1) * self.skew + self.walks[-1].clocks

    def accepts(self, columns: Clocks) -> Clocks:
        """When each window is accepted, for columns that come at these clocks."""
        windows = self.windows
        ready = columns + self.walks[0].channels + WRITTEN
        needed = np.array([windows.needed(n) - 1 for n in range(windows.count)])
        return paced(ready[:, needed], self.interval)

    def places(self, columns: Clocks) -> int:
        """Columns that it must hold so that none waits: the next power of two, at least 2.

        A place is taken with the column and free again ``FREED`` clocks after the last address of the last window that
        needs it.
        """
        frames, windows = len(columns), self.windows
        released = np.array([windows.released(n) for n in range(windows.count)])
        total = (np.arange(frames)[:, np.newaxis] * windows.length + released).ravel()
        free = self.accepts(columns).ravel() + self.finish + FREED
        come = columns.ravel()
        before = np.searchsorted(free, come, side="right")
        gone = np.concatenate([[0], total])[before]
        most = int((np.arange(1, len(come) + 1) - gone).max())
        return 1 << max(1, (most - 1).bit_length())


def paced(ready: Clocks, interval: int) -> Clocks:
    """The earliest clocks, at least ``interval`` apart, at which what is ready in this order can go on."""
    flat = ready.ravel()
    slots = np.arange(len(flat)) * interval
    return np.asarray(np.maximum.accumulate(flat - slots) + slots, np.int64).reshape(ready.shape)


def source_columns(first: int, length: int, clocks: int, frames: int) -> Clocks:
    """When the columns of the net's input come, frames of ``clocks`` clocks from clock ``first`` on."""
    times = np.arange(frames * length, dtype=np.int64) * (clocks // length)
    return first + times.reshape(frames, length)


def least_interval(net: Net) -> int:
    """The shortest initiation interval that hardware for ``net`` can have.

    A column of any frame and a window of any layer take at least ``MIN_INTERVAL`` clocks, and a pool's window as many
    as it has samples. Vectors take ``MIN_INTERVAL``.

    Raises `BadInput` where that is more than ``MAX_INTERVAL``.
    """
    if len(net.input.shape) == 1:
        return MIN_INTERVAL
    length = net.input.shape[1]
    least = length * MIN_INTERVAL
    for node in net.nodes:
        shape = net.types[node.name].shape
        if len(shape) == 2:
            size = node.layer.size if isinstance(node.layer, Pool1d) else 1
            least = max(least, shape[1] * max(size, MIN_INTERVAL))
    least = -(-least // length) * length
    if least > MAX_INTERVAL:
        raise BadInput(
            f"net {net.name}: hardware would take {least} clocks a frame {net.input} at least, {MIN_INTERVAL} for "
            f"every column and every window, and {MAX_INTERVAL} is the limit; shorten the frames"
        )
    return least


def clocks_a_sample(net: Net, interval: int) -> int:
    """Clocks a sample in steady state: ``interval``, for frames rounded down to a multiple of the input's columns.

    Raises `BadInput` for an interval that is shorter than `least_interval`, and as that does.
    """
    least = least_interval(net)
    if interval < least:
        raise BadInput(
            f"net {net.name}: an initiation interval of {interval} clocks is too short for frames {net.input}, because "
            f"every column and every window takes {MIN_INTERVAL} clocks or more; give at least {least}"
        )
    return interval if len(net.input.shape) == 1 else interval // net.input.shape[1] * net.input.shape[1]


def column_sources(net: Net) -> dict[str, str]:
    """The tensor whose stream carries each tensor, by name: that in front of a `Flatten` that columns run through.

    Hardware needs nothing for such a `Flatten`: only `Dense` layers take it, column by column.
    """
    users: dict[str, list[bool]] = {}
    for node in net.nodes:
        for name in node.inputs:
            users.setdefault(name, []).append(isinstance(node.layer, Dense))
    sources = {INPUT: INPUT}
    for node in net.nodes:
        through = isinstance(node.layer, Flatten) and all(users.get(node.name, [False]))
        sources[node.name] = node.inputs[0] if through else node.name
    return sources


def built_nodes(net: Net) -> list[str]:
    """Nodes that hardware has a component of, by name."""
    return [name for name, source in column_sources(net).items() if name == source != INPUT]

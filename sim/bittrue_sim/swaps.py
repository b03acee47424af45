"""Outputs of hardware whose net is swapped while samples go through: every one is the old net's or the new one's."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bittrue.cosim.streams import Codes, HardwareFault

WAITING = 2
"""Words that a shell has taken and that may still wait in front of the net, where a swap reaches them."""


def bounds(
    begins: npt.ArrayLike, ends: npt.ArrayLike, came: npt.ArrayLike, went: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Numbers ``(N,)`` of the first and the last setup that a sample may belong to, as `follow` takes them.

    A sample belongs to a setup that was chosen for sure when it came, or to a later one whose choice had begun before
    the net took it: before it went, and before the word that came `WAITING` after it.

    Parameters
    ----------
    begins, ends : int arrays (M,)
        Clocks between which each choice but the first was made; not falling.
    came, went : int arrays (N,)
        Clocks in which each sample came and went.
    """
    arrivals, departures = np.asarray(came, np.int64), np.asarray(went, np.int64)
    taken = departures.copy()
    taken[: len(taken) - WAITING] = np.minimum(departures[: len(taken) - WAITING], arrivals[WAITING:])
    return np.searchsorted(ends, arrivals, side="left"), np.searchsorted(begins, taken, side="left")


def follow(
    found: Codes,
    setups: Sequence[Hashable],
    expected: Mapping[Hashable, Codes],
    earliest: npt.ArrayLike,
    latest: npt.ArrayLike,
) -> npt.NDArray[np.int64]:
    """Explain a run by setups that follow one another, each sample belonging to one of them as a whole.

    Parameters
    ----------
    found : int64 array (N, *shape)
        What came out.
    setups : sequence of keys
        What was chosen one after another: which net, or bypass.
    expected : mapping of key to int64 array (N, *shape)
        What each of them would have given for the same inputs.
    earliest, latest : int arrays (N,)
        Numbers of the first and the last setup that a sample may belong to: what had been chosen for sure when it went
        in, and what can have been chosen before it came out.

    Returns
    -------
    int64 array (N,)
        The number of each sample's setup, never falling. Where two setups give the same, the earlier one.

    Raises
    ------
    HardwareFault
        For the first sample that no setup within its bounds explains.
    """
    first, last = np.asarray(earliest, np.int64), np.asarray(latest, np.int64)
    used = np.zeros(len(found), np.int64)
    now = 0
    for n, word in enumerate(found):
        now = max(now, int(first[n]))
        while now <= last[n] and not np.array_equal(word, expected[setups[now]][n]):
            now += 1
        if now > last[n]:
            allowed = ", ".join(
                f"{setups[k]}: {expected[setups[k]][n].tolist()}"
                for k in range(max(0, int(first[n])), int(last[n]) + 1)
            )
            raise HardwareFault(f"sample {n} is {word.tolist()}; it may be {allowed}, and nothing older than what came")
        used[n] = now
    return used

"""Signals of a net that is a noise source."""

from __future__ import annotations

import os
from typing import Any

import numpy.typing as npt

from bittrue.check.generating import Wanted, generated
from bittrue.check.legs import Options
from bittrue.cosim.stalls import Stalls
from bittrue.spec.source import Source
from bittrue.spec.source_store import as_source


def generate(
    source: Source | str | os.PathLike[str],
    *,
    count: int = 1,
    length: int | None = None,
    seed: int = 0,
    start: int = 0,
    gain: float | None = None,
    codes: bool = False,
    leg: str = "ref",
    interval: int | None = None,
    stalls: Stalls | None = None,
    **parameters: float,
) -> npt.NDArray[Any]:
    """Signals of a noise source (docs/noise-source.md): the same samples on every leg and in hardware.

    Parameters
    ----------
    source : Source, folder, or name of a committed net with a ``source.json``
    count, length : int
        So many signals of so many samples, which share no random draw; without ``length`` a frame each.
    seed : int
        0 to ``2**64 - 1``.
    start : int
        Number of the first signal's first frame.
    gain : float, optional
        -8 to below 8, in steps of ``2**-12``; without, the source's.
    codes : bool
        Integer codes of the output's format in place of values.
    leg : str
        ``"ref"``, ``"torch"``, ``"c"`` or ``"rtl"``.
    interval, stalls
        Of the hardware, as for `bittrue.Executor`.
    parameters : float
        Values of the source's parameters by name, ``H=0.3``; without, their defaults.

    Returns
    -------
    float64, with ``codes`` int64, (count, length)
        ``(count, channels, length)`` for a net with several output channels.

    Raises
    ------
    BadInput
        For a net without a source, an unknown parameter, a value outside its range, or a leg that cannot run here.
    """
    wanted = Wanted(as_source(source), count, length or 0, seed, start, parameters, gain)
    return generated(wanted, leg, Options(interval, stalls), codes=codes)

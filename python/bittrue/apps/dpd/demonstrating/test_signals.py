"""The demo's test signal: passes of one length, the captured test split first where there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.closed_loop import HISTORY
from bittrue.apps.dpd.demonstrating.ofdm import ofdm
from bittrue.apps.dpd.demonstrating.plant import Plant
from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput

MOST = 64
"""Passes at most: the file goes to a board."""

SAMPLES = 19_662
"""Samples measured in a pass where no capture says how many."""


@dataclass(frozen=True, eq=False)
class Passes:
    """What is streamed, pass after pass and over again.

    Parameters
    ----------
    signals : complex array (P, warm + measured + delay)
    titles : tuple of str
    warm, measured, delay : int
        Samples before the measured ones, those, and zeros behind them for a net that looks ahead.
    """

    signals: Complex
    titles: tuple[str, ...]
    warm: int
    measured: int
    delay: int


def passes(plant: Plant, count: int, seed: int, delay: int) -> Passes:
    """The test split where the plant has one, and OFDM-like signals (`ofdm`) of its channel, rms and peak.

    Parameters
    ----------
    plant : Plant
    count : int
        Passes in all, 1 to 64.
    seed : int
        Pass ``k`` is drawn from ``seed + k``.
    delay : int
        Look-ahead of the net in samples.

    Raises
    ------
    BadInput
        For a count outside its range.
    """
    if not 1 <= count <= MOST:
        raise BadInput(f"{count} passes are asked for; give 1 to {MOST}")
    measured = len(plant.tested) - HISTORY if len(plant.tested) else SAMPLES
    signals, titles = [], []
    if len(plant.tested):
        signals.append(plant.tested)
        titles.append(f"test split of {plant.capture}")
    for k in range(len(signals), count):
        period = ofdm(plant.channel, measured, plant.rms, plant.signal_peak, seed + k)
        signals.append(np.concatenate([period[-HISTORY:], period]))
        titles.append(f"OFDM-like signal, seed {seed + k}")
    ahead = np.zeros(delay)
    return Passes(np.stack([np.concatenate([s, ahead]) for s in signals]), tuple(titles), HISTORY, measured, delay)

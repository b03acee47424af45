"""What one frame shows: settings, signals, figures and counts, and nothing of how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.measuring import Channel, Figures

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Settings:
    """What can be changed while the demo runs: predistortion, bank, distance from the captured temperature in kelvin.

    ``caption`` says what is being shown, in a few words.
    """

    dpd: bool
    bank: str
    kelvin: float
    caption: str = ""


@dataclass(frozen=True)
class Texts:
    """What every frame says: the net, the device it runs on, and where the figures come from (one line each)."""

    title: str
    device: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """Output codes (real words) compared with the reference so far, and how many differed."""

    codes: int = 0
    different: int = 0


@dataclass(frozen=True, eq=False)
class View:
    """One frame.

    Parameters
    ----------
    settings : Settings
    texts : Texts
    signal : str
        What is being transmitted.
    channel : Channel
    wanted, before, after : complex arrays (N,)
        The signal, the amplifier's output without predistortion, and the output now.
    figures_before, figures_after : Figures
    count : Count
    history : sequence of (float, float)
        ACLR without and with predistortion, in dBc, of the frames up to this one; NaN where it was off.
    """

    settings: Settings
    texts: Texts
    signal: str
    channel: Channel
    wanted: Complex
    before: Complex
    after: Complex
    figures_before: Figures
    figures_after: Figures
    count: Count = Count()
    history: Sequence[tuple[float, float]] = field(default_factory=tuple)

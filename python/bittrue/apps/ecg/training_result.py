"""Result of a training: the net, what is behind it, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bittrue.apps.ecg.metrics import Verdict
from bittrue.spec import Net

if TYPE_CHECKING:
    from bittrue.apps.ecg.training.trainer import Fitted


@dataclass(frozen=True, eq=False)
class Trained:
    """What `bittrue.apps.ecg.train.train` made.

    Parameters
    ----------
    net : Net
        The integer net.
    fitted : Fitted
        The float and the quantised network behind it.
    verdicts : tuple of (str, Verdict)
        On the patients held out: ``float``, ``folded``, ``integer``; empty where nobody is.
    agreement : float
        Share of ``compared`` beats that the float and the integer net call the same: those held out, or some of those
        trained on.
    compared : int
    """

    net: Net
    fitted: Fitted
    verdicts: tuple[tuple[str, Verdict], ...]
    agreement: float
    compared: int

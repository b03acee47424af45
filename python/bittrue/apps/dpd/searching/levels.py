"""EVM, ACPR and NMSE of complex signals, each in dB and in per cent."""

from __future__ import annotations

from typing import NamedTuple

import numpy.typing as npt

from bittrue.apps.dpd.metrics import Channel, aclr, evm, nmse


class Level(NamedTuple):
    """One figure: ``db``, and ``percent``: of the amplitude for an EVM, of the power for an NMSE or ACPR."""

    db: float
    percent: float


def compute_evm(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> Level:
    """`bittrue.apps.dpd.metrics.evm` of complex signals ``(N,)``; ``percent = 100 * 10**(dB/20)``."""
    db = evm(output, reference, channel)
    return Level(db, 100 * 10 ** (db / 20))


def compute_acpr(output: npt.ArrayLike, channel: Channel) -> tuple[Level, Level]:
    """`bittrue.apps.dpd.metrics.aclr` left and right of a complex signal ``(N,)``; ``percent = 100 * 10**(dB/10)``."""
    left, right = (Level(db, 100 * 10 ** (db / 10)) for db in aclr(output, channel))
    return left, right


def compute_nmse(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> Level:
    """`bittrue.apps.dpd.metrics.nmse` of complex signals ``(N,)``; ``percent = 100 * 10**(dB/10)``."""
    db = nmse(output, reference, channel)
    return Level(db, 100 * 10 ** (db / 10))

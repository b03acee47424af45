"""Whether delay, phase and gain of a record stay what they are: block by block, against what it costs a model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bittrue.apps.dpd.amplifiers import gmp
from bittrue.apps.dpd.captures import blocks
from bittrue.apps.dpd.captures.align import nearest, overlap
from bittrue.apps.dpd.captures.beside import SHIFTED, TURNED, Beside, Whole, beside
from bittrue.apps.dpd.captures.blocks import Blocks
from bittrue.apps.dpd.captures.trend import Trend, explain
from bittrue.apps.dpd.metrics import Complex, Real

BELOW = 6.0
"""dB below a record's own floor, from which on an error costs a model 1 dB."""

LEAST, MOST = -50.0, -30.0
"""dB, relative to the output, between which the limit of an error lies. Below the first no model of a measured
amplifier notices it; above the second a model learns it, however noisy the record is."""

ODD = 0.1
"""Share of a block's power that the input does not explain, and ten times that of the others: something else was
recorded there."""

HELPS = 0.2
"""Share of its own error that the removal of a trend must take from what a polynomial leaves, if it is a fault."""

PIECES, PIECE = 8, 2048
"""Pieces of a record, and samples of each, on which a polynomial says that."""

LONG = gmp.Structure.aligned(24, [0]) + gmp.Structure.aligned(8, [1, 2, 4])
SHORT = gmp.Structure.aligned(8, [0]) + gmp.Structure.aligned(3, [2, 4])
AHEAD = 3
"""Samples by which those polynomials see more of the input: the output may come a little early."""


@dataclass(frozen=True, eq=False)
class Survey:
    """What the blocks of a record say; arrays are ``(blocks,)``.

    Parameters
    ----------
    start : array of int
        First input samples.
    length, lag : int
        Samples of each, and whole samples by which most of the output is late.
    shift : array
        Delay of each in samples.
    delay, phase, gain : Trend
        In samples, rad and nepers over the input's samples.
    weight : array
        Energy of each.
    bandwidth : float
        Rms frequency in rad a sample: a delay of ``d`` samples is an error of ``bandwidth * d``.
    limit : float
        dB from which such an error is too much.
    odd : array of int
        First input samples of the blocks that the output does not follow, where that is too much.
    """

    start: Whole
    length: int
    lag: int
    shift: Real
    delay: Trend
    phase: Trend
    gain: Trend
    weight: Real
    bandwidth: float
    limit: float
    odd: Whole

    @property
    def worst(self) -> float:
        """The error in dB of delay or phase, whichever is larger."""
        return max(self.error(self.delay.fitted, True), self.error(self.phase.fitted))

    @property
    def middle(self) -> Real:
        """Input sample in the middle of each block."""
        return np.asarray(self.start + self.length / 2, np.float64)

    def error(self, part: Real, of_delay: bool = False) -> float:
        """Power in dB, relative to the output, of the error that a part of a trend is, in rad, nepers or samples."""
        mean = np.average(np.square(part - np.average(part, weights=self.weight)), weights=self.weight)
        return float(10 * np.log10((self.bandwidth**2 if of_delay else 1.0) * mean + 1e-30))


def survey(x: Complex, y: Complex, sample_rate: float, bandwidth: float) -> Survey | None:
    """The `Survey` of an input and an output ``(N,)``, which may differ in length and by a delay.

    Where all blocks are near one another, they are those of `beside`; else those of `blocks.track`. None where the
    output follows the input nowhere.
    """
    share, samples = bandwidth / sample_rate, min(len(x), len(y))
    length = blocks.block_length(samples, sample_rate, bandwidth)
    if len(x) == len(y):
        found = beside(x, y, 0, length, share)
        if found is not None and found.follows and found.near.all():
            return _fine(x, y, found, share)
    tracked = blocks.track(x, y, sample_rate, bandwidth)
    if np.count_nonzero(tracked.known) < max(2, len(tracked.known) / 4):
        return None
    lag = nearest(float(np.median(tracked.delay[tracked.known])))
    found = beside(x, y, lag, length, share)
    if found is not None and found.follows and _together(tracked, found.bandwidth):
        return _fine(x, y, found, share)
    return _coarse(tracked, lag, np.pi / np.sqrt(3) * share)


def _together(tracked: Blocks, bandwidth: float) -> bool:
    """Whether no block that the output follows is far from the others in delay or phase."""
    delay, turn, doubt = tracked.delay[tracked.known], tracked.phase, 4 * tracked.sigma[tracked.known]
    shifted = bandwidth * abs(delay - np.median(delay)) < SHIFTED + doubt
    return bool(shifted.all() and (abs(turn - np.median(turn)) < TURNED + doubt).all())


def _fine(x: Complex, y: Complex, found: Beside, share: float) -> Survey:
    near = found.near
    middle = np.asarray(found.start + found.length / 2, np.float64)[near]
    weight = found.energy[near]
    phase = np.unwrap(np.angle(found.gain[near]))
    delay, turn, gain = (explain(middle, v, weight) for v in (found.delay[near], phase, np.log(abs(found.gain[near]))))
    survey = Survey(
        start=found.start[near],
        length=found.length,
        lag=found.lag,
        shift=found.lag + found.delay[near],
        delay=delay,
        phase=turn,
        gain=gain,
        weight=weight,
        bandwidth=found.bandwidth,
        limit=LEAST,
        odd=_odd(found),
    )
    return survey if survey.worst <= LEAST else _judged(x, y, survey, share)


def _odd(found: Beside) -> Whole:
    odd = (1 - found.match > ODD) & (found.rest > 10 * np.median(found.rest))
    lost = float(found.rest[odd].sum() / found.power.sum())
    return np.asarray(found.start[odd & (10 * np.log10(lost + 1e-30) > MOST)])


def _coarse(tracked: Blocks, lag: int, bandwidth: float) -> Survey:
    known = tracked.known
    middle, weight = tracked.middle[known], tracked.energy[known]
    delay, phase, gain = (
        explain(middle, v, weight) for v in (tracked.delay[known], tracked.phase, np.log(abs(tracked.gain[known])))
    )
    return Survey(
        start=tracked.start[known],
        length=tracked.length,
        lag=lag,
        shift=tracked.delay[known],
        delay=delay,
        phase=phase,
        gain=gain,
        weight=weight,
        bandwidth=bandwidth,
        limit=MOST,
        odd=np.empty(0, np.int64),
    )


def _judged(x: Complex, y: Complex, survey: Survey, share: float) -> Survey:
    """The survey with its limit: `BELOW` under what a memory polynomial leaves of pieces of the record once the trends
    of delay and phase are removed. A record in which that removes little has no such fault: the trends were the
    amplifier's own, of memory that depends on the level.
    """
    a, b = overlap(x, y, survey.lag)
    time = np.arange(len(a)) + max(0, -survey.lag)
    delay, phase = (np.interp(time, survey.middle, trend.fitted) for trend in (survey.delay, survey.phase))
    mended = (b + delay * np.gradient(b)) * np.exp(-1j * phase)
    as_it_is, rest = _left(a, b, share), _left(a, mended, share)
    limit = float(np.clip(10 * np.log10(rest + 1e-30) - BELOW, LEAST, MOST))
    helps = as_it_is - rest > HELPS * 10 ** (survey.worst / 10)
    return replace(survey, limit=limit) if helps else replace(survey, delay=_flat(survey), phase=_flat(survey))


def _flat(survey: Survey) -> Trend:
    nothing = np.zeros(len(survey.start))
    return Trend(0.0, (), nothing, nothing, nothing)


def _left(a: Complex, b: Complex, share: float) -> float:
    """Share of the power of ``b`` that a memory polynomial of ``a`` leaves, on up to `PIECES` pieces of both."""
    samples = min(len(a), PIECES * PIECE)
    structure = LONG if samples * share > 16 * len(LONG.terms) else SHORT
    count = max(1, samples // PIECE)
    firsts = np.linspace(0, len(a) - samples // count, count).astype(np.int64)
    kept = slice(structure.memory, None)
    parts = [slice(first, first + samples // count) for first in firsts]
    rows = np.concatenate([structure.basis(a[part])[kept] for part in parts])
    late = np.concatenate([np.zeros(AHEAD, complex), b[:-AHEAD]])
    target = np.concatenate([late[part][kept] for part in parts])
    solved = gmp.ridge_solve(rows.conj().T @ rows, rows.conj().T @ target, 1e-7)
    rest = target - rows @ solved
    return float(np.vdot(rest, rest).real / np.vdot(target, target).real)

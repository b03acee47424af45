"""Metrics of a classifier of beats: confusion, and per class what it finds and how often it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.errors import BadInput

Codes = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]
JUDGED = "NSV"
"""Classes of the macro-F1; the test half holds 388 F and 7 Q beats, whose counts are reported and no more."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a confusion matrix says.

    Parameters
    ----------
    confusion : int64 array (5, 5)
        Beats of class i, in the order of `CLASSES`, that were called class j.
    """

    confusion: Codes

    @property
    def beats(self) -> Codes:
        """Beats of each class, ``(5,)``."""
        return np.asarray(self.confusion.sum(axis=1))

    @property
    def accuracy(self) -> float:
        """Share of all beats that are called what they are; not the mean of one-against-the-rest accuracies."""
        return float(self.confusion.trace() / max(1, self.confusion.sum()))

    @property
    def sensitivity(self) -> Real:
        """``Se = TP / (TP + FN)`` of each class, NaN for one without a beat."""
        return _share(self.confusion.diagonal(), self.beats)

    @property
    def precision(self) -> Real:
        """``PPV = TP / (TP + FP)`` of each class, NaN for one that was never said."""
        return _share(self.confusion.diagonal(), self.confusion.sum(axis=0))

    @property
    def f1(self) -> Real:
        """``2 TP / (2 TP + FN + FP)`` of each class: 0 for one that is never found, NaN for one that does not occur."""
        return _share(2 * self.confusion.diagonal(), self.beats + self.confusion.sum(axis=0))

    @property
    def macro_f1(self) -> float:
        """Mean F1 over N, S and V; one of them that does not occur and is never said counts as 0."""
        return float(np.nan_to_num(self.f1[[CLASSES.index(name) for name in JUDGED]]).mean())


def judge(labels: npt.ArrayLike, answers: npt.ArrayLike) -> Verdict:
    """Compare classes with answers, int arrays ``(beats,)`` of 0 to 4. Raises `BadInput` where they do not fit."""
    labels, answers = np.asarray(labels), np.asarray(answers)
    if labels.shape != answers.shape or labels.ndim != 1 or not len(labels):
        raise BadInput(f"{answers.shape} answers for {labels.shape} beats; give one each, and at least one")
    for what, codes in (("a class", labels), ("an answer", answers)):
        if codes.min() < 0 or codes.max() >= len(CLASSES):
            worst = codes.min() if codes.min() < 0 else codes.max()
            raise BadInput(f"{what} is {worst}; 0 to {len(CLASSES) - 1} stand for {', '.join(CLASSES)}")
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(confusion, (labels, answers), 1)
    return Verdict(confusion)


def always(labels: npt.ArrayLike, name: str = "N") -> Verdict:
    """The verdict on calling every beat ``name``: what an accuracy has to be compared with."""
    return judge(labels, np.full(np.asarray(labels).shape, CLASSES.index(name)))


def spread(
    labels: Codes, answers: Codes, patients: Codes, draws: int = 1000, seed: int = 0, share: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Bootstrap by patient: the middle ``share`` of each figure when patients are drawn with replacement.

    Beats of one patient resemble each other, so the patients are what the figure is uncertain about.

    Parameters
    ----------
    labels, answers, patients : int64 arrays (beats,)
    draws, seed : int
    share : float

    Returns
    -------
    dict
        ``accuracy``, ``macro_f1``, and ``Se`` and ``PPV`` of N, S and V such as ``"S Se"``: lowest and highest, NaN
        for a figure that nothing can be said of.
    """
    known, which = np.unique(patients, return_inverse=True)
    each = np.stack([judge(labels[which == k], answers[which == k]).confusion for k in range(len(known))])
    random = np.random.default_rng(seed)
    drawn = [_figures(Verdict(each[random.integers(len(known), size=len(known))].sum(axis=0))) for _ in range(draws)]
    edges = ((1 - share) / 2, (1 + share) / 2)
    return {name: _quantiles(np.array([figures[name] for figures in drawn]), edges) for name in drawn[0]}


def _quantiles(values: Real, edges: tuple[float, float]) -> tuple[float, float]:
    """Of the draws where the figure can be said; NaN where it can be said of none."""
    known = values[~np.isnan(values)]
    low, high = np.quantile(known, edges) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def _figures(verdict: Verdict) -> dict[str, float]:
    named = {"accuracy": verdict.accuracy, "macro_f1": verdict.macro_f1}
    for name in JUDGED:
        at = CLASSES.index(name)
        named |= {f"{name} Se": float(verdict.sensitivity[at]), f"{name} PPV": float(verdict.precision[at])}
    return named


def table(verdicts: Sequence[tuple[str, Verdict]]) -> str:
    """A Markdown table of verdicts by name, the always-N line last; percent but for F1."""
    beats = verdicts[0][1].beats
    counts = ", ".join(f"{name} {count:,}" for name, count in zip(CLASSES, beats, strict=True))
    head = ["of", "accuracy", *(f"{name} Se / PPV" for name in CLASSES[:4]), "macro-F1 (N, S, V)"]
    labels = np.repeat(np.arange(len(CLASSES)), beats)
    rows = [_row(name, verdict) for name, verdict in [*verdicts, ("always N", always(labels))]]
    lines = [head, ["---"] * len(head), *rows]
    return f"Beats: {counts}.\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(name: str, verdict: Verdict) -> list[str]:
    pairs = zip(verdict.sensitivity[:4], verdict.precision[:4], strict=True)
    cells = [f"{_percent(se)} / {_percent(ppv)}" for se, ppv in pairs]
    return [name, _percent(verdict.accuracy), *cells, f"{verdict.macro_f1:.3f}"]


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.1f}"


def _share(part: Codes, whole: Codes) -> Real:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)

"""Pictures of a classifier of beats: its confusion matrix, and beats as the net sees them."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bittrue.apps.ecg.beats.beats import Beats, Channel
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.metrics import Verdict
from bittrue.files import write_whole
from bittrue.kit.figures import TEAL, canvas, encoded


def confusion(path: str | os.PathLike[str], verdict: Verdict, title: str) -> None:
    """Write a PNG: beats of each class by what they were called, shaded by share of the class."""
    write_whole(path, confusion_png(verdict, title))


def confusion_png(verdict: Verdict, title: str) -> bytes:
    """A PNG: beats of each class by what they were called, counts and percent of the class, which is the shade."""
    figure = canvas(5.6, 4.8)
    axes = figure.subplots()
    share = verdict.confusion / np.maximum(verdict.beats, 1)[:, None]
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(share.shape):
        colour = "white" if share[row, column] > 0.55 else "black"
        percent = f"{100 * share[row, column]:.1f} %" if verdict.beats[row] else "-"
        text = f"{verdict.confusion[row, column]:,}\n{percent}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    ticks = range(len(CLASSES))
    axes.set(xticks=ticks, yticks=ticks, xticklabels=list(CLASSES), yticklabels=list(CLASSES))
    axes.set(xlabel="called by the net", ylabel="annotated")
    axes.set_title(title, fontsize=10)
    return encoded(figure)


def examples(
    path: str | os.PathLike[str],
    beats: Beats,
    channels: Sequence[Channel],
    answers: Sequence[int] | None = None,
    seed: int = 0,
) -> None:
    """Write the PNG of `examples_png`."""
    write_whole(path, examples_png(beats, channels, answers, seed))


def examples_png(
    beats: Beats, channels: Sequence[Channel], answers: Sequence[int] | None = None, seed: int = 0
) -> bytes:
    """A PNG: one beat of each class that occurs, a row a channel; with answers, what the net called it.

    Parameters
    ----------
    beats : Beats
    channels : sequence of str
        Names of the rows, from the recipe's ``input.channels``.
    answers : sequence of int, optional
        One a beat.
    seed : int
        Decides which beats are taken.
    """
    random = np.random.default_rng(seed)
    chosen = [int(random.choice(np.flatnonzero(beats.y == kind))) for kind in np.unique(beats.y)]
    figure = canvas(3.0 * len(chosen), 1.7 * len(channels) + 0.6)
    grid = figure.subplots(len(channels), len(chosen), sharex=True, sharey=True, squeeze=False)
    for column, beat in enumerate(chosen):
        title = f"{CLASSES[beats.y[beat]]}, record {beats.names[beats.record[beat]]}"
        if answers is not None:
            title += f"\ncalled {CLASSES[answers[beat]]}"
        grid[0, column].set_title(title, fontsize=9)
        for row, channel in enumerate(channels):
            _trace(grid[row, column], beats.x[beat, row], channel if column == 0 else "")
    for axes in grid[-1]:
        axes.set_xlabel("sample", fontsize=8)
    return encoded(figure)


def _trace(axes: Axes, codes: np.ndarray[tuple[int], np.dtype[np.int8]], name: str) -> None:
    axes.step(np.arange(len(codes)), codes, where="mid", linewidth=1.0, color=TEAL)
    axes.axhline(0, linewidth=0.5, color="#999999")
    axes.set_ylim(-128, 127)
    axes.set_ylabel(f"{name}\n(code, 128 = 1)" if name else "", fontsize=8)
    axes.tick_params(labelsize=8)

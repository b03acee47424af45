"""Plots of a run: losses, scores, and waveforms beside the target's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.gan.trainer import COLUMNS
from bittrue.kit.figures import INK, PALETTE, RED, TEAL, canvas, encoded

POINTS = 2000
"""Most points of a curve; longer histories are averaged to so many."""
SHOWN = 4
"""Waveforms of each kind."""


def _averaged(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    size = -(-len(values) // POINTS)
    whole = len(values) // size * size
    return np.arange(size, whole + 1, size, dtype=float), values[:whole].reshape(-1, size, values.shape[1]).mean(axis=1)


def losses(history: npt.NDArray[np.float64], per_epoch: int) -> bytes:
    """PNG: losses of critic and generator and the gradient penalty over epochs, of a history ``(steps, 6)``."""
    return _curves(history, per_epoch, ("Loss_D", "Loss_G", "GP"), "loss")


def outputs(history: npt.NDArray[np.float64], per_epoch: int) -> bytes:
    """PNG: the critic's mean scores of real and of generated signals over epochs."""
    return _curves(history, per_epoch, ("D(x)", "D(G(z1))", "D(G(z2))"), "mean score")


def _curves(history: npt.NDArray[np.float64], per_epoch: int, names: tuple[str, ...], label: str) -> bytes:
    figure = canvas(8, 4)
    axes = figure.subplots()
    steps, values = _averaged(history)
    for name, colour in zip(names, (TEAL, RED, INK), strict=True):
        mark = "." if len(steps) < 50 else ""
        axes.plot(steps / per_epoch, values[:, COLUMNS.index(name)], color=colour, label=name, lw=1, marker=mark)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    axes.legend()
    return encoded(figure)


def waveforms(target: npt.NDArray[Any], made: npt.NDArray[Any]) -> bytes:
    """PNG: the first signals of the target on the left, generated ones on the right; real parts of complex ones."""
    rows = min(SHOWN, len(target), len(made))
    figure = canvas(10, 1.6 * rows + 0.6)
    axes = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False)
    for column, (signals, title, colour) in enumerate(((target, "target", INK), (made, "generated", PALETTE[0]))):
        for row in range(rows):
            axes[row, column].plot(signals[row].real, color=colour, lw=0.6)
            axes[row, column].grid(alpha=0.3)
        axes[0, column].set_title(f"{title}, real part" if np.iscomplexobj(signals) else title)
        axes[-1, column].set_xlabel("sample")
    return encoded(figure)

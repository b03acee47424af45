"""Maps side by side: buildings and transmitter, truth, prediction, error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.measures import Measures
from bittrue.apps.radio.propagation.grey import DB_PER_UNIT, PL_MAX, PL_TRUNC
from bittrue.apps.radio.reporting.judging import Judged
from bittrue.kit.figures import GREYS, PALETTE, RED, canvas, encoded

SPAN = 20.0
"""dB that the scale of errors reaches to either side."""


def side_by_side(rows: Sequence[tuple[str, Scene, Levels, Measures]]) -> bytes:
    """A PNG: a row a map."""
    figure = canvas(12.4, 3.15 * len(rows))
    grid = figure.subplots(len(rows), 4, squeeze=False)
    for (what, scene, predicted, one), axes in zip(rows, grid, strict=True):
        built = np.where(scene.buildings > 0, 0.55, 1.0)
        axes[0].imshow(built, cmap="gray", vmin=0, vmax=1)
        axes[0].plot(scene.column, scene.row, marker="*", markersize=11, color=RED, markeredgecolor="white")
        axes[0].set_title(f"{what}: city {scene.number}, transmitter {scene.transmitter}", fontsize=9)
        for place, levels, text in ((1, scene.truth, "truth"), (2, predicted, "predicted")):
            gain = PL_TRUNC + DB_PER_UNIT * np.ma.masked_array(levels / 255.0, scene.buildings > 0)
            shown = axes[place].imshow(gain, cmap="viridis", vmin=PL_TRUNC, vmax=PL_MAX - 25)
            axes[place].set_title(text, fontsize=9)
            axes[place].set_facecolor("white")
        figure.colorbar(shown, ax=axes[2], label="gain, dB", fraction=0.046)
        error = np.ma.masked_array(
            (predicted.astype(np.float64) - scene.truth) / 255 * DB_PER_UNIT, scene.buildings > 0
        )
        wrong = axes[3].imshow(error, cmap="RdBu_r", vmin=-SPAN, vmax=SPAN)
        axes[3].set_facecolor("#888888")
        axes[3].set_title(f"error: NMSE {one.nmse:.4f}, streets {one.street_rmse:.1f} dB", fontsize=9)
        figure.colorbar(wrong, ax=axes[3], label="too much power, dB", fraction=0.046)
        for each in axes:
            each.set_xticks([])
            each.set_yticks([])
    return encoded(figure)


def errors(judged: Sequence[Judged]) -> bytes:
    """A PNG: which share of the maps has at most which error."""
    figure = canvas(9.6, 4.8)
    left, right = figure.subplots(1, 2)
    ours, others = iter(PALETTE * 9), iter(GREYS * 9)
    dashes = iter(("-", "--", "-.", ":") * 9)
    for one in judged:
        style: dict[str, object] = {"color": next(ours if one.ours else others), "linestyle": "-"}
        style["linewidth"] = 2.2 if one.ours else 1.4
        if not one.ours:
            style["linestyle"] = next(dashes)
        _steps(left, [m.nmse for m in one.measures], one.name, style)
        _steps(right, [m.street_rmse for m in one.measures], one.name, style)
    left.set_xscale("log")
    left.set_xlabel("NMSE of a map")
    right.set_xlabel("RMSE over its streets, dB of path loss")
    left.set_ylabel("share of maps with no more")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.set_ylim(0, 1)
    return encoded(figure)


def _steps(axes: Axes, values: Sequence[float], name: str, style: dict[str, object]) -> None:
    ordered = np.sort(np.maximum(values, 1e-6))
    share = np.arange(1, len(ordered) + 1) / len(ordered)
    axes.step(ordered, share, where="post", label=name, **style)  # type: ignore[arg-type]

"""What an autoencoder is worth: its maps beside those of linear coders with as many values, on cities it never saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from bittrue import ref
from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.hardware.inputs import Codes, folded, unfolded
from bittrue.apps.radio.hardware.judging import FLOAT, INTEGER, MOST, UNROUNDED, MapSet
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.latent.linear_coders import Transform, cosines, smaller
from bittrue.apps.radio.latent.pictures import Pictures, parted
from bittrue.apps.radio.measures import Measures, judge, mean
from bittrue.apps.radio.propagation import grey
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.bars import Step
from bittrue.spec import Net

FITTED = 400
"""Most maps that a transform is fitted on, evenly taken."""
Coder = Callable[[Levels], Levels]


@dataclass(frozen=True, eq=False)
class Coded:
    """What every coder is worth on one set of maps.

    Parameters
    ----------
    title : str
        Which maps.
    means : dict of Measures
        By coder, linear ones first.
    """

    title: str
    means: dict[str, Measures]

    @property
    def loss(self) -> float:
        """dB of PSNR that rounding takes."""
        return self.means[UNROUNDED].psnr - self.means[INTEGER].psnr


def transform(pictures: Pictures, held: int) -> Transform:
    """Principal components of the maps to train on."""
    learnt, _ = parted(pictures.keys, held)
    return Transform.fitted(pictures.truth[learnt[k]] for k in evenly(len(learnt), FITTED))


def judged(net: Net, fitted: Fitted, linear: dict[str, Transform], values: int, given: MapSet, step: Step) -> Coded:
    """On a set of maps, whole, buildings as the coder has them.

    Parameters
    ----------
    linear : dict of Transform
        By what they were fitted on.
    values : int
        A square of 8 x 8 pixels.
    """
    coders: dict[str, Coder] = {
        f"smaller picture, {values} values a square or fewer": lambda one: smaller(one, values),
        f"{values} slowest cosines a square": lambda one: cosines(one, values),
    }
    for name, found in linear.items():
        coders[f"{values} principal components a square, of {name}"] = _by_transform(found, values)
    coders |= {
        FLOAT: _by_twin(fitted.floating),
        UNROUNDED: _by_twin(fitted.unrounded),
        INTEGER: lambda one: decoded(ref.run(net, codes(one)[None].astype(np.int64))[0]),
    }
    rows: dict[str, list[Measures]] = {name: [] for name in coders}
    chosen = evenly(len(given.maps), MOST)
    for done, index in enumerate(chosen):
        step(f"measuring on {given.title}", done, len(chosen))
        scene = given.maps.scene(index)
        for name, coder in coders.items():
            rows[name].append(judge(scene.truth, coder(scene.truth), scene.buildings))
    return Coded(given.named(MOST), {name: mean(row) for name, row in rows.items()})


def codes(one: Levels) -> Codes:
    """What an autoencoder takes of a map (256, 256): ``level - 128``, folded, int8 (4, 128, 128)."""
    return folded((one[None] ^ 128).view(np.int8))


def decoded(found: np.ndarray) -> Levels:
    """The map (256, 256) of an autoencoder's codes (4, 128, 128)."""
    return (unfolded(found) + 128).astype(np.uint8)


def _by_transform(found: Transform, values: int) -> Coder:
    return lambda one: found.coded(one, values)


def _by_twin(twin: Twin) -> Coder:
    @torch.no_grad()
    def coder(one: Levels) -> Levels:
        values = twin(torch.from_numpy(codes(one)[None]).to(torch.float32) / 128)[0].to(torch.float64).numpy()
        return grey.levels(128 * unfolded(values) + 128)

    return coder

"""What a diffusion model is worth: samples and their mean beside one shot, and how honest their spread is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.hardware.inputs import Inputs
from bittrue.apps.radio.hardware.judging import MapSet
from bittrue.apps.radio.hardware.predicting import levels
from bittrue.apps.radio.hardware.twin import Twin, twin_of
from bittrue.apps.radio.latent.coding import codes
from bittrue.apps.radio.latent.diffusion_folder import Diffusion
from bittrue.apps.radio.latent.interval import Interval, Judged, coverage
from bittrue.apps.radio.latent.latent_nets import decoder
from bittrue.apps.radio.latent.sampling import Evaluate, Sampler, averaged
from bittrue.apps.radio.measures import Measures, judge, mean
from bittrue.apps.radio.propagation.grey import DB_PER_UNIT
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.bars import Step
from bittrue.spec import Net

SAMPLES = 19
"""Samples of a map: one more of the same law would lie within the smallest and the largest of 19 with 90 %."""
SEED = 0
MOST = 22
"""Most maps of a set that are judged, evenly taken."""
SHOT = ", one shot"
"""What rows of nets that predict at once end in."""
TRUTH, FIRST, FLOAT, UNROUNDED, ONE, MEAN = (
    "the truth, through the autoencoder",
    "first evaluation alone",
    "one sample, float net",
    "one sample, nothing rounded in the net",
    "one sample",
    f"mean of {SAMPLES} samples",
)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What drawn maps are worth on one set of maps.

    Parameters
    ----------
    title : str
        Which maps.
    means : dict of Measures
        By way to predict.
    judged : sequence
        By map, the street pixels' intervals of `SAMPLES` samples, and the truth there.
    spread : float
        dB, root mean square over streets of the samples' standard deviation.
    """

    title: str
    means: dict[str, Measures]
    judged: Judged
    spread: float

    @property
    def coverage(self) -> float:
        """Share of street pixels whose truth lies within the smallest and the largest sample; 0.9 is honest."""
        return coverage(self.judged)


def by_twin(twin: Twin) -> Evaluate:
    """A twin as a net of codes; what is not rounded is rounded at its end."""

    @torch.no_grad()
    def evaluate(given: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        x = torch.from_numpy(given).to(torch.float32).contiguous(memory_format=torch.channels_last) / 128
        answer: npt.NDArray[np.int64] = (twin(x) * 128 + 0.5).floor().clamp(-128, 127).to(torch.int64).numpy()
        return answer

    return evaluate


def judged(model: Diffusion, others: dict[str, Twin], one_shot: Net | None, given: MapSet, step: Step) -> Drawn:
    """On a set of maps, buildings made black.

    Parameters
    ----------
    others : dict of Twin
        Other denoisers by their row's name, of which one sample is judged.
    one_shot : Net, optional
        A radio net that predicts the map at once.
    """
    decode = by_twin(twin_of(decoder(model.autoencoder)))
    samplers = {name: Sampler(model, by_twin(twin), decode) for name, twin in others.items()}
    own = Sampler(model, by_twin(twin_of(model.net)), decode)
    coder = by_twin(twin_of(model.autoencoder))
    shots = {} if one_shot is None else {one_shot.name + SHOT: by_twin(twin_of(one_shot))}
    rows: dict[str, list[Measures]] = {}
    intervals, spreads = [], []
    chosen = evenly(len(given.maps), MOST)
    for done, index in enumerate(chosen):
        step(f"measuring on {given.title}", done, len(chosen))
        scene = given.maps.scene(index)
        inputs = Inputs(scene.buildings > 0)
        found = {name: one.maps(inputs, scene.row, scene.column, SEED)[0] for name, one in samplers.items()}
        drawn = own.maps(inputs, scene.row, scene.column, SEED, SAMPLES)
        every = {TRUTH: levels(coder(codes(scene.truth)[None].astype(np.int64))[0], inputs.built)}
        for name, shot in shots.items():
            seen = inputs.channels(scene.row, scene.column)[None].astype(np.int64)
            every[name] = levels(shot(seen)[0], inputs.built)
        every |= {FIRST: _first(own, decode, scene, inputs)} | found
        every |= {ONE: drawn[0], MEAN: averaged(drawn)}
        for name, one in every.items():
            rows.setdefault(name, []).append(judge(scene.truth, one, scene.buildings))
        street = ~inputs.built
        intervals.append((Interval.of(drawn[:, street]), scene.truth[street]))
        spreads.append(float(drawn[:, street].astype(np.float64).var(0, ddof=1).mean() ** 0.5) * DB_PER_UNIT / 255)
    means = {name: mean(row) for name, row in rows.items()}
    return Drawn(given.named(MOST), means, intervals, float(np.mean(spreads)))


def _first(
    sampler: Sampler, decode: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]], scene: Scene, inputs: Inputs
) -> Levels:
    """The map of what the net says first, of noise alone."""
    found = sampler.first(inputs.channels(scene.row, scene.column), SEED)
    return levels(decode(found)[0], inputs.built)

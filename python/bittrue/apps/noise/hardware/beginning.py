"""Weights to begin a training with: drawn, or a structure that the direct loss would hardly find."""

from __future__ import annotations

import torch

from bittrue.apps.noise.hardware import burst_gates, filter_bank
from bittrue.apps.noise.hardware.quantised import QuantisedTwin
from bittrue.apps.noise.hardware.recipe import BURST_GATES, DRAWN, FILTER_BANK, Recipe
from bittrue.apps.noise.hardware.twins import Twin, twin
from bittrue.apps.noise.hardware_net import ArchitectureSpec, Weights
from bittrue.apps.noise.processes import Fixed
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.apps.noise.processes.bursty import BurstyBernoulliGaussian
from bittrue.apps.noise.processes.fgn_and_bursts import FGNAndBursts
from bittrue.apps.noise.processes.shot import Shot
from bittrue.errors import BadInput


def begun(recipe: Recipe) -> Twin:
    """The float twin as its training begins, by ``beginning`` of the recipe.

    Raises `BadInput` where the architecture or the sets are not those of such a beginning.
    """
    found = twin(recipe.trained, recipe.seed)
    if recipe.beginning == DRAWN:
        return found
    if not isinstance(found, QuantisedTwin):
        raise BadInput(
            f"beginning is {recipe.beginning!r}, and a net of two dimensions has drawn weights; leave it out"
        )
    with torch.no_grad():
        for name, (weight, bias) in _weights(recipe, found.spec).items():
            found.get_parameter(f"{name}_weight").copy_(torch.from_numpy(weight))
            found.get_parameter(f"{name}_bias").copy_(torch.from_numpy(bias))
    return found


def _weights(recipe: Recipe, spec: ArchitectureSpec) -> Weights:
    sources = recipe.process.sources
    if recipe.beginning == BURST_GATES:
        return burst_gates.weights(spec, _kinds(recipe), recipe.seed)
    first = sources[0].process
    if not isinstance(first, Bandpass) or any(source.process != first for source in sources):
        raise BadInput(
            f"beginning is {FILTER_BANK!r}, and process.sets are no bands of one process; name band0, band1, ..."
        )
    bands = tuple(law.at for law in (source.law for source in sources) if isinstance(law, Fixed))
    if not recipe.process.values == bands == tuple(range(first.bands)):
        raise BadInput(f"beginning is {FILTER_BANK!r}; give process.values and sets all {first.bands} bands in order")
    return filter_bank.weights(spec, first)


def _kinds(recipe: Recipe) -> burst_gates.Plan:
    sources = recipe.process.sources
    values = [source.law.at for source in sources if isinstance(source.law, Fixed)]
    processes = [source.process for source in sources]
    match processes:
        case [BurstyBernoulliGaussian() as bursts, Shot() as shot, FGNAndBursts() as fractional]:
            return burst_gates.Plan(bursts, values[0], shot, values[1], fractional, values[2])
    raise BadInput(
        f"beginning is {BURST_GATES!r}; name three process.sets: bursty_BG, shot_gaussian_exponential, FGN_bursts"
    )

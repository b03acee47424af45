"""Where the spectrum of a hardware net of noise is off, value by value, and how much of a training step is chance.

    python benchmarks/noise_ripple.py [noise-fgn] [--signals 512] [--seed 1]

With ``r(f)`` the logarithm of the median multitaper density of the integer net's signals over that of the process,
less its mean: the excess of its deviation over the floor; the same of ``r`` averaged over `SMOOTH` frequencies (a
ripple that is wider than the estimate's own resolution stays, chance does not); the share of ``r^2`` within `NEAR` of
a multiple of an eighth of the Nyquist frequency, where images of interpolation lie, over the share of frequencies
there; the correlation of ``r`` with that of the value before. The last line is of the value in the middle: the part
``spectrum`` of the loss of a step whose batches are the process itself, which chance alone makes, and what the net
has beyond that.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from bittrue.apps.noise.hardware.features import features
from bittrue.apps.noise.hardware.objective import targets
from bittrue.apps.noise.hardware.recipe import RECIPES, Recipe
from bittrue.apps.noise.measures import spectrum
from bittrue.apps.noise.processes import draw
from bittrue.check.generating import Wanted, generated
from bittrue.committed import located
from bittrue.spec.source import Source
from bittrue.spec.source_store import load

LENGTH, AGAIN, SMOOTH, NEAR = 4096, 101, 9, 0.01
Real = npt.NDArray[np.float64]


def ripple(one: Real, other: Real) -> Real:
    """``r`` of two densities."""
    found = np.log(one / other)
    return np.asarray(found - found.mean())


def smooth(r: Real) -> Real:
    """The average over `SMOOTH` neighbours."""
    return np.convolve(r, np.ones(SMOOTH) / SMOOTH, "valid")


def chance(recipe: Recipe, source: Source, seed: int, batches: int = 24) -> tuple[float, float]:
    """Part ``spectrum`` of the middle value's loss: of single batches of the process, and of the mean of the net's."""
    plan, middle = recipe.quantise, len(recipe.process.values) // 2
    value, one = recipe.process.values[middle], recipe.process.sources[middle]
    alone = replace(recipe.process, values=(value,), sets=(recipe.process.sets[middle],))
    (target,) = targets(replace(recipe, process=alone, last_layer=None), plan, lambda doing, done, total: None)

    def parts(signals: Real) -> torch.Tensor:
        batch = torch.from_numpy(signals).float().split(plan.batch)
        return torch.stack([features(x, target.scale, recipe.objective)["spectrum"] for x in batch])

    count, (name,) = batches * plan.batch, source.settings
    own = parts(draw(one.process, one.law, count, plan.samples, seed)[1])
    net = parts(generated(Wanted(source, count, plan.samples, seed, settings={name: value})))
    wanted = target.features["spectrum"]
    left = float((net.mean(0) - wanted).square().mean() - net.var(0).mean() / batches)
    return float((own - wanted).square().mean()), left


def main() -> None:
    """Print a row a value."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", nargs="?", default="noise-fgn")
    parser.add_argument("--signals", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = located(arguments.net)
    source, recipe = load(folder), RECIPES.load(Path(folder) / "recipe.toml")
    (name,) = source.settings
    f = np.linspace(0, 8, LENGTH // 2 + 1)
    near = abs(f - f.round()) < 8 * NEAR
    print(f"{name:>6}  excess  averaged  at images  as before")
    before: Real | None = None
    for value, one in zip(recipe.process.values, recipe.process.sources, strict=True):
        signals = generated(Wanted(source, arguments.signals, LENGTH, arguments.seed, settings={name: value}))
        process, again = (
            spectrum.median(draw(one.process, one.law, arguments.signals, LENGTH, seed)[1])
            for seed in (arguments.seed, AGAIN)
        )
        r, floor = ripple(spectrum.median(signals), process), ripple(again, process)
        found = spectrum.excess(float(r.std()), float(floor.std()))
        averaged = spectrum.excess(float(smooth(r).std()), float(smooth(floor).std()))
        images = (r[near] ** 2).sum() / (r**2).sum() / near.mean()
        alike = "" if before is None else f"{np.corrcoef(r, before)[0, 1]:9.2f}"
        print(f"{value:6g}  {found:6.4f}  {averaged:8.4f}  {images:9.2f}  {alike}", flush=True)
        before = r
    by_chance, left = chance(recipe, source, AGAIN)
    print(f"spectrum in the loss: {by_chance:.4f} by chance in a step; {left:.4f} of the net, beyond chance")


if __name__ == "__main__":
    main()

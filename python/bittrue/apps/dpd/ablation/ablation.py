"""Worth of each stage and augmentation of a recipe in dB: the recipe with one switch changed, on several seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scipy.stats import t as student

from bittrue.apps.dpd.ablation import ablation_run
from bittrue.apps.dpd.ablation.ablation_run import METRICS, Result
from bittrue.apps.dpd.ablation.switches import Variant, variants
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.recipe_text import written
from bittrue.errors import BadInput

BASE = "base"
LEAST_SEEDS = 2

Report = Callable[[str, int, int, str], None]
"""Called with the run, runs done, runs in all, and what happens inside it."""


@dataclass(frozen=True)
class Effect:
    """What a switch is worth by one judge and one metric, in dB: positive is better with it.

    Parameters
    ----------
    with_, without : tuple of float
        The metric a seed, dB, lower is better.
    """

    with_: tuple[float, ...]
    without: tuple[float, ...]

    @property
    def differences(self) -> tuple[float, ...]:
        """What it is worth a seed: without minus with."""
        return tuple(b - a for a, b in zip(self.with_, self.without, strict=True))

    @property
    def mean(self) -> float:
        """Mean of `differences`."""
        return statistics.fmean(self.differences)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds of one and the same recipe, both recipes pooled."""
        return math.sqrt((statistics.variance(self.with_) + statistics.variance(self.without)) / 2)

    @property
    def margin(self) -> float:
        """What luck with the seeds explains: the mean lies within it 19 times of 20 where a switch does nothing.

        ``t * spread * sqrt(2 / n)`` for ``n`` seeds, ``t`` the 97.5 % quantile of Student's distribution with
        ``2 * n - 2`` degrees of freedom.
        """
        count = len(self.with_)
        return float(student.ppf(0.975, 2 * count - 2)) * self.spread * math.sqrt(2 / count)

    @property
    def verdict(self) -> str:
        """``helps`` or ``hurts`` where the mean is beyond the margin and every seed agrees; else ``adds nothing``."""
        agree = all(d > 0 for d in self.differences) or all(d < 0 for d in self.differences)
        if not agree or abs(self.mean) <= self.margin:
            return "adds nothing here"
        return "helps" if self.mean > 0 else "hurts"


@dataclass(frozen=True)
class Ablated:
    """A switch and its effects, by judge and metric."""

    variant: Variant
    effects: dict[tuple[str, str], Effect]

    def sentence(self, judge: str, titles: dict[str, str]) -> str:
        """What a judge says about the switch, plainly."""
        parts = []
        for metric in METRICS:
            effect = self.effects[judge, metric]
            relation = "beyond" if abs(effect.mean) > effect.margin else "inside"
            name = "EVM" if metric == "evm" else "worse ACLR"
            parts.append(
                f"{name} {effect.mean:+.2f} dB, {relation} the {effect.margin:.2f} dB that seeds explain (spread "
                f"{effect.spread:.2f} dB): {effect.verdict}"
            )
        title = self.variant.switch.title
        return f"{title[0].upper()}{title[1:]}, by {titles[judge]}: {'; '.join(parts)}."


@dataclass(frozen=True)
class Ablation:
    """All runs: results of the base by seed, and the switches."""

    base: Recipe
    seeds: tuple[int, ...]
    results: tuple[Result, ...]
    switches: tuple[Ablated, ...]

    @property
    def judges(self) -> tuple[str, ...]:
        """The Arena's protocol first where it could judge, then the amplifier models, the teacher first of them."""
        names = list(self.results[0].integer)
        first = [ablation_run.PROTOCOL, self.base.data.amplifier]
        return tuple(sorted(names, key=lambda name: (first.index(name) if name in first else 2, name)))


def ablate(base: Recipe, seeds: Sequence[int], folder: Path, report: Report, keys: tuple[str, ...] = ()) -> Ablation:
    """Run the base and every variant on every seed, each in ``folder/<variant>/seed-<n>``; what is there is kept.

    Parameters
    ----------
    base : Recipe
        Its seed is replaced by each of ``seeds``.
    seeds : sequence of int
        At least two, or there is no spread to compare with.
    folder : Path
    report : callable
    keys : tuple of str
        Switches to try; all that make sense for the recipe by default.

    Raises
    ------
    BadInput
        For fewer seeds, an unknown key, or a folder with other runs.
    """
    if len(set(seeds)) < LEAST_SEEDS:
        raise BadInput(f"{len(set(seeds))} seed leaves no spread to judge by; give at least {LEAST_SEEDS}, better 3")
    tried = variants(base, keys)
    absent = sorted(set(keys) - {variant.switch.key for variant in tried})
    if absent or not tried:
        raise BadInput(f"recipe {base.name} has no switch {', '.join(absent) or 'at all'}; see bittrue ablate --help")
    plans = [(BASE, base), *((f"{'with' if v.adds else 'without'}-{v.switch.key}", v.recipe) for v in tried)]
    found: dict[str, list[Result]] = {}
    done, total = 0, len(plans) * len(seeds)
    for seed in seeds:  # every variant meets the first seed before any meets the second
        for name, recipe in plans:
            title = f"{name}, seed {seed}"
            report(title, done, total, "")

            def inside(stage: str, epoch: int, epochs: int, error: float, title: str = title, now: int = done) -> None:
                report(title, now, total, f"{stage} {epoch}/{epochs}, {error:.1f} dB")

            plan = written(replace(recipe, name=f"{base.name}-{name}", train=replace(recipe.train, seed=seed)))
            found.setdefault(name, []).append(ablation_run.run(plan, folder / name / f"seed-{seed}", inside))
            done += 1
    report("done", total, total, "")
    ablated = [Ablated(v, _effects(v, found[BASE], found[name])) for v, (name, _) in zip(tried, plans[1:], strict=True)]
    return Ablation(base, tuple(seeds), tuple(found[BASE]), tuple(ablated))


def _effects(variant: Variant, base: list[Result], changed: list[Result]) -> dict[tuple[str, str], Effect]:
    effects = {}
    for judge in base[0].integer:
        for metric in METRICS:
            own, other = (tuple(run.integer[judge][metric] for run in runs) for runs in (base, changed))
            effects[judge, metric] = Effect(other, own) if variant.adds else Effect(own, other)
    return effects

"""``bittrue search dpd``: a resumable search for nets that do more with less, judged on the validation split."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from bittrue.apps.dpd import recipe
from bittrue.apps.dpd.recipe import Recipe, Teaching, Topology
from bittrue.apps.dpd.recipe_text import written
from bittrue.apps.dpd.reporting.pareto import front
from bittrue.apps.dpd.searching import space, study
from bittrue.apps.dpd.searching.trial import Bench, Limits, price, worse
from bittrue.errors import BadInput
from bittrue.kit.schema import build

ROWS, SURROGATES = 8192, 3
"""Rows of a training step, and random signals beside the train split, where no recipe says."""

SIZES = ("ramb36", "latency", "fastest")
"""Of a net, besides its parameters and DSP blocks."""

Report = Callable[[str, int, int], None]
"""Called before every trial: what is tried, trials done, trials wanted."""


@dataclass(frozen=True)
class Search:
    """What all trials of a study have in common.

    Parameters
    ----------
    base : Recipe
        Everything but the net: data, formats, training.
    interval : int
        Clocks a sample at which DSP blocks are counted.
    seconds : float
        Training time of a trial.
    seed : int
        Of the draws; the weights take the recipe's.
    limits : Limits
    """

    base: Recipe
    interval: int
    seconds: float
    seed: int = 0
    limits: Limits = field(default_factory=Limits)

    @property
    def plan(self) -> dict[str, Any]:
        """What a study remembers: trials of another plan are not comparable."""
        text = written(replace(self.base, name="search"), "").text
        return {"recipe": text, "interval": self.interval, "seconds": self.seconds, "limits": vars(self.limits)}


@dataclass(frozen=True)
class Found:
    """A finished trial: dB on the validation split through the teacher, simulated, and the net's size by formula.

    ``fastest`` is the least interval at which it fits; ``others`` are EVM and worse ACLR by the other models' names.
    """

    number: int
    net: Topology
    evm: float
    worse_aclr: float
    parameters: int
    dsps: int
    ramb36: int
    latency: int
    fastest: int
    others: dict[str, tuple[float, float]]

    @property
    def objectives(self) -> tuple[float, ...]:
        """What is minimised."""
        return self.evm, self.worse_aclr, self.parameters, self.dsps


def base(amplifier: str = "arena") -> Recipe:
    """The recipe of a search where none is given: Levenberg-Marquardt on the ideal drive, surrogate signals."""
    wide = recipe.builtin("tdnn-wide")
    train = replace(wide.train, method="levenberg", batch=ROWS, float_epochs=400, qat_epochs=50, validate_every=1)
    teaching = Teaching("arena" if amplifier == "arena" else "twin", SURROGATES)
    return written(replace(wide, name="search", train=train, data=teaching))


def search(
    plan: Search, path: str | os.PathLike[str], trials: int, report: Report
) -> tuple[list[Found], list[FrozenTrial]]:
    """Run trials until the study of a file has ``trials`` finished ones, whoever ran them.

    Every process that is given the same file works on the same study; one that was killed loses its present trial,
    which the next one starts again. A net beyond the limits is not trained; its trial is marked as pruned, with the
    reason.

    Returns
    -------
    list of Found, list of FrozenTrial
        What was trained, in order; and the trials that were pruned or failed, with their reason in ``user_attrs``.

    Raises
    ------
    BadInput
        Where the file cannot be used, data or amplifier model are missing, or no training ends well.
    """
    made = study.open_study(path, plan.plan)
    study.recover(made)
    bench = Bench(plan.base, plan.seconds)
    failures = 0
    while (done := len(study.finished(made))) < trials:
        trial = study.ask(made, plan.seed)
        net = space.suggest(trial)
        report(space.describe(net), done, trials)
        try:
            values = _run(plan, bench, trial, net)
        except BadInput as error:
            trial.set_user_attr(study.REASON, str(error))
            made.tell(trial, state=TrialState.FAIL)
            failures += 1
            if failures > 5:
                raise BadInput(f"six trainings failed, the last one because {error}") from None
            continue
        if values is None:
            made.tell(trial, state=TrialState.PRUNED)
        else:
            made.tell(trial, values)
            failures = 0
    report("done", trials, trials)
    return results(made)


def _run(plan: Search, bench: Bench, trial: Any, net: Topology) -> tuple[float, ...] | None:
    """The objectives of one trial, or None where it was not worth training."""
    trial.set_user_attr("net", {key: value for key, value in vars(net).items() if value is not None})
    candidate = replace(plan.base, name=f"search-{trial.number}", net=net)
    found = price(candidate, plan.interval, plan.limits)
    for key in SIZES:
        trial.set_user_attr(key, getattr(found, key))
    excess = found.excess(plan.limits)
    if excess:
        trial.set_user_attr(study.REASON, excess)
        return None
    judged = bench.run(written(candidate))
    own = judged.metrics[bench.teacher.name]
    others = {name: (m.evm, worse(m)) for name, m in judged.metrics.items() if name != bench.teacher.name}
    trial.set_user_attr("others", others)
    trial.set_user_attr("error", judged.error)
    return own.evm, worse(own), found.parameters, found.dsps


def results(made: Any) -> tuple[list[Found], list[FrozenTrial]]:
    """Completed trials of a study as `Found`, and all others that ended."""
    found, rest = [], []
    for trial in made.get_trials(deepcopy=False):
        if trial.state == TrialState.COMPLETE:
            evm, aclr, parameters, dsps = trial.values
            others = {name: (pair[0], pair[1]) for name, pair in trial.user_attrs["others"].items()}
            net = topology(trial.user_attrs["net"])
            ramb36, latency, fastest = (int(trial.user_attrs[key]) for key in SIZES)
            size = int(parameters), int(dsps)
            found.append(Found(trial.number, net, evm, aclr, *size, ramb36, latency, fastest, others))
        elif trial.state in (TrialState.PRUNED, TrialState.FAIL):
            rest.append(trial)
    return found, rest


def topology(stored: dict[str, Any]) -> Topology:
    """A topology from what a trial remembers of it."""
    made: Topology = build(Topology, {key: list(v) if isinstance(v, tuple) else v for key, v in stored.items()}, "net.")
    return made


def best(found: list[Found]) -> list[Found]:
    """The Pareto front, lowest EVM first."""
    return sorted((found[k] for k in front([one.objectives for one in found])), key=lambda one: one.evm)

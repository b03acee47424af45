"""One trial of a search: what a net costs, and how good it gets in little time, judged on the validation split."""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import amplifier
from bittrue.apps.dpd.amplifiers.amplifier import Model
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.closed_loop import Filter
from bittrue.apps.dpd.float_net import Parameters
from bittrue.apps.dpd.metrics import Metrics
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.topology import parameter_count, skeleton
from bittrue.apps.dpd.training.examples import Examples, examples, teaching
from bittrue.cost import XC7Z020, Resources, cost, resources
from bittrue.parent import trainable
from bittrue.spec import Net

INTERVALS = (4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64)
"""Clocks a sample that are tried for the fastest that fits."""


@dataclass(frozen=True)
class Limits:
    """What the task allows, and what the part of a PYNQ-Z1 has."""

    parameters: int = 2000
    dsps: int = XC7Z020.dsp
    ramb36: int = XC7Z020.ramb36


@dataclass(frozen=True)
class Price:
    """Real parameters; DSP48E1, RAMB36E1 and latency in clocks at an initiation interval, by formula.

    ``fastest`` is the least interval of `INTERVALS` at which both kinds of blocks suffice, 0 where there is none.
    """

    parameters: int
    dsps: int
    ramb36: int
    latency: int
    fastest: int

    def excess(self, limits: Limits) -> str:
        """Why the net is too large, or nothing."""
        for what in ("parameters", "dsps", "ramb36"):
            found, most = getattr(self, what), getattr(limits, what)
            if found > most:
                return f"{found:,} {what}, more than {most:,}"
        return ""


@dataclass(frozen=True, eq=False)
class Judged:
    """What a brief float training reached on the validation split, by the model's name: simulated, in dB."""

    error: float
    metrics: dict[str, Metrics]


class Stopped(Exception):
    """The time of a trial is over."""


def price(recipe: Recipe, interval: int, limits: Limits) -> Price:
    """`Price` of a recipe's net, its weights filling their format: multipliers are as wide as the weights need.

    Raises `BadInput` where the hardware has no such interval.
    """
    net, part = filled(skeleton(recipe)), Resources(limits.dsps, limits.ramb36)
    taken, latency = resources(net, interval), cost(net, interval).latency
    fastest = next((clocks for clocks in INTERVALS if resources(net, clocks).fits(part)), 0)
    return Price(parameter_count(net), taken.dsp, taken.ramb36, latency, fastest)


def filled(net: Net) -> Net:
    """The net with random codes from the whole range of its weight formats."""
    drawn = np.random.default_rng(0)
    nodes = []
    for node in net.nodes:
        layer: Any = node.layer
        if "weight" in trainable(layer):
            fmt = layer.weight_format
            weight = drawn.integers(fmt.lo, fmt.hi, layer.weight.shape, endpoint=True)
            weight.flat[0] = fmt.lo
            layer = replace(layer, weight=weight)
        nodes.append(replace(node, layer=layer))
    return replace(net, nodes=tuple(nodes))


class Bench:
    """Trains and judges recipes that differ in their nets alone, on one capture through one amplifier model.

    Parameters
    ----------
    base : Recipe
        Its ``[data]``, ``[train]`` and ``[augment]`` make the examples; ``train.batch`` rows are a step.
    seconds : float
        Of training a trial, which ends earlier with the ``float_epochs`` of its recipe.
    """

    def __init__(self, base: Recipe, seconds: float) -> None:
        self.base, self.seconds = base, seconds
        self.capture: Capture = teaching(base)
        self.teacher: Model = amplifier.teacher(base.data, self.capture)

    @cached_property
    def others(self) -> list[Model]:
        """The models that nothing is trained through."""
        return amplifier.others(self.teacher.name, self.capture)[0]

    @cached_property
    def known(self) -> Examples:
        """The examples of all trials, computed once and kept in the build folder."""
        return examples(self.base, self.capture, self.teacher)

    def run(self, recipe: Recipe) -> Judged:
        """Train the float net of a recipe for the time of a trial, and judge its best parameters."""
        parameters, error = self.train(recipe)
        return Judged(error, self.judge(closed_loop.floating(skeleton(recipe), parameters)))

    def train(self, recipe: Recipe) -> tuple[Parameters, float]:
        """The parameters that validated best within the time, and their error to the ideal drive in dB."""
        from bittrue.apps.dpd.training import trainer
        from bittrue.apps.dpd.training.stage import Loop
        from bittrue.kit.training import checkpoint

        brief = replace(recipe.train, validate_every=1, qat=False)
        recipe = replace(recipe, train=brief, gan=None)
        began, reached = time.monotonic(), 0.0

        def watch(stage: str, done: int, epochs: int, error: float) -> None:
            nonlocal reached
            reached = error
            if done == epochs or time.monotonic() - began >= self.seconds:
                raise Stopped

        loop = Loop(self.teacher.module, self.capture.gain, self.capture.channel)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.pt"
            with suppress(Stopped):
                trainer.Trainer(recipe, self.known, path, 0.0, watch, loop).run()
            best = checkpoint.read(path, trainer.VERSION)["best"]
        return {name.removeprefix("node_"): value.numpy() for name, value in best.items()}, reached

    def judge(self, predistort: Filter) -> dict[str, Metrics]:
        """Metrics on the validation split through the teacher and every other model."""
        models = (self.teacher, *self.others)
        return {model.name: closed_loop.judge(self.capture, model, predistort, "val") for model in models}


def worse(metrics: Metrics) -> float:
    """ACLR of the worse side in dBc."""
    return max(metrics.aclr_left, metrics.aclr_right)

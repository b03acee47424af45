"""What a larger form would gain a trained predistorter, before it is trained; prints a table of docs/dpd-realtime.md.

    python benchmarks/predistorter_forms.py weights/dpd-best

The net is grown into a wider one that computes the same. Then two steps of Gauss and Newton are solved on the same
random segments of the training signals, weighted over frequency as the recipe says: one for the parameters of the net
alone, one for those of a form as well. By how much the second goes further is what the form gains at first order, and
what chance alone would give stands beside it. Nothing is trained, and no test sample is looked at.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from predistorters import Bench, shaping, trained

from bittrue.apps.dpd.recipe import Recipe, Topology
from bittrue.apps.dpd.topology import skeleton
from bittrue.apps.dpd.training.growing import grow
from bittrue.apps.dpd.training.levenberg import LevenbergMarquardt
from bittrue.parent import Parameters
from bittrue.qat import Network
from bittrue.spec import ComplexFIR, Dense, Net

Vector = npt.NDArray[np.float64]
Place = tuple[str, int, Any]
"""Of a parameter: its node, and of the feature or tap it weighs the delay from the sample that the output answers, and
the part ("I", "Q" or a power)."""

WIDER = Topology(
    taps=tuple(range(13, 30)), iq_taps=tuple(range(14, 25)), powers=(1,), hidden=(), activation="tanh", delay=18,
    fir_taps=(94, 46, 46), fir_first=(0, 0, 0), echo_taps=tuple(range(1, 28)),
)  # fmt: skip
SEGMENTS, SEED, RIDGE = 24, 5, 1e-5


def linear(place: Place) -> bool:
    """Whether a parameter is of the filter of x."""
    return place[0] == "fir" and place[2] == 0


def late(place: Place) -> bool:
    """Whether it is of the echo."""
    return place[0] == "echo"


FORMS: dict[str, Callable[[Place], bool]] = {
    "envelopes of 7 more delays": lambda place: place[0] == "fc1" and place[2] == 1,
    "I and Q of 5 more delays": lambda place: place[0] == "fc1" and place[2] in ("I", "Q"),
    "filter of x: 10 more samples of look-ahead": lambda place: linear(place) and place[1] < 0,
    "filter of x: 40 more samples of the past": lambda place: linear(place) and place[1] > 0,
    "filters of x times its envelope and its square: 26 more taps each": lambda p: p[0] == "fir" and p[2] > 0,
    "echo of 27 taps": late,
    "look-ahead of x, and echo": lambda place: late(place) or (linear(place) and place[1] < 0),
}
"""Which parameters of the wider net a form has more."""


@dataclass(frozen=True, eq=False)
class Step:
    """The normal equations of a network on some rows: ``J^T J``, ``J^T e``, ``e^T e``, and how many rows there are."""

    normal: Vector
    gradient: Vector
    loss: float
    rows: int

    @classmethod
    def of(cls, network: Network, recipe: Recipe) -> Step:
        bench, shape = Bench.of(recipe), recipe.shape
        assert shape is not None
        weights = shaping(shape, bench.capture.channel)
        plain = Network(skeleton(replace(recipe, net=replace(recipe.net, echo_taps=()))))
        for one in (network, plain):
            one.enable_qat(False)
        firsts = bench.known.frames(shape.segment, shape.segment // 4)
        drawn = np.random.default_rng(SEED).permutation(firsts)[:SEGMENTS]
        rows = (drawn[:, None] + np.arange(shape.segment)).ravel()
        known = plain.precompute(torch.from_numpy(bench.known.ahead(network.template.delay)))
        seen = {name: value[rows] for name, value in known.items()}
        solver = LevenbergMarquardt(network, shaping=weights)
        normal, gradient, loss = solver.equations(seen, torch.from_numpy(bench.known.u[rows]))
        return cls(normal.numpy(), gradient.numpy(), loss, 2 * SEGMENTS * int((weights.weight != 0).sum()))

    def left(self, chosen: npt.NDArray[np.bool_]) -> float:
        """The error after a step that moves the chosen parameters, as far as it is quadratic."""
        part = self.normal[np.ix_(chosen, chosen)]
        diagonal = part.diagonal()
        damped = part + RIDGE * np.diag(diagonal + 1e-3 * diagonal.mean())
        return float(self.loss - self.gradient[chosen] @ np.linalg.solve(damped, self.gradient[chosen]))


def places(net: Net) -> list[Place]:
    """The place of every parameter, in the order of the network."""
    features: Any = net.nodes[0].layer
    found: list[Place] = []
    for node in net.nodes:
        layer = node.layer
        if isinstance(layer, Dense):
            units, width = layer.weight.shape
            row = (
                [(tap - net.delay, part) for tap, part in features.features]
                if node.name == "fc1"
                else [(0, "")] * width
            )
            found += [(node.name, *at) for at in row * units] + [(node.name, 0, "bias")] * units
        elif isinstance(layer, ComplexFIR):
            found += [
                (node.name, tap - net.delay, term.power) for term in layer.terms for tap in term.taps for _ in "IQ"
            ]
    return found


def grown(net: Net, parent: Parameters, wider: Recipe) -> tuple[Network, npt.NDArray[np.bool_]]:
    """The wider network, which computes what the net does, and which of its parameters are the net's."""
    network = Network(skeleton(wider))
    grow(network, {name: np.ones_like(value) for name, value in parent.items()}, net)
    own = torch.nn.utils.parameters_to_vector(network.parameters()).detach().numpy() != 0
    grow(network, parent, net)
    return network, own


def table(folders: Sequence[str]) -> Iterator[str]:
    """A line a net and form."""
    yield "| net | form | more parameters | gain, dB | by chance |"
    yield "|---|---|---:|---:|---:|"
    for folder in folders:
        net, parent, recipe = trained(folder)
        wider = replace(recipe, net=replace(WIDER, hidden=recipe.net.hidden))
        network, own = grown(net, parent, wider)
        step = Step.of(network, wider)
        alone, all_places = step.left(own), places(network.template)
        for title, belongs in FORMS.items():
            new = np.array([belongs(place) for place in all_places]) & ~own
            gain = 10 * np.log10(alone / step.left(own | new))
            chance = -10 * np.log10(1 - new.sum() / (step.rows - own.sum()))
            yield f"| {net.name} | {title} | {new.sum():,} | {gain:.2f} | {chance:.2f} |"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for line in table(sys.argv[1:]):
        print(line, flush=True)

"""What bounds predistorters, and what their products buy; prints tables of docs/dpd-realtime.md.

    python benchmarks/predistorters.py ladder weights/dpd-best weights/dpd-realtime
    python benchmarks/predistorters.py seeds weights/dpd-realtime NET...
    python benchmarks/predistorters.py curve weights/dpd-realtime NET... [--dsps 200] [--picture curve.png]
    python benchmarks/predistorters.py hardware weights/dpd-realtime [--dsps 200]
    python benchmarks/predistorters.py words weights/dpd-realtime

Everything is simulated, on the Arena's splits; the nets' folders must hold their recipe and float parent. A net is
built with as many DSP48E1 as its recipe has full products, and those that weigh nothing beside them. Its rival in the
curve is a generalised memory polynomial, fitted to the same signals with the same weights over frequency and pruned by
the same rule as the nets until it has as many products. Its coefficients stay float64, in its favour.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import bittrue_rtl
from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import arena, baselines, polynomial
from bittrue.apps.dpd.amplifiers.amplifier import Model, load, teacher
from bittrue.apps.dpd.amplifiers.gmp import Structure, shifted
from bittrue.apps.dpd.captures.data import Capture, to_complex, to_iq
from bittrue.apps.dpd.closed_loop import Filter
from bittrue.apps.dpd.metrics import Channel, Complex
from bittrue.apps.dpd.recipe import Recipe, Shape
from bittrue.apps.dpd.reporting.candidates import candidate
from bittrue.apps.dpd.topology import parameter_count, products, skeleton
from bittrue.apps.dpd.training.examples import Examples, examples, teaching
from bittrue.apps.dpd.training.levenberg import Shaping
from bittrue.cost import cost
from bittrue.files import check_target, write_whole
from bittrue.kit.figures import GREYS, INK, TEAL, canvas, encoded
from bittrue.kit.training.surgeon import Surgeon, Vector
from bittrue.lower.ports import module_name
from bittrue.lower.schedule import built_nodes
from bittrue.num import Format
from bittrue.parent import Parameters
from bittrue.qat import Network
from bittrue.spec import Net
from bittrue.timing.report import estimate
from bittrue.timing.synthesis import netlist_of
from bittrue_sim.synth import xc7_use

LOOK_AHEAD = (0, 4)
"""Samples that a polynomial may look ahead; the better one counts."""

RIDGE = 1e-9


@dataclass(frozen=True, eq=False)
class Bench:
    """The signals, ideal drives and judges of a recipe."""

    recipe: Recipe
    capture: Capture
    teacher: Model
    known: Examples

    @classmethod
    def of(cls, recipe: Recipe) -> Bench:
        capture = teaching(recipe)
        taught_by = teacher(recipe.data, capture)
        return cls(recipe, capture, taught_by, examples(recipe, capture, taught_by))

    @property
    def train(self) -> int:
        """Samples of the train split, which come first; random signals follow."""
        return len(self.capture.inputs["train"])


def trained(folder: str) -> tuple[Net, Parameters, Recipe]:
    """A net, its float parent and its recipe."""
    found = candidate(folder)
    if found.parent is None or not isinstance(found.recipe, Recipe):
        sys.exit(f"{folder} lacks float.safetensors or a recipe of a net")
    return found.net, found.parent, found.recipe


def decibel(error: Complex, wanted: Complex) -> float:
    """Power of an error relative to what was wanted."""
    return float(10 * np.log10((abs(error) ** 2).sum() / (abs(wanted) ** 2).sum()))


def ladder(folders: Sequence[str]) -> Iterator[str]:
    """A line a net: errors of the float parent to the ideal drive, then what the integer net does on every judge."""
    yield (
        "| net | real parameters | drive error, dB: train split | random signals | test split | Arena: EVM | "
        "ACLR left / right | twin: EVM, worse ACLR | recurrent: EVM, worse ACLR |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for folder in folders:
        net, parent, recipe = trained(folder)
        bench = Bench.of(recipe)
        known, skip = bench.known, bench.known.skip
        drive = closed_loop.floating(net, parent)
        error, wanted = drive(to_complex(known.x)) - to_complex(known.u), to_complex(known.u)
        own, others = slice(skip, bench.train - skip), slice(bench.train + skip, known.trained - skip)
        test, before = closed_loop.warmed(bench.capture, "test")
        ideal = baselines.ceiling(bench.teacher, bench.capture)(test)
        errors: list[float | None] = [
            decibel(error[part], wanted[part]) if len(wanted[part]) else None for part in (own, others)
        ]
        errors.append(decibel((drive(test) - ideal)[before:-skip], ideal[before:-skip]))
        score = arena.protocol(closed_loop.integer(net))
        cells = [net.name, f"{parameter_count(net):,}", *("-" if e is None else f"{e:.1f}" for e in errors)]
        cells += [f"{score.evm_db:.2f}", f"{score.aclr_left_db:.2f} / {score.aclr_right_db:.2f}"]
        for name in ("twin", "recurrent"):
            m = closed_loop.judge(bench.capture, load(name, bench.capture), closed_loop.integer(net))
            cells.append(f"{m.evm:.2f}, {max(m.aclr_left, m.aclr_right):.2f}")
        yield f"| {' | '.join(cells)} |"


def seeds(folders: Sequence[str]) -> Iterator[str]:
    """A line a net, then the mean and the worst of every column."""
    yield "| net | seed | products | EVM | ACLR left | ACLR right | worse ACLR |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    found = []
    for folder in folders:
        net, _, recipe = trained(folder)
        score = arena.protocol(closed_loop.integer(net))
        sides = score.aclr_left_db, score.aclr_right_db
        found.append((score.evm_db, *sides, max(sides)))
        yield f"| {net.name} | {recipe.train.seed} | {products(net):,} | {_figures(found[-1])} |"
    yield f"| mean | | | {_figures(np.mean(found, axis=0))} |"
    yield f"| worst | | | {_figures(np.max(found, axis=0))} |"


def _figures(row: Iterable[float]) -> str:
    return " | ".join(f"{figure:.2f}" for figure in row)


@dataclass(frozen=True)
class Point:
    """What a net of some DSP48E1 and products does, and the polynomial of as many products: EVM and worse ACLR."""

    dsps: int
    products: int
    net: tuple[float, float]
    rival: tuple[float, float]


def curve(folders: Sequence[str], dsps: int | None, picture: str | None) -> Iterator[str]:
    """Two lines a net: what it takes and does at an interval of 1, and a polynomial of as many products."""
    if picture:
        check_target(picture, (".png",))
    yield "| predistorter | products | DSP48E1 | bits of adders | EVM | ACLR left / right |"
    yield "|---|---:|---:|---:|---:|---:|"
    rivals: list[Rival] = []
    points = []
    for folder in folders:
        net, _, recipe = trained(folder)
        price, count = cost(net, 1, dsps=_blocks(net, recipe, dsps)), products(net)
        size = f"{count:,} | {price.dsps} | {price.adders:,}"
        own = arena.protocol(closed_loop.integer(net))
        yield f"| {net.name}, integer | {size} | {_row(own)} |"
        rivals = rivals or [Rival(Bench.of(recipe), ahead) for ahead in LOOK_AHEAD]
        fits = [rival.pruned(count) for rival in rivals]
        best = min(fits, key=lambda fit: fit[0])
        other = arena.protocol(best[3])
        yield f"| GMP, float, {best[2]} complex taps | {best[1]:,} | - | - | {_row(other)} |"
        points.append(Point(price.dsps, count, _worse(own), _worse(other)))
    if picture:
        write_whole(picture, drawn(points), renew=True)


def drawn(points: Sequence[Point]) -> bytes:
    """EVM and worse ACLR over DSP48E1, nets and polynomials of as many products, as PNG."""
    figure = canvas(9, 3.8)
    points = sorted(points, key=lambda point: point.dsps)
    x = [point.dsps for point in points]
    for k, (axes, label) in enumerate(zip(figure.subplots(1, 2), ("EVM (dB)", "worse ACLR (dBc)"), strict=True)):
        axes.plot(x, [point.net[k] for point in points], "o-", color=TEAL, label="net, integer")
        axes.plot(x, [point.rival[k] for point in points], "s--", color=GREYS[0], label="GMP, float, as many products")
        for point in points:
            place = point.dsps, point.net[k]
            axes.annotate(f"{point.products}", place, (4, 6), textcoords="offset points", fontsize=8, color=INK)
        axes.set(xlabel="DSP48E1 at an interval of 1, by formula", ylabel=f"{label}, lower is better")
        axes.margins(0.12)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, frameon=False)
    figure.suptitle("Numbers are products. The Arena's test split, simulated (not an RF measurement)", fontsize=10)
    return encoded(figure)


def _worse(score: arena.ArenaScore) -> tuple[float, float]:
    return score.evm_db, max(score.aclr_left_db, score.aclr_right_db)


def _blocks(net: Net, recipe: Recipe, dsps: int | None) -> int:
    """DSP48E1 that a net is built with: as many as are said, else those of its full products and those that weigh
    nothing."""
    if dsps is not None:
        return dsps
    if recipe.sparse is None:
        sys.exit(f"the recipe of {net.name} has no section [sparse]; give --dsps")
    return recipe.sparse.full + cost(net, 1, dsps=0).dsps


def hardware(folders: Sequence[str], dsps: int | None) -> Iterator[str]:
    """A line a net: cells of Yosys' netlist at an interval of 1, and the clock that is estimated from it."""
    yield "| net | DSP48E1 | LUT | FF | RAMB18 | MHz, estimated |"
    yield "|---|---:|---:|---:|---:|---:|"
    for folder in folders:
        net, _, recipe = trained(folder)
        netlist = netlist_of(bittrue_rtl.verilog(net, 1, dsps=_blocks(net, recipe, dsps)), module_name(net))
        use = xc7_use(Counter(cell.kind for cell in netlist.cells))
        cells = " | ".join(f"{use[kind]:,}" for kind in ("DSP48E1", "LUT", "FF", "RAMB18"))
        yield f"| {net.name} | {cells} | {estimate(netlist, built_nodes(net)).mhz:.0f} |"


WORDS: tuple[dict[str, str], ...] = (
    {},
    {"preactivation": "Q3.10"},
    {"preactivation": "Q3.12"},
    {"features": "Q1.15"},
    {"hidden": "Q1.15"},
)
"""Formats of a recipe that are changed."""


def words(folders: Sequence[str]) -> Iterator[str]:
    """A line a choice of formats: the float parent with all weights of the recipe's word, and no training for it."""
    yield "| net | formats | EVM | ACLR left / right |"
    yield "|---|---|---:|---:|"
    for folder in folders:
        net, parent, recipe = trained(folder)
        for change in WORDS:
            chosen: dict[str, Any] = {key: Format.parse(value) for key, value in change.items()}
            formats = replace(recipe.formats, **chosen)
            network = Network(skeleton(replace(recipe, formats=formats)))
            network.load_state_dict({f"node_{key}": torch.from_numpy(value) for key, value in parent.items()})
            network.fit_weight_formats(formats.weight_bits)
            title = ", ".join(f"{key} {value}" for key, value in change.items()) or "those of the recipe"
            yield f"| {net.name} | {title} | {_scored(closed_loop.integer(network.to_net()))} |"
        yield f"| {net.name} | float | {_scored(closed_loop.floating(net, parent))} |"


def _scored(drive: Filter) -> str:
    return _row(arena.protocol(drive))


def _row(score: arena.ArenaScore) -> str:
    return f"{score.evm_db:.2f} | {score.aclr_left_db:.2f} / {score.aclr_right_db:.2f}"


def shaping(shape: Shape, channel: Channel) -> Shaping:
    """A recipe's weights over frequency."""
    rate = channel.sample_rate
    width, adjacent = channel.bandwidth / rate, channel.bandwidth / channel.n_sub_ch / rate
    return Shaping.channels(shape.segment, width, adjacent, shape.left, shape.right, shape.beyond)


class Rival:
    """A generalised memory polynomial of 459 complex coefficients that can be pruned.

    A part of a coefficient makes two products, and the two of every ``x |x[n - l]|^p`` come on top; the powers of the
    envelope are free.
    """

    def __init__(self, bench: Bench, ahead: int) -> None:
        self.structure: Structure = polynomial.GENERALISED[1000]
        self.ahead = ahead
        shape, channel = bench.recipe.shape, bench.capture.channel
        assert shape is not None
        self.shaping = shaping(shape, channel)
        x, u = to_complex(bench.known.x[: bench.known.trained]), to_complex(bench.known.u[: bench.known.trained])
        self.hessian, moment, self.power = self._equations(x, shifted(u, ahead))
        ridge = RIDGE * np.diag(self.hessian.diagonal())
        self.start: Vector = np.linalg.solve(self.hessian + ridge, moment).astype(np.float64)
        self.left = self.power - float(self.start @ moment)

    def _equations(self, x: Complex, u: Complex) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Normal equations of real and imaginary parts, weighted over frequency, in consecutive segments."""
        length, n = len(self.shaping.weight), 2 * len(self.structure.terms)
        gram, moment, power = np.zeros((n, n)), np.zeros(n), 0.0
        for start in range(self.structure.memory, len(x) - length, length):
            rows = self.structure.basis(x[start - self.structure.memory : start + length])[self.structure.memory :]
            columns = np.concatenate([rows, 1j * rows], axis=1)
            parts = np.stack([columns.real, columns.imag], axis=1)
            shaped = self.shaping.apply(torch.from_numpy(parts)).numpy()
            wanted = self.shaping.apply(torch.from_numpy(to_iq(u[start : start + length]))).numpy()
            gram += shaped.T @ shaped
            moment += shaped.T @ wanted
            power += float(wanted @ wanted)
        return gram, moment, power

    def pruned(self, size: int) -> tuple[float, int, int, Filter]:
        """Error to the ideal drive in dB (weighted over frequency), products, complex taps, and the predistorter."""
        surgeon, error = Surgeon(self.start, self.hessian), self.left
        terms = self.structure.terms
        kind = np.array([(p, k) for p, _, k in terms] * 2)
        alive = np.ones(len(kind), bool)

        def groups() -> list[tuple[npt.NDArray[np.int64], int]]:
            kinds = {(p, k) for p, k in kind[alive].tolist()}
            found = [np.flatnonzero(alive & (kind == one).all(axis=1)) for one in sorted(kinds)]
            return [(places, 2 * len(places) + 2 * bool(kind[places[0]][0])) for places in found]

        while (left := sum(price for _, price in groups())) > size:
            singles = np.where(alive, surgeon.penalties() / 2, np.inf)
            gone: npt.NDArray[np.int64] = np.array([singles.argmin()])
            least = singles.min()
            for places, price in groups():
                if len(places) < 8 and (each := surgeon.penalty(places) / price) < least:
                    gone, least = places, each
            error += surgeon.penalty(gone)
            surgeon.fix(gone)
            alive[gone] = False
        half = len(terms)
        coefficients = surgeon.weights[:half] + 1j * surgeon.weights[half:]
        drive = closed_loop.aligned(polynomial.predistorter(self.structure, coefficients), self.ahead)
        taps = int((alive[:half] | alive[half:]).sum())
        return 10 * np.log10(error / self.power), left, taps, drive


def main(arguments: Sequence[str]) -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=["ladder", "seeds", "curve", "hardware", "words"])
    parser.add_argument("nets", nargs="+", metavar="NET")
    parser.add_argument("--dsps", type=int, help="DSP48E1 of a net at most, with curve and hardware")
    parser.add_argument("--picture", metavar="FILE.png", help="with curve: also draw it")
    given = parser.parse_args(arguments)
    tables: dict[str, Callable[[Sequence[str]], Iterator[str]]] = {"ladder": ladder, "seeds": seeds, "words": words}
    tables["curve"] = partial(curve, dsps=given.dsps, picture=given.picture)
    tables["hardware"] = partial(hardware, dsps=given.dsps)
    for line in tables[given.table](given.nets):
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
